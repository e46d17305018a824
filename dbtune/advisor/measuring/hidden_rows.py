"""Rows of sqlite_schema and sqlite_stat1 that come and go, so that the planner sees them or not.

Each row comes back under its own rowid, because the order in the catalog breaks ties between
plans: what is visible always stands in the order of creation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Union

import apsw

# SQLite reads the whole schema again after each switch. Above so many tables, those that a
# statement does not touch are hidden too: with 500 a switch takes 0.5 ms instead of 20.
_MANY_TABLES = 40


class _SchemaRow(NamedTuple):
    rowid: int
    type: str
    name: str
    table: str
    rootpage: int
    sql: str | None


class _StatisticsRow(NamedTuple):
    rowid: int
    table: str
    index_name: str | None
    stat: str


# Lines of sqlite_stat1: table, index or None, text.
StatisticsLines = tuple[tuple[str, Union[str, None], str], ...]  # noqa: UP007 - run on 3.10
StatisticsByIndex = dict[Union[str, None], tuple[_StatisticsRow, ...]]  # noqa: UP007


class _Rows(NamedTuple):
    """What has to be in the catalog for one object to be visible."""

    schema: tuple[_SchemaRow, ...]
    statistics: tuple[_StatisticsRow, ...]


class CatalogRows:
    """The catalog of a scratch copy, where the indexes of a pool can be hidden.

    With the statistics from `before` a table has those while none of its indexes is visible: a
    revision analyses the tables that it creates indexes on.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        names: Iterable[str],
        *,
        hides_tables: bool,
        before: StatisticsLines | None = None,
    ) -> None:
        self._connection = connection
        schema = [
            _SchemaRow(*row)
            for row in connection.execute(
                "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_schema"
            )
        ]
        wanted = frozenset(names)
        pool = [row for row in schema if row.type == "index" and row.sql and row.name in wanted]
        statistics = _read_statistics(connection)
        partial = _partial_names(connection) & {row.name for row in pool}
        self._indexes = {
            row.name: _Rows(
                (row,), tuple(s for s in statistics.get(row.name, ()) if row.name in partial)
            )
            for row in pool
        }
        self._on_table: dict[str, frozenset[str]] = {}
        for row in pool:
            folded = row.table.lower()
            self._on_table[folded] = self._on_table.get(folded, frozenset()) | {row.name}
        self._visible = frozenset(self._indexes)
        self._tables: dict[str, _Rows] = {}
        if hides_tables:
            self._tables = _hideable(connection, schema, self._indexes)
        self._visible_tables = frozenset(self._tables)
        lines = (line for group in statistics.values() for line in group)
        self._new = _by_table(line for line in lines if line.index_name not in partial)
        self._old = None if before is None else _moved_up(before, statistics)
        self._lines = dict(self._new)
        if self._old is not None:
            self._in_writing(lambda: self._show_lines(self._new.keys() | self._lines.keys()))

    def tables(self) -> dict[str, str]:
        """Return the table of each of the pool's indexes, as the catalog spells it."""
        return {name: rows.schema[0].table for name, rows in self._indexes.items()}

    def sql_of(self, name: str) -> str:
        """Return the statement that creates an index."""
        return self._indexes[name].schema[0].sql or ""

    def reconnect(self, connection: apsw.Connection) -> None:
        """Go on with another connection to the same file."""
        self._connection = connection

    def arrange(self, names: Sequence[str]) -> None:
        """Show these indexes as if they had been created in this order, and no others."""
        self.show(frozenset())
        order = [*names, *sorted(self._indexes.keys() - set(names))]
        places = sorted(rows.schema[0].rowid for rows in self._indexes.values())
        for place, name in zip(places, order, strict=True):
            rows = self._indexes[name]
            self._indexes[name] = rows._replace(schema=(rows.schema[0]._replace(rowid=place),))
        self.show(frozenset(names))

    def show(self, names: frozenset[str]) -> None:
        """Make exactly these indexes visible, and all tables."""
        self._switch(names, frozenset(self._tables))

    def show_for(self, names: frozenset[str], tables: Iterable[str]) -> None:
        """Make these indexes visible and no others of the tables, as cheaply as possible."""
        folded = frozenset(table.lower() for table in tables)
        on_these = frozenset[str]().union(*(self._on_table.get(t, frozenset()) for t in folded))
        if self._tables:
            self._switch(names & on_these, folded & self._tables.keys())
        else:
            self._switch((names & on_these) | (self._visible - on_these), frozenset())

    def _switch(self, names: frozenset[str], tables: frozenset[str]) -> None:
        if names == self._visible and tables == self._visible_tables:
            return
        affected = (self._visible_tables ^ tables) | {
            self._indexes[name].schema[0].table.lower() for name in self._visible ^ names
        }
        gone, come = self._visible - names, names - self._visible
        hidden, shown = self._visible_tables - tables, tables - self._visible_tables

        def write() -> None:
            for rows in (*(self._indexes[n] for n in gone), *(self._tables[t] for t in hidden)):
                self._remove(rows)
            for rows in (*(self._tables[t] for t in shown), *(self._indexes[n] for n in come)):
                self._insert(rows)
            self._visible, self._visible_tables = names, tables
            self._show_lines(affected)

        self._in_writing(write)

    def _in_writing(self, write: Callable[[], None]) -> None:
        run = self._connection.execute
        run("PRAGMA writable_schema = ON")
        run("BEGIN")
        write()
        run("COMMIT")
        run("PRAGMA writable_schema = RESET")

    def _show_lines(self, tables: Iterable[str]) -> None:
        """Give tables the statistics that they have under what is visible now."""
        for table in tables:
            wanted, present = self._wanted_lines(table), self._lines.get(table, ())
            if wanted is not present:
                self._remove(_Rows((), present))
                self._insert(_Rows((), wanted))
                self._lines[table] = wanted

    def _wanted_lines(self, table: str) -> tuple[_StatisticsRow, ...]:
        if table in self._tables and table not in self._visible_tables:
            return ()
        untouched = not self._on_table.get(table, frozenset()) & self._visible
        if untouched and self._old is not None:
            return self._old.get(table, ())
        return self._new.get(table, ())

    def _insert(self, rows: _Rows) -> None:
        self._connection.executemany(
            "INSERT INTO sqlite_schema (rowid, type, name, tbl_name, rootpage, sql)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            rows.schema,
        )
        self._connection.executemany(
            "INSERT INTO sqlite_stat1 (rowid, tbl, idx, stat) VALUES (?, ?, ?, ?)", rows.statistics
        )

    def _remove(self, rows: _Rows) -> None:
        self._connection.executemany(
            "DELETE FROM sqlite_schema WHERE rowid = ?", [(row.rowid,) for row in rows.schema]
        )
        self._connection.executemany(
            "DELETE FROM sqlite_stat1 WHERE rowid = ?", [(row.rowid,) for row in rows.statistics]
        )


def _hideable(
    connection: apsw.Connection, schema: list[_SchemaRow], indexes: Mapping[str, object]
) -> dict[str, _Rows]:
    """Return all that belongs to each ordinary table but the pool's indexes, if they are many.

    Virtual tables stay, with the tables they keep their data in.
    """
    ordinary = {
        name.lower()
        for (name,) in connection.execute(
            "SELECT name FROM pragma_table_list"
            " WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    }
    if len(ordinary) <= _MANY_TABLES:
        return {}
    rows: dict[str, list[_SchemaRow]] = {table: [] for table in ordinary}
    for row in schema:
        if row.table.lower() in rows and row.name not in indexes:
            rows[row.table.lower()].append(row)
    return {table: _Rows(tuple(rows[table]), ()) for table in ordinary}


def _by_table(lines: Iterable[_StatisticsRow]) -> dict[str, tuple[_StatisticsRow, ...]]:
    found: dict[str, list[_StatisticsRow]] = {}
    for line in lines:
        found.setdefault(line.table.lower(), []).append(line)
    return {table: tuple(group) for table, group in found.items()}


def _moved_up(
    lines: StatisticsLines, present: StatisticsByIndex
) -> dict[str, tuple[_StatisticsRow, ...]]:
    """Return lines by table under row ids that no present line has."""
    taken = [line.rowid for group in present.values() for line in group]
    first = max(taken, default=0) + 1
    return _by_table(_StatisticsRow(first + number, *line) for number, line in enumerate(lines))


def read_lines(connection: apsw.Connection) -> StatisticsLines:
    """Return the lines of sqlite_stat1 as they are: (table, index or None, text)."""
    present = _read_statistics(connection)
    return tuple(
        (line.table, line.index_name, line.stat) for group in present.values() for line in group
    )


def _read_statistics(connection: apsw.Connection) -> StatisticsByIndex:
    """Return the lines of sqlite_stat1 by index; None for tables without one."""
    if not list(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'")):
        return {}
    found: dict[str | None, list[_StatisticsRow]] = {}
    for row in connection.execute("SELECT rowid, tbl, idx, stat FROM sqlite_stat1"):
        found.setdefault(row[2], []).append(_StatisticsRow(*row))
    return {index: tuple(lines) for index, lines in found.items()}


def _partial_names(connection: apsw.Connection) -> frozenset[str]:
    """Return the partial indexes, whose statistics have to go with them.

    SQLite takes the line of an index that is not there for one of the whole table: beside a
    hidden partial index the table would seem as small as the part.
    """
    rows = connection.execute(
        "SELECT l.name FROM sqlite_schema AS s JOIN pragma_index_list(s.name) AS l"
        " WHERE s.type = 'table' AND l.partial"
    )
    return frozenset(name for (name,) in rows)
