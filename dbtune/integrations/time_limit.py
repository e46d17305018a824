"""A time limit for queries: SQLite asks a progress handler every so often whether to go on."""

from __future__ import annotations

import sqlite3
from time import monotonic

from dbtune.integrations.statement_kind import writes

# Steps of SQLite's machine between two looks at the clock. Ten times fewer cost 3 % of a scan;
# ten times more would let slow steps (a disk read each) run seconds past the limit.
_STEPS_PER_LOOK = 1_000


class QueryTimeLimitError(sqlite3.OperationalError):
    """A query ran past `query_time_limit_ms` and was stopped."""


class TimeLimit:
    """The clock of one connection: started by each query, asked by SQLite.

    It runs from the start of a query to its last row, so that time spent between rows counts
    too. What writes is never stopped: a migration may take as long as it needs.
    """

    def __init__(self, connection: sqlite3.Connection, limit_ms: int | None) -> None:
        """Put the handler on the connection, unless `limit_ms` is None."""
        self._limit_ms = limit_ms
        self.is_set = limit_ms is not None
        self._deadline: float | None = None
        self._reached = False
        if limit_ms is not None:
            connection.set_progress_handler(self._is_over, _STEPS_PER_LOOK)

    def remove(self, connection: sqlite3.Connection) -> None:
        """Take the handler off the connection again."""
        self.stop()
        if self.is_set:
            connection.set_progress_handler(None, 0)

    def start(self, sql: str) -> None:
        """Give a statement that is about to run its full time."""
        self.stop()
        if self._limit_ms is not None and not writes(sql):
            self._deadline = monotonic() + self._limit_ms / 1000

    def stop(self) -> None:
        """Let what follows (COMMIT, a raw cursor) run without a limit."""
        self._deadline = None
        self._reached = False

    def explain(self, error: BaseException) -> QueryTimeLimitError | None:
        """Return the error to raise instead, where it was this limit that stopped a query."""
        if not self._reached or str(error) != "interrupted":
            return None
        return QueryTimeLimitError(
            f"query stopped after {self._limit_ms} ms, the query_time_limit_ms of this connection"
        )

    def raise_clearer(self, error: sqlite3.Error) -> None:
        """Raise the error that names the limit, where it was this limit that stopped a query."""
        clearer = self.explain(error)
        if clearer is not None:
            raise clearer from error

    def _is_over(self) -> int:
        if self._deadline is None or monotonic() < self._deadline:
            return 0
        self._reached = True
        return 1
