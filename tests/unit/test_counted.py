"""Numbers of things in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.explanation import WriteEffect
from dbtune.report.terminal.to_explanation import to_explanation
from dbtune.report.wording.counted import counted
from dbtune.report.wording.explanation import write_cost
from tests.reports import FULL, SHAPES


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 calls"), (1, "1 call"), (1.0, "1 call"), (2, "2 calls"), (12_345.0, "12,345 calls")],
)
def test_one_thing_is_one(number: float, words: str) -> None:
    """And any other number of them has the plural."""
    assert counted(number, "call") == words


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    """Not every plural ends with an s more."""
    assert [counted(number, "query", "queries") for number in (1, 2)] == ["1 query", "2 queries"]


def test_a_query_that_came_once_has_one_call() -> None:
    """Where it is explained, and where a write of it pays for an index."""
    once = replace(SHAPES[0], count=1.0)
    explained = to_explanation(replace(FULL, shapes=(once,)), once, width=100, color=False)
    assert "1 call, 73" in explained
    assert "(1 call): " in write_cost(WriteEffect(once.id, 1.0, 10.0, 20.0))
