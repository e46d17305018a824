"""Bytes of tables with their indexes: from their trees' sizes, or from the rows of a few places."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.schema import Index, Schema, Statistics, Table
from dbtune.model.workload import SqlValue
from dbtune.sqlite.failures import failures_of
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.row_identity import rowid_expression
from dbtune.sqlite.sample_plan import TableSize

_PROBES = 16
_PROBE_ROWS = 16
# Header of a cell and the rowid in an index, and pages that are two thirds full.
_OVERHEAD_BYTES = 8
_FILL = 1.4


def table_sizes(
    connection: Queryable, schema: Schema, statistics: Statistics
) -> tuple[TableSize, ...]:
    """Return rows and bytes of all tables but virtual ones, each with its indexes."""
    trees = {found.table: found.size_bytes for found in statistics.tables}
    trees |= {found.index: found.size_bytes for found in statistics.indexes}
    sizes = []
    for table in schema.tables:
        if table.kind == "virtual":
            continue
        rows = statistics.rows(table.name)
        size = trees[table.name]
        if size is None:
            size = round(rows * _row_bytes(connection, table) * _FILL)
        else:
            size += sum(trees[index.name] or 0 for index in table.indexes)
        sizes.append(TableSize(table.name, rows, size))
    return tuple(sizes)


def _row_bytes(connection: Queryable, table: Table) -> float:
    """Return the bytes of an average row in the table and all its indexes."""
    names = [column.name for column in table.columns if not column.generated]
    total = 0
    rows = list(_probe(connection, table, names))
    for row in rows:
        values = dict(zip((name.lower() for name in names), map(_value_bytes, row), strict=True))
        total += sum(values.values()) + _OVERHEAD_BYTES
        total += sum(_key_bytes(index, values) for index in table.indexes)
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
    except failures_of(connection):
        return  # damaged, or in need of a function that is not here: counted as it was so far


def _value_bytes(value: SqlValue) -> int:
    if value is None:
        return 1
    if isinstance(value, (str, bytes)):
        return len(value) + 2
    return 6
