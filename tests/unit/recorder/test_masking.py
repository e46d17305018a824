"""What is taken out of statements and errors where no values are wanted."""

from __future__ import annotations

import pytest

from dbtune.recorder.masking import mask_error, mask_text

SECRET = "Zoe"

TEXTS = [
    f"SELECT a FROM t WHERE b = '{SECRET}' -- {SECRET}",
    f'SELECT a FROM t WHERE b = "{SECRET}" AND c LIKE "%{SECRET}%"',
    f'SELECT a FROM t WHERE b IN ("{SECRET}", "{SECRET}2") OR b BETWEEN "{SECRET}" AND "{SECRET}3"',
    f'INSERT INTO t ("a") VALUES ("{SECRET}"), ("{SECRET}4")',
    f'UPDATE t SET a = "{SECRET}" WHERE b IS NOT "{SECRET}"',
    f"SELECT doc ->> '$.{SECRET}', doc -> \"$.{SECRET}\" FROM t",
    f'PRAGMA key = "{SECRET}"',
    f"SELECT a FROM t /*route='/a',my_route='{SECRET}',controller='{SECRET}'*/",
]


@pytest.mark.parametrize("text", TEXTS)
def test_no_value_is_left_in_a_text(text: str) -> None:
    """In single quotes, in double ones where a value stands, and in comments."""
    masked, _ = mask_text(text)
    assert SECRET not in masked


def test_names_in_double_quotes_stay() -> None:
    """Those with a table's name, those that are key words, and those where no value stands."""
    text = 'SELECT "a" FROM "t" WHERE "t"."b" = "t"."c" AND d < "end" ORDER BY "e"'
    assert mask_text(text) == (text, "")


ERRORS = [
    (f'near "{SECRET}": syntax error', "near ?: syntax error"),
    (f"no such column: {SECRET}", "no such column: ?"),
    (f"OperationalError: no such column: {SECRET}", "OperationalError: no such column: ?"),
    (
        f"(sqlite3.Error) no such column: {SECRET}\n(more)",
        "(sqlite3.Error) no such column: ?\n(more)",
    ),
    (f"unknown special query: {SECRET}", "unknown special query: ?"),
    ("no such column: a", "no such column: a"),
    ("UNIQUE constraint failed: t.b", "UNIQUE constraint failed: t.b"),
]


@pytest.mark.parametrize(("message", "masked"), ERRORS)
def test_no_value_is_left_in_an_error(message: str, masked: str) -> None:
    """Names that the statement holds, and those of constraints, stay."""
    assert mask_error(message, "SELECT a FROM t WHERE t MATCH ?") == masked
