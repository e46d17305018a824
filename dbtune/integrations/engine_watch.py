"""What SQLAlchemy's engines send: text, values, rows, time, transaction.

It listens where a dialect hands a statement to the driver, and not to the events of connections:
with any of those SQLAlchemy itself takes some 10 us more for each statement. Listeners that were
added once stay and do nothing without an audience: SQLAlchemy keeps them in a deque, and removing
one while another thread executes would raise an error in the application.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from os import getpid
from pathlib import Path
from threading import Lock
from time import perf_counter_ns, time_ns
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import ExecuteStyle
from sqlalchemy.util import await_only

from dbtune.integrations.harmless import harmless
from dbtune.integrations.statement_kind import writes
from dbtune.integrations.transaction_ends import TransactionEnds
from dbtune.integrations.watched_cursor import WatchedCursor
from dbtune.recorder.call_site import find_call_site
from dbtune.recorder.lazy_loads import current_relationship
from dbtune.recorder.origin import mark_origin
from dbtune.recorder.pool_waits import INFO_KEY as WAIT_KEY
from dbtune.recorder.recorded_values import copied_values
from dbtune.recorder.recording_cursor import RecordingCursor
from dbtune.recorder.sent import Sent

Audience = Callable[[Sent], None]

# What is kept in the `info` of a pooled connection.
_NAMESPACE = "dbtune_namespace"
_TRANSACTION = "dbtune_transaction"


class _Member(NamedTuple):
    """Who is told: of one dialect (which is one engine) or of all, and what is passed over."""

    audience: Audience
    dialect: object
    passes_over: Callable[[object], bool] | None


# Replaced, never changed: threads that execute see the one or the other.
_members: tuple[_Member, ...] = ()
_all_pass_over = True
_is_listening = False
_changing = Lock()
_transaction_names: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_transactions = count(1)


def watch_engine(
    engine: Engine | None,
    audience: Audience,
    *,
    passes_over: Callable[[object], bool] | None = None,
) -> Callable[[], None]:
    """Tell `audience` of every statement of an engine, or with None of all; return the end.

    `passes_over` gets the driver's connection and tells whether somebody else sees it.
    """
    member = _Member(audience, engine.dialect if engine is not None else None, passes_over)
    with _changing:
        _listen()
        _set_members((*_members, member))

    def end() -> None:
        with _changing:
            _set_members(tuple(other for other in _members if other is not member))

    return end


def _set_members(members: tuple[_Member, ...]) -> None:
    global _members, _all_pass_over
    if members and not _members:
        _transaction_ends.begin()
    elif _members and not members:
        _transaction_ends.end()
    _all_pass_over = all(member.passes_over for member in members)
    _members = members


def _listen() -> None:
    global _is_listening
    if not _is_listening:
        event.listen(Engine, "do_execute", _execute)
        event.listen(Engine, "do_executemany", _executemany)
        event.listen(Engine, "do_execute_no_params", _execute_no_params)
        _is_listening = True


def _execute(cursor: Any, text: str, parameters: Any, context: Any) -> bool | None:
    if not _members or _is_told_by_driver(cursor, context):
        return None  # SQLAlchemy sends it
    audiences = _audiences(cursor, context)
    if not audiences:
        return None
    do_execute = context.dialect.do_execute
    _send(do_execute, (cursor, text, parameters, context), audiences, parameters)
    return True


def _executemany(cursor: Any, text: str, parameters: Any, context: Any) -> bool | None:
    if not _members or _is_told_by_driver(cursor, context):
        return None
    audiences = _audiences(cursor, context)
    if not audiences:
        return None
    do_executemany = context.dialect.do_executemany
    _send(do_executemany, (cursor, text, parameters, context), audiences, parameters, many=True)
    return True


def _execute_no_params(cursor: Any, text: str, context: Any) -> bool | None:
    if not _members or _is_told_by_driver(cursor, context):
        return None
    audiences = _audiences(cursor, context)
    if not audiences:
        return None
    _send(context.dialect.do_execute_no_params, (cursor, text, context), audiences, None)
    return True


def _is_told_by_driver(cursor: Any, context: Any) -> bool:
    """Tell, quicker than `_audiences`, whether the connection tells all: as nearly always."""
    if not isinstance(cursor, RecordingCursor):
        return False
    connection: Any = cursor.connection
    if context is None or connection._dbtune_sender is not context.dialect:
        return False
    connection._dbtune_executes = True
    return _all_pass_over


@harmless
def _audiences(cursor: Any, context: Any) -> tuple[Audience, ...]:
    if context is None or context.dialect.name != "sqlite":
        return ()
    return _audiences_of(context.dialect, _driver(cursor, context))


def _audiences_of(dialect: object, driver: object) -> tuple[Audience, ...]:
    # Once each: an engine may be recorded to one file by two parts of an application.
    told = {
        member.audience: None
        for member in _members
        if member.dialect in (None, dialect)
        and not (member.passes_over and member.passes_over(driver))
    }
    return tuple(told)


@harmless
def _end_heard(dialect: Any, connection: Any) -> Audience | None:
    """Return who is told of a COMMIT or ROLLBACK; only of one that ends what was told."""
    driver = getattr(connection, "driver_connection", None)
    if driver is None:
        return None
    try:
        info = connection.info
    except NotImplementedError:  # SQLAlchemy's own look at the first connection of an engine
        return None
    name = info.pop(_TRANSACTION, None)
    audiences = _audiences_of(dialect, driver)
    if name is None or not audiences or not driver.in_transaction:
        return None
    namespace = info.get(_NAMESPACE)

    @harmless
    def tell(sent: Sent) -> None:
        if sent.error is not None:
            info[_TRANSACTION] = name  # it goes on
        sent.transaction_id, sent.namespace = name, namespace
        _mark(sent, dialect)
        for audience in audiences:
            audience(sent)

    return tell


_transaction_ends = TransactionEnds(_end_heard)


def _send(
    send: Callable[..., None],
    arguments: tuple[Any, ...],
    audiences: tuple[Audience, ...],
    parameters: Any,
    many: bool = False,
) -> None:
    # Whoever sees the driver's cursor too takes the relationship.
    begun = (current_relationship(), perf_counter_ns())
    try:
        send(*arguments)
    except BaseException as error:
        _note(audiences, arguments, parameters, many, *begun, error)
        raise
    _note(audiences, arguments, parameters, many, *begun)


@harmless
def _note(
    audiences: tuple[Audience, ...],
    arguments: tuple[Any, ...],
    parameters: Any,
    many: bool,
    relationship: str | None,
    started: int,
    error: BaseException | None = None,
) -> None:
    """Tell of a statement that ran; of one that returns rows once those are fetched."""
    spent_ns = perf_counter_ns() - started
    cursor, context = arguments[0], arguments[-1]
    sent = _begun(arguments[1], parameters, many, spent_ns)
    _place(sent, cursor, context)
    sent.relationship = sent.relationship or relationship
    if error is not None:
        sent.fail(error)
    elif cursor.description is None or context.execute_style is ExecuteStyle.INSERTMANYVALUES:
        sent.rows = None if cursor.rowcount < 0 else cursor.rowcount
    else:
        context.cursor = WatchedCursor(cursor, sent, audiences)
        return
    for audience in audiences:
        audience(sent)


def _begun(text: str, parameters: Any, many: bool, spent_ns: int) -> Sent:
    values = copied_values(parameters[0] if many and parameters else parameters)
    sent = Sent(text, values, time_ns() - spent_ns)
    sent.count = max(1, len(parameters)) if many else 1
    sent.duration_ns = spent_ns // sent.count
    return sent


def _place(sent: Sent, cursor: Any, context: Any) -> None:
    """Say which file, transaction, line and request a statement is of."""
    connection: Connection = context.root_connection
    info = connection.info
    sent.namespace = info.get(_NAMESPACE) or _namespace(connection)
    sent.wait_ns = info.pop(WAIT_KEY, None)
    # A write outside of SQLite's transactions (AUTOCOMMIT) is committed already.
    if not writes(sent.text) or _driver(cursor, context).in_transaction:
        sent.transaction_id = info[_TRANSACTION] = _transaction_name(connection)
    _mark(sent, context.dialect)


def _mark(sent: Sent, dialect: Any) -> None:
    mark_origin(sent)
    if dialect.is_async and sent.file_path is None:
        # SQLAlchemy runs it in a greenlet, whose frames end below those of the application.
        found = await_only(_find_outside())
        if found is not None:
            sent.file_path, sent.line_number = found


async def _find_outside() -> tuple[str, int] | None:
    return find_call_site()


def _driver(cursor: Any, context: Any) -> Any:
    """Return the driver's connection; a cursor of sqlite3 knows its own, which is quicker."""
    connection = getattr(cursor, "connection", None)
    return (
        context.root_connection.connection.driver_connection if connection is None else connection
    )


def _transaction_name(connection: Connection) -> str | None:
    transaction = connection.get_transaction()
    if transaction is None:
        return None
    name = _transaction_names.get(transaction)
    if name is None:
        _transaction_names[transaction] = name = f"{getpid()}-{next(_transactions)}"
    return name


def _namespace(connection: Connection) -> str:
    """Return the absolute path of the database file, ":memory:" where there is none."""
    database = connection.engine.url.database or ":memory:"
    if database.startswith("file:"):
        database = unquote(urlsplit(database).path)
    name = database if ":memory:" in database else str(Path(database).absolute())
    connection.info[_NAMESPACE] = name
    return name
