"""What proves whole columns equal at once, of Arrow arrays as ADBC reads them from both sides.

A proof may fail for values that are equal; it never holds for values that are not. What it leaves
open is decided value by value, as `canonical` says. The directions are chosen against the loader's:
it reads text to make a timestamp, this writes the timestamp as text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dbtune.postgres.names import quote_name
from dbtune.postgres.verification.canonical import (
    StoredKind,
    convert_column,
    source_converter,
    target_converter,
)
from dbtune.postgres.verification.target_columns import TargetColumn

# An array of pyarrow, which has no types for a type checker.
Array = Any
# Two arrays of one type, neither of floats, that are equal only where the two columns are.
Prepare = Callable[[Array, Array], tuple[Array, Array]]

# No double that SQLite stores has these bits: a NaN with a payload.
_NO_DOUBLE = 0x7FF8_DEAD_BEEF_0000
# A double tells any two decimals of 15 digits apart, so that the one is the other's shortest form.
_EXACT_DIGITS = 15
_EPOCH_2000_MICROS = 946_684_800_000_000
_EPOCH_2000_DAYS = 10_957
_COCOA_SECONDS = 978_307_200
_UNITS = {0: "s", 3: "ms", 6: "us"}
_UTC = (b"Z", b"+00:00", b"+00", b" +00:00", b" +0000 UTC")


@dataclass(frozen=True)
class ColumnProof:
    """How a column is compared: `read_sql` gives what ADBC is to read from the target."""

    column: TargetColumn
    read_sql: str
    prepare: Prepare

    def unequal(self, ours: Array, theirs: Array) -> list[tuple[int, Any, Any]]:
        """Return positions and canonical values of what differs in two arrays of one length."""
        rows = self._unproven(ours, theirs)
        if not len(rows):
            return []
        source = _source_values(self.column, ours.take(rows))
        target = _target_values(self.column, theirs.take(rows))
        pairs = zip(rows.to_pylist(), source, target, strict=True)
        return [(row, one, other) for row, one, other in pairs if one != other]

    def _unproven(self, ours: Array, theirs: Array) -> Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        proven = pc.and_(ours.is_null(), theirs.is_null())
        try:
            one, other = self.prepare(ours, theirs)
            if one.equals(other):
                return pa.array([], pa.int64())
            proven = pc.or_(proven, pc.equal(one, other).fill_null(False))
        except pa.ArrowInvalid:
            pass  # a value that does not fit what is compared: all are looked at one by one
        return pc.indices_nonzero(pc.invert(proven))


def column_proof(column: TargetColumn) -> ColumnProof:
    """Return how a clean column is compared."""
    if column.plan.storage == "none":
        return ColumnProof(column, column.read_sql, _nothing)
    if column.kind == "uuid":
        return ColumnProof(column, _uuid_sql(column), _uuid)
    prepare = _PREPARE.get((column.plan.conversion, column.plan.storage), _nothing)
    if column.kind == "numeric":
        prepare = _decimal
    elif column.kind == "double" and column.plan.storage == "integer":
        prepare = _whole_double
    return ColumnProof(column, column.read_sql, prepare)


def _nothing(ours: Array, theirs: Array) -> tuple[Array, Array]:
    """Prove nothing but that both are NULL."""
    import pyarrow as pa

    raise pa.ArrowInvalid("no proof")


def _same(ours: Array, theirs: Array) -> tuple[Array, Array]:
    return ours.cast(theirs.type), theirs


def _double(ours: Array, theirs: Array) -> tuple[Array, Array]:
    return ours.view("int64"), theirs.view("int64")


def _whole_double(ours: Array, theirs: Array) -> tuple[Array, Array]:
    return ours.cast("double").view("int64"), theirs.view("int64")


def _decimal(ours: Array, theirs: Array) -> tuple[Array, Array]:
    import pyarrow.compute as pc

    short = pc.less_equal(pc.binary_length(theirs), _EXACT_DIGITS)
    numbers = theirs.cast("double").view("int64")
    return ours.cast("double").view("int64"), pc.if_else(short, numbers, _NO_DOUBLE)


def _boolean(ours: Array, theirs: Array) -> tuple[Array, Array]:
    return ours, theirs.cast("int64")


def _moment(ours: Array, theirs: Array, *, zoned: bool) -> tuple[Array, Array]:
    """Compare text with timestamps written in the form that the first text has."""
    import pyarrow.compute as pc

    first = next((value.as_py() for value in ours.drop_null()[:1]), "").encode()
    zone = next((zone for zone in _UTC if zoned and first.endswith(zone)), b"")
    clock = first[10:].removesuffix(zone)
    fraction = clock[10:]
    texts = _written(theirs, len(fraction)).cast("binary")
    if not clock:
        # A timestamp at another time of day is longer than a date, and so another text.
        texts = pc.if_else(
            pc.equal(pc.binary_slice(texts, 10, 19), b" 00:00:00"),
            pc.binary_slice(texts, 0, 10),
            texts,
        )
    elif clock[:1] == b"T":
        texts = pc.binary_replace_slice(texts, 10, 11, b"T")
    if zone:
        texts = pc.binary_join_element_wise(texts, zone, b"")
    return ours.cast("binary"), texts


def _written(moments: Array, digits: int) -> Array:
    """Return timestamps as text with so many digits of a second's fraction."""
    import pyarrow as pa

    naive = moments.view("int64").view(pa.timestamp("us"))
    unit = _UNITS.get(digits)
    if unit is None:
        raise pa.ArrowInvalid("no such unit")
    return naive.cast(pa.timestamp(unit)).cast("string")


def _time(ours: Array, theirs: Array) -> tuple[Array, Array]:
    import pyarrow as pa

    return ours, theirs.cast(pa.time32("s")).cast("string")


def _date(ours: Array, theirs: Array) -> tuple[Array, Array]:
    return ours, theirs.cast("string")


def _epoch(ours: Array, theirs: Array, *, micros: int, start: int) -> tuple[Array, Array]:
    import pyarrow.compute as pc

    shifted = pc.add_checked(ours, start) if start else ours
    return pc.multiply_checked(shifted, micros), theirs.view("int64")


def _uuid(ours: Array, theirs: Array) -> tuple[Array, Array]:
    import pyarrow.compute as pc

    if str(theirs.type) == "binary":
        return ours, theirs
    return pc.ascii_lower(ours), theirs


def _uuid_sql(column: TargetColumn) -> str:
    name = quote_name(column.plan.target)
    if column.plan.storage == "blob":
        return f"uuid_send({name})"
    if column.plan.uniform_bytes == 32:
        return f"replace({name}::text, '-', '')"
    return f"{name}::text"


_PREPARE: Mapping[tuple[str, str], Prepare] = {
    ("integer", "integer"): _same,
    ("double", "real"): _double,
    ("boolean", "integer"): _boolean,
    ("text", "text"): _same,
    ("bytes", "blob"): _same,
    ("bytes", "text"): _same,
    ("json", "text"): _same,
    ("jsonb", "text"): _same,
    ("timestamp", "text"): partial(_moment, zoned=False),
    ("timestamptz", "text"): partial(_moment, zoned=True),
    ("date", "text"): _date,
    ("time", "text"): _time,
    ("epoch_s", "integer"): partial(_epoch, micros=1_000_000, start=0),
    ("epoch_ms", "integer"): partial(_epoch, micros=1_000, start=0),
    ("epoch_us", "integer"): partial(_epoch, micros=1, start=0),
    ("cocoa", "integer"): partial(_epoch, micros=1_000_000, start=_COCOA_SECONDS),
}


def _source_values(column: TargetColumn, values: Array) -> Sequence[Any]:
    """Return what `canonical` makes of stored values."""
    stored = [value.encode() if isinstance(value, str) else value for value in values.to_pylist()]
    return convert_column(source_converter(column.plan, column.kind), stored)


def _target_values(column: TargetColumn, values: Array) -> Sequence[Any]:
    """Return what `canonical` makes of the target's values."""
    restore = _RESTORE.get(column.kind, _bytes)
    integers = {"timestamp": "int64", "time": "int64", "date": "int32"}.get(column.kind)
    found = convert_column(restore, (values.view(integers) if integers else values).to_pylist())
    wired = column.kind in {"timestamp", "time", "date"}
    return found if wired else convert_column(target_converter(column.kind), found)


def _bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _wrapped(value: int, bits: int) -> int:
    """Return what an integer of so many bits holds: ADBC's shift of an infinity goes around."""
    half = 1 << (bits - 1)
    return (value + half) % (1 << bits) - half


_RESTORE: Mapping[StoredKind, Callable[[Any], Any]] = {
    "double": lambda value: struct.pack(">d", value),
    "timestamp": lambda value: _wrapped(value - _EPOCH_2000_MICROS, 64),
    "date": lambda value: _wrapped(value - _EPOCH_2000_DAYS, 32),
    "uuid": lambda value: (
        bytes.fromhex(value.replace("-", "")) if isinstance(value, str) else value
    ),
}
