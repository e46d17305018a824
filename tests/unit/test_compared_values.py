"""Which values a recording compares columns with."""

from __future__ import annotations

import pytest

from dbtune.model.workload import Parameters, QueryShape, Sample, SqlValue
from dbtune.workload.compared_values import compared_values


def compared(*texts: str, values: Parameters = None) -> dict[str, tuple[SqlValue, ...]]:
    """Return by column what a shape with these samples compares it with."""
    samples = tuple(Sample(text, values) for text in texts)
    shape = QueryShape("0" * 12, texts[0], "read", 1.0, None, samples)
    return {entry.column: entry.values for entry in compared_values((shape,))}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SELECT 1 FROM t WHERE a = 7 AND b == 'it''s'", None, {"a": (7,), "b": ("it's",)}),
        ('SELECT 1 FROM t WHERE 7 = t.A AND 2.5 IS "B c"', None, {"a": (7,), "b c": (2.5,)}),
        ("SELECT 1 FROM t WHERE a IN (1, 2, 'x')", None, {"a": (1, 2, "x")}),
        ("SELECT 1 FROM t WHERE a = ? AND b = ?2", (5, b"x"), {"a": (5,), "b": (b"x",)}),
        ("SELECT 1 FROM t WHERE a = :key OR b = @key", {"key": 5}, {"a": (5,), "b": (5,)}),
        ("SELECT 1 FROM t WHERE a = %s AND b IN (%s, %s)", (1, 2, 3), {"a": (1,), "b": (2, 3)}),
        ("DELETE FROM t WHERE a = 9", None, {"a": (9,)}),
        ("SELECT 1 FROM t WHERE a = ? AND b = :key", None, {}),
        ("SELECT 1 FROM t WHERE a > 7 AND b LIKE 'x%' LIMIT 5", None, {}),
        ("SELECT 1 FROM t WHERE a IS NULL AND b = c AND d IN (SELECT 1)", None, {}),
        ("= 5", None, {}),
        ("SELECT a =", None, {}),
    ],
)
def test_values_compared_for_equality_are_found(
    text: str, values: Parameters, expected: dict[str, tuple[SqlValue, ...]]
) -> None:
    """Whether they stand in the text or beside it; broken texts are read as far as they go."""
    assert compared(text, values=values) == expected


def test_samples_add_up_and_long_lists_are_cut() -> None:
    """Each value once, and no more of one statement than a sample of a table can bear."""
    long = ", ".join(map(str, range(1_000)))
    found = compared("SELECT 1 FROM t WHERE a = 1", "SELECT 1 FROM t WHERE a = 2")
    assert found == {"a": (1, 2)}
    assert len(compared(f"SELECT 1 FROM t WHERE a IN ({long})")["a"]) == 50
