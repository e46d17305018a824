"""What SQLAlchemy engines send, told by their events: text, values, rows, time, transaction.

Listeners that were added once stay and do nothing without an audience: SQLAlchemy keeps them in a
deque, and removing one while another thread executes would raise an error in the application.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from os import getpid
from pathlib import Path
from time import perf_counter_ns, time_ns
from typing import Any, Union
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import ExecuteStyle
from sqlalchemy.util import await_only

from dbtune.integrations.harmless import harmless
from dbtune.integrations.statement_kind import writes
from dbtune.integrations.watched_cursor import WatchedCursor
from dbtune.recorder.call_site import find_call_site
from dbtune.recorder.lazy_loads import current_relationship
from dbtune.recorder.origin import mark_origin
from dbtune.recorder.pool_waits import INFO_KEY as WAIT_KEY
from dbtune.recorder.sent import Sent

Audience = Callable[[Sent], None]
Target = Union[Engine, type[Engine]]  # noqa: UP007 - evaluated at run time on 3.10

_TRANSACTION = "dbtune_transaction"
_NAMESPACE = "dbtune_namespace"

_watches: WeakKeyDictionary[Any, _EngineWatch] = WeakKeyDictionary()
_transactions = count(1)


def watch_engine(
    target: Target, audience: Audience, *, passes_over: Callable[[object], bool] | None = None
) -> Callable[[], None]:
    """Tell `audience` of every statement of an engine, or with the class of all; return the end.

    `passes_over` gets the driver's connection and tells whether somebody else sees it.
    """
    watch = _watches.get(target)
    if watch is None:
        _watches[target] = watch = _EngineWatch()
        for name, listener in watch.listeners():
            event.listen(target, name, listener)
    member = (audience, passes_over)
    watch.members = (*watch.members, member)

    def end() -> None:
        watch.members = tuple(other for other in watch.members if other is not member)

    return end


class _EngineWatch:
    """The listeners of one engine or of the class of engines."""

    def __init__(self) -> None:
        # Of its own: the class and one of its engines may both be watched.
        self._key = f"dbtune_watch_{id(self)}"
        # Replaced, never changed: threads that execute see the one or the other.
        self.members: tuple[tuple[Audience, Callable[[object], bool] | None], ...] = ()

    def listeners(self) -> tuple[tuple[str, Callable[..., Any]], ...]:
        return (
            ("begin", self.note_begin),
            ("before_cursor_execute", self.before),
            ("after_cursor_execute", self.after),
            ("handle_error", self.failed),
        )

    @harmless
    def note_begin(self, connection: Connection) -> None:
        if self.members:
            connection.info[_TRANSACTION] = f"{getpid()}-{next(_transactions)}"

    @harmless
    def before(
        self,
        connection: Connection,
        cursor: Any,
        text: str,
        parameters: Any,
        context: Any,
        many: bool,
    ) -> None:
        if self.members and context is not None:
            # Whoever sees the driver's cursor too takes the relationship.
            context.__dict__[self._key] = (current_relationship(), perf_counter_ns())

    @harmless
    def after(
        self,
        connection: Connection,
        cursor: Any,
        text: str,
        parameters: Any,
        context: Any,
        many: bool,
    ) -> None:
        begun = self._take_begin(context)
        audiences = self._audiences(connection)
        if begun is None or not audiences:
            return
        many_given = context.execute_style is ExecuteStyle.EXECUTEMANY
        sent = _sent(connection, text, parameters, many=many_given)
        _complete(sent, *begun)
        if many or cursor.description is None:
            sent.rows = None if cursor.rowcount < 0 else cursor.rowcount
            _tell(audiences, sent)
        else:
            context.cursor = WatchedCursor(cursor, sent, lambda: _tell(audiences, sent))

    @harmless
    def failed(self, error: ExceptionContext) -> None:
        begun = self._take_begin(error.execution_context)
        connection, text = error.connection, error.statement
        if begun is None or text is None or connection is None:
            return
        if connection.closed or connection.invalidated:
            return
        audiences = self._audiences(connection)
        if audiences:
            many = isinstance(error.parameters, list)
            sent = _sent(connection, text, error.parameters, many=many)
            _complete(sent, *begun)
            sent.error = str(error.original_exception)
            _tell(audiences, sent)

    def _take_begin(self, context: Any) -> tuple[str | None, int] | None:
        """Return relationship and start of the statement of a context, once."""
        if context is None:
            return None
        begun: tuple[str | None, int] | None = context.__dict__.pop(self._key, None)
        return begun

    def _audiences(self, connection: Connection) -> tuple[Audience, ...]:
        if not self.members or connection.dialect.name != "sqlite":
            return ()
        driver = connection.connection.driver_connection
        # Once each: an engine may be recorded to one file by two parts of an application.
        return tuple(
            {
                audience: None
                for audience, passes_over in self.members
                if passes_over is None or not passes_over(driver)
            }
        )


def _complete(sent: Sent, relationship: str | None, started: int) -> None:
    spent = perf_counter_ns() - started
    sent.started_ns = time_ns() - spent
    sent.duration_ns = spent // sent.count
    sent.relationship = sent.relationship or relationship


def _sent(connection: Connection, text: str, parameters: Any, *, many: bool) -> Sent:
    sent = Sent(text, parameters[0] if many and parameters else parameters)
    sent.count = max(1, len(parameters)) if many else 1
    sent.namespace = _namespace(connection)
    # A write outside of SQLite's transactions (AUTOCOMMIT) is committed already.
    if connection.connection.driver_connection.in_transaction or not writes(text):  # type: ignore[union-attr]
        sent.transaction_id = connection.info.get(_TRANSACTION)
    sent.wait_ns = connection.info.pop(WAIT_KEY, None)
    mark_origin(sent)
    if connection.dialect.is_async and sent.file_path is None:
        # SQLAlchemy runs it in a greenlet, whose frames end below those of the application.
        found = await_only(_find_outside())
        if found is not None:
            sent.file_path, sent.line_number = found
    return sent


async def _find_outside() -> tuple[str, int] | None:
    return find_call_site()


def _namespace(connection: Connection) -> str:
    """Return the absolute path of the database file, ":memory:" where there is none."""
    info = connection.info
    if _NAMESPACE not in info:
        database = connection.engine.url.database or ":memory:"
        if database.startswith("file:"):
            database = unquote(urlsplit(database).path)
        info[_NAMESPACE] = database if ":memory:" in database else str(Path(database).absolute())
    name: str = info[_NAMESPACE]
    return name


def _tell(audiences: tuple[Audience, ...], sent: Sent) -> None:
    for audience in audiences:
        audience(sent)
