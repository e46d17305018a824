"""What stored values compare as, and that two values compare as one only where they are equal."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import Any

import pytest

from dbtune.model.transfer import ColumnPlan, StorageCounts
from dbtune.postgres.verification.canonical import (
    StoredKind,
    comparable,
    is_unfit,
    source_converter,
)
from dbtune.postgres.verification.canonical_json import canonical_json

DAY = 86_400_000_000
COLUMN = ColumnPlan("c", "c", "", "text", "text", "", StorageCounts())
HUGE = b"[" * 3000 + b'{"b": "]\\u005b", "a": [1.50, null, true, {}]}' + b"]" * 3000


def canonical(conversion: str, kind: StoredKind, value: Any, **changes: Any) -> Any:
    """What a stored value compares as in a column of that kind."""
    column = replace(COLUMN, conversion=conversion, **changes)  # type: ignore[arg-type]
    convert = source_converter(column, kind)
    assert convert is not None
    return convert(value)


def double(value: float) -> bytes:
    """The eight bytes of a double."""
    return struct.pack(">d", value)


@pytest.mark.parametrize(
    ("conversion", "kind", "value", "expected"),
    [
        ("integer", "integer", 2**63 - 1, 2**63 - 1),
        ("integer", "numeric", -(2**63), b"-9223372036854775808"),
        ("double", "double", -0.0, double(-0.0)),
        ("double", "double", 5e-324, double(5e-324)),
        ("double", "double", 2**53, double(2.0**53)),
        ("double", "double", -math.inf, double(-math.inf)),
        ("decimal", "numeric", 10, b"10"),
        ("decimal", "numeric", 100.0, b"100"),
        ("decimal", "numeric", -0.0, b"0"),
        ("decimal", "numeric", 0.1, b"0.1"),
        ("decimal", "numeric", 1e22, b"1" + b"0" * 22),
        ("decimal", "numeric", 1.5e-7, b"0.00000015"),
        ("decimal", "numeric", math.inf, b"Infinity"),
        ("decimal", "numeric", b" +007.2500 ", b"7.25"),
        ("decimal", "numeric", b"-.5", b"-0.5"),
        (
            "decimal",
            "numeric",
            b"12345678901234567890123456789.10",
            b"12345678901234567890123456789.1",
        ),
        ("boolean", "boolean", 1, True),
        ("boolean", "boolean", b"F", False),
        ("boolean", "boolean", b"TRUE", True),
        ("text", "text", b"a\r\n\\.", b"a\r\n\\."),
        ("text", "text", 1e16, b"1e+16"),
        ("text", "text", math.inf, b"Infinity"),
        ("text", "text", -5, b"-5"),
        ("bytes", "bytes", b"\0\xff", b"\0\xff"),
        ("bytes", "bytes", 1.0, b"1.0"),
        ("timestamp", "timestamp", b"2000-01-02", DAY),
        ("timestamp", "timestamp", b"2000-01-01T00:00:01.1234569", 1_123_456),
        ("timestamp", "timestamp", b"0001-01-01 00:00", -730_119 * DAY),
        ("timestamp", "timestamp", b"9999-12-31 23:59:59.999999", 2_921_940 * DAY - 1),
        ("timestamptz", "timestamp", b"2000-01-01 02:00:00+02:00", 0),
        ("timestamptz", "timestamp", b"2000-01-01 00:00:00 -0130", 90 * 60 * 1_000_000),
        ("timestamptz", "timestamp", b"2000-01-01 00:00:00.5 +0000 UTC", 500_000),
        ("timestamptz", "timestamp", b"2000-01-01 00:00:00Z", 0),
        ("timestamptz", "timestamp", b"2000-01-01 00:00:00", 0),
        ("timestamptz", "timestamp", b"2000-01-01t00:00:00z", 0),
        ("epoch_s", "timestamp", 946_684_801, 1_000_000),
        ("epoch_s", "timestamp", 946_684_800.0000005, 0),
        ("epoch_ms", "timestamp", 946_684_800_001, 1_000),
        ("epoch_us", "timestamp", 946_684_800_000_001, 1),
        ("cocoa", "timestamp", 0, 366 * DAY),
        ("cocoa", "timestamp", 0.5, 366 * DAY + 500_000),
        ("date", "date", b"1999-12-31", -1),
        ("time", "time", b"23:59", DAY - 60_000_000),
        ("time", "time", b"00:00:00.0000019", 1),
        ("uuid", "uuid", b"\0" * 16, b"\0" * 16),
        ("uuid", "uuid", b"00FF" * 8, b"\0\xff" * 8),
        ("uuid", "uuid", b"00ff00ff-00ff-00ff-00FF-00ff00ff00ff", b"\0\xff" * 8),
        ("json", "json", b'{"a" : 1}', b'{"a" : 1}'),
    ],
)
def test_stored_values_come_to_what_postgresql_stores(
    conversion: str, kind: StoredKind, value: Any, expected: Any
) -> None:
    """Each conversion gives the one form in which its column is compared."""
    found = canonical(conversion, kind, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("conversion", "kind", "value"),
    [
        ("integer", "integer", b"5"),
        ("integer", "integer", 5.0),
        ("double", "double", 2**53 + 1),
        ("double", "double", b"1.5"),
        ("decimal", "numeric", b"1_000"),
        ("decimal", "numeric", b"0x10"),
        ("decimal", "numeric", b"inf"),
        ("decimal", "numeric", "\u0661".encode()),
        ("decimal", "numeric", b"1e9999999"),
        ("decimal", "numeric", b""),
        ("boolean", "boolean", 2),
        ("boolean", "boolean", b"yes"),
        ("timestamp", "timestamp", b"2000-02-30"),
        ("timestamp", "timestamp", b"2000-01-01 24:00:00"),
        ("timestamp", "timestamp", b"2000-01-01 00:00:60"),
        ("timestamp", "timestamp", b"2000-01-01 00:00:00Z"),
        ("timestamp", "timestamp", b"0000-01-01"),
        ("timestamp", "timestamp", b"2000-01-01\n"),
        ("timestamptz", "timestamp", b"2000-01-01 00:00:00+01:75"),
        ("epoch_ms", "timestamp", 1.5),
        ("epoch_s", "timestamp", b"946684800"),
        ("epoch_s", "timestamp", math.inf),
        ("date", "date", b"2000-1-1"),
        ("time", "time", b"24:00"),
        ("uuid", "uuid", b"{00ff00ff-00ff-00ff-00ff-00ff00ff00ff}"),
        ("uuid", "uuid", b"00ff00ff00ff-00ff-00ff-00ff00ff00ff0"),
        ("uuid", "uuid", 5),
        ("jsonb", "jsonb", b"{a: 1}"),
        ("jsonb", "jsonb", math.inf),
    ],
)
def test_values_outside_their_conversion_equal_nothing(
    conversion: str, kind: StoredKind, value: Any
) -> None:
    """A plan that was wrong about its data is found out, whatever the loader made of it."""
    assert is_unfit(canonical(conversion, kind, value))


@pytest.mark.parametrize(
    ("value", "changes", "expected"),
    [
        (b"a\0b", {"nul_repair": "strip"}, b"ab"),
        (b"a\0b", {"nul_repair": "replace"}, "a\ufffdb".encode()),
        (b"\xe9\0", {"encoding_repair": "latin-1", "nul_repair": "strip"}, "é".encode()),
        # Without the NUL these bytes would be the UTF-8 of another character.
        (b"\xc3\0\xa9", {"encoding_repair": "latin-1", "nul_repair": "strip"}, "Ã©".encode()),
        ("é".encode(), {"encoding_repair": "latin-1"}, "é".encode()),
        (b"a\xff", {"encoding_repair": "replace"}, "a\ufffd".encode()),
        (b"a\xff", {}, b"a\xff"),
    ],
)
def test_repairs_come_before_the_comparison(
    value: bytes, changes: dict[str, Any], expected: bytes
) -> None:
    """A repaired text compares as what was asked for in its place."""
    assert canonical("text", "text", value, **changes) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a": 1, "b": 2}', b'{"b":2,"a":1}'),
        (b"[1.50, 100]", b"[1.5, 1e2]"),
        (b"-0.0", b"0"),
        (b'"\\u00e9\\ud83d\\ude00"', '"é😀"'.encode()),
        (b'{"a": 1, "a": 2}', b'{"a": 2}'),
        (HUGE, HUGE.replace(b"\\u005b", b"[").replace(b"1.50", b" 1.5 ").replace(b" ", b"  ")),
    ],
)
def test_json_of_one_meaning_is_equal(one: bytes, other: bytes) -> None:
    """Spaces, the order of keys, escapes and zeros at a number's end do not matter."""
    assert canonical_json(one) is not None
    assert canonical_json(one) == canonical_json(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"1", b'"1"'),
        (b"1", b"true"),
        (b"0", b"false"),
        (b"null", b'"null"'),
        (b"[]", b"{}"),
        (b"9007199254740993", b"9007199254740992"),
        (b"0.1", b"0.1000000000000000055511151231257827"),
        (b'{"a": null}', b"{}"),
        (b'["#", "1"]', b"[1]"),
        (b'["{", []]', b"{}"),
        (b"[1, 2]", b"[2, 1]"),
        (HUGE, HUGE.replace(b"1.50", b"1.51")),
    ],
)
def test_json_of_another_meaning_is_not_equal(one: bytes, other: bytes) -> None:
    """Kinds of values, long numbers and the order of elements matter."""
    assert canonical_json(one) is not None
    assert canonical_json(other) is not None
    assert canonical_json(one) != canonical_json(other)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1,]", b"{'a': 1}", b"NaN", b"[Infinity]", b"1 2", b"01", b"1e9999999"]
)
def test_what_is_no_json_has_no_form(text: bytes) -> None:
    """A text that jsonb cannot hold equals nothing, nested deep or not."""
    assert canonical_json(text) is None
    assert canonical_json(b"[" * 3000 + text + b"]" * 3000 if text else b"[" * 3000) is None


def test_a_kind_that_cannot_hold_a_conversion_is_known() -> None:
    """A column of another kind than planned is a difference, never a cast."""
    assert comparable("timestamptz", "timestamp")
    assert not comparable("text", "bytes")
    assert not comparable("integer", "text")
