"""Each construct of SQLite's expressions gives the same values on PostgreSQL, row by row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.postgres.function_cases import DATES, FUNCTIONS, JSON, MATHEMATICS
from tests.unit.postgres.operator_cases import OPERATORS, PATTERNS
from tests.unit.postgres.side_by_side import Sides, open_sides


@pytest.fixture(scope="module")
def sides(postgres_admin: str) -> Iterator[Sides]:
    """Both databases, with one table of odd values."""
    with open_sides(postgres_admin) as opened:
        yield opened


@pytest.mark.parametrize(
    "expressions",
    [OPERATORS, PATTERNS, FUNCTIONS, MATHEMATICS, DATES, JSON],
    ids=["operators", "patterns", "functions", "mathematics", "dates", "json"],
)
def test_expressions_give_the_same_values(sides: Sides, expressions: str) -> None:
    """NULLs, negative and huge numbers, texts of every kind, each column type."""
    for expression in expressions.strip().splitlines():
        sides.same(expression)


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("coalesce(n, name)", "several types"),
        ("name LIKE 'a%'", "case"),
        ("date(written)", "ISO form"),
        ("f || ''", "15 digits"),
        ("uid = '550E8400-E29B-41D4-A716-446655440000'", "letter case"),
        ("odd = 5", "number and its text"),
        ("json_extract(doc, '$.a') / 2", "divide"),
        ("strftime('%Y', at) = 2024", "never equals"),
        ("n / code", "divide"),
        ("date(f)", "year 1"),
        ("exp(f)", "overflow"),
        ("hex(randomblob(8))", "random"),
    ],
)
def test_what_is_not_quite_the_same_is_named(sides: Sides, expression: str, word: str) -> None:
    """A translation that may give another value for some row says so."""
    translation = sides.translate(expression)
    assert translation.sql is not None
    assert any(word in difference for difference in translation.differences)
