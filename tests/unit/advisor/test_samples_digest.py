"""Whether two reports measured the same statements."""

from __future__ import annotations

import pytest

from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.samples_digest import samples_digest

ONE = Statement("SELECT 1 WHERE ? = ?", (1, "a"))


@pytest.mark.parametrize(
    "other",
    [
        (Statement("SELECT 1 WHERE ? = ?", (1, "b")),),
        (Statement("SELECT 1 WHERE ? = ?", ("1", "a")),),
        (Statement("SELECT 2 WHERE ? = ?", (1, "a")),),
        (ONE, ONE),
        (),
    ],
    ids=["value", "type", "text", "twice", "none"],
)
def test_other_statements_are_told_apart(other: tuple[Statement, ...]) -> None:
    """What was measured with other values is not the same measurement."""
    assert samples_digest([ONE]) != samples_digest(other)


def test_it_is_short_and_the_same_in_each_run() -> None:
    """Reports of two runs agree, in whatever order names were bound; values stay hidden."""
    first = Statement("SELECT :a, :b", {"a": 1, "b": b"\x00"})
    second = Statement("SELECT :a, :b", {"b": b"\x00", "a": 1})
    assert samples_digest([first]) == samples_digest([second]) == "2305"
