"""apsw, so that every connection made from now on tells what it sends.

apsw has hooks for both, so that none of its classes is replaced. What they do not tell (values,
rows read, what failed to compile) is not recorded. The time of a statement is that until it was
reset, with what the application does between two rows: SQLite's own count has milliseconds only.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from time import perf_counter_ns, time_ns
from typing import Any, Callable

from .complaint import complain
from .on_import import on_import
from .origin import mark_origin
from .sent import Sent

_ID = "dbtune"
_STATEMENT, _PROFILE = 0x01, 0x02  # SQLITE_TRACE_STMT and SQLITE_TRACE_PROFILE

_transactions = count(1)


def install(listener: Callable[[Sent], None]) -> Callable[[], None]:
    """Let a listener hear of the statements of connections made from now on; returns the undo."""
    is_on = True

    def tell(sent: Sent) -> None:
        if is_on:
            listener(sent)

    def trace_connection(connection: Any) -> None:
        if is_on:
            try:
                connection.trace_v2(_STATEMENT | _PROFILE, _Trace(tell), id=_ID)
            except Exception as error:  # noqa: BLE001 - the application must not feel it
                complain("a connection of apsw is not recorded", error)

    def undo() -> None:
        nonlocal is_on
        is_on = False
        apsw: Any = sys.modules.get("apsw")
        if apsw is not None and trace_connection in apsw.connection_hooks:
            apsw.connection_hooks.remove(trace_connection)

    on_import("apsw", lambda apsw: apsw.connection_hooks.append(trace_connection))
    return undo


class _Trace:
    """Hears how the statements of one connection begin and end."""

    def __init__(self, listener: Callable[[Sent], None]) -> None:
        self._listener = listener
        self._running: dict[int, tuple[Sent, int, int]] = {}
        self._transaction: str | None = None

    def __call__(self, event: dict[str, Any]) -> None:
        try:
            if event["code"] == _STATEMENT:
                self._begin(event)
            elif event["code"] == _PROFILE:
                self._end(event)
        except Exception as error:  # noqa: BLE001 - the application must not feel it
            complain("a statement of apsw could not be recorded", error)

    def _begin(self, event: dict[str, Any]) -> None:
        if event.get("trigger"):
            return
        sent = Sent(event["sql"], None, time_ns())
        mark_origin(sent)
        self._running[event["id"]] = sent, event["total_changes"], perf_counter_ns()

    def _end(self, event: dict[str, Any]) -> None:
        sent, changes, started = self._running.pop(event["id"], (None, 0, 0))
        if sent is None:
            return
        sent.duration_ns = perf_counter_ns() - started
        connection = event["connection"]
        sent.namespace = connection.filename or ":memory:"
        sent.transaction_id = self._name_transaction(connection)
        if event["total_changes"] != changes:
            sent.rows = event["total_changes"] - changes
        self._listener(sent)

    def _name_transaction(self, connection: Any) -> str | None:
        name = self._transaction
        if connection.get_autocommit():
            self._transaction = None
        elif name is None:
            name = self._transaction = f"{os.getpid()}-a{next(_transactions)}"
        return name
