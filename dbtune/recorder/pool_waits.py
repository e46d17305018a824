"""How long SQLAlchemy's pool kept the application waiting for a connection."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

from .complaint import complain
from .on_import import on_import

INFO_KEY = "dbtune.wait_ns"

_watching = False


def watch() -> None:
    """Measure the waits of all pools, once the application imports SQLAlchemy's pool."""
    global _watching
    if not _watching:
        _watching = True
        on_import("sqlalchemy.util.queue", _measure)


def _measure(queue: Any) -> None:
    for kind in (queue.Queue, queue.AsyncAdaptedQueue):
        kind.get = _measured(kind.get)


def _measured(get: Any) -> Any:
    def measured_get(self: Any, block: bool = True, timeout: float | None = None) -> Any:
        if not block or not self.empty():
            return get(self, block, timeout)
        started = perf_counter_ns()
        entry = get(self, block, timeout)
        _tell(entry, perf_counter_ns() - started)
        return entry

    measured_get.__name__, measured_get.__doc__ = get.__name__, get.__doc__
    return measured_get


def _tell(entry: Any, wait_ns: int) -> None:
    """Give the wait to the entry's `info`, and to its connection where that one records."""
    try:
        entry.info[INFO_KEY] = wait_ns
        connection = entry.driver_connection
        # aiosqlite keeps sqlite3's connection to itself.
        connection = getattr(connection, "_conn", connection)
        if hasattr(connection, "_dbtune_wait_ns"):
            connection._dbtune_wait_ns = wait_ns
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a wait for a connection could not be told", error)
