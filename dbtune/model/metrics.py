"""What the monitor measures: one sample, and the name, unit and meaning of each of its figures.

Every output takes names from here: JSON lines, Prometheus, thresholds, the live view, the help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Unit = Literal["bytes", "seconds", "ratio", "per_second", "count"]
AlertState = Literal["raised", "cleared"]
Comparison = Literal[">", "<"]


@dataclass(frozen=True)
class Metric:
    """A figure of a sample; `label` is what a table calls it."""

    name: str
    unit: Unit
    label: str
    help: str

    def value(self, sample: Sample) -> float | None:
        """Return what a sample says of it, None where that is not known."""
        value: float | None = getattr(sample, self.name)
        return value


def _metric(unit: Unit, label: str, help: str) -> Any:
    return field(default=None, metadata={"unit": unit, "label": label, "help": help})


@dataclass(frozen=True)
class Sample:
    """All figures of one moment; None where one is not known or does not apply.

    `ts` is ISO 8601 in UTC, `database` the name of the file. `problem` completes "DB ..." where
    the file could not be read as a database; all figures of the file are None then.
    `oldest_reader_pid` is a process that holds the oldest snapshot.
    """

    ts: str
    database: str
    problem: str | None = None
    oldest_reader_pid: int | None = None

    up: float | None = _metric(
        "count", "readable", "1 where the file could be read as a database, else 0"
    )
    wal_mode: float | None = _metric("count", "WAL mode", "1 in WAL mode, 0 in any other")
    file_size_bytes: float | None = _metric("bytes", "file", "Size of the database file")
    wal_size_bytes: float | None = _metric("bytes", "WAL file", "Size of the -wal, 0 without one")
    freelist_size_bytes: float | None = _metric(
        "bytes", "free pages", "Pages of the database that hold nothing"
    )
    checkpoint_lag_bytes: float | None = _metric(
        "bytes", "checkpoint lag", "Committed pages in the -wal that are not yet in the database"
    )
    oldest_reader_seconds: float | None = _metric(
        "seconds",
        "oldest reader",
        "How long a reader has been seen in the way of a checkpoint, or of a commit",
    )
    busy_ratio: float | None = _metric(
        "ratio", "writers busy", "Share of the time in which a writer held the write lock"
    )
    statements_per_second: float | None = _metric(
        "per_second", "statements", "Statements recorded, in the last minute"
    )
    statement_p95_seconds: float | None = _metric(
        "seconds", "statement p95", "95 of 100 recorded statements took at most so long"
    )
    statement_p99_seconds: float | None = _metric(
        "seconds", "statement p99", "99 of 100 recorded statements took at most so long"
    )
    failed_per_second: float | None = _metric(
        "per_second", "failed", "Recorded statements that ended in an error, locked ones included"
    )
    locked_per_second: float | None = _metric(
        "per_second", "locked", "Recorded statements that failed for another connection's lock"
    )
    cache_hit_ratio: float | None = _metric(
        "ratio",
        "reads from cache",
        "Share of what the holding processes read from files that needed no disk",
    )
    file_cached_ratio: float | None = _metric(
        "ratio", "file in memory", "Share of the file that the system's page cache holds"
    )
    disk_free_bytes: float | None = _metric(
        "bytes", "disk free", "Room on the file's disk for this user"
    )
    disk_free_ratio: float | None = _metric(
        "ratio", "disk free share", "The same as a share of the disk"
    )
    processes: float | None = _metric("count", "processes", "Processes that hold the file, as seen")
    cpu_ratio: float | None = _metric(
        "ratio", "their CPU", "CPU time of these processes; 1 is one core fully used"
    )
    memory_bytes: float | None = _metric(
        "bytes", "their memory", "Resident memory of these processes, shared pages in each"
    )


METRICS: tuple[Metric, ...] = tuple(
    Metric(found.name, **found.metadata) for found in fields(Sample) if "unit" in found.metadata
)


@dataclass(frozen=True)
class Threshold:
    """A limit on a metric. It holds once passed for `for_seconds` on end, until `clear_at`.

    `text` is how the user wrote it.
    """

    text: str
    metric: Metric
    comparison: Comparison
    limit: float
    for_seconds: float
    clear_at: float

    def is_passed_by(self, value: float) -> bool:
        """Return whether a value is beyond the limit."""
        return value > self.limit if self.comparison == ">" else value < self.limit

    def is_cleared_by(self, value: float) -> bool:
        """Return whether a value is far enough on the good side to end an episode."""
        return value <= self.clear_at if self.comparison == ">" else value >= self.clear_at


@dataclass(frozen=True)
class Alert:
    """A threshold that was passed for as long as it says, or is no longer.

    `value` is the metric's at `ts`; `since` is when it first was beyond the limit.
    """

    state: AlertState
    threshold: Threshold
    value: float
    ts: str
    since: str
    database: str


OnSample = Callable[[Sample], None]
OnAlert = Callable[[Alert], None]
OnNote = Callable[[str], None]
