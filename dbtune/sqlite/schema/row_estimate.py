"""Rows of a table: counted, or estimated where counting would take too long."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import Table
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.schema.row_identity import rowid_expression

# Counted in some 20 ms; tables with more rows are estimated.
_COUNT_AT_MOST = 500_000
# 16 places x 64 rows find the density of rowids within some 10 % where they are spread evenly.
_PROBES = 16
_PROBE_ROWS = 64
# A cell's pointer, header and one byte of rowid; no file holds more rows than that.
_SMALLEST_ROW_BYTES = 5


@dataclass(frozen=True)
class RowCount:
    """Rows of a table, and whether that is counted."""

    rows: int
    exact: bool


def counted_rows(connection: Queryable, table: Table) -> RowCount:
    """Return the rows of a table by counting them; 0 where SQLite cannot read it."""
    name = quote_identifier(table.name)
    return RowCount(_number(connection, f"SELECT count(*) FROM {name}"), exact=True)


def estimated_rows(connection: Queryable, table: Table, stat1_rows: int | None) -> RowCount:
    """Return the rows of a table: exact for a small one, else from stat1 or the rowids' density.

    Reads at most half a million rows and a few pages.
    """
    name = quote_identifier(table.name)
    counted = _number(
        connection, f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {_COUNT_AT_MOST})"
    )
    if counted < _COUNT_AT_MOST:
        return RowCount(counted, exact=True)
    if stat1_rows is not None:
        return RowCount(max(counted, stat1_rows), exact=False)
    return RowCount(max(counted, _rows_by_density(connection, table)), exact=False)


def _rows_by_density(connection: Queryable, table: Table) -> int:
    """Return the width of the rowids' range times their density at some places of it."""
    rowid = rowid_expression(table)
    if rowid is None:
        return 0
    name = quote_identifier(table.name)
    # Two queries: SQLite finds one of min and max by the tree, and both together by a scan.
    first = _number(connection, f"SELECT min({rowid}) FROM {name}")
    last = _number(connection, f"SELECT max({rowid}) FROM {name}")
    width = last - first + 1
    probe = (
        f"SELECT count(*), max(r) FROM (SELECT {rowid} AS r FROM {name}"
        f" WHERE {rowid} >= ? ORDER BY {rowid} LIMIT {_PROBE_ROWS})"
    )
    densities = []
    for number in range(_PROBES):
        # In the middle of its part: the very first rows often lie denser than all others.
        start = first + width * (2 * number + 1) // (2 * _PROBES)
        found, reached = next(iter(connection.execute(probe, (start,))))
        densities.append(found / (reached - start + 1) if found else 0.0)
    most = _number(connection, "PRAGMA page_count") * _number(connection, "PRAGMA page_size")
    return int(min(width * sum(densities) / len(densities), most / _SMALLEST_ROW_BYTES))


def _number(connection: Queryable, query: str) -> int:
    try:
        return int(next(iter(connection.execute(query)))[0])
    except failures_of(connection) as error:
        pass_locks_on(error)
        return 0
