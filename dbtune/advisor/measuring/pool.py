"""An exact what-if: every finalist is really built on the scratch copy, then hidden or shown.

Deleting an index's row from sqlite_schema and reloading hides it from the planner, inserting
the row again shows it: 0.2 to 1.6 ms a switch, with true data, statistics and STAT4, and
nothing rebuilt. This needs writable_schema and is only ever done to a throw-away copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from dbtune.advisor.measuring import planner_statistics
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.hidden_rows import CatalogRows, StatisticsLines
from dbtune.advisor.statements.stubs import StubFunction


class Pool:
    """Indexes on a scratch copy of which any subset can be made visible.

    `sizes` are bytes by name of what was built. Existing indexes may be hidden as well: name
    them in `existing`.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.built: list[str] = []
        self.failed: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self._tables: dict[str, str] = {}
        self._columns: dict[str, frozenset[str] | None] = {}
        self._rows: CatalogRows | None = None

    def build(self, name: str, sql: str) -> bool:
        """Build the index that `sql` creates; return whether SQLite did (`failed`: why not)."""
        try:
            self.connection.execute(sql)
        except apsw.Error as error:
            self.failed[name] = str(error)
            return False
        self.built.append(name)
        return True

    def finish(
        self,
        existing: Iterable[str] = (),
        *,
        analyze: Iterable[str] | None = None,
        hides_tables: bool = True,
        rows: int = 0,
        before: StatisticsLines | None = None,
    ) -> None:
        """Learn size and catalog row of what was built and of `existing`, after ANALYZE.

        `analyze` names the tables to analyse; None means the whole copy. With `hides_tables` a
        large schema is hidden but for what is asked about, until all is shown again. Statistics
        are of at most so many `rows` of an index, where that is not 0. Tables of which no index is
        shown have the statistics from `before`, where those are given.
        """
        planner_statistics.analyze(self.connection, analyze, rows=rows)
        names = {*self.built, *existing}
        self._rows = CatalogRows(self.connection, names, hides_tables=hides_tables, before=before)
        self._tables = self._rows.tables()
        self._columns = _key_columns(self.connection)
        self.sizes = index_sizes(self.connection, self._tables) if self.built else {}

    @property
    def names(self) -> frozenset[str]:
        """All indexes that can be shown or hidden."""
        return frozenset(self._tables)

    def table_of(self, name: str) -> str:
        """Return the table of an index, as the catalog spells it."""
        return self._tables[name]

    def sql_of(self, name: str) -> str:
        """Return the statement that creates an index."""
        assert self._rows is not None
        return self._rows.sql_of(name)

    def key_columns(self, name: str) -> frozenset[str] | None:
        """Return the columns of an index in lower case, None for an expression or a condition."""
        return self._columns[name]

    def arrange(self, names: Sequence[str]) -> None:
        """Show these indexes as if they had been created in this order, and no others.

        The order breaks ties between plans.
        """
        if self._rows is not None:
            self._rows.arrange(names)

    @contextmanager
    def lent(self, functions: Iterable[StubFunction]) -> Iterator[Path]:
        """Close the copy for another library, which must not change the schema; then open it."""
        path = Path(self.connection.filename)
        self.connection.close()
        try:
            yield path
        finally:
            self.connection = open_scratch(path, functions)
            if self._rows is not None:
                self._rows.reconnect(self.connection)

    def show(self, names: frozenset[str], tables: frozenset[str] | None = None) -> None:
        """Make exactly these of the pool's indexes visible to the planner.

        Where `tables` are given, only they and their indexes have to be right: other tables may
        be as they were, or not to be seen at all; show(names) brings them back.
        """
        if self._rows is None:
            return
        if tables is None:
            self._rows.show(names)
        else:
            self._rows.show_for(names, tables)


def explicit_indexes(connection: apsw.Connection) -> tuple[str, ...]:
    """Return the names of the indexes that CREATE INDEX made, sorted: those that can be hidden."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    )
    return tuple(name for (name,) in rows)


def index_sizes(connection: apsw.Connection, names: Mapping[str, object]) -> dict[str, int]:
    """Return bytes by index name, from the pages that each occupies."""
    return {
        name: size
        for name, size in connection.execute(
            "SELECT name, SUM(pgsize) FROM dbstat('main', 1) GROUP BY name"
        )
        if name in names
    }


def _key_columns(connection: apsw.Connection) -> dict[str, frozenset[str] | None]:
    found: dict[str, set[str]] = {}
    other: set[str] = set()
    for name, partial, column in connection.execute(
        "SELECT l.name, l.partial, x.name FROM sqlite_schema AS s"
        " JOIN pragma_index_list(s.name) AS l JOIN pragma_index_xinfo(l.name) AS x"
        " WHERE s.type = 'table' AND x.key"
    ):
        found.setdefault(name, set()).add((column or "").lower())
        if partial or column is None:
            other.add(name)
    return {name: None if name in other else frozenset(keys) for name, keys in found.items()}
