"""`dbtune.assert_queries()`: a test that sends more queries than it should, or N+1, fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbtune.integrations.query_limits import QueryLimits, complaint_of
from dbtune.integrations.query_log import QueryLog
from dbtune.integrations.query_watch import watch_queries
from dbtune.recorder import lazy_loads
from dbtune.workload.n_plus_one import LEAST_REPEATS


@contextmanager
def assert_queries(
    exactly: int | None = None,
    *,
    max: int | None = None,
    no_n_plus_one: bool = False,
    min_repeats: int = LEAST_REPEATS,
    engine: Any = None,
) -> Iterator[QueryLog]:
    """Raise AssertionError behind a block that sent too many queries, with the lines they are of.

    With `no_n_plus_one` no read may come `min_repeats` times from one line: within a request of
    Flask or Django, else within the block. BEGIN, COMMIT, SAVEPOINT and PRAGMA do not count, and
    an executemany() is one query. Yields the log: `log.count`, `str(log)`. With `engine` only
    what that SQLAlchemy engine sends counts; without, what `dbtune.recording` sees: connections
    of sqlite3 opened inside, and older ones of SQLAlchemy's and Django's. Older ones of plain
    sqlite3 are seen under pytest with dbtune's plugin (docs/testing.md). An error of the block
    is raised as it is. Raises ConfigurationError for limits that mean nothing.
    """
    limits = QueryLimits(exactly, max, no_n_plus_one, min_repeats)
    log = QueryLog()
    end = watch_queries(log.note) if engine is None else _watch_engine(engine, log)
    try:
        yield log
    finally:
        end()
    complaint = complaint_of(log, limits)
    if complaint is not None:
        raise AssertionError(complaint)


def _watch_engine(engine: Any, log: QueryLog) -> Any:
    from dbtune.integrations.engine_watch import watch_engine
    from dbtune.integrations.record import sync_engine

    lazy_loads.watch()
    return watch_engine(sync_engine(engine), log.note)
