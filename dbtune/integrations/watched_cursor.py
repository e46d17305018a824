"""A cursor that counts and times the rows fetched from it, and tells once it is closed."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from dbtune.integrations.harmless import harmless
from dbtune.recorder.sent import Sent


class WatchedCursor:
    """Stands in for a driver's cursor in one result of SQLAlchemy's."""

    # SQLAlchemy reads the description several times for each statement.
    __slots__ = ("_audiences", "_cursor", "_rows", "_sent", "_spent_ns", "description")

    def __init__(
        self, cursor: Any, sent: Sent, audiences: tuple[Callable[[Sent], None], ...]
    ) -> None:
        """Add what is fetched to `sent`, and tell it to the audiences once."""
        self._cursor = cursor
        self.description = cursor.description
        self._sent: Sent | None = sent
        self._audiences = audiences
        self._rows = 0
        self._spent_ns = 0

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the driver's cursor has."""
        return getattr(self._cursor, name)

    def fetchone(self) -> Any:
        """Return the next row or None."""
        row = self._fetch(self._cursor.fetchone)
        if row is not None:
            self._rows += 1
        return row

    def fetchmany(self, *size: int) -> Any:
        """Return the next rows."""
        rows = self._fetch(self._cursor.fetchmany, *size)
        self._rows += len(rows)
        return rows

    def fetchall(self) -> Any:
        """Return the rows that are left."""
        rows = self._fetch(self._cursor.fetchall)
        self._rows += len(rows)
        return rows

    def __iter__(self) -> Any:
        """Yield the rows that are left."""
        return iter(self.fetchone, None)

    def close(self) -> Any:
        """Close the cursor, and tell what was fetched."""
        if self._sent is not None:
            self._finish()
        return self._cursor.close()

    def __del__(self) -> None:
        """Tell of a result that nobody closed."""
        if self._sent is not None:
            self._finish()

    def _fetch(self, fetch: Callable[..., Any], *arguments: Any) -> Any:
        started = perf_counter_ns()
        try:
            return fetch(*arguments)
        except Exception as error:
            if self._sent is not None:
                self._sent.fail(error)
            raise
        finally:
            self._spent_ns += perf_counter_ns() - started

    @harmless
    def _finish(self) -> None:
        sent, self._sent = self._sent, None
        if sent is not None:
            sent.rows = self._rows
            sent.duration_ns += self._spent_ns
            for audience in self._audiences:
                audience(sent)
