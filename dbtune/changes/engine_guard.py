"""Watches every engine that an env.py creates while dbtune runs it.

An application's env.py is code that dbtune has not seen: it may resolve to another database, even
create an empty one in the working directory, and with Alembic's stock template a revision that
fails leaves its first index behind. The guard lets only the one database be opened, and puts each
revision into one transaction that takes the write lock at once.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

from dbtune.errors import RefusedError

# aiosqlite is Python's sqlite3 in a thread; any other driver brings a second SQLite library.
_DRIVERS = frozenset({"pysqlite", "aiosqlite"})
_OWN_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "VACUUM", "ATTACH", "DETACH")
# Steps of SQLite's machine between two looks for Ctrl-C: about a millisecond. A tenth of it costs
# 3 % of an index build, ten times of it still feels immediate.
_STEPS_PER_LOOK = 10_000


class EngineGuard:
    """What happened on the database while the guard was on."""

    def __init__(self, database: Path, wait_ms: int) -> None:
        self._database = database
        self._wait_ms = wait_ms
        self._engines: set[Engine] = set()
        self._locked_at: float | None = None
        self.lock_seconds = 0.0

    def before_connect(self, dialect: Any, record: Any, arguments: Any, options: Any) -> None:
        """Refuse any other database before it is opened, which might create it."""
        if dialect.name != "sqlite":
            raise self._other_database(f"a {dialect.name} database")
        if dialect.driver not in _DRIVERS:
            raise RefusedError(
                f"env.py opens {self._database} with the driver {dialect.driver}, which brings a "
                "second SQLite library",
                hint="two libraries in one process destroy each other's locks: use Python's own "
                "(sqlite:/// or sqlite+aiosqlite:///)",
            )
        target = _file_named(str(arguments[0]), uri=bool(options.get("uri")))
        if target is None or not _same_file(target, self._database):
            raise self._other_database(target or "a database in memory")
        options["timeout"] = self._wait_ms / 1000

    def after_connect(self, connection: Any, record: Any) -> None:
        """Let Ctrl-C through while SQLite builds an index, which takes minutes on large tables."""
        driver_connection = record.driver_connection
        if isinstance(driver_connection, sqlite3.Connection):
            let_interrupts_through(driver_connection)

    def before_statement(
        self, connection: Connection, cursor: Any, statement: str, *unused: Any
    ) -> None:
        """Begin the transaction that the driver would begin after the first CREATE INDEX."""
        self._engines.add(connection.engine)
        if statement.lstrip().upper().startswith(_OWN_TRANSACTION):
            return
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return
        if not _in_transaction(connection):
            cursor.execute("BEGIN IMMEDIATE")
            self._note_lock(connection)

    def after_statement(self, connection: Connection, *unused: Any) -> None:
        """Note when the write lock was taken."""
        self._note_lock(connection)

    def after_use(self, connection: Any, record: Any) -> None:
        """Note when the connection, and with it the write lock, was given back."""
        if self._locked_at is not None:
            self.lock_seconds += time.perf_counter() - self._locked_at
            self._locked_at = None

    def dispose(self) -> None:
        """Close the pools of all engines seen: an idle WAL connection keeps WAL from being left."""
        for engine in self._engines:
            engine.dispose()

    def _note_lock(self, connection: Connection) -> None:
        if self._locked_at is None and _in_transaction(connection):
            self._locked_at = time.perf_counter()

    def _other_database(self, found: str) -> RefusedError:
        return RefusedError(
            f"env.py opens {found}, not {self._database}",
            hint="point the project's sqlalchemy.url at this database, or leave out --alembic-ini "
            "for dbtune's own revisions",
        )


@contextlib.contextmanager
def guard_engines(database: Path, wait_ms: int) -> Iterator[EngineGuard]:
    """Watch all engines of this process; a statement that Ctrl-C stopped raises KeyboardInterrupt.

    Engines of threads and coroutines count too: SQLAlchemy's events are process-wide.
    """
    guard = EngineGuard(database, wait_ms)
    listeners = (
        (Engine, "do_connect", guard.before_connect),
        (Pool, "connect", guard.after_connect),
        (Pool, "checkin", guard.after_use),
        (Engine, "before_cursor_execute", guard.before_statement),
        (Engine, "after_cursor_execute", guard.after_statement),
    )
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield guard
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        raise
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)
        guard.dispose()


def let_interrupts_through(connection: sqlite3.Connection) -> None:
    """Let Ctrl-C end a long statement; it then fails as `was_interrupted` tells.

    Python looks for signals when SQLite calls back. The KeyboardInterrupt it raises there reaches
    SQLite as an interrupt, and comes back as an OperationalError.
    """
    connection.set_progress_handler(lambda: 0, _STEPS_PER_LOOK)


def was_interrupted(error: BaseException) -> bool:
    """Return whether Ctrl-C ended the statement behind an exception."""
    found = driver_error(error)
    return isinstance(found, sqlite3.OperationalError) and str(found) == "interrupted"


def driver_error(error: BaseException | None) -> sqlite3.Error | None:
    """Return the sqlite3 error behind an exception of SQLAlchemy or Alembic, None if none is."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, sqlite3.Error):
            return error
        original = getattr(error, "orig", None)
        error = original or error.__cause__ or error.__context__
        seen += 1
    return None


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.driver_connection, "in_transaction", False))


def _file_named(name: str, *, uri: bool) -> str | None:
    """Return the path that SQLite would open for a name, None for one in memory."""
    if uri and name.startswith("file:"):
        parts = urlsplit(name)
        name = "" if "mode=memory" in parts.query.split("&") else unquote(parts.path)
    return None if name in {"", ":memory:"} else name


def _same_file(path: str, database: Path) -> bool:
    try:
        return os.path.samefile(path, database)
    except OSError:
        return False
