"""From a column as ADBC reads it to an Arrow array that PostgreSQL's binary COPY takes.

Only for columns whose values are all of one storage class. Every cast is checked: a value it
cannot carry over exactly raises, and the part is copied row by row instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.loading.encode_dates import COCOA_EPOCH
from dbtune.sqlite.identifiers import quote_identifier

# A value of each storage class, and what Arrow type ADBC makes of the class.
_FIRST_VALUES = {"integer": "0", "real": "0.0", "text": "''", "blob": "x''"}
_READ_TYPES = {"integer": "int64", "real": "double", "text": "string", "blob": "binary"}
_INTEGER_TYPES = {"smallint": "int16", "integer": "int32", "bigint": "int64"}
_TEXT_TYPES = ("text", "citext", "varchar", "character varying")
_TARGET_TYPES: Mapping[str, tuple[str, ...]] = {
    "integer": tuple(_INTEGER_TYPES),
    "double": ("double precision",),
    "boolean": ("boolean",),
    "text": _TEXT_TYPES,
    "bytes": ("bytea",),
    "timestamp": ("timestamp", "timestamp without time zone"),
    "timestamptz": ("timestamptz", "timestamp with time zone"),
    "date": ("date",),
    "time": ("time", "time without time zone"),
    "json": ("json",),
    "uuid": ("uuid",),
}
_UUID_BYTES = 16
_NUMERIC = re.compile(r"numeric\((\d+)(?:, ?(\d+))?\)")
_EXACT_DIGITS = 15

Cast = Callable[[Any], Any]


@dataclass(frozen=True)
class ArrowColumn:
    """How one column goes by Arrow.

    `term` is selected, after a first row with `first_value` that tells ADBC the type
    `read_type`; `cast` makes of what was read an array of `arrow_type`.
    """

    term: str
    first_value: str
    read_type: str
    arrow_type: Any
    cast: Cast


class CannotCast(Exception):
    """A value or type that this path does not carry over exactly."""


def has_cast(column: ColumnPlan) -> bool:
    """Return whether a column may go by Arrow; decided without importing Arrow."""
    if _decimal_digits(column) is not None:
        return True
    if column.counts.not_null and not column.clean:
        return False
    if _target_type(column) not in _TARGET_TYPES.get(_family(column), ()):
        return False
    return not column.counts.not_null or (column.conversion, column.storage) in _CASTS


def arrow_column(column: ColumnPlan) -> ArrowColumn:
    """Return how a column for which `has_cast` is true goes by Arrow."""
    pa = import_module("pyarrow")
    arrow_type = _arrow_type(pa, column)
    name = quote_identifier(column.source)
    digits = _decimal_digits(column)
    if digits is not None:
        decimal_type = pa.decimal128(*digits)
        return ArrowColumn(
            f"CAST({name} AS REAL)", "0.0", "double", decimal_type, _as_decimal(decimal_type)
        )
    storage = column.storage if column.counts.not_null else "text"
    if column.conversion == "uuid" and storage == "text":
        # What is no UUID becomes an empty value and fails the check of the length, not a NULL.
        term = f"CASE WHEN {name} IS NOT NULL THEN coalesce(unhex({name}, '-'), x'') END"
        storage = "blob"
    else:
        term = name
    cast = _CASTS[column.conversion, column.storage] if column.counts.not_null else _nulls
    return ArrowColumn(
        term=term,
        first_value=_FIRST_VALUES[storage],
        read_type=_READ_TYPES[storage],
        arrow_type=arrow_type,
        cast=lambda array: cast(array, arrow_type),
    )


def _family(column: ColumnPlan) -> str:
    return "timestamptz" if column.conversion in _UNITS else column.conversion


def _target_type(column: ColumnPlan) -> str:
    return column.pg_type.partition("(")[0] if _family(column) == "text" else column.pg_type


def _arrow_type(pa: Any, column: ColumnPlan) -> Any:
    match _family(column):
        case "integer":
            return getattr(pa, _INTEGER_TYPES[column.pg_type])()
        case "double":
            return pa.float64()
        case "boolean":
            return pa.bool_()
        case "timestamp":
            return pa.timestamp("us")
        case "timestamptz":
            return pa.timestamp("us", tz="UTC")
        case "date":
            return pa.date32()
        case "time":
            return pa.time64("us")
        case "bytes" | "uuid":
            return pa.binary()
        case _:
            return pa.string()


def _decimal_digits(column: ColumnPlan) -> tuple[int, int] | None:
    """Return precision and scale of a numeric column whose numbers go by Arrow, else None.

    Up to 15 digits: a double holds each such integer, and knows all such decimals apart.
    """
    found = _NUMERIC.fullmatch(column.pg_type)
    counts = column.counts
    if column.conversion != "decimal" or found is None or column.empty_as_null:
        return None
    precision, scale = int(found[1]), int(found[2] or 0)
    if precision > _EXACT_DIGITS or counts.texts or counts.blobs:
        return None
    return precision, scale


def _as_decimal(to: Any) -> Cast:
    """Return the cast of doubles to the decimals that are their shortest digits.

    A decimal of at most 15 digits that is nearest to a double is its shortest form, since no two
    of them have the same nearest double; dividing the scaled integer back proves that it is.
    """
    pa, pc = import_module("pyarrow"), import_module("pyarrow.compute")
    unit = float(10**to.scale)

    def cast(array: Any) -> Any:
        scaled = pc.round(pc.multiply(array, unit)).cast(pa.int64(), safe=True)
        proven = pc.all(pc.equal(pc.divide(scaled.cast(pa.float64()), unit), array)).as_py()
        largest = max(abs(bound or 0) for bound in pc.min_max(scaled).as_py().values())
        if proven is False or largest >= 10**to.precision:
            raise CannotCast(f"a number that numeric({to.precision},{to.scale}) does not hold")
        wide = scaled.cast(pa.decimal128(19, 0))
        return pa.Array.from_buffers(to, len(wide), wide.buffers())

    return cast


def _nulls(array: Any, to: Any) -> Any:
    if array.null_count != len(array):
        raise CannotCast("a column without values has some")
    return import_module("pyarrow").nulls(len(array), to)


def _same(array: Any, to: Any) -> Any:
    return array


def _safe(array: Any, to: Any) -> Any:
    return array.cast(to, safe=True)


def _boolean(array: Any, to: Any) -> Any:
    pc = import_module("pyarrow.compute")
    found = pc.min_max(array)
    if (found["min"].as_py() or 0) < 0 or (found["max"].as_py() or 0) > 1:
        raise CannotCast("neither 0 nor 1")
    return array.cast(to)


def _moment_in_utc(array: Any, to: Any) -> Any:
    """Read texts that have all an offset, or all none and are in UTC."""
    pa = import_module("pyarrow")
    try:
        return array.cast(to)
    except pa.ArrowInvalid:
        return array.cast(pa.timestamp("us")).view(pa.int64()).view(to)


def _epoch(units_per_second: int, epoch_seconds: int = 0) -> Callable[[Any, Any], Any]:
    def cast(array: Any, to: Any) -> Any:
        pc = import_module("pyarrow.compute")
        micros = pc.multiply_checked(array, 1_000_000 // units_per_second)
        if epoch_seconds:
            micros = pc.add_checked(micros, epoch_seconds * 1_000_000)
        return micros.view(to)

    return cast


def _time(array: Any, to: Any) -> Any:
    """Read HH:MM[:SS[.f]] as the time of the first day of 1970: Arrow reads no time alone."""
    pa, pc = import_module("pyarrow"), import_module("pyarrow.compute")
    moments = pc.binary_join_element_wise("1970-01-01 ", array, "")
    return moments.cast(pa.timestamp("us")).view(pa.int64()).view(to)


def _uuid(array: Any, to: Any) -> Any:
    pc = import_module("pyarrow.compute")
    if pc.any(pc.not_equal(pc.binary_length(array), _UUID_BYTES)).as_py():
        raise CannotCast("no UUID")
    return array


_UNITS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "cocoa": 1}
_CASTS: Mapping[tuple[str, str], Callable[[Any, Any], Any]] = {
    ("integer", "integer"): _safe,
    ("double", "real"): _same,
    ("double", "integer"): _safe,
    ("boolean", "integer"): _boolean,
    ("text", "text"): _same,
    ("text", "integer"): _safe,
    ("text", "blob"): _safe,
    ("json", "text"): _same,
    ("bytes", "blob"): _same,
    ("bytes", "text"): _safe,
    ("timestamp", "text"): _safe,
    ("timestamptz", "text"): _moment_in_utc,
    ("date", "text"): _safe,
    ("time", "text"): _time,
    ("uuid", "text"): _uuid,
    ("uuid", "blob"): _uuid,
    **{
        (name, "integer"): _epoch(units, COCOA_EPOCH if name == "cocoa" else 0)
        for name, units in _UNITS.items()
    },
}
