"""Rows that a sample must hold whatever its key says: those that the recording asks for.

Without them most lookups of the recording find nothing in a sample of a few percent, and what one
costs with an index could not be measured. Only values that few rows share are wanted: all rows
with a frequent one would be no sample any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbtune.model.schema import Table
from dbtune.model.workload import ComparedValues, SqlValue
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.schema.row_identity import rowid_expression

_PROBES = 64
_PROBE_ROWS = 8
# A value seen twice among 512 rows is that of more rows than anybody looks up one by one; a column
# in which most rows repeat others' values tells states and kinds apart.
_SEEN_AT_MOST = 2
_LEAST_DISTINCT = 0.25
# SQLite before 3.32 binds 999 values to a statement.
_VALUES_OF_A_TABLE = 900


@dataclass(frozen=True)
class WantedRows:
    """Rows of a table that hold one of the `values` in a column."""

    column: str
    values: tuple[SqlValue, ...]


def wanted_rows(
    connection: Queryable, table: Table, compared: Iterable[ComparedValues]
) -> tuple[WantedRows, ...]:
    """Return which rows of a large table the compared values pick, few for each.

    Nothing for a table without rowid, which cannot be probed at many places.
    """
    values_of = {entry.column: entry.values for entry in compared}
    columns = [c.name for c in table.columns if c.name.lower() in values_of and not c.generated]
    rowid = rowid_expression(table)
    if not columns or rowid is None:
        return ()
    rows = list(_probe(connection, table.name, rowid, columns))
    left = _VALUES_OF_A_TABLE
    wanted = []
    for number, column in enumerate(columns):
        seen = Counter(row[number] for row in rows if row[number] is not None)
        if len(seen) < _LEAST_DISTINCT * sum(seen.values()):
            continue
        rare = [v for v in values_of[column.lower()] if seen[v] <= _SEEN_AT_MOST][:left]
        left -= len(rare)
        if rare:
            wanted.append(WantedRows(column, tuple(rare)))
    return tuple(wanted)


def _probe(
    connection: Queryable, table: str, rowid: str, columns: list[str]
) -> Iterator[tuple[SqlValue, ...]]:
    """Yield a few rows from each of many places of a table."""
    name = quote_identifier(table)
    listed = ", ".join(quote_identifier(column) for column in columns)
    query = f"SELECT {listed} FROM {name} WHERE {rowid} >= ? ORDER BY {rowid} LIMIT {_PROBE_ROWS}"
    try:
        first = next(iter(connection.execute(f"SELECT min({rowid}) FROM {name}")))[0]
        last = next(iter(connection.execute(f"SELECT max({rowid}) FROM {name}")))[0]
        if first is None:
            return
        for number in range(_PROBES):
            yield from connection.execute(query, (first + (last - first) * number // _PROBES,))
    except failures_of(connection) as error:
        pass_locks_on(error)
