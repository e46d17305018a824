"""What the hook does at each event of an engine: connect, begin, execute, fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from dbtune.integrations.statement_kind import writes
from dbtune.integrations.time_limit import TimeLimit
from dbtune.integrations.transaction import (
    Reading,
    allow_write,
    begin,
    begins_nothing,
    explain_late_write,
    use_explicit_transactions,
)
from dbtune.integrations.work import STRICT, Mark, current_mark
from dbtune.sqlite.file.hook_settings import HookSettings, apply_settings

_STATE = "dbtune"


@dataclass
class _ConnectionState:
    """What the hook knows of one DBAPI connection and the transaction open on it."""

    settings: HookSettings
    limit: TimeLimit
    in_memory: bool
    mark: Mark | None = None
    autocommit: bool = False
    opened_before: bool = False
    reading: Reading = None


class EngineHook:
    """The listeners of one engine. Replacing `settings` reaches each connection at checkout."""

    def __init__(
        self, settings: HookSettings, do_begin: Callable[[PoolProxiedConnection], None]
    ) -> None:
        self.settings = settings
        self._do_begin = do_begin

    def listeners(self, engine: Engine) -> Iterator[tuple[Engine, str, Callable[..., Any]]]:
        """Yield what to listen to on the engine; each costs every statement or transaction."""
        yield engine, "connect", self.tune
        yield engine, "checkout", self.tune
        yield engine, "before_cursor_execute", self.before_execute
        yield engine, "handle_error", self.explain_error
        if self.settings.query_time_limit_ms is not None:
            yield engine, "commit", self.before_end
            yield engine, "rollback", self.before_end

    def tune(self, connection: sqlite3.Connection, record: Any, proxy: object = None) -> None:
        """Set up a connection once; one that was open before the hook, at its next checkout."""
        state = record.info.get(_STATE)
        if state is not None and state.settings is self.settings:
            state.limit.stop()
            return
        if state is None:
            use_explicit_transactions(connection)
        if connection.in_transaction:
            return  # one connection shared by several users (StaticPool): at a later checkout
        if state is not None:
            state.limit.remove(connection)
        apply_settings(connection, self.settings)
        limit = TimeLimit(connection, self.settings.query_time_limit_ms)
        record.info[_STATE] = _ConnectionState(self.settings, limit, _is_in_memory(connection))

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin the transaction; a lock beyond busy_timeout raises SQLAlchemy's error."""
        state = dbapi_connection.info.get(_STATE)
        connection = _driver(dbapi_connection)
        if state is None or state.in_memory or state.autocommit or state.opened_before:
            self._do_begin(dbapi_connection)
            return
        if connection.in_transaction:
            connection.rollback()  # the application's own "begin" listener: nothing ran in it yet
        elif begins_nothing(connection):
            return
        begin(connection, immediate=state.mark is None)
        state.reading = None if state.mark is None else "begun"

    def before_execute(
        self,
        connection: Connection,
        cursor: object,
        statement: str,
        parameters: Any,
        *unused: object,
    ) -> tuple[str, Any]:
        """Start the time limit, and see to writes in work that was marked as reading."""
        state: _ConnectionState | None = connection.info.get(_STATE)
        if state is None:
            return statement, parameters
        if state.limit.is_set:
            state.limit.start(statement)
        if state.mark is None:
            return statement, parameters
        if not writes(statement):
            state.reading = state.reading and "read"
            return statement, parameters
        driver = _driver(connection.connection)
        try:
            state.reading = allow_write(driver, state.mark, state.reading)
        except sqlite3.OperationalError as error:
            raise OperationalError(
                statement, parameters, error, hide_parameters=connection.engine.hide_parameters
            ) from error
        return statement, parameters

    def before_end(self, connection: Connection) -> None:
        """Let COMMIT and ROLLBACK take as long as they need."""
        state = connection.info.get(_STATE)
        if state is not None:
            state.limit.stop()

    def explain_error(self, context: ExceptionContext) -> Exception | None:
        """Return a clearer error for what the time limit or a wrong mark made fail."""
        connection = context.connection
        error = context.original_exception
        if connection is None or connection.closed or connection.invalidated:
            return None
        state = connection.info.get(_STATE)
        if state is None or not isinstance(error, sqlite3.OperationalError):
            return None
        clearer = state.limit.explain(error)
        if clearer is None and state.reading == "read":
            clearer = explain_late_write(error)
        if clearer is None:
            return None
        return OperationalError(
            context.statement,
            context.parameters,
            clearer,
            hide_parameters=connection.engine.hide_parameters,
        )


def note_begin(connection: Connection) -> None:
    """Decide how the transaction is to begin, while its options can still be seen.

    It listens to the class of engines: those listeners run before an engine's own, which may be
    the application's own BEGIN.
    """
    state = connection.info.get(_STATE)
    if state is None:
        return
    options = connection.get_execution_options()
    state.autocommit = options.get("isolation_level") == "AUTOCOMMIT"
    marked = options.get("dbtune_read_only")
    state.mark = current_mark() if marked is None else STRICT if marked else None
    state.reading = None
    state.opened_before = _driver(connection.connection).in_transaction
    state.limit.stop()


def _driver(proxy: PoolProxiedConnection) -> sqlite3.Connection:
    driver_connection = proxy.driver_connection
    assert isinstance(driver_connection, sqlite3.Connection)
    return driver_connection


def _is_in_memory(connection: sqlite3.Connection) -> bool:
    """Tell whether the main database has no file, so that nobody else can lock it."""
    rows = connection.execute("PRAGMA database_list").fetchall()
    return not any(name == "main" and file for _, name, file in rows)
