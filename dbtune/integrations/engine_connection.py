"""New connections of a recorded engine: of a class that tells what it sends by itself.

SQLAlchemy is asked for it where it opens a connection, so that statements come by nothing of ours
but the driver's own methods. What was opened before, or by a `creator`, engine_watch.py hears of.
"""

from __future__ import annotations

import sqlite3
import sqlite3.dbapi2
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event

from dbtune.integrations.harmless import harmless
from dbtune.integrations.statement_kind import writes
from dbtune.recorder.open_statements import finish_open, listen
from dbtune.recorder.recording_class import recording_class
from dbtune.recorder.recording_connection import RecordingConnection, name_transaction
from dbtune.recorder.sent import Sent

Audience = Callable[[Sent], None]


class EngineConnection(RecordingConnection):
    """A connection of an engine, whose transactions are SQLAlchemy's: with their reads.

    `_dbtune_executes` is set where SQLAlchemy is about to execute a statement. Others, as those
    that set up a connection, are not sent by the application's work.
    """

    _dbtune_executes = False

    def _dbtune_place(self, sent: Sent) -> None:
        sent.namespace = self._dbtune_namespace
        if not self._dbtune_executes:
            return
        self._dbtune_executes = False
        sent.sender = self._dbtune_sender
        if self._dbtune_wait_ns is not None:
            sent.wait_ns, self._dbtune_wait_ns = self._dbtune_wait_ns, None
        name = self._dbtune_transaction
        if name is None:
            name = self._dbtune_transaction = name_transaction()
        # A write outside of SQLite's transactions (AUTOCOMMIT) is committed already.
        if self.in_transaction or not writes(sent.text):
            sent.transaction_id = name


class _Factory(NamedTuple):
    """Makes the connections of a dialect: what the application wants, and recording."""

    wanted: type
    dialect: object

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        connection = recording_class(self.wanted, EngineConnection)(*arguments, **options)
        if isinstance(connection, EngineConnection):
            connection._dbtune_sender = self.dialect
        return connection


_watched: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def watch_new_connections(engine: Engine, audience: Audience) -> Callable[[], None]:
    """Tell `audience` what connections send that the engine opens from now on; return the end.

    What `is_told_by` tells of the others has to be listened to otherwise.
    """
    dialect = engine.dialect
    if not _can_be_ours(dialect):
        return lambda: None
    forget = listen(audience, dialect)
    if not event.contains(Engine, "do_connect", _use_our_class):
        event.listen(Engine, "do_connect", _use_our_class)  # stays, as in engine_watch.py
    _watched[dialect] = _watched.get(dialect, 0) + 1

    def end() -> None:
        finish_open()
        forget()
        _watched[dialect] -= 1

    return end


def is_told_by(dialect: object, connection: object) -> bool:
    """Tell whether a driver's connection tells by itself what a dialect sends."""
    return getattr(connection, "_dbtune_sender", None) is dialect


def _can_be_ours(dialect: Any) -> bool:
    # Statements of an asynchronous engine run in a thread that does not know on whose behalf.
    if dialect.is_async or dialect.loaded_dbapi not in (sqlite3, sqlite3.dbapi2):
        return False
    # Without a rollback at its end a transaction of reads would go on in the next request.
    return not getattr(dialect, "skip_autocommit_rollback", False)


@harmless
def _use_our_class(dialect: Any, entry: Any, arguments: Any, options: dict[str, Any]) -> None:
    if _watched.get(dialect):
        wanted = options.get("factory", sqlite3.Connection)
        if isinstance(wanted, type):
            options["factory"] = _Factory(wanted, dialect)
