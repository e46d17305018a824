"""`dbtune.connect(path)`: Python's sqlite3 with the settings that WAL needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dbtune.errors import SourceError
from dbtune.integrations.limited_cursor import LimitedCursor
from dbtune.integrations.time_limit import TimeLimit
from dbtune.sqlite.file.hook_settings import HookSettings, Synchronous, apply_settings
from dbtune.sqlite.file.location import database_uri


def connect(
    path: str | Path,
    *,
    synchronous: Synchronous = "NORMAL",
    busy_timeout_ms: int = 5000,
    query_time_limit_ms: int | None = None,
    pool_size: int | None = None,
    create: bool = False,
    check_same_thread: bool = True,
    detect_types: int = 0,
) -> sqlite3.Connection:
    """Open a database; the transactions that Python begins before a write are BEGIN IMMEDIATE.

    Reads outside a transaction take no lock that others wait for. `pool_size` is taken so that
    the settings of `dbtune.install` serve here too; one connection has no pool. A missing file
    is created only with `create`. Raises SourceError where the file is missing or cannot be
    opened, sqlite3.Error where it is no database, ConfigurationError for a value out of range.
    """
    settings = HookSettings(synchronous, busy_timeout_ms, query_time_limit_ms)
    connection = _open(
        database_uri(Path(path), "rwc" if create else "rw"),
        path,
        timeout=busy_timeout_ms / 1000,
        isolation_level="IMMEDIATE",
        check_same_thread=check_same_thread,
        detect_types=detect_types,
        factory=_LimitedConnection if query_time_limit_ms else sqlite3.Connection,
    )
    try:
        if isinstance(connection, _LimitedConnection):
            connection.limit = TimeLimit(connection, query_time_limit_ms)
        apply_settings(connection, settings)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(uri: str, path: str | Path, **options: Any) -> sqlite3.Connection:
    try:
        connection: sqlite3.Connection = sqlite3.connect(uri, uri=True, **options)
        return connection
    except sqlite3.OperationalError as error:
        missing = not Path(path).exists()
        raise SourceError(
            f"{path} does not exist" if missing else f"{path} cannot be opened: {error}",
            hint="dbtune.connect(path, create=True) makes a new database" if missing else None,
        ) from error


class _LimitedConnection(sqlite3.Connection):
    """A connection whose cursors stop a query at its time limit."""

    limit: TimeLimit

    def cursor(self, factory: Any = None) -> Any:
        """Return a cursor under the limit."""
        cursor = super().cursor(factory or LimitedCursor)
        if isinstance(cursor, LimitedCursor):
            cursor.limit = self.limit
        return cursor

    # Python's own three do not come by an overridden cursor().
    def execute(self, sql: str, *parameters: Any) -> Any:
        """Run a statement within the limit."""
        return self.cursor().execute(sql, *parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> Any:
        """Run a writing statement for each row."""
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql: str) -> Any:
        """Run a script."""
        return self.cursor().executescript(sql)

    def commit(self) -> None:
        """Commit, which has no limit."""
        self.limit.stop()
        super().commit()

    def __exit__(self, *raised: Any) -> Any:
        """End the transaction of a `with` block, which has no limit and does not call commit()."""
        self.limit.stop()
        return super().__exit__(*raised)
