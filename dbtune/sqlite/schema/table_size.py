"""Bytes of tables with their indexes: from their trees' sizes, or from the rows of a few places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.schema import Index, Schema, Statistics, Table
from dbtune.model.workload import SqlValue
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.schema.row_identity import rowid_expression

_PROBES = 16
_PROBE_ROWS = 16
# Header of a cell, and the rowid in an index.
_OVERHEAD_BYTES = 8
# Tables grow at their end and fill their pages; keys come in any order and leave a third free.
_TABLE_FILL = 1.1
_INDEX_FILL = 1.4


@dataclass(frozen=True)
class TableSize:
    """Rows and bytes of a table, the bytes with all its indexes; `exact` where it was counted."""

    table: str
    rows: int
    size_bytes: int
    exact: bool = True


@dataclass(frozen=True)
class _Measured:
    """A table's size as far as it was found out; `bounded` where more rows may follow."""

    size: TableSize
    row_bytes: float
    bounded: bool


def table_sizes(
    connection: Queryable, schema: Schema, statistics: Statistics
) -> tuple[TableSize, ...]:
    """Return rows and bytes of all tables but virtual ones, each with its indexes.

    Of a large table without rowid or statistics only a first part was counted: such tables share
    what the file has beside all others.
    """
    measured = [
        _measure(connection, table, statistics)
        for table in schema.tables
        if table.kind != "virtual"
    ]
    bounded = sum(found.bounded for found in measured)
    if not bounded:
        return tuple(found.size for found in measured)
    known = sum(found.size.size_bytes for found in measured if not found.bounded)
    share = (_used_bytes(connection) - known) // bounded
    return tuple(_grown(found, share) if found.bounded else found.size for found in measured)


def _measure(connection: Queryable, table: Table, statistics: Statistics) -> _Measured:
    found = next(entry for entry in statistics.tables if entry.table == table.name)
    trees = [found.size_bytes]
    trees += [entry.size_bytes for entry in statistics.indexes if entry.table == table.name]
    row_bytes = 0.0
    if found.size_bytes is None:
        row_bytes = _row_bytes(connection, table)
        size = round(found.rows * row_bytes)
    else:
        size = sum(tree or 0 for tree in trees)
    bounded = not (found.exact or found.stat1_rows or rowid_expression(table))
    return _Measured(TableSize(table.name, found.rows, size, found.exact), row_bytes, bounded)


def _grown(found: _Measured, size_bytes: int) -> TableSize:
    """Return a table with all bytes that it may have."""
    size = max(found.size.size_bytes, size_bytes)
    rows = round(size / found.row_bytes) if found.row_bytes else 0
    return TableSize(found.size.table, max(found.size.rows, rows), size, exact=False)


def _used_bytes(connection: Queryable) -> int:
    pages, free, page_size = (
        next(iter(connection.execute(f"PRAGMA {name}")))[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * page_size)


def _row_bytes(connection: Queryable, table: Table) -> float:
    """Return the bytes of an average row in the table and all its indexes."""
    names = [column.name for column in table.columns if not column.generated]
    total = 0.0
    rows = list(_probe(connection, table, names))
    for row in rows:
        values = dict(zip((name.lower() for name in names), map(_value_bytes, row), strict=True))
        total += (sum(values.values()) + _OVERHEAD_BYTES) * _TABLE_FILL
        total += sum(_key_bytes(index, values) for index in table.indexes) * _INDEX_FILL
    return total / len(rows) if rows else 0.0


def _key_bytes(index: Index, values: dict[str, int]) -> int:
    return _OVERHEAD_BYTES + sum(
        values.get((column.name or "").lower(), _OVERHEAD_BYTES) for column in index.columns
    )


def _probe(connection: Queryable, table: Table, names: list[str]) -> Iterator[tuple[SqlValue, ...]]:
    """Yield rows from places spread over a table; from its beginning where it has no rowid."""
    columns = ", ".join(quote_identifier(name) for name in names)
    name = quote_identifier(table.name)
    rowid = rowid_expression(table)
    try:
        if rowid is None:
            yield from connection.execute(
                f"SELECT {columns} FROM {name} LIMIT {_PROBES * _PROBE_ROWS}"
            )
            return
        first = next(iter(connection.execute(f"SELECT min({rowid}) FROM {name}")))[0]
        last = next(iter(connection.execute(f"SELECT max({rowid}) FROM {name}")))[0]
        if first is None:
            return
        query = (
            f"SELECT {columns} FROM {name} WHERE {rowid} >= ? ORDER BY {rowid} LIMIT {_PROBE_ROWS}"
        )
        for number in range(_PROBES):
            place = first + (last - first) * number // _PROBES
            yield from connection.execute(query, (place,))
    except failures_of(connection) as error:
        pass_locks_on(error)
        return  # damaged, or in need of a function that is not here: counted as it was so far


def _value_bytes(value: SqlValue) -> int:
    if value is None:
        return 1
    if isinstance(value, (str, bytes)):
        return len(value) + 2
    return 6
