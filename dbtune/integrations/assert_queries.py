"""`dbtune.assert_queries()`: a test that sends more queries than it should, or N+1, fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from dbtune.integrations.query_limits import QueryLimits, complaint_of
from dbtune.integrations.query_log import QueryLog
from dbtune.integrations.query_watch import watch_queries
from dbtune.recorder import lazy_loads
from dbtune.workload.n_plus_one import LEAST_REPEATS


def assert_queries(
    exactly: int | None = None,
    *,
    max: int | None = None,
    no_n_plus_one: bool = False,
    min_repeats: int = LEAST_REPEATS,
    engine: Any = None,
) -> AbstractContextManager[QueryLog]:
    """Raise AssertionError behind a block that sent too many queries, with the lines they are of.

    With `no_n_plus_one` no read may come `min_repeats` times from one line: within a request of
    Flask or Django, else within the block. BEGIN, COMMIT, SAVEPOINT and PRAGMA do not count, and
    an executemany() is one query. Yields the log: `log.count`, `str(log)`. With `engine` only
    what that SQLAlchemy engine sends counts; without, what `dbtune.recording` sees: connections
    of sqlite3 opened inside, and older ones of SQLAlchemy's and Django's. Older ones of plain
    sqlite3 are seen under pytest with dbtune's plugin (docs/how-to/testing.md). An error of the
    block is raised as it is. Raises ConfigurationError for limits that mean nothing.
    """
    return _Assertion(QueryLimits(exactly, max, no_n_plus_one, min_repeats), engine)


class _Assertion:
    """The block: its __exit__ is all that pytest's traceback could show of dbtune, and hides."""

    def __init__(self, limits: QueryLimits, engine: Any) -> None:
        self._limits = limits
        self._engine = engine
        self._log = QueryLog()

    def __enter__(self) -> QueryLog:
        self._end = self._watch()
        return self._log

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        self._end()
        complaint = complaint_of(self._log, self._limits) if kind is None else None
        if complaint is not None:
            raise AssertionError(complaint)

    def _watch(self) -> Callable[[], None]:
        if self._engine is None:
            return watch_queries(self._log.note)
        from dbtune.integrations.engine_watch import watch_engine
        from dbtune.integrations.record import sync_engine

        lazy_loads.watch()
        return watch_engine(sync_engine(self._engine), self._log.note)
