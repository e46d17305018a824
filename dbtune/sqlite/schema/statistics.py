"""Sizes of tables and indexes, and what ANALYZE left about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbtune.model.schema import IndexStatistics, Schema, Statistics, Table, TableStatistics
from dbtune.resources import sql
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.schema.row_estimate import RowCount, counted_rows, estimated_rows

# Read whole up to here, in some 0.3 s with the file in memory; beyond it, sizes of trees stay
# unknown and large tables are estimated: a reader holds up commits under a rollback journal.
WHOLE_READ_BYTES = 256 << 20


@dataclass(frozen=True)
class _Stat1:
    """A line of sqlite_stat1; `index` is None for a table without indexes."""

    table: str
    index: str | None
    text: str

    @property
    def rows(self) -> int | None:
        """Rows that ANALYZE saw; None in a line that it did not write."""
        first = self.text.split(" ", 1)[0]
        return int(first) if first.isascii() and first.isdigit() else None


def read_statistics(connection: Queryable, schema: Schema) -> Statistics:
    """Return rows and bytes of all tables and indexes.

    Rows are counted up to WHOLE_READ_BYTES of database; beyond that large tables are estimated.
    Virtual tables have 0 rows. Bytes are None beyond it or where this SQLite has no DBSTAT.
    """
    small = _database_bytes(connection) <= WHOLE_READ_BYTES
    sizes = _tree_sizes(connection) if small else {}
    lines = _stat1_lines(connection)
    tables = []
    for table in schema.tables:
        stat1_rows = _stat1_rows(lines, table)
        counted = _rows(connection, table, stat1_rows, exact=small)
        tables.append(
            TableStatistics(
                table=table.name,
                rows=counted.rows,
                exact=counted.exact,
                size_bytes=_table_bytes(table, sizes),
                stat1_rows=stat1_rows,
            )
        )
    return Statistics(tables=tuple(tables), indexes=_indexes(schema, sizes, lines))


def _rows(connection: Queryable, table: Table, stat1_rows: int | None, *, exact: bool) -> RowCount:
    if table.kind == "virtual":
        return RowCount(0, exact=False)
    if exact:
        return counted_rows(connection, table)
    return estimated_rows(connection, table, stat1_rows)


def _indexes(
    schema: Schema, sizes: Mapping[str, int], lines: tuple[_Stat1, ...]
) -> tuple[IndexStatistics, ...]:
    texts = {line.index.lower(): line.text for line in lines if line.index is not None}
    return tuple(
        IndexStatistics(
            index=index.name,
            table=index.table,
            size_bytes=sizes.get(index.name.lower()),
            stat1=texts.get(index.name.lower()),
        )
        for index in schema.indexes
    )


def _table_bytes(table: Table, sizes: Mapping[str, int]) -> int | None:
    """Return the bytes of a table's own tree, without its indexes."""
    return sizes.get(table.name.lower())


def _stat1_rows(lines: tuple[_Stat1, ...], table: Table) -> int | None:
    """Return the rows that ANALYZE saw: partial indexes say less, so the largest counts."""
    folded = table.name.lower()
    return max(
        (line.rows for line in lines if line.table.lower() == folded and line.rows is not None),
        default=None,
    )


def _stat1_lines(connection: Queryable) -> tuple[_Stat1, ...]:
    try:
        rows = list(connection.execute("SELECT tbl, idx, stat FROM sqlite_stat1"))
    except failures_of(connection) as error:
        pass_locks_on(error)
        return ()  # ANALYZE has never run
    return tuple(_Stat1(str(table), index, str(text)) for table, index, text in rows)


def _tree_sizes(connection: Queryable) -> dict[str, int]:
    try:
        rows = list(connection.execute(sql("sqlite/tree_sizes")))
    except failures_of(connection) as error:
        pass_locks_on(error)
        return {}  # this SQLite has no DBSTAT, or a page is damaged
    return {name.lower(): size for name, size in rows}


def _database_bytes(connection: Queryable) -> int:
    pages = next(iter(connection.execute("PRAGMA page_count")))[0]
    page_size = next(iter(connection.execute("PRAGMA page_size")))[0]
    return int(pages * page_size)
