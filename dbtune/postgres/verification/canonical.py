"""The value that verification compares, of what SQLite stores and of what PostgreSQL holds.

Both sides of a column come to one form in which Python's == is exact: floats as their eight bytes,
decimals without trailing zeros, instants as microseconds, text as UTF-8. Nothing here is shared
with the loader, whose mistakes it is to find.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from dbtune.model.transfer import ColumnPlan, Conversion
from dbtune.postgres.verification.canonical_dates import (
    COCOA_EPOCH,
    UNIX_EPOCH,
    days_of_date,
    micros_of_moment,
    micros_of_number,
    micros_of_time,
)
from dbtune.postgres.verification.canonical_json import canonical_json

# How the target's column stores: what its type is to a comparison.
StoredKind = Literal[
    "integer",
    "double",
    "numeric",
    "boolean",
    "text",
    "bytes",
    "timestamp",
    "date",
    "time",
    "uuid",
    "json",
    "jsonb",
]
Convert = Callable[[Any], Any]

_WHITE = b" \t\n\r\v\f"
_DECIMAL = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,7})?\Z")
# PostgreSQL's numeric ends at 131,072 digits before the point and 16,383 after it.
_DIGITS_AT_MOST = 200_000
_DASHED = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_HEX = re.compile(rb"[0-9a-fA-F]{32}\Z")
_TRUE = frozenset((b"1", b"t", b"true"))
_FALSE = frozenset((b"0", b"f", b"false"))
_EXACT_INTEGERS = 2**53

_double_bytes = struct.Struct(">d").pack
_int64 = struct.Struct(">q").unpack
_int32 = struct.Struct(">i").unpack


def unfit(value: Any) -> tuple[str, Any]:
    """Return what a stored value that its conversion does not cover compares as.

    It is equal to no value of the target, so that such a row is always named.
    """
    return ("unfit", value)


def is_unfit(value: Any) -> bool:
    """Return whether a canonical value stands for one that its conversion does not cover."""
    return isinstance(value, tuple)


def source_converter(column: ColumnPlan, kind: StoredKind) -> Convert | None:
    """Return what makes one stored value comparable; None where it already is, always.

    Stored values are those of sqlite3 with `text_factory = bytes`, after the SQL that makes some
    of them NULL. Raises KeyError for a kind that cannot hold the conversion: see `comparable`.
    """
    convert = _SOURCE[column.conversion, kind]
    if _as_stored(column, kind):
        return None
    if column.conversion in {"text", "json", "jsonb"}:
        return partial(convert, column)
    return convert


def target_converter(kind: StoredKind) -> Convert | None:
    """Return what makes one value of the target comparable; None where it already is."""
    return _TARGET.get(kind)


def comparable(conversion: Conversion, kind: StoredKind) -> bool:
    """Return whether a conversion may end in a column of that kind."""
    return (conversion, kind) in _SOURCE


def convert_column(convert: Convert | None, values: Sequence[Any]) -> list[Any]:
    """Return the values converted; NULL stays NULL."""
    if convert is None:
        return list(values)
    return [None if value is None else convert(value) for value in values]


def number_text(value: int | float) -> str:
    """Return an integer's digits, or the shortest that read back as the same double."""
    text = repr(value)
    return text.replace("inf", "Infinity") if text.endswith("inf") else text


def repaired_text(column: ColumnPlan, value: bytes) -> bytes:
    """Return text after the repairs that the plan names: first its encoding, then its NULs.

    Taking out NULs first could make valid UTF-8 of bytes that were none.
    """
    if column.encoding_repair is not None:
        value = _decoded(value, column.encoding_repair).encode()
    if column.nul_repair is not None and b"\0" in value:
        value = value.replace(b"\0", b"" if column.nul_repair == "strip" else "\ufffd".encode())
    return value


def _as_stored(column: ColumnPlan, kind: StoredKind) -> bool:
    """Return whether every value of the column is already what it compares as."""
    repaired = column.nul_repair or column.encoding_repair
    if not column.clean or repaired:
        return False
    same = {("text", "text"), ("text", "json"), ("blob", "bytes"), ("text", "bytes")}
    return column.conversion in {"text", "json", "bytes"} and (column.storage, kind) in same


def _decoded(value: bytes, repair: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        if repair == "latin-1":
            return value.decode("latin-1")
        return value.decode(errors="replace")


def _integer(value: Any) -> Any:
    return value if type(value) is int else unfit(value)


def _double(value: Any) -> Any:
    if type(value) is float:
        return _double_bytes(value)
    if type(value) is int and abs(value) <= _EXACT_INTEGERS:
        return _double_bytes(float(value))
    return unfit(value)


def _decimal(value: Any) -> Any:
    if type(value) is int:
        return b"%d" % value
    text = number_text(value).encode() if type(value) is float else value.strip(_WHITE)
    if text in {b"Infinity", b"-Infinity"} and type(value) is float:
        return text
    if not _DECIMAL.match(text):
        return unfit(value)
    plain = plain_decimal(text)
    return unfit(value) if plain is None else plain


def plain_decimal(text: bytes) -> bytes | None:
    """Return a decimal without exponent and trailing zeros; None beyond what numeric holds."""
    if text.isdigit() and not text.startswith(b"0"):
        return text
    exact = Decimal(text.decode())
    if exact.is_zero():
        return b"0"
    if not -_DIGITS_AT_MOST < exact.adjusted() < _DIGITS_AT_MOST:
        return None
    return stripped_decimal(f"{exact:f}".encode())


def stripped_decimal(text: bytes) -> bytes:
    """Return a number as numeric prints it without the zeros that only its scale adds."""
    return text.rstrip(b"0").rstrip(b".") if b"." in text else text


def _boolean(value: Any) -> Any:
    if type(value) is int and value in {0, 1}:
        return bool(value)
    if type(value) is bytes:
        word = value.lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    return unfit(value)


def _text(column: ColumnPlan, value: Any) -> bytes:
    if type(value) is bytes:
        return repaired_text(column, value)
    return number_text(value).encode()


def _bytes(value: Any) -> bytes:
    return value if type(value) is bytes else number_text(value).encode()


def _jsonb(column: ColumnPlan, value: Any) -> Any:
    text = _text(column, value)
    canonical = canonical_json(text)
    return unfit(value) if canonical is None else canonical


def _uuid(value: Any) -> Any:
    if type(value) is not bytes:
        return unfit(value)
    if len(value) == 16:
        return value
    if _HEX.match(value) or _DASHED.match(value):
        return bytes.fromhex(value.replace(b"-", b"").decode())
    return unfit(value)


def _from_text(parse: Callable[[bytes], int | None], value: Any) -> Any:
    parsed = parse(value) if type(value) is bytes else None
    return unfit(value) if parsed is None else parsed


def _from_integer(per_second: int, value: Any) -> Any:
    if type(value) is not int:
        return unfit(value)
    return value * (1_000_000 // per_second) + UNIX_EPOCH * 1_000_000


def _from_number(epoch_seconds: int, value: Any) -> Any:
    if type(value) is bytes or value in {float("inf"), float("-inf")}:
        return unfit(value)
    return micros_of_number(value, epoch_seconds)


_INSTANTS: Mapping[Conversion, Convert] = {
    "timestamp": partial(_from_text, partial(micros_of_moment, offset=False)),
    "timestamptz": partial(_from_text, partial(micros_of_moment, offset=True)),
    "epoch_s": partial(_from_number, UNIX_EPOCH),
    "epoch_ms": partial(_from_integer, 1_000),
    "epoch_us": partial(_from_integer, 1_000_000),
    "cocoa": partial(_from_number, COCOA_EPOCH),
}
# Every pair of a conversion and a kind of column that it may end in.
_SOURCE: Mapping[tuple[Conversion, StoredKind], Callable[..., Any]] = {
    ("integer", "integer"): _integer,
    ("integer", "numeric"): _decimal,
    ("integer", "double"): _double,
    ("double", "double"): _double,
    ("decimal", "numeric"): _decimal,
    ("boolean", "boolean"): _boolean,
    ("text", "text"): _text,
    ("bytes", "bytes"): _bytes,
    ("date", "date"): partial(_from_text, days_of_date),
    ("time", "time"): partial(_from_text, micros_of_time),
    ("uuid", "uuid"): _uuid,
    ("json", "json"): _text,
    ("jsonb", "jsonb"): _jsonb,
    **{(conversion, "timestamp"): convert for conversion, convert in _INSTANTS.items()},
}


def _target_jsonb(value: bytes) -> Any:
    canonical = canonical_json(value)
    return unfit(value) if canonical is None else canonical


# Columns of the kinds that are not here arrive as they are compared.
_TARGET: Mapping[StoredKind, Convert] = {
    "numeric": stripped_decimal,
    "timestamp": lambda value: _int64(value)[0],
    "date": lambda value: _int32(value)[0],
    "time": lambda value: _int64(value)[0],
    "jsonb": _target_jsonb,
}
