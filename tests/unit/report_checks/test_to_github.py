"""Problems as annotations of a GitHub workflow."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dbtune.report.checks.problem import Problem
from dbtune.report.checks.to_github import to_github
from tests.unit.report_checks.results import (
    ALL,
    FAILED,
    HOSTILE,
    NOTED,
    NOTHING,
    WARNED,
    judgement,
)

# As the runner reads a line: https://github.com/actions/runner, ActionCommand.TryParseV2.
LINE = re.compile(r"::(?P<command>error|warning|notice) (?P<properties>[^\n]*?)::(?P<data>[^\n]*)")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Return a line as GitHub's runner reads it."""
    match = LINE.fullmatch(line)
    assert match is not None, line
    pairs = (part.split("=", 1) for part in match["properties"].split(","))
    properties = {key: unescaped(value, property_value=True) for key, value in pairs}
    return match["command"], properties, unescaped(match["data"])


def unescaped(text: str, *, property_value: bool = False) -> str:
    marks = {"%0D": "\r", "%0A": "\n"}
    marks |= {"%3A": ":", "%2C": ","} if property_value else {}
    for mark, char in marks.items():
        text = text.replace(mark, char)
    return text.replace("%25", "%")


def test_an_annotation_stands_at_its_line() -> None:
    """With the code as its title, and what to do in the message."""
    command, properties, text = parsed(to_github([judgement(WARNED)]).rstrip("\n"))
    assert command == "warning"
    assert properties == {
        "file": "app/chefs.py",
        "line": "40",
        "title": "n-plus-one 0a1b2c3d4e5f",
    }
    assert text == WARNED.message


@pytest.mark.parametrize(
    ("problem", "place"),
    [
        (FAILED, "in app.db"),
        (replace(WARNED, file="/usr/lib/x.py"), "at /usr/lib/x.py:40"),
        (replace(WARNED, file="C:/x.py"), "at C:/x.py:40"),
    ],
)
def test_what_is_in_no_file_of_the_repository_is_told_in_words(
    problem: Problem, place: str
) -> None:
    """GitHub drops an annotation of a file that it does not know."""
    _, properties, text = parsed(to_github([judgement(problem)]).rstrip("\n"))
    assert "file" not in properties
    assert text.endswith(f"\n{place}")


def test_no_text_ends_its_field_or_its_line() -> None:
    """Names from a database add no property, no line and no command of their own."""
    text = to_github([judgement(HOSTILE)])
    assert text.count("\n") == 1
    command, properties, _ = parsed(text.rstrip("\n"))
    assert (command, properties["file"], properties["line"]) == ("error", "a b,c:d.py", "1")
    assert set(properties) == {"file", "line", "title"}
    assert "evil::error,line=1]]>\\x1b[2J" in properties["title"]
    assert "100 %" in parsed(to_github([judgement(FAILED)]).rstrip("\n"))[2]


def test_the_most_severe_come_first() -> None:
    """Of all results together, and of those the ones that have a line."""
    later = judgement(replace(FAILED, subject="ix_later"))
    lines = [parsed(line) for line in to_github([ALL, later]).splitlines()]
    assert [line[0] for line in lines] == ["error", "error", "error", "warning", "notice"]
    assert ["file" in line[1] for line in lines] == [True, False, False, True, False]


def test_what_github_would_drop_is_counted_in_a_notice() -> None:
    """It shows 10 of each kind from one step, and the last notice is this one."""
    many = tuple(replace(FAILED, subject=f"ix_{number}") for number in range(12))
    notes = tuple(replace(NOTED, subject=f"ix_{number}") for number in range(10))
    lines = [parsed(line) for line in to_github([judgement(*many, *notes)]).splitlines()]
    assert [line[0] for line in lines] == ["error"] * 10 + ["notice"] * 10
    assert "2 of 12 errors and 1 of 10 notices are left out" in lines[-1][2]


def test_what_is_all_shown_needs_no_notice() -> None:
    """Ten of a kind are not cut."""
    notes = tuple(replace(NOTED, subject=f"ix_{number}") for number in range(10))
    assert "left out" not in to_github([judgement(*notes)])


def test_nothing_found_is_nothing_said() -> None:
    """No line at all."""
    assert to_github([NOTHING]) == ""
