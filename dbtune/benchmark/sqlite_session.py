"""A connection to a throw-away copy, set up as the configuration that is measured says."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import ConfigurationError
from dbtune.model.load import FailureKind, LoadStatement
from dbtune.model.workload import Parameters
from dbtune.sqlite.authorizer import changing_rows
from dbtune.sqlite.file.hook_settings import HookSettings, apply_settings
from dbtune.sqlite.file.location import database_uri
from dbtune.sqlite.placeholders import null_parameters

# Python's own default, which applications have that set nothing.
_STOCK_TIMEOUT_S = 5.0
_ROWS_AT_ONCE = 256
# Opens the -wal as well, which could fail later, in the midst of a load.
_FIRST_READ = "SELECT count(*) FROM sqlite_master"


@dataclass(frozen=True)
class SqliteTarget:
    """A copy and how connections to it are set up: with the hook's settings, or as Python does."""

    path: Path
    statements: tuple[LoadStatement, ...]
    hook: HookSettings | None = None

    def open(self) -> SqliteSession:
        """Open a connection for one thread. Raises ConfigurationError where that fails."""
        try:
            connection = sqlite3.connect(
                database_uri(self.path, "rw"),
                uri=True,
                timeout=_STOCK_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,  # interrupt() comes from another thread
            )
        except sqlite3.Error as error:
            raise _not_opened(error) from error
        try:
            if self.hook is not None:
                apply_settings(connection, self.hook)
            connection.execute(_FIRST_READ).fetchone()
            connection.set_authorizer(changing_rows())
        except sqlite3.Error as error:
            connection.close()
            raise _not_opened(error) from error
        return SqliteSession(connection, self.statements, immediate=self.hook is not None)


def _not_opened(error: sqlite3.Error) -> ConfigurationError:
    return ConfigurationError(
        f"a connection to the copy cannot be opened: {error}",
        hint="where there are many, use fewer --threads, or let a process open more files: "
        "ulimit -n",
    )


class SqliteSession:
    """One connection; see `Session`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        statements: tuple[LoadStatement, ...],
        *,
        immediate: bool,
    ) -> None:
        self._connection = connection
        self._texts = [statement.text for statement in statements]
        self._immediate = immediate
        self._takes_bytes = False

    def begin(self, *, writes: bool) -> None:
        """Begin as the hook does, or as applications without it: deferred."""
        self._connection.execute("BEGIN IMMEDIATE" if writes and self._immediate else "BEGIN")

    def run(self, statement: int, values: Parameters) -> None:
        """Execute a statement of the plan and fetch all its rows."""
        try:
            self._fetch(statement, values)
        except sqlite3.OperationalError as error:
            # An application whose texts are not UTF-8 has told sqlite3 so. Not from the start: a
            # function of Python's for each text would cost more than reading it.
            if not str(error).startswith("Could not decode") or self._takes_bytes:
                raise
            self._takes_bytes = True
            self._connection.text_factory = bytes
            self._fetch(statement, values)

    def _fetch(self, statement: int, values: Parameters) -> None:
        cursor = self._connection.execute(self._texts[statement], values or ())
        try:
            while cursor.fetchmany(_ROWS_AT_ONCE):
                pass
        finally:
            cursor.close()

    def commit(self) -> None:
        """Commit."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Give up what was begun."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def interrupt(self) -> None:
        """Stop the statement that runs now."""
        self._connection.interrupt()

    def kind_of(self, error: Exception) -> FailureKind | None:
        """Return what sort of failure an error is, None where it is not the database's."""
        if isinstance(error, sqlite3.IntegrityError):
            return "constraint"
        text = str(error)
        if isinstance(error, sqlite3.OperationalError) and "locked" in text:
            return "locked"
        if isinstance(error, sqlite3.OperationalError) and text == "interrupted":
            return "timeout"
        # A number of more than 64 bits raises OverflowError before SQLite sees it.
        return "other" if isinstance(error, (sqlite3.Error, OverflowError)) else None

    def refusal(self, statement: int) -> str | None:
        """Return why a statement of the plan cannot be prepared here, None where it can."""
        try:
            text = f"EXPLAIN {self._texts[statement]}"
            self._connection.execute(text, null_parameters(text)).close()
        except sqlite3.Error as error:
            return str(error)
        return None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
