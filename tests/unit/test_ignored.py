"""Findings that are ignored with a reason, as dbtune.toml and pyproject.toml say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.config import IgnoreRule, read_defaults, read_ignored
from dbtune.errors import ConfigurationError
from dbtune.journeys.ignored import without_ignored
from dbtune.model.advice import Evidence, Finding

ONE = '[[ignore]]\nfinding = "n-plus-one"\nroute = "GET /"\nreason = "two rows at most"\n'


def finding(code: str = "n-plus-one", subject: str = "c0ffee", **evidence: str) -> Finding:
    """Return a finding with some evidence."""
    facts = tuple(Evidence(name, value) for name, value in evidence.items())
    return Finding(code, "low", subject, "what is wrong", facts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dbtune.toml", f"{ONE}[analyze]\nbudget-mb = 5\n"),
        (
            "pyproject.toml",
            "[tool.dbtune.analyze]\nbudget-mb = 5\n" + ONE.replace("[[", "[[tool.dbtune."),
        ),
    ],
)
def test_rules_stand_beside_the_defaults_of_commands(tmp_path: Path, name: str, text: str) -> None:
    """Neither is taken for the other."""
    (tmp_path / name).write_text(text)
    rule = IgnoreRule("n-plus-one", "two rows at most", route="GET /")
    assert read_ignored(tmp_path) == (rule,)
    assert read_defaults(tmp_path) == {"analyze": {"budget_mb": 5}}


def test_without_a_file_nothing_is_ignored(tmp_path: Path) -> None:
    """And a pyproject.toml of another tool changes nothing."""
    assert read_ignored(tmp_path) == ()
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert read_ignored(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[ignore]]\nfinding = "n-plus-one"', "has no reason"),
        ('[[ignore]]\nreason = "x"', "has no finding"),
        ('[[ignore]]\nfinding = "x"\nreason = " "', "reason = ' '; expected text"),
        ('[[ignore]]\nfinding = "x"\nreason = "x"\nline = 3', "line = 3; expected text for one of"),
        ('[ignore]\nfinding = "x"', "expected [[ignore]] tables"),
        ("ignore = [3]", "an entry of ignore is 3"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """Without a reason nobody knows later whether it still holds."""
    (tmp_path / "dbtune.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_ignored(tmp_path)
    assert message in str(caught.value)


FOUND = finding(route="GET /chefs", call_site="app/views.py:40", relationship="Chef.bookings")


@pytest.mark.parametrize(
    ("fields", "is_ignored"),
    [
        ({}, True),
        ({"subject": "c0ffee"}, True),
        ({"route": "GET /chefs", "relationship": "Chef.bookings"}, True),
        ({"call_site": "app/views.py:40"}, True),
        ({"call_site": "app/views.py"}, True),
        ({"call_site": "app/views.py:4"}, False),
        ({"call_site": "views.py"}, False),
        ({"route": "GET /chefs", "relationship": "Chef.feeds"}, False),
        ({"finding": "full-scan"}, False),
    ],
)
def test_each_field_that_is_given_has_to_match(fields: dict[str, str], is_ignored: bool) -> None:
    """A file stands for all of its lines."""
    rule = IgnoreRule(**{"finding": "n-plus-one", "reason": "known", **fields})
    kept, notes = without_ignored((FOUND,), (rule,))
    assert (kept == ()) is is_ignored
    (note,) = notes
    assert note.startswith("ignored (known): n-plus-one: " if is_ignored else "nothing was found")


def test_other_findings_stay_in_their_order_and_idle_rules_are_told() -> None:
    """What is ignored is listed with its reason, and so is a rule that does nothing."""
    others = (finding("full-scan"), FOUND, finding("freelist"))
    used = IgnoreRule("n-plus-one", "a chef has two", relationship="Chef.bookings")
    idle = IgnoreRule("unused-index", "for the yearly job", subject="ix_year")
    kept, notes = without_ignored(others, (used, idle))
    assert [found.code for found in kept] == ["full-scan", "freelist"]
    assert notes == (
        "ignored (a chef has two): n-plus-one: what is wrong",
        'nothing was found that matches ignore unused-index (subject = "ix_year"): take it out of '
        "the configuration",
    )
