"""What a migration makes of each column, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.overview import ColumnDecision
from dbtune.model.transfer import ColumnPlan, Conversion, MigrationPlan

# What becomes of values of the storage class that the conversion is made for.
_CONVERSIONS: Mapping[Conversion, str] = {
    "integer": "",
    "double": "",
    "decimal": "numbers, and texts of digits, as exact decimals",
    "boolean": "0 and 1 as false and true",
    "text": "",
    "bytes": "",
    "timestamp": "ISO texts as timestamps",
    "timestamptz": "ISO texts as moments, UTC where they name no offset",
    "epoch_s": "seconds since 1970 as moments",
    "epoch_ms": "milliseconds since 1970 as moments",
    "epoch_us": "microseconds since 1970 as moments",
    "cocoa": "seconds since 2001 as moments",
    "date": "texts as dates",
    "time": "texts as times of day",
    "uuid": "texts, or 16 bytes, as UUIDs",
    "json": "JSON texts as they are written",
    "jsonb": "JSON texts without their spaces, order and repeated keys",
}
_NUL_REPAIRS = {"strip": "U+0000 is left out", "replace": "U+0000 becomes U+FFFD"}
_ENCODING_REPAIRS = {
    "latin-1": "texts that are not UTF-8 are read as Latin-1",
    "replace": "bytes that are not UTF-8 become U+FFFD",
}


def column_decisions(plan: MigrationPlan) -> tuple[ColumnDecision, ...]:
    """Return each column of each table that moves, by its names in SQLite, in their order."""
    return tuple(
        ColumnDecision(
            table=table.source,
            column=column.source,
            declared=column.declared_type,
            type=column.pg_type,
            reason=column.reason,
            conversion="; ".join(_changes(column)),
            not_null=column.not_null,
        )
        for table in plan.tables
        for column in table.columns
    )


def _changes(column: ColumnPlan) -> Iterator[str]:
    if not column.loaded:
        yield "computed by PostgreSQL"
        return
    if _CONVERSIONS[column.conversion]:
        yield _CONVERSIONS[column.conversion]
    yield from _other_classes(column)
    if column.empty_as_null:
        yield "empty texts become NULL"
    if column.null_where:
        yield "references to rows that are not there become NULL"
    if column.nul_repair is not None:
        yield _NUL_REPAIRS[column.nul_repair]
    if column.encoding_repair is not None:
        yield _ENCODING_REPAIRS[column.encoding_repair]


def _other_classes(column: ColumnPlan) -> Iterator[str]:
    """Yield what becomes of values that are stored as another class than the type's own."""
    counts = column.counts
    if column.conversion in {"text", "bytes"} and counts.integers + counts.reals:
        yield "numbers as their digits"
    if column.conversion == "text" and counts.blobs:
        yield "blobs as the text that they hold"
    if column.conversion == "bytes" and counts.texts:
        yield "texts as their bytes"
    if column.conversion == "double" and counts.integers:
        yield "integers as floating-point numbers"
