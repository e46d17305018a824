"""A connection of sqlite3 whose cursors record, and that knows when its transactions end."""

from __future__ import annotations

import os
import sqlite3
import sys
from itertools import count
from time import perf_counter_ns
from typing import Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

from .complaint import complain
from .open_statements import begin_statement, end_transaction, finish_open, has_listeners
from .recording_class import recording_class
from .recording_cursor import RecordingCursor
from .sent import Sent

_cursor = sqlite3.Connection.cursor
_commit = sqlite3.Connection.commit
_rollback = sqlite3.Connection.rollback
_exit = sqlite3.Connection.__exit__
_close = sqlite3.Connection.close
_ASKS_CURSOR = sys.version_info < (3, 11)
_EXIT_ASKS_COMMIT = sys.version_info < (3, 9)
_MEMORY = ":memory:"

_transactions = count(1)


class RecordingConnection(sqlite3.Connection):
    """Behaves as its base class does; what it sends is heard by the listeners.

    `_dbtune_transaction` names the open transaction, `_dbtune_wait_ns` is how long a pool kept
    the application waiting for this connection; the next statement takes it. `_dbtune_sender` is
    what the connection is of, for those who listen to that alone.
    """

    _dbtune_namespace: str | None = None
    _dbtune_transaction: str | None = None
    _dbtune_wait_ns: int | None = None
    _dbtune_sender: object = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        try:
            self._dbtune_namespace = namespace_of(arguments, options)
        except Exception as error:  # noqa: BLE001 - the application must not feel it
            complain("the path of a database is not known", error)

    def cursor(self, factory: Any = RecordingCursor) -> Any:
        if factory is not RecordingCursor:
            factory = recording_class(factory, RecordingCursor)
        return _cursor(self, factory)

    # As sqlite3's own shortcuts do: since 3.11 they ask no cursor() of the application's.

    def execute(self, sql: Any, parameters: Any = (), /) -> Any:
        cursor = self.cursor() if _ASKS_CURSOR else _cursor(self, RecordingCursor)
        return cursor.execute(sql, parameters)

    def executemany(self, *arguments: Any) -> Any:
        cursor = self.cursor() if _ASKS_CURSOR else _cursor(self, RecordingCursor)
        return cursor.executemany(*arguments)

    def executescript(self, *arguments: Any) -> Any:
        cursor = self.cursor() if _ASKS_CURSOR else _cursor(self, RecordingCursor)
        return cursor.executescript(*arguments)

    # A commit is where a write waits for the disk, so its time is told like a statement's.

    def commit(self) -> None:
        self._dbtune_finish("COMMIT", _commit)

    def rollback(self) -> None:
        self._dbtune_finish("ROLLBACK", _rollback)

    def __exit__(self, *error: Any) -> Any:
        if _EXIT_ASKS_COMMIT:
            return _exit(self, *error)
        return self._dbtune_finish("ROLLBACK" if error[0] else "COMMIT", _exit, *error)

    def _dbtune_finish(self, text: str, finish: Callable[..., Any], *arguments: Any) -> Any:
        # Without a name, or where sqlite3 has nothing to commit, nothing is sent.
        is_open = (
            self._dbtune_transaction is not None and has_listeners() and _is_in_transaction(self)
        )
        sent = begin_statement(text, None) if is_open else None
        started = perf_counter_ns()
        try:
            result = finish(self, *arguments)
        except BaseException as error:
            self._dbtune_finished(sent, started, error)
            raise
        self._dbtune_finished(sent, started, None)
        return result

    def _dbtune_finished(
        self, sent: Sent | None, started: int, failure: BaseException | None
    ) -> None:
        # A frame of the failure's traceback that held it would keep alive all that the application
        # has in its own, until the garbage collector comes.
        if sent is not None:
            sent.duration_ns = perf_counter_ns() - started
            end_transaction(sent, self, failure)
        # A commit that failed leaves the transaction open; a block then rolls it back.
        if failure is None or not _is_in_transaction(self):
            self._dbtune_transaction = None

    def _dbtune_place(self, sent: Sent) -> None:
        """Say which file and transaction a statement belongs to that has run."""
        sent.namespace = self._dbtune_namespace
        if self._dbtune_wait_ns is not None:
            sent.wait_ns, self._dbtune_wait_ns = self._dbtune_wait_ns, None
        name = self._dbtune_transaction
        if self.in_transaction:
            if name is None:
                name = self._dbtune_transaction = name_transaction()
            sent.transaction_id = name
        elif name is not None:
            sent.transaction_id = name
            self._dbtune_transaction = None

    def close(self) -> None:
        if has_listeners():
            finish_open(self)
        _close(self)


# As for cursors.
RecordingConnection.__name__ = RecordingConnection.__qualname__ = "Connection"
RecordingConnection.__module__ = "sqlite3"


def _is_in_transaction(connection: sqlite3.Connection) -> bool:
    try:
        return connection.in_transaction
    except sqlite3.Error:  # closed
        return False


def name_transaction() -> str:
    """Return a name that no other transaction of this or another process has."""
    return f"{os.getpid()}-{next(_transactions)}"


def namespace_of(arguments: tuple[Any, ...], options: dict[str, Any]) -> str | None:
    """Return the absolute path of the file that these arguments of connect() open."""
    database = arguments[0] if arguments else options.get("database")
    if isinstance(database, (bytes, os.PathLike)):
        database = os.fsdecode(database)
    if not isinstance(database, str):
        return None
    is_uri = options.get("uri", arguments[7] if len(arguments) > 7 else False)
    if is_uri and database.startswith("file:"):
        parts = urlsplit(database)
        if parse_qs(parts.query).get("mode") == ["memory"]:
            return _MEMORY
        database = unquote(parts.path)
    return os.path.abspath(database) if database and database != _MEMORY else _MEMORY
