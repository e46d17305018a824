"""What is known of one query shape while a recording is read."""

from __future__ import annotations

from dbtune.model.workload import Parameters, QueryShape, RecordedQuery, Sample
from dbtune.workload.binding import bind
from dbtune.workload.comments import clean_statement
from dbtune.workload.fingerprint import SHAPE_ID_LENGTH, StatementForm
from dbtune.workload.quick_line import QuickLine
from dbtune.workload.samples import SampleKeeper, SampleRoom

_CALL_SITES_KEPT = 3


class ShapeTally:
    """Counts the statements of one shape and keeps a few of them.

    Statements whose values are missing are kept apart, and shown only if there are no others.
    """

    __slots__ = (
        "_call_sites",
        "_duration_ns",
        "_ready",
        "_room",
        "_seen",
        "_without_values",
        "count",
        "fingerprint",
        "id",
        "kind",
        "template",
    )

    def __init__(self, fingerprint: str, form: StatementForm, room: SampleRoom) -> None:
        self.fingerprint = fingerprint
        self.id = fingerprint[:SHAPE_ID_LENGTH]
        self.template = form.template
        self.kind = form.kind
        self.count = 0.0
        self._seen = 0
        self._duration_ns: float | None = None
        self._room = room
        room.left -= len(form.template)
        self._ready = SampleKeeper(self.id, room)
        self._without_values: SampleKeeper | None = None
        self._call_sites: dict[str, None] = {}

    @property
    def duration_ns(self) -> float:
        """The time recorded for all its executions, 0.0 where none was."""
        return self._duration_ns or 0.0

    def give_back(self) -> None:
        """Return the room its texts take; the tally is not used afterwards."""
        kept = self._ready.size + (self._without_values.size if self._without_values else 0)
        self._room.left += len(self.template) + kept

    def add_text(self, text: str, *, has_placeholders: bool) -> None:
        """Count one execution of a text without values, as it was recorded."""
        self.count += 1.0
        self._seen += 1
        keeper = self._kept_without_values() if has_placeholders else self._ready
        if self._seen >= keeper.next_look:
            keeper.offer(clean_statement(text), None, self._seen)

    def add(self, query: RecordedQuery, text: str, *, has_placeholders: bool) -> None:
        """Count a line of a recording; `text` is its statement without comments."""
        lacks_values = has_placeholders and query.parameters is None
        if self.is_due(query.count, query.duration_ns, call_site(query), lacks_values):
            self.offer(text, query.parameters, has_placeholders=has_placeholders)

    def is_due(
        self, count: float, duration_ns: float | None, site: str | None, lacks_values: bool
    ) -> bool:
        """Count executions of `duration_ns` each; tell whether to offer the statement as a sample.

        `lacks_values` says that it has placeholders and nothing to bind to them.
        """
        self.count += count
        if duration_ns is not None:
            self._duration_ns = (self._duration_ns or 0.0) + duration_ns * count
        if site is not None and len(self._call_sites) < _CALL_SITES_KEPT:
            self._call_sites[site] = None
        self._seen += 1
        keeper = self._kept_without_values() if lacks_values else self._ready
        return self._seen >= keeper.next_look

    def offer(self, text: str, parameters: Parameters, *, has_placeholders: bool) -> None:
        """Look at a statement that is due."""
        if not has_placeholders:
            self._ready.offer(text, None, self._seen)
        elif parameters is None:
            self._kept_without_values().offer(text, None, self._seen)
        elif self._ready.is_settled(text, parameters):
            return
        elif bind(Sample(text, parameters)).parameters is None:
            self._kept_without_values().offer(text, None, self._seen)
        else:
            self._ready.offer(text, parameters, self._seen)

    def finish(self) -> QueryShape:
        """Return the shape as it is known now."""
        without_values = self._without_values.samples if self._without_values else ()
        samples = self._ready.samples or without_values
        return QueryShape(
            id=self.id,
            template=self.template,
            kind=self.kind,
            count=self.count,
            duration_ns=None if self._duration_ns is None else round(self._duration_ns),
            samples=samples,
            needs_values=not self._ready.samples and bool(without_values),
            call_sites=tuple(self._call_sites),
        )

    def _kept_without_values(self) -> SampleKeeper:
        if self._without_values is None:
            self._without_values = SampleKeeper(self.id, self._room)
        return self._without_values


def call_site(query: QuickLine | RecordedQuery) -> str | None:
    """Return where the application sent a query as `file:line`, None where it was not recorded."""
    if query.file_path is None:
        return None
    return (
        query.file_path if query.line_number is None else f"{query.file_path}:{query.line_number}"
    )
