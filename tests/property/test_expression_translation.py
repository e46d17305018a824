"""Any expression: what translates without a word gives the same values on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.unit.postgres.side_by_side import Sides, equal, open_sides

COLUMNS = "id ok n f price name code nick data day at seen stamp clock written doc uid odd".split()
LITERALS = (
    "0 1 -1 2 7 0.5 -2.5 1e3 NULL 'a' '' 'Apple pie' '7' ' 42 ' '-3.5abc' 'bob' x'616263' TRUE"
    " FALSE '2024-02-29' '2024-02-29 13:14:15' '2000-01-01' 9007199254740993 100"
).split(" ")
LITERALS = [text for text in LITERALS if text.count("'") != 1] + [
    "'Apple pie'", "' 42 '", "'2024-02-29 13:14:15'"
]  # fmt: skip

leaves = st.one_of(st.sampled_from(COLUMNS), st.sampled_from(LITERALS))


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of smaller ones."""
    binary = st.sampled_from(
        "= <> < <= > >= IS|IS NOT|+|-|*|/|%|AND|OR".replace(" ", "|")
        .replace("IS|NOT", "IS NOT")
        .split("|")
    )
    return st.one_of(
        st.tuples(inner, binary, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} || {t[1]})"),
        inner.map(lambda e: f"(NOT {e})"),
        inner.map(lambda e: f"(- {e})"),
        inner.map(lambda e: f"({e} IS NULL)"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} BETWEEN {t[1]} AND {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} IN ({t[1]}, {t[2]}))"),
        st.tuples(inner, inner).map(lambda t: f"coalesce({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"nullif({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"iif({t[0]}, {t[1]}, {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"CASE {t[0]} WHEN {t[1]} THEN 1 ELSE 2 END"),
        st.tuples(st.sampled_from("abs length lower upper trim hex typeof date".split()), inner)
        .map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, st.sampled_from(("INTEGER", "REAL", "TEXT", "NUMERIC")))
        .map(lambda t: f"CAST({t[0]} AS {t[1]})"),
        st.tuples(inner, st.sampled_from(("'A%'", "'%b%'", "'7'")))
        .map(lambda t: f"({t[0]} LIKE {t[1]})"),
    )  # fmt: skip


EXPRESSIONS = st.recursive(leaves, grown, max_leaves=5)


@pytest.fixture(scope="module")
def sides(postgres_admin: str) -> Iterator[Sides]:
    """Both databases, with one table of odd values."""
    with open_sides(postgres_admin) as opened:
        yield opened


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=EXPRESSIONS)
def test_silence_means_the_same_values(sides: Sides, expression: str) -> None:
    """A translation that names no problem and no difference is no other expression."""
    translation = sides.translate(expression)
    assume(translation.sql is not None and not translation.differences)
    expected, found = sides.values(expression, translation)
    for mine, other in zip(expected, found, strict=True):
        assert equal(mine, other), (expression, translation.sql, expected, found)
