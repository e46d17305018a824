"""A cursor of sqlite3 that tells listeners what it sends, how long it took and how many rows.

A statement has ended when its rows are exhausted, its cursor is used anew, closed or collected,
its connection is closed, or the process ends. Its time is that of execute() and of the fetches.
"""

from __future__ import annotations

import os
import sqlite3
import types
from itertools import count
from time import perf_counter_ns, time_ns
from typing import Any, Callable, Iterable, Iterator

from .complaint import complain
from .origin import mark_origin
from .recorded_values import copied_values
from .sent import Sent

Listener = Callable[[Sent], None]

_execute = sqlite3.Cursor.execute
_executemany = sqlite3.Cursor.executemany
_executescript = sqlite3.Cursor.executescript
_next = sqlite3.Cursor.__next__
_fetchone = sqlite3.Cursor.fetchone
_fetchmany = sqlite3.Cursor.fetchmany
_fetchall = sqlite3.Cursor.fetchall
_close = sqlite3.Cursor.close

# Cursors whose own __del__ does not call ours would otherwise be remembered for ever.
_MOST_OPEN = 10_000

_listeners: tuple[Listener, ...] = ()
_open: dict[int, tuple[Sent, int]] = {}
_transactions = count(1)


class RecordingCursor(sqlite3.Cursor):
    """Behaves as its base class does; `_dbtune_sent` is its statement while rows may come."""

    _dbtune_sent: Sent | None = None

    def execute(self, *arguments: Any) -> Any:
        if not _listeners:
            return _execute(self, *arguments)
        values = arguments[1] if len(arguments) > 1 else None
        return self._dbtune_run(_execute, arguments, _begin(self, arguments, values))

    def executemany(self, *arguments: Any) -> Any:
        if not _listeners or len(arguments) != 2:
            return _executemany(self, *arguments)
        many = _Many(arguments[1])
        sent = _begin(self, arguments, None)
        return self._dbtune_run(_executemany, (arguments[0], many.rows()), sent, many)

    def executescript(self, *arguments: Any) -> Any:
        if not _listeners:
            return _executescript(self, *arguments)
        return self._dbtune_run(_executescript, arguments, _begin(self, arguments, None))

    def __next__(self) -> Any:
        sent = self._dbtune_sent
        if sent is None:
            return _next(self)
        started = perf_counter_ns()
        try:
            row = _next(self)
        except StopIteration:
            sent.duration_ns += perf_counter_ns() - started
            _end(self)
            raise
        except BaseException as error:
            _fail(self, sent, error, perf_counter_ns() - started)
            raise
        sent.duration_ns += perf_counter_ns() - started
        sent.rows += 1  # type: ignore[operator]
        return row

    def fetchone(self) -> Any:
        if self._dbtune_sent is None:
            return _fetchone(self)
        row = self._dbtune_fetch(_fetchone)
        if row is None:
            _end(self)
        elif self._dbtune_sent is not None:
            self._dbtune_sent.rows += 1  # type: ignore[operator]
        return row

    def fetchmany(self, *arguments: Any, **options: Any) -> Any:
        if self._dbtune_sent is None:
            return _fetchmany(self, *arguments, **options)
        rows = self._dbtune_fetch(_fetchmany, *arguments, **options)
        self._dbtune_count(rows)
        if not rows:
            _end(self)
        return rows

    def fetchall(self) -> Any:
        if self._dbtune_sent is None:
            return _fetchall(self)
        rows = self._dbtune_fetch(_fetchall)
        self._dbtune_count(rows)
        _end(self)
        return rows

    def close(self) -> None:
        if self._dbtune_sent is not None:
            _end(self)
        _close(self)

    def __del__(self) -> None:
        if self._dbtune_sent is not None:
            _end(self)

    def _dbtune_run(
        self,
        run: Callable[..., Any],
        arguments: tuple[Any, ...],
        sent: Sent | None,
        many: _Many | None = None,
    ) -> Any:
        if sent is None:
            return run(self, *arguments)
        started = perf_counter_ns()
        try:
            result = run(self, *arguments)
        except BaseException as error:
            _fail(self, sent, error, perf_counter_ns() - started, many)
            raise
        sent.duration_ns = perf_counter_ns() - started
        _ran(self, sent, many)
        return result

    def _dbtune_fetch(self, fetch: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        sent = self._dbtune_sent
        started = perf_counter_ns()
        try:
            result = fetch(self, *arguments, **options)
        except BaseException as error:
            if sent is not None:
                _fail(self, sent, error, perf_counter_ns() - started)
            raise
        if sent is not None:
            sent.duration_ns += perf_counter_ns() - started
        return result

    def _dbtune_count(self, rows: list[Any]) -> None:
        # A row factory may run another statement on this cursor.
        if self._dbtune_sent is not None:
            self._dbtune_sent.rows += len(rows)  # type: ignore[operator]


class _Many:
    """The rows of values that executemany() binds, counted as they are taken."""

    def __init__(self, given: Any) -> None:
        self.count = 0
        self.first: Any = None
        self._given = given

    def rows(self) -> Any:
        """Return what executemany() is to bind instead: the same, whatever it is."""
        given = self._given
        if isinstance(given, (list, tuple)):
            self.count = len(given)
            self.first = given[0] if given else None
            return given
        return self._counted(given) if isinstance(given, Iterable) else given

    def _counted(self, given: Iterable[Any]) -> Iterator[Any]:
        for values in given:
            if not self.count:
                self.first = copied_values(values)
            self.count += 1
            yield values


def _begin(cursor: RecordingCursor, arguments: tuple[Any, ...], values: Any) -> Sent | None:
    """Return the statement that is about to run, after the end of the one before."""
    try:
        if cursor._dbtune_sent is not None:
            _end(cursor)
        text = arguments[0]
        if not isinstance(text, str):
            return None
        sent = Sent(text, copied_values(values) if values else None, time_ns())
        mark_origin(sent)
        return sent
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)
        return None


def _ran(cursor: RecordingCursor, sent: Sent, many: _Many | None) -> None:
    """Note a statement that ran, or wait for its rows."""
    try:
        connection = cursor.connection
        _place(sent, connection)
        if many is not None:
            _share(sent, many)
        if cursor.description is None:
            written = cursor.rowcount
            sent.rows = written if written >= 0 else None
            _note(sent)
            return
        sent.rows = 0
        if len(_open) >= _MOST_OPEN:
            _end_oldest()
        _open[id(sent)] = sent, id(connection)
        cursor._dbtune_sent = sent
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)


def _fail(
    cursor: RecordingCursor,
    sent: Sent,
    failure: BaseException,
    spent_ns: int,
    many: _Many | None = None,
) -> None:
    """Note a statement that failed, while it began or while its rows were fetched."""
    try:
        sent.duration_ns += spent_ns
        # Other errors come from the application's own functions, and may hold anything.
        is_from_sqlite = isinstance(failure, sqlite3.Error)
        sent.error = str(failure) if is_from_sqlite else type(failure).__name__
        if many is not None:
            _share(sent, many)
        if cursor._dbtune_sent is not None:
            _end(cursor)
            return
        _place(sent, cursor.connection)
        _note(sent)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)


def _place(sent: Sent, connection: Any) -> None:
    """Say which file and transaction a statement belongs to."""
    sent.namespace = connection._dbtune_namespace
    if connection._dbtune_wait_ns is not None:
        sent.wait_ns = connection._dbtune_wait_ns
        connection._dbtune_wait_ns = None
    transaction = connection._dbtune_transaction
    if connection.in_transaction:
        if transaction is None:
            transaction = f"{os.getpid()}-{next(_transactions)}"
            connection._dbtune_transaction = transaction
    elif transaction is not None:
        connection._dbtune_transaction = None
    sent.transaction_id = transaction


def _share(sent: Sent, many: _Many) -> None:
    """Let a statement stand for all that executemany() ran."""
    sent.parameters = copied_values(many.first)
    sent.count = max(1, many.count)
    sent.duration_ns //= sent.count


def _end(cursor: RecordingCursor) -> None:
    """Note the statement whose rows the cursor was giving."""
    try:
        sent = cursor._dbtune_sent
        cursor._dbtune_sent = None
        # Only once: another thread, or the end of the process, may have noted it.
        if sent is not None and _open.pop(id(sent), None) is not None:
            _note(sent)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)


def _end_oldest() -> None:
    sent, _ = _open.pop(next(iter(_open)))
    _note(sent)


def _note(sent: Sent) -> None:
    for listener in _listeners:
        listener(sent)


def finish_open(connection: sqlite3.Connection | None = None) -> None:
    """Note all statements whose rows are still awaited, of one connection or of all."""
    for key, (sent, owner) in list(_open.items()):
        if (connection is None or owner == id(connection)) and _open.pop(key, None) is not None:
            _note(sent)


def has_listeners() -> bool:
    """Tell whether anybody records."""
    return bool(_listeners)


def listen(listener: Listener) -> Callable[[], None]:
    """Let a listener hear of every statement; returns how it stops."""
    global _listeners
    _listeners = (*_listeners, listener)

    def stop() -> None:
        global _listeners
        _listeners = tuple(other for other in _listeners if other is not listener)

    return stop


_classes: dict[tuple[Any, type], Any] = {}


def recording_class(wanted: Any, recording: type) -> Any:
    """Return a class that records and else is the one wanted, the same each time.

    The recording class stands behind the wanted one. What is no class is returned as it is.
    """
    if not isinstance(wanted, type) or issubclass(wanted, recording):
        return wanted
    known = _classes.get((wanted, recording))
    if known is None:
        known = _classes[wanted, recording] = _derive(wanted, recording)
    return known


def _derive(wanted: type, recording: type) -> Any:
    if issubclass(recording, wanted):
        return recording
    names = {"__module__": wanted.__module__, "__qualname__": wanted.__qualname__}
    try:
        return types.new_class(
            wanted.__name__, (wanted, recording), {}, lambda it: it.update(names)
        )
    except Exception as error:  # noqa: BLE001 - a class that cannot be derived from still works
        complain(f"{wanted.__qualname__} is not recorded", error)
        return wanted


def _forget_open() -> None:
    # The parent of a fork notes what it has sent.
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_open)
