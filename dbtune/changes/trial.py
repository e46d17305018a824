"""Recorded statements planned and timed on a copy, before and after a change."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.model.workload import Parameters, Plan, StatementKind
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.explain import bindings, explain

# A statement that runs longer is stopped and counts with what it took: that it is slow is then
# known, and ten of them should not keep a person waiting for minutes.
_LONGEST_RUN_SECONDS = 2.0
# All runs together; what comes after that is planned and not timed.
_LONGEST_SECONDS = 15.0
_RUNS = 3
_STEPS_PER_LOOK = 10_000


@dataclass(frozen=True)
class TrialQuery:
    """A recorded statement to plan and, where its values are known (`timed`), to run.

    `count` is how often the application runs it.
    """

    shape_id: str
    kind: StatementKind
    text: str
    parameters: Parameters = None
    count: float = 1.0
    timed: bool = True


@dataclass(frozen=True)
class Attempt:
    """The plan of a query, without steps where it cannot be planned; None if it was not run."""

    plan: Plan
    time_ns: float | None = None


@dataclass(frozen=True)
class Trial:
    """One query before and after a change."""

    query: TrialQuery
    before: Attempt
    after: Attempt


def try_queries(copy: Path, queries: Sequence[TrialQuery]) -> tuple[Attempt, ...]:
    """Plan all queries on a throw-away copy, and run the reads: the median of a few runs each."""
    plans = plan_queries(copy, queries)
    with closing(open_readonly(copy)) as connection:
        times = tuple(_times(connection, queries))
    return tuple(Attempt(*pair) for pair in zip(plans, times, strict=True))


def plan_queries(copy: Path, queries: Sequence[TrialQuery]) -> tuple[Plan, ...]:
    """Return the plans on a throw-away copy, of writes too."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        return tuple(_plan(connection, query) for query in queries)


def plan_reads(database: Path, queries: Sequence[TrialQuery]) -> tuple[Plan | None, ...]:
    """Return the plans of reads on a user's database, through the safe open; None for writes."""
    with closing(open_readonly(database)) as connection:
        return tuple(
            _plan(connection, query) if query.kind == "read" else None for query in queries
        )


def _plan(connection: sqlite3.Connection, query: TrialQuery) -> Plan:
    try:
        return explain(connection, query.text, query.parameters)
    except sqlite3.Error:
        # A function or table that only the application has; analyze reports it as a finding.
        return Plan(())


def _times(connection: sqlite3.Connection, queries: Sequence[TrialQuery]) -> Iterator[float | None]:
    deadline = time.perf_counter() + _LONGEST_SECONDS
    for query in queries:
        runs = query.kind == "read" and query.timed and time.perf_counter() < deadline
        yield _median_ns(connection, query) if runs else None


def _median_ns(connection: sqlite3.Connection, query: TrialQuery) -> float | None:
    found: list[float] = []
    for _ in range(_RUNS):
        seconds = _run_seconds(connection, query)
        if seconds is None:
            return None
        found.append(seconds * 1e9)
        if seconds > _LONGEST_RUN_SECONDS / 2:
            break
    return statistics.median(found)


def _run_seconds(connection: sqlite3.Connection, query: TrialQuery) -> float | None:
    """Return the seconds of one run, at most the limit; None where the query fails."""
    started = time.perf_counter()
    stop_at = started + _LONGEST_RUN_SECONDS

    def is_over() -> bool:
        return time.perf_counter() > stop_at

    connection.set_progress_handler(is_over, _STEPS_PER_LOOK)
    try:
        for _ in connection.execute(query.text, bindings(query.text, query.parameters)):
            pass
    except sqlite3.Error as error:
        if str(error) != "interrupted":
            return None
        if not is_over():  # Ctrl-C, which Python turned into an interrupt of SQLite
            raise KeyboardInterrupt from error
    return time.perf_counter() - started
