"""A recording of any length as the figures of its query shapes, in one pass and flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from dbtune.model.latency import LatencyHistogram
from dbtune.model.workload import RecordedQuery, RepeatedQuery
from dbtune.workload.batch import Batch
from dbtune.workload.cache_replay import CacheableRead, CacheReplay, CacheWrite, cache_key
from dbtune.workload.comments import clean_statement
from dbtune.workload.fingerprint import StatementForm, fingerprint
from dbtune.workload.known_statements import KnownStatements
from dbtune.workload.moments import RecordedClock
from dbtune.workload.n_plus_one import RequestTracker
from dbtune.workload.named_tables import changes_schema
from dbtune.workload.quick_line import QuickLine, as_query
from dbtune.workload.shape_statistics import ShapeStatistics
from dbtune.workload.shape_tally import call_site
from dbtune.workload.splitting import split_statements

# Each takes some kilobytes: its histogram, its names. An application has hundreds.
MAX_SHAPES = 10_000
# Characters of their templates; one statement may be 16 MiB long.
_MAX_CHARACTERS = 32 << 20
# Routes may be made of values too: /users/7, /users/8.
_NAMES_REMEMBERED = 10_000


Matcher = Callable[[str], bool]


class LineFilter(NamedTuple):
    """Which lines count: those of matching routes and databases, and those from a moment on."""

    route: Matcher | None = None
    database: Matcher | None = None
    since: float | None = None


class _Known(NamedTuple):
    """What statements of one structure are already known to be."""

    shape: ShapeStatistics
    has_placeholders: bool
    many_rows: bool


class _Line(NamedTuple):
    """A line in one form, whichever reader it came from. `weight` is calls over the sample rate."""

    sent: QuickLine | RecordedQuery
    statement: str
    calls: float
    weight: float
    duration_ns: int | None
    request_id: str | None


class RecordingStatistics:
    """Takes a recording block by block; what it knows is read from its attributes afterwards."""

    def __init__(
        self,
        ttls_seconds: tuple[float, ...],
        chosen: LineFilter,
        *,
        max_shapes: int = MAX_SHAPES,
    ) -> None:
        self.clock = RecordedClock()
        self.cache = CacheReplay(ttls_seconds)
        self.shapes: dict[str, ShapeStatistics] = {}
        self.statements = 0
        self.kept = 0
        self.without_time = 0
        self.sampled = False
        self.cache_unknown_calls = 0.0
        self.dropped_by_recorder = 0
        self.dropped_shapes = 0
        self.dropped_calls = 0.0
        self._max_shapes = max_shapes
        self._characters = 0
        self._known = KnownStatements(self._learn)
        self._requests = RequestTracker()
        self._since = chosen.since
        self._route = _remembered(chosen.route)
        self._database = _remembered(chosen.database)

    def add_batch(self, batch: Batch) -> None:
        """Take a block of a recording."""
        for header in batch.headers:
            self.sampled = self.sampled or header.sample_rate < 1
        self.dropped_by_recorder += sum(dropped.count for dropped in batch.dropped)
        self._add_queries(map(RecordedQuery, batch.statements))
        self._add_queries(batch.queries)
        for run in batch.runs:
            self._add_lines(run.lines, run.sample_rate)

    def end_file(self) -> None:
        """Take nothing more of this file."""
        self.cache.end_file()

    def repeated(self) -> tuple[RepeatedQuery, ...]:
        """Return the reads that came again and again within one request."""
        return self._requests.finish()[0]

    def latency(self) -> LatencyHistogram:
        """Return the durations of all shapes together."""
        whole = LatencyHistogram()
        for shape in self.shapes.values():
            whole.merge(shape.latency)
        return whole

    def _add_queries(self, queries: Iterable[RecordedQuery]) -> None:
        for query in queries:
            self._add_query(query)

    def _add_lines(self, lines: Sequence[QuickLine | RecordedQuery], sample_rate: float) -> None:
        for line in lines:
            if isinstance(line, RecordedQuery):
                self._add_query(line)
                continue
            found = self._known.find(line.text)
            if found is None:
                self._add_query(as_query(line, sample_rate))
                continue
            self.statements += 1
            calls = 1.0 if line.count is None else float(line.count)
            duration_ns = line.duration_ns
            if not isinstance(duration_ns, int):
                duration_ns = line.nanoseconds()
            request_id = line.request_id
            if not request_id or not isinstance(request_id, str):
                request_id = line.request()
            self._take(
                _Line(line, found[0], calls, calls / sample_rate, duration_ns, request_id), found[1]
            )

    def _add_query(self, query: RecordedQuery) -> None:
        self.statements += 1
        text = clean_statement(query.text)
        if ";" in text and not query.parameters:
            for part in split_statements(text):
                # How the time divides between them is not known.
                self._add_one(replace(query, duration_ns=None), part)
        elif text:
            self._add_one(query, text)

    def _add_one(self, query: RecordedQuery, statement: str) -> None:
        known = self._known.find_clean(statement)
        if known is not None:
            calls = query.count if query.recorded_count is None else query.recorded_count
            line = _Line(query, statement, calls, query.count, query.duration_ns, query.request_id)
            self._take(line, known)

    def _take(self, line: _Line, known: _Known) -> None:
        sent = line.sent
        moment = self.clock.read(sent.timestamp)
        if self._since is not None and (moment is None or moment < self._since):
            self.without_time += moment is None
            return
        # Writes of other routes make this one's answers stale too.
        chosen = _fits(sent.route, self._route) and _fits(sent.namespace, self._database)
        if moment is not None and sent.error is None:
            self._replay(line, known, moment, chosen=chosen)
        if not chosen:
            return
        self.kept += 1
        shape, site = known.shape, call_site(sent)
        shape.add(
            sent,
            site,
            calls=line.calls,
            weight=line.weight,
            duration_ns=line.duration_ns,
            moment=moment,
        )
        self._requests.add(
            sent,
            shape,
            line.request_id,
            calls=line.calls,
            duration_ns=line.duration_ns,
            site=site,
            many_rows=known.many_rows,
        )

    def _replay(self, line: _Line, known: _Known, moment: float, *, chosen: bool) -> None:
        shape, database = known.shape, line.sent.namespace
        if shape.kind == "read":
            if not chosen or not shape.is_steady:
                return
            values = _values(line, has_placeholders=known.has_placeholders)
            if values is None:
                self.cache_unknown_calls += line.weight
                return
            key = cache_key((database or "", line.statement, values))
            read = CacheableRead(shape.id, shape.read_names, key)
            self.cache.add(read, moment, weight=line.weight, database=database)
        elif shape.kind == "write" or changes_schema(shape.template):
            write = CacheWrite(shape.written_table)
            self.cache.add(write, moment, weight=line.weight, database=database)

    def _learn(self, form: StatementForm) -> _Known:
        digest = fingerprint(form.template)
        shape = self.shapes.get(digest)
        if shape is None:
            if len(self.shapes) >= self._max_shapes or self._characters > _MAX_CHARACTERS:
                self._drop_least()
            shape = self.shapes[digest] = ShapeStatistics(digest, form)
            self._characters += len(form.template)
        return _Known(shape, form.has_placeholders, form.many_rows)

    def _drop_least(self) -> None:
        """Drop shapes that are both rare and quick, a fifth of them or more, and count them."""
        calls = sum(shape.calls for shape in self.shapes.values()) or 1.0
        time_ns = sum(shape.latency.total_ns for shape in self.shapes.values()) or 1.0
        ordered = sorted(
            self.shapes.values(),
            key=lambda shape: max(shape.calls / calls, shape.latency.total_ns / time_ns),
        )
        left = len(ordered)
        for shape in ordered:
            if left <= self._max_shapes * 4 // 5 and self._characters <= _MAX_CHARACTERS // 2:
                break
            left -= 1
            del self.shapes[shape.fingerprint]
            self._characters -= len(shape.template)
            self.cache.forget(shape.id)
            self.dropped_shapes += 1
            self.dropped_calls += shape.calls
        self._known.forget()


def _remembered(matches: Matcher | None) -> Matcher | None:
    return lru_cache(_NAMES_REMEMBERED)(matches) if matches else None


def _fits(name: str | None, matches: Matcher | None) -> bool:
    return matches is None or (name is not None and matches(name))


def _values(line: _Line, *, has_placeholders: bool) -> str | None:
    """Return a text that is equal for equal values beside the statement's own, None if unknown."""
    if not has_placeholders:
        return ""
    sent = line.sent
    if sent.values_digest is not None:
        return sent.values_digest
    parameters = sent.parameters
    if not parameters:
        return None
    return repr(parameters if isinstance(parameters, dict) else list(parameters))
