"""Statements of sqlite3 from their beginning to their end, which the listeners then hear of.

A statement has ended when its rows are exhausted, its cursor is used anew, closed or collected,
its connection is closed, or the process ends. None of these functions raises.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from threading import Lock
from time import time_ns
from typing import Any, Callable, Iterable, Iterator

from .complaint import complain
from .origin import mark_origin
from .recorded_values import copied_values
from .sent import Sent

Listener = Callable[[Sent], None]

# Cursors whose own __del__ does not call ours would otherwise be remembered for ever.
_MOST_OPEN = 10_000

# Who asks twice hears each statement once.
_asked: list[tuple[Listener, object]] = []
# Replaced, never changed: threads that execute see the one or the other.
_listeners: tuple[tuple[Listener, object], ...] = ()
_changing = Lock()
# Statements whose rows are awaited, and the id of their connection.
_open: dict[Sent, int] = {}


class ManyValues:
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


def begin_statement(text: object, values: Any) -> Sent | None:
    """Return a statement that is about to be sent by the caller's caller; None where it is none."""
    try:
        if not isinstance(text, str):
            return None
        sent = Sent(text, None if values is None else copied_values(values), time_ns())
        mark_origin(sent, 3)
        return sent
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)
        return None


def statement_ran(sent: Sent, cursor: sqlite3.Cursor, many: ManyValues | None = None) -> bool:
    """Tell whether rows are awaited of a statement that ran; without any it has ended."""
    try:
        connection: Any = cursor.connection
        connection._dbtune_place(sent)
        if many is not None:
            _share(sent, many)
        if cursor.description is not None:
            sent.rows = 0
            if len(_open) >= _MOST_OPEN:
                _end_oldest()
            _open[sent] = id(connection)
            return True
        written = cursor.rowcount
        if written >= 0:
            sent.rows = written
        for listener, sender in _listeners:
            if sender is None or sender is sent.sender:
                listener(sent)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)
    return False


def statement_failed(
    sent: Sent, cursor: sqlite3.Cursor, failure: BaseException, many: ManyValues | None = None
) -> None:
    """Note a statement that failed, as it began or while its rows were fetched."""
    try:
        sent.fail(failure)
        if _open.pop(sent, None) is None:
            connection: Any = cursor.connection
            # A closed connection does not even tell whether it is in a transaction.
            with suppress(sqlite3.ProgrammingError):
                connection._dbtune_place(sent)
        if many is not None:
            _share(sent, many)
        _tell(sent)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)


def end_transaction(sent: Sent, connection: Any, failure: BaseException | None) -> None:
    """Note the COMMIT or ROLLBACK that a connection's own method sent."""
    try:
        if isinstance(failure, sqlite3.Error):
            sent.error = str(failure)
        sent.sender = connection._dbtune_sender
        sent.namespace = connection._dbtune_namespace
        sent.transaction_id = connection._dbtune_transaction
        _tell(sent)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("the end of a transaction could not be recorded", error)


def end_statement(sent: Sent) -> None:
    """Note a statement whose rows were awaited, unless another thread or a fork has noted it."""
    try:
        if _open.pop(sent, None) is not None:
            for listener, sender in _listeners:
                if sender is None or sender is sent.sender:
                    listener(sent)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a statement could not be recorded", error)


def finish_open(connection: sqlite3.Connection | None = None) -> None:
    """Note all statements whose rows are still awaited, of one connection or of all."""
    for sent, owner in list(_open.items()):
        if connection is None or owner == id(connection):
            end_statement(sent)


def has_listeners() -> bool:
    """Tell whether anybody records."""
    return bool(_listeners)


def listen(listener: Listener, sender: object = None) -> Callable[[], None]:
    """Let a listener hear of every statement, or of those of one sender; returns how it stops."""
    _change_listeners(lambda: _asked.append((listener, sender)))
    return lambda: _change_listeners(lambda: _asked.remove((listener, sender)))


def _change_listeners(change: Callable[[], None]) -> None:
    global _listeners
    with _changing:
        change()
        _listeners = tuple(dict.fromkeys(_asked))


def _share(sent: Sent, many: ManyValues) -> None:
    """Let a statement stand for all that executemany() ran."""
    sent.parameters = copied_values(many.first)
    sent.count = max(1, many.count)
    sent.duration_ns //= sent.count


def _end_oldest() -> None:
    end_statement(next(iter(_open)))


def _tell(sent: Sent) -> None:
    for listener, sender in _listeners:
        if sender is None or sender is sent.sender:
            listener(sent)


def _forget_open() -> None:
    # The parent of a fork notes what it has sent.
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_open)
