"""Stored values as fields of COPY's text format, a column at a time.

Verification never uses this: it would confirm its mistakes.
Source: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2 (text format)
"""

from __future__ import annotations

import math
from binascii import hexlify
from collections.abc import Callable, Mapping, Sequence

from dbtune.model.transfer import ColumnPlan, Conversion
from dbtune.postgres.loading import encode_dates as dates
from dbtune.postgres.loading.encode_batch import BATCHES, NULL

# As sqlite3 returns it with text_factory = bytes: TEXT is UTF-8 whatever the file's encoding.
StoredValue = int | float | bytes | None
ColumnEncoder = Callable[[Sequence[StoredValue]], list[bytes]]

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_BOOLEANS = {
    b"0": b"f",
    b"f": b"f",
    b"false": b"f",
    b"1": b"t",
    b"t": b"t",
    b"true": b"t",
}


class EncodeError(ValueError):
    """A value that its column's conversion does not take; `index` counts rows of the batch."""

    def __init__(self, column: str, index: int, value: StoredValue, reason: str) -> None:
        super().__init__(f"{shown(value)} {reason}")
        self.column = column
        self.index = index


def column_encoder(column: ColumnPlan) -> ColumnEncoder:
    """Return a function from a column's stored values to fields of COPY's text format.

    It raises EncodeError for a value outside of what the plan says the column holds. Texts that
    count as NULL (`empty_as_null`) are the business of the SELECT.
    """
    convert = field_encoder(column.conversion)
    batch = BATCHES.get(column.conversion)
    repairs = column.nul_repair is not None or column.encoding_repair is not None

    def encode(values: Sequence[StoredValue]) -> list[bytes]:
        if repairs:
            values = [repaired(v, column) if isinstance(v, bytes) else v for v in values]
        fields = None if batch is None else batch(values)
        if fields is not None:
            return fields
        try:
            return [NULL if value is None else convert(value) for value in values]
        except ValueError:
            raise _first_error(column, values, convert) from None

    return encode


def field_encoder(conversion: Conversion) -> Callable[[StoredValue], bytes]:
    """Return a function from one value that is not NULL to its field; it raises ValueError."""
    return _CONVERT[conversion]


def encode_rows(rows: Sequence[Sequence[StoredValue]], encoders: Sequence[ColumnEncoder]) -> bytes:
    """Return rows as lines of COPY's text format. Raises EncodeError."""
    columns = [
        encode(values) for encode, values in zip(encoders, zip(*rows, strict=True), strict=True)
    ]
    return b"\n".join(map(b"\t".join, zip(*columns, strict=True))) + b"\n"


def escape(text: bytes) -> bytes:
    """Return a text's bytes with what COPY gives a meaning escaped."""
    if b"\\" in text:
        text = text.replace(b"\\", b"\\\\")
    if b"\n" in text:
        text = text.replace(b"\n", b"\\n")
    if b"\r" in text:
        text = text.replace(b"\r", b"\\r")
    if b"\t" in text:
        text = text.replace(b"\t", b"\\t")
    return text


def number_text(value: int | float) -> bytes:
    """Return a number's digits: of a real the fewest that read back as the same double."""
    if isinstance(value, int):
        return b"%d" % value
    if math.isinf(value):
        return b"Infinity" if value > 0 else b"-Infinity"
    return repr(value).encode("ascii")


def shown(value: StoredValue) -> str:
    """Return a value as a message shows it, cut to 60 characters."""
    if isinstance(value, bytes):
        text = value[:240].decode("utf-8", errors="backslashreplace")
        return f'"{text[:60]}{"..." if len(text) > 60 else ""}"'
    return "NULL" if value is None else number_text(value).decode()


def is_utf8(value: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def repaired(value: bytes, column: ColumnPlan) -> bytes:
    """Return a text as the plan's repairs of invalid UTF-8 and of U+0000 make it."""
    if column.encoding_repair is not None and not is_utf8(value):
        if column.encoding_repair == "latin-1":
            value = value.decode("latin-1").encode()
        else:
            value = value.decode("utf-8", errors="replace").encode()
    if column.nul_repair is not None and b"\0" in value:
        value = value.replace(b"\0", b"" if column.nul_repair == "strip" else _REPLACEMENT.encode())
    return value


def _integer(value: StoredValue) -> bytes:
    if not isinstance(value, int):
        raise ValueError("is not an integer")
    return b"%d" % value


def _double(value: StoredValue) -> bytes:
    if not isinstance(value, (int, float)):
        raise ValueError("is not a number")
    return number_text(value)


def _decimal(value: StoredValue) -> bytes:
    return escape(value.strip()) if isinstance(value, bytes) else number_text(_number(value))


def _boolean(value: StoredValue) -> bytes:
    if isinstance(value, int) and value in {0, 1}:
        return b"t" if value else b"f"
    found = _BOOLEANS.get(value.lower()) if isinstance(value, bytes) else None
    if found is None:
        raise ValueError("is neither true nor false")
    return found


def _text(value: StoredValue) -> bytes:
    return escape(value) if isinstance(value, bytes) else number_text(_number(value))


def _bytes(value: StoredValue) -> bytes:
    stored = value if isinstance(value, bytes) else number_text(_number(value))
    return b"\\\\x" + hexlify(stored)


def _timestamp(value: StoredValue) -> bytes:
    return dates.naive_moment(_text_bytes(value))


def _timestamptz(value: StoredValue) -> bytes:
    return dates.moment_with_offset(_text_bytes(value))


def _epoch(units_per_second: int, epoch: int = 0) -> Callable[[StoredValue], bytes]:
    def encode(value: StoredValue) -> bytes:
        return dates.utc_text(dates.microseconds(_number(value), units_per_second, epoch))

    return encode


def _date(value: StoredValue) -> bytes:
    text = _text_bytes(value)
    if len(text) != 10 or text[4:5] != b"-" or text[7:8] != b"-":
        raise ValueError("is no date")
    return escape(text)


def _time(value: StoredValue) -> bytes:
    return dates.time_of_day(_text_bytes(value))


def _uuid(value: StoredValue) -> bytes:
    stored = _text_bytes(value)
    if len(stored) == 16:
        return hexlify(stored)
    if len(stored) not in {32, 36}:
        raise ValueError("is no UUID")
    return escape(stored)


def _number(value: StoredValue) -> int | float:
    if not isinstance(value, (int, float)):
        raise ValueError("is not a number")
    return value


def _text_bytes(value: StoredValue) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("is not a text")
    return value


def _first_error(
    column: ColumnPlan, values: Sequence[StoredValue], convert: Callable[[StoredValue], bytes]
) -> EncodeError:
    """Return the error of the first value that cannot be converted."""
    for index, value in enumerate(values):
        try:
            if value is not None:
                convert(value)
        except ValueError as error:
            return EncodeError(column.source, index, value, str(error))
    raise AssertionError("a batch failed, and none of its values does")


_CONVERT: Mapping[Conversion, Callable[[StoredValue], bytes]] = {
    "integer": _integer,
    "double": _double,
    "decimal": _decimal,
    "boolean": _boolean,
    "text": _text,
    "bytes": _bytes,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "epoch_s": _epoch(1),
    "epoch_ms": _epoch(1_000),
    "epoch_us": _epoch(1_000_000),
    "cocoa": _epoch(1, dates.COCOA_EPOCH),
    "date": _date,
    "time": _time,
    "uuid": _uuid,
    "json": _text,
    "jsonb": _text,
}
