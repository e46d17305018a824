"""A recording of any length as query shapes, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from dbtune.model.workload import RecordedQuery, Workload
from dbtune.workload.comments import clean_statement
from dbtune.workload.fingerprint import StatementForm, fingerprint
from dbtune.workload.known_statements import KnownStatements
from dbtune.workload.n_plus_one import LEAST_REPEATS, RequestTracker
from dbtune.workload.quick_line import QuickLine, as_query, values_of
from dbtune.workload.recording_line import RecordingHeader
from dbtune.workload.samples import SampleRoom
from dbtune.workload.shape_tally import ShapeTally, call_site
from dbtune.workload.splitting import split_statements
from dbtune.workload.time_span import TimeSpan

# An application has hundreds of shapes, a generator of SQL thousands. Beyond this number names
# are being made up, and each shape says little.
MAX_SHAPES = 20_000
# Texts of samples and templates together; one statement may be 16 MiB long.
MAX_CHARACTERS = 64 << 20


class _Known(NamedTuple):
    """What statements of one structure are already known to be."""

    tally: ShapeTally
    has_placeholders: bool
    many_rows: bool


class WorkloadDigest:
    """Takes statements one by one and tells the workload: shapes, counts, samples, requests.

    The result depends only on the statements and their order.
    """

    def __init__(
        self,
        *,
        max_shapes: int = MAX_SHAPES,
        max_characters: int = MAX_CHARACTERS,
        min_repeats: int = LEAST_REPEATS,
    ) -> None:
        self._max_shapes = max_shapes
        self._max_characters = max_characters
        self._room = SampleRoom(max_characters)
        self._tallies: dict[str, ShapeTally] = {}
        self._known = KnownStatements(self._learn)
        self._requests = RequestTracker(min_repeats)
        self._statements = 0
        self._bare_reads = 0
        self._dropped_shapes = 0
        self._dropped_count = 0.0
        self._versions: set[str] = set()
        self._span = TimeSpan()

    def add_header(self, header: RecordingHeader) -> None:
        """Take what a recording says about itself."""
        if header.sqlite_version is not None:
            self._versions.add(header.sqlite_version)
        if header.started_at is not None:
            self._span.note(header.started_at)

    def add_statements(self, texts: Sequence[str]) -> None:
        """Take single statements of which only the text is known, each executed once."""
        for text, known in self._known.find_all(texts):
            known.tally.add_text(text, has_placeholders=known.has_placeholders)
            self._statements += 1
            if known.tally.kind == "read":
                self._bare_reads += 1

    def add_times(self, span: TimeSpan) -> None:
        """Take when the quick lines of a recording were sent, of which the rest comes by itself."""
        self._span.note_all(span)

    def add_lines(self, lines: Sequence[QuickLine | RecordedQuery], sample_rate: float) -> None:
        """Take lines that were recorded at one rate, one after another."""
        known_text, find = self._known.by_text, self._known.find_new
        for line in lines:
            if isinstance(line, RecordedQuery):
                self.add(line)
                continue
            found = known_text.get(line.text) or find(line.text)
            if found is None:
                self.add(as_query(line, sample_rate))
            else:
                self._statements += 1
                self._add_line(line, *found, sample_rate)

    def add(self, query: RecordedQuery) -> None:
        """Take one line of a recording; several statements in one text count each for itself."""
        if query.timestamp is not None:
            self._span.note(query.timestamp)
        self._statements += 1
        text = clean_statement(query.text)
        if ";" in text and not query.parameters:
            for part in split_statements(text):
                # How the time divides between them is not known.
                self._add_one(replace(query, duration_ns=None), part)
        elif text:
            self._add_one(query, text)

    def finish(self) -> Workload:
        """Return the workload so far, the shapes executed most often first."""
        tallies = sorted(self._tallies.values(), key=lambda tally: (-tally.count, tally.id))
        repeated, small_transactions = self._requests.finish()
        return Workload(
            shapes=tuple(tally.finish() for tally in tallies),
            statements=self._statements,
            repeated=repeated,
            small_transactions=small_transactions,
            sqlite_version=min(self._versions, key=_version_number, default=None),
            started_at=self._span.earliest,
            ended_at=self._span.latest,
            dropped_shapes=self._dropped_shapes,
            dropped_count=self._dropped_count,
            routes=self._requests.routes(),
            reads_without_unit=self._bare_reads + self._requests.without_unit,
        )

    def _add_one(self, query: RecordedQuery, text: str) -> None:
        known = self._known.find_clean(text)
        if known is not None:
            known.tally.add(query, text, has_placeholders=known.has_placeholders)
            self._requests.add(
                query,
                known.tally,
                query.request_id,
                calls=query.count if query.recorded_count is None else query.recorded_count,
                duration_ns=query.duration_ns,
                site=call_site(query),
                many_rows=known.many_rows,
            )

    def _add_line(self, line: QuickLine, text: str, known: _Known, sample_rate: float) -> None:
        """Take a line as `_add_one` takes a query, which takes three times as long to build."""
        tally, has_placeholders, many_rows = known
        calls = 1.0 if line.count is None else float(line.count)
        site = call_site(line)
        lacks_values = has_placeholders and line.parameters is None
        # Asking the line would take a call, and a million of them a tenth of a second.
        duration_ns = line.duration_ns
        if not isinstance(duration_ns, int):
            duration_ns = line.nanoseconds()
        if tally.is_due(calls / sample_rate, duration_ns, site, lacks_values):
            tally.offer(text, values_of(line), has_placeholders=has_placeholders)
        request_id = line.request_id
        if not request_id or not isinstance(request_id, str):
            request_id = line.request()
        self._requests.add(
            line,
            tally,
            request_id,
            calls=calls,
            duration_ns=duration_ns,
            site=site,
            many_rows=many_rows,
        )

    def _learn(self, form: StatementForm) -> _Known:
        return _Known(self._tally_of(form), form.has_placeholders, form.many_rows)

    def _tally_of(self, form: StatementForm) -> ShapeTally:
        digest = fingerprint(form.template)
        tally = self._tallies.get(digest)
        if tally is None:
            if len(self._tallies) >= self._max_shapes or self._room.left < 0:
                self._drop_least()
            tally = self._tallies[digest] = ShapeTally(digest, form, self._room)
        return tally

    def _drop_least(self) -> None:
        """Drop a fifth of the shapes, or more where the texts need it, and count what goes."""
        by_weight = sorted(self._tallies.values(), key=self._weigh(), reverse=True)
        self._known.forget()
        keep = self._max_shapes * 4 // 5
        while by_weight and (len(by_weight) > keep or self._room.left < self._max_characters // 2):
            tally = by_weight.pop()
            tally.give_back()
            self._dropped_shapes += 1
            self._dropped_count += tally.count
        self._tallies = {tally.fingerprint: tally for tally in by_weight}

    def _weigh(self) -> Callable[[ShapeTally], float]:
        # Rare but slow counts as much as quick but frequent.
        executions = sum(tally.count for tally in self._tallies.values()) or 1.0
        time_ns = sum(tally.duration_ns for tally in self._tallies.values()) or 1.0
        return lambda tally: max(tally.count / executions, tally.duration_ns / time_ns)


def _version_number(version: str) -> tuple[int, ...]:
    # What is recommended has to hold on the oldest of several applications.
    return tuple(int(part) for part in version.split(".") if part.isdigit())
