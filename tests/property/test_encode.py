"""Encoding for COPY text: whatever is stored, PostgreSQL's rules give it back."""

from __future__ import annotations

import math
import struct
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.transfer import StorageCounts
from dbtune.postgres.loading import encode_dates
from dbtune.postgres.loading.encode import (
    EncodeError,
    column_encoder,
    encode_rows,
    escape,
    field_encoder,
)
from dbtune.postgres.loading.encode_batch import BATCHES
from tests.fixtures.load_plans import column_plan

INTEGERS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=False)
SPECIALS = st.sampled_from([b"\\", b"N", b".", b"\n", b"\r", b"\t", b"\\N", b"\\.", b"x", b"\x08"])
BYTES = st.lists(SPECIALS | st.binary(max_size=3), max_size=8).map(b"".join)
STORED = st.none() | INTEGERS | REALS | BYTES
BACK = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def read_copy(data: bytes) -> list[list[bytes | None]]:
    """Read COPY text as its documentation says, without a look at how it was written."""
    assert data.endswith(b"\n")
    return [[read_field(field) for field in line.split(b"\t")] for line in data[:-1].split(b"\n")]


def read_field(field: bytes) -> bytes | None:
    """Return the bytes of one field, None for NULL."""
    if field == b"\\N":
        return None
    parts = []
    position = 0
    while position < len(field):
        byte = field[position : position + 1]
        if byte == b"\\":
            position += 1
            byte = field[position : position + 1]
            assert byte, "ends with a backslash"
            byte = BACK.get(byte, byte)
        parts.append(byte)
        position += 1
    return b"".join(parts)


def encoder(conversion: Any, pg_type: str = "text") -> Any:
    """Return the encoder of a column without repairs."""
    return column_encoder(column_plan("v", pg_type, conversion, StorageCounts()))


@given(st.lists(st.tuples(BYTES, st.none() | BYTES), min_size=1))
def test_any_bytes_survive_copy(rows: list[tuple[bytes, bytes | None]]) -> None:
    """Backslashes, ends of lines, tabs, \\N and \\. come back as the bytes they were."""
    assert read_copy(encode_rows(rows, [encoder("text")] * 2)) == [list(row) for row in rows]


@given(BYTES)
def test_a_field_never_ends_the_line_or_the_data(value: bytes) -> None:
    """No escaped text has a tab or an end of line, or is COPY's end of data."""
    field = escape(value)
    assert not any(special in field for special in (b"\t", b"\n", b"\r"))
    assert field not in {b"\\.", b"\\N"}


@given(st.lists(STORED, max_size=20))
def test_bytea_is_the_hex_of_what_is_stored(values: list[Any]) -> None:
    """A blob as it is, a text as its bytes, a number as its digits."""
    fields = [read_field(field) for field in encoder("bytes")(values)]
    for value, field in zip(values, fields, strict=True):
        if value is None:
            assert field is None
            continue
        assert field is not None and field.startswith(b"\\x")
        stored = bytes.fromhex(field[2:].decode())
        assert stored == value if isinstance(value, bytes) else number(stored) == value


@given(st.lists(st.none() | INTEGERS | REALS, max_size=20), st.sampled_from(["double", "text"]))
def test_numbers_read_back_bit_for_bit(values: list[Any], conversion: str) -> None:
    """The digits of a real are those of the same double, infinities included."""
    for value, field in zip(values, encoder(conversion)(values), strict=True):
        if isinstance(value, float):
            assert struct.pack("d", float(field)) == struct.pack("d", value)
        else:
            assert field == (b"\\N" if value is None else str(value).encode())


@pytest.mark.parametrize("conversion", sorted(BATCHES))
@given(data=st.data())
def test_a_batch_gives_what_its_values_give(conversion: Any, data: st.DataObject) -> None:
    """What is taken at once is the same as value by value, or the same error."""
    moments = st.datetimes().map(lambda at: str(at).encode())
    dates = st.dates().map(lambda at: str(at).encode())
    odd = st.sampled_from([b"2024-01-01T00:00:00", b"2024-01-0", b"1x", b"2024-01-01 10:00"])
    values = data.draw(st.lists(STORED | moments | dates | odd, max_size=12))
    encode = encoder(conversion)
    single = field_encoder(conversion)
    singles: list[bytes] = []
    refused: int | None = None
    for index, value in enumerate(values):
        try:
            singles.append(b"\\N" if value is None else single(value))
        except ValueError:
            refused = index
            break
    try:
        assert list(map(normal, encode(values))) == list(map(normal, singles))
        assert refused is None
    except EncodeError as error:
        assert error.index == refused


@given(st.datetimes(), st.integers(-15 * 60 - 59, 15 * 60 + 59), st.sampled_from("T "))
def test_moments_with_an_offset_name_the_same_instant(
    at: datetime, minutes: int, mark: str
) -> None:
    """What is sent, read as ISO, is the instant that was stored."""
    zone = timezone(timedelta(minutes=minutes))
    text = at.replace(tzinfo=zone).isoformat(mark)
    sent = encode_dates.moment_with_offset(text.encode()).decode()
    assert datetime.fromisoformat(sent) == at.replace(tzinfo=zone)


@given(st.datetimes(), st.text("0123456789", min_size=1, max_size=12))
def test_fraction_digits_after_the_sixth_are_cut(at: datetime, digits: str) -> None:
    """No rounding, into the next second or otherwise."""
    second = at.replace(microsecond=0)
    sent = encode_dates.naive_moment(f"{second}.{digits}".encode()).decode()
    assert sent == f"{second}.{digits[:6]}"


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
def test_microseconds_become_their_moment_in_utc(at: datetime) -> None:
    """Own calendar arithmetic agrees with Python's over all its years."""
    micros = (at - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    assert encode_dates.utc_text(micros).decode() == f"{at.isoformat(' ', 'microseconds')}+00"


@given(st.floats(-1e11, 1e11) | INTEGERS, st.sampled_from([1, 1000, 1_000_000]))
def test_epochs_are_exact_and_halves_go_to_even(value: float | int, units: int) -> None:
    """The microseconds are the nearest to the exact quotient."""
    exact = Fraction(value) * 1_000_000 / units
    found = encode_dates.microseconds(value, units)
    assert abs(found - exact) <= Fraction(1, 2)
    if abs(found - exact) == Fraction(1, 2):
        assert found % 2 == 0


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (-62_167_219_200_000_000, b"0001-01-01 00:00:00.000000+00 BC"),
        (-62_135_596_800_000_001, b"0001-12-31 23:59:59.999999+00 BC"),
        (253_402_300_800_000_000, b"10000-01-01 00:00:00.000000+00"),
    ],
)
def test_years_beyond_those_of_python_are_written_as_postgresql_reads_them(
    micros: int, text: bytes
) -> None:
    """Year 0 is 1 BC, and years have as many digits as they need."""
    assert encode_dates.utc_text(micros) == text


REFUSED = [
    ("integer", 1.5, "1.5 is not an integer"),
    ("integer", b"1", '"1" is not an integer'),
    ("double", b"x", '"x" is not a number'),
    ("boolean", 2, "2 is neither true nor false"),
    ("boolean", 1.0, "1.0 is neither true nor false"),
    ("timestamp", b"2024-01-01 00:00:00Z", '"2024-01-01 00:00:00Z" has an offset'),
    ("timestamp", b"now", '"now" is no ISO date and time'),
    ("timestamptz", 5, "5 is not a text"),
    ("date", b"infinity!!", '"infinity!!" is no date'),
    ("time", b"noon", '"noon" is no time of day'),
    ("epoch_s", math.inf, "Infinity is infinite"),
    ("uuid", b"x" * 20, f'"{"x" * 20}" is no UUID'),
]


@pytest.mark.parametrize(("conversion", "value", "message"), REFUSED)
def test_a_value_outside_of_the_plan_is_refused(conversion: str, value: Any, message: str) -> None:
    """The error says which value of the batch and why."""
    with pytest.raises(EncodeError) as raised:
        encoder(conversion)([None, value])
    assert (str(raised.value), raised.value.index, raised.value.column) == (message, 1, "v")


def number(text: bytes) -> float | int:
    """Read digits as the number they are."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def normal(field: bytes) -> bytes:
    """A moment's form may differ between both ways: T or a space, midnight written or not."""
    moment = field.replace(b"T", b" ", 1) if field[10:11] == b"T" else field
    return moment.removesuffix(b" 00:00:00") if len(moment) == 19 else moment
