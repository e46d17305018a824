"""What PostgreSQL has no room for: too many columns, rows too wide, values too long."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.model.advice import Finding
from dbtune.model.transfer import ColumnPlan, TableProfile
from dbtune.postgres.column_types.type_nouns import TableTypes

# https://www.postgresql.org/docs/15/limits.html
_MOST_COLUMNS = 1600
# A page of 8,192 bytes less its header and one line pointer, 8-aligned: MaxHeapTupleSize.
_ROW_BYTES = 8160
# COPY carries a bytea as two hexadecimal digits a byte, within 1 GB for a line.
_VALUE_BYTES = 500_000_000

# Bytes in a row and alignment. All other types move out of the row and leave a pointer.
_FIXED = {
    "smallint": (2, 2),
    "integer": (4, 4),
    "bigint": (8, 8),
    "real": (4, 4),
    "double precision": (8, 8),
    "boolean": (1, 1),
    "date": (4, 4),
    "time without time zone": (8, 8),
    "timestamp without time zone": (8, 8),
    "timestamp with time zone": (8, 8),
    "uuid": (16, 1),
}
# What is left of a value of variable length in the worst case: a TOAST pointer.
_POINTER_BYTES = 18
_HEADER_BYTES = 23


def row_limit_stops(tables: Iterable[TableTypes]) -> tuple[Finding, ...]:
    """Return a stop for each table with too many columns, or rows that fit no page."""
    stops = []
    for table in tables:
        columns = len(table.columns)
        widest = widest_row(table.columns)
        if columns > _MOST_COLUMNS:
            message = (
                f"has {columns:,} columns, and PostgreSQL's tables have {_MOST_COLUMNS} at most"
            )
            stops.append(_stop("too-many-columns", table.table, message))
        elif widest > _ROW_BYTES:
            message = (
                f"has {columns:,} columns that may take {widest:,} bytes of a row, and a row of "
                f"PostgreSQL has {_ROW_BYTES:,} for values of fixed width"
            )
            stops.append(_stop("row-too-wide", table.table, message))
    return tuple(stops)


def widest_row(columns: Iterable[ColumnPlan]) -> int:
    """Return the bytes of a row in which every column that holds values has one.

    A value of variable length takes its own bytes while it is short, and a pointer after that.
    """
    width = _HEADER_BYTES
    for count, column in enumerate(columns, 1):
        if not count % 8:
            width += 1  # the bitmap of NULLs
        if not column.counts.not_null:
            continue
        if column.pg_type in _FIXED:
            size, alignment = _FIXED[column.pg_type]
            width += -width % alignment + size
        else:
            width += min(column.longest_bytes + 1, _POINTER_BYTES)
    return width


def value_limit_stops(profiles: Iterable[TableProfile]) -> tuple[Finding, ...]:
    """Return a stop for each column with a value that COPY cannot carry."""
    return tuple(
        Finding(
            code="value-too-long",
            severity="high",
            subject=f"{profile.table}.{column.column}",
            message=(
                f"a value has {column.longest_bytes:,} bytes, and more than {_VALUE_BYTES:,} "
                "cannot be copied into PostgreSQL."
            ),
            help=f"--exclude {profile.table}, or shorten the value first",
        )
        for profile in profiles
        for column in profile.columns
        if column.longest_bytes > _VALUE_BYTES
    )


def _stop(code: str, table: str, message: str) -> Finding:
    return Finding(
        code=code,
        severity="high",
        subject=table,
        message=f"{message}.",
        help=f"--exclude {table}, or split the table in two first",
    )
