"""What a recording that is being written says of the last minute."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from dbtune.model.latency import LatencyHistogram
from dbtune.model.workload import RecordedQuery
from dbtune.monitor.follow import Follower
from dbtune.workload.batch import Batch
from dbtune.workload.jsonl_lines import JsonlLines
from dbtune.workload.lines import read_blocks
from dbtune.workload.quick_line import QuickLine
from dbtune.workload.timestamps import normalise_timestamp

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class StatementState:
    """Statements of the last minute; None where none came, or where the file cannot be read."""

    per_second: float | None = None
    p95_seconds: float | None = None
    p99_seconds: float | None = None
    failed_per_second: float | None = None
    locked_per_second: float | None = None


@dataclass
class _Second:
    """What was recorded in one second."""

    durations: LatencyHistogram = field(default_factory=LatencyHistogram)
    count: float = 0.0
    failed: float = 0.0
    locked: float = 0.0


class LiveStatements:
    """Follows a recording and keeps sums of each second of the last minute, whatever its size."""

    def __init__(self, recording: Path, database: Path) -> None:
        self._name = str(recording)
        self._follower = Follower(recording)
        self._reader = JsonlLines()
        self._database = os.path.realpath(database)
        self._seconds: dict[int, _Second] = {}
        self._first_second: int | None = None
        self._is_first = True
        self._told: set[str] = set()
        self._notes: list[str] = []

    def read(self, now: float) -> StatementState:
        """Read on and return what the last minute held; `now` are seconds since 1970."""
        self._take_lines(now)
        oldest = int(now) - WINDOW_SECONDS
        for second in [second for second in self._seconds if second <= oldest]:
            del self._seconds[second]
        if self._first_second is None:
            return StatementState()
        spanned = max(1.0, now - max(oldest + 1, self._first_second))
        return _state(self._seconds, spanned)

    def notes(self) -> tuple[str, ...]:
        """Return what there is to tell of the recording since the last time, each once."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def close(self) -> None:
        """Stop following."""
        self._follower.close()

    def _take_lines(self, now: float) -> None:
        try:
            data = self._follower.read()
        except OSError as error:
            self._tell("unreadable", f"{self._name} cannot be read: {error.strerror}")
            return
        for block in read_blocks(io.BytesIO(data)):
            self._take(self._reader.parse(block), now)
        self._is_first = False

    def _take(self, batch: Batch, now: float) -> None:
        for run in batch.runs:
            for line in run.lines:
                if line.namespace is None or _real_path(line.namespace) == self._database:
                    self._count(line, run.sample_rate, now)
                else:
                    self._tell("other", f"statements of {line.namespace} are left out")
        for trouble in batch.troubles[:1]:
            reason = f"a line of {self._name} was left out: {trouble.reason}"
            self._tell("trouble", f"{reason}; further ones are left out without a word")
        if batch.dropped:
            self._tell("dropped", f"the recorder did not write all statements to {self._name}")

    def _count(self, line: QuickLine | RecordedQuery, rate: float, now: float) -> None:
        second = self._second_of(line, int(now))
        if second is None:
            return
        sums = self._seconds.setdefault(second, _Second())
        if isinstance(line, RecordedQuery):
            count, duration_ns = line.count, line.duration_ns
        else:
            count = (1.0 if line.count is None else line.count) / rate
            duration_ns = line.nanoseconds()
        sums.count += count
        if duration_ns is not None:
            sums.durations.add(duration_ns, count)
        if line.error:
            sums.failed += count
            sums.locked += count * ("is locked" in line.error)

    def _second_of(self, line: QuickLine | RecordedQuery, now: int) -> int | None:
        """Return the second that a statement belongs to, None where that is not in the window."""
        second = _second(normalise_timestamp(line.timestamp))
        if second is None:
            # Without a time it came just now, unless it was there before we looked.
            second = None if self._is_first else now
        if second is None or second <= now - WINDOW_SECONDS:
            return None
        second = min(second, now)
        self._first_second = (
            second if self._first_second is None else min(self._first_second, second)
        )
        return second

    def _tell(self, topic: str, text: str) -> None:
        if topic not in self._told:
            self._told.add(topic)
            self._notes.append(text)


def _state(seconds: dict[int, _Second], spanned: float) -> StatementState:
    durations = LatencyHistogram()
    for sums in seconds.values():
        durations.merge(sums.durations)
    timed = durations.count > 0
    return StatementState(
        per_second=sum(sums.count for sums in seconds.values()) / spanned,
        p95_seconds=durations.quantile_ns(0.95) / 1e9 if timed else None,
        p99_seconds=durations.quantile_ns(0.99) / 1e9 if timed else None,
        failed_per_second=sum(sums.failed for sums in seconds.values()) / spanned,
        locked_per_second=sum(sums.locked for sums in seconds.values()) / spanned,
    )


def _second(timestamp: str | None) -> int | None:
    # A time without an offset is that of an unknown place.
    return None if timestamp is None or timestamp[-1] != "Z" else _epoch(timestamp[:19])


@lru_cache(maxsize=256)
def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


@lru_cache(maxsize=64)
def _real_path(namespace: str) -> str:
    return os.path.realpath(namespace)
