"""How differences are told: values that differ look different, long ones are cut where they do."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from dbtune.model.transfer import Difference
from dbtune.postgres.verification.canonical import StoredKind, unfit
from dbtune.postgres.verification.canonical_json import canonical_json
from dbtune.postgres.verification.differences import (
    NAMED_AT_MOST,
    Compared,
    describe_pair,
    describe_value,
)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", None, "NULL"),
        ("text", b"", "''"),
        ("text", b"NULL", "'NULL'"),
        ("text", b"a\n\xc3\xa9\xff", "'a\\n\u00e9\\\\xff'"),
        ("integer", -5, "-5"),
        ("double", struct.pack(">d", -0.0), "-0.0"),
        ("double", b"\x7f\xf8" + bytes(6), "NaN (7ff8000000000000)"),
        ("numeric", b"1.5", "1.5"),
        ("boolean", True, "true"),
        ("bytes", b"\0\xff", "x'00ff'"),
        ("timestamp", 1, "2000-01-01 00:00:00.000001"),
        ("timestamp", 2**63 - 1, "infinity"),
        ("timestamp", -(2**63), "-infinity"),
        ("timestamp", 10**18, "1000000000000000000 us since 2000-01-01"),
        ("timestamp", 2**31 - 1, "2000-01-01 00:35:47.483647"),
        ("date", -1, "1999-12-31"),
        ("date", 2**31 - 1, "infinity"),
        ("time", 1, "00:00:00.000001"),
        ("time", 86_400_000_000, "24:00:00"),
        ("uuid", bytes(16), f"x'{'00' * 16}'"),
        (
            "jsonb",
            canonical_json(b'{"b": [1.50, null], "a": "\\u00e9"}'),
            '{"a": "\u00e9", "b": [1.5, null]}',
        ),
        ("integer", unfit(b"x"), "b'x' (no integer)"),
    ],
)
def test_values_are_shown_as_they_are(kind: StoredKind, value: Any, expected: str) -> None:
    """NULL, '' and 'NULL' are told apart, and so are -0.0 and 0.0."""
    assert describe_value(kind, value) == expected


def test_long_values_show_where_they_differ() -> None:
    """The same cut of both, from a little before the first difference."""
    one, other = describe_pair(
        "text", b"x" * 500 + b"A" + b"y" * 500, b"x" * 500 + b"B" + b"y" * 500
    )
    assert "A" in one
    assert one.replace("A", "B") == other
    assert len(one) <= 62
    assert describe_pair("text", b"short", b"Short") == ("'short'", "'Short'")
    assert describe_pair("text", b"x" * 500, None)[1] == "NULL"


def test_parts_keep_the_first_names_and_count_the_rest() -> None:
    """Nothing that was found is lost where parts are added up."""
    found = tuple(Difference("t", f"id={i}", "c", "value", "1", "2") for i in range(15))
    total = Compared(10, 11, found, 3) + Compared(1, 1, found, 4)
    assert (total.rows, total.target_rows) == (11, 12)
    assert total.differences == (found + found)[:NAMED_AT_MOST]
    assert len(total.differences) + total.more == 37
