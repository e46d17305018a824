"""An exact what-if: every finalist is really built on the scratch copy, then hidden or shown.

Deleting an index's row from sqlite_schema and reloading hides it from the planner, inserting
the row again shows it: 0.2 to 1.6 ms a switch, with true data, statistics and STAT4, and
nothing rebuilt. This needs writable_schema and is only ever done to a throw-away copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import apsw

from dbtune.advisor import planner_statistics


class _SchemaRow(NamedTuple):
    type: str
    name: str
    table: str
    rootpage: int
    sql: str


class Pool:
    """Indexes on a scratch copy of which any subset can be made visible.

    `sizes` are bytes by name. Existing indexes may be hidden as well: name them in `existing`.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.built: list[str] = []
        self.failed: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self._rows: dict[str, _SchemaRow] = {}
        self._visible: frozenset[str] = frozenset()

    def build(self, name: str, sql: str) -> bool:
        """Build the index that `sql` creates; return whether SQLite did (`failed`: why not)."""
        try:
            self.connection.execute(sql)
        except apsw.Error as error:
            self.failed[name] = str(error)
            return False
        self.built.append(name)
        return True

    def finish(self, existing: Iterable[str] = (), *, analyze: Iterable[str] | None = None) -> None:
        """Learn size and catalog row of what was built and of `existing`, after ANALYZE.

        `analyze` names the tables to analyse; None means the whole copy.
        """
        planner_statistics.analyze(self.connection, analyze)
        names = {*self.built, *existing}
        self._rows = {
            row[1]: _SchemaRow(*row)
            for row in self.connection.execute(
                "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema"
                " WHERE type = 'index' AND sql IS NOT NULL"
            )
            if row[1] in names
        }
        self.sizes = index_sizes(self.connection, self._rows)
        self._visible = frozenset(self._rows)

    @property
    def names(self) -> frozenset[str]:
        """All indexes that can be shown or hidden."""
        return frozenset(self._rows)

    def table_of(self, name: str) -> str:
        """Return the table of an index, as the catalog spells it."""
        return self._rows[name].table

    def show(self, names: frozenset[str]) -> None:
        """Make exactly these of the pool's indexes visible to the planner."""
        if names == self._visible:
            return
        run = self.connection.execute
        run("PRAGMA writable_schema = ON")
        run("BEGIN")
        for name in self._visible - names:
            run("DELETE FROM sqlite_schema WHERE type = 'index' AND name = ?", (name,))
        # Sorted, because the order in the catalog breaks ties between equal plans.
        for name in sorted(names - self._visible):
            run("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", self._rows[name])
        run("COMMIT")
        run("PRAGMA writable_schema = RESET")
        self._visible = names


def index_sizes(connection: apsw.Connection, names: Mapping[str, object]) -> dict[str, int]:
    """Return bytes by index name, from the pages that each occupies."""
    return {
        name: size
        for name, size in connection.execute(
            "SELECT name, SUM(pgsize) FROM dbstat('main', 1) GROUP BY name"
        )
        if name in names
    }
