"""What a recording is made of, counted in one pass and flat memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from dbtune.model.recording import NamedCount, RecordedKeys, RecordingProcess
from dbtune.model.workload import RecordedQuery
from dbtune.workload.recording_line import RecordingHeader

# Names are counted up to that many; an application has hundreds of routes.
_MOST_NAMES = 10_000
MOST_REQUESTS = 100_000
PROCESSES_KEPT = 20
NAMES_KEPT = 10
# A statement is written when it ends, by any of several processes: small steps back are normal.
_CLOCK_TOLERANCE_SECONDS = 60.0


class RecordingTally:
    """Takes statements and headers one by one and counts what they say."""

    def __init__(self) -> None:
        self.statements = 0
        self.executions = 0.0
        self.sample_rate = 1.0
        self.process_count = 0
        self.clock_back_seconds = 0.0
        self._processes: list[RecordingProcess] = []
        self._keys: Counter[str] = Counter()
        self._routes: Counter[str] = Counter()
        self._databases: Counter[str] = Counter()
        self._requests: set[int] = set()
        self._latest: str | None = None

    def begin_file(self) -> None:
        """Note that another file begins, whose clock has nothing to do with the last one's."""
        self._latest = None

    def add_header(self, header: RecordingHeader) -> None:
        """Take what a process says of itself."""
        self.process_count += 1
        self.sample_rate = min(self.sample_rate, header.sample_rate)
        if len(self._processes) < PROCESSES_KEPT:
            self._processes.append(
                RecordingProcess(
                    header.pid,
                    header.started_at,
                    header.python_version,
                    header.sqlite_version,
                    header.generator,
                    header.sample_rate,
                )
            )

    def add(self, query: RecordedQuery) -> None:
        """Take one statement."""
        self.statements += 1
        self.executions += query.count
        self._keys.update(_keys_of(query))
        if query.route is not None:
            _count_name(self._routes, query.route)
        if query.namespace is not None:
            _count_name(self._databases, query.namespace)
        if query.request_id is not None and len(self._requests) < MOST_REQUESTS:
            self._requests.add(hash(query.request_id))
        if query.timestamp is not None:
            self._note_time(query.timestamp, query.duration_ns or 0)

    @property
    def requests(self) -> int:
        """How many different requests there were, at most MOST_REQUESTS."""
        return len(self._requests)

    def keys(self) -> RecordedKeys:
        """Return how many statements say what."""
        return RecordedKeys(**self._keys)

    def processes(self) -> tuple[RecordingProcess, ...]:
        """Return the first processes."""
        return tuple(self._processes)

    def routes(self) -> tuple[tuple[NamedCount, ...], int]:
        """Return the routes with the most statements, and the number of all."""
        return _most(self._routes)

    def databases(self) -> tuple[tuple[NamedCount, ...], int]:
        """Return the databases with the most statements, and the number of all."""
        return _most(self._databases)

    def _note_time(self, timestamp: str, duration_ns: int) -> None:
        latest = self._latest
        if latest is None or timestamp >= latest:
            self._latest = timestamp
            return
        # The minutes are the same nearly always, and reading a time takes a microsecond.
        if timestamp[:16] == latest[:16]:
            return
        back = _seconds_between(timestamp, latest) - duration_ns / 1e9
        if back > _CLOCK_TOLERANCE_SECONDS:
            self.clock_back_seconds = max(self.clock_back_seconds, back)
            self._latest = timestamp


def _keys_of(query: RecordedQuery) -> Iterable[str]:
    if query.parameters:
        yield "values"
    elif query.masked:
        yield "masked"
    for key, value in (
        ("digests", query.values_digest),
        ("timestamps", query.timestamp),
        ("durations", query.duration_ns),
        ("rows", query.rows),
        ("requests", query.request_id),
        ("routes", query.route),
        ("call_sites", query.file_path),
        ("transactions", query.transaction_id),
        ("databases", query.namespace),
        ("waits", query.wait_ns),
        ("relationships", query.relationship),
        ("errors", query.error),
    ):
        if value is not None:
            yield key


def _count_name(names: Counter[str], name: str) -> None:
    if name in names or len(names) < _MOST_NAMES:
        names[name] += 1


def _most(names: Counter[str]) -> tuple[tuple[NamedCount, ...], int]:
    ranked = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    return tuple(NamedCount(name, count) for name, count in ranked[:NAMES_KEPT]), len(names)


def _seconds_between(earlier: str, later: str) -> float:
    first, last = (datetime.fromisoformat(text.rstrip("Z")) for text in (earlier, later))
    return (last - first).total_seconds()
