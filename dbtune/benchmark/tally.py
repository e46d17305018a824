"""What one thread, one process and all processes of a load saw; tallies are added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dbtune.model.latency import LatencyHistogram
from dbtune.model.load import (
    FailureKind,
    Failures,
    LoadPlan,
    LoadRate,
    LoadRun,
    SeenError,
    ShapeLoad,
)

# What is sent beside the plan's statements, as shapes of their own: waits for locks show there.
BEGIN, COMMIT = "BEGIN", "COMMIT"
_ERRORS_KEPT = 20


@dataclass(frozen=True)
class Sent:
    """A statement that was sent: its shape, its time, and how it failed."""

    shape_id: str
    duration_ns: int
    failure: FailureKind | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a unit, and all that it sent; `message` is the database's."""

    sent: tuple[Sent, ...]
    failure: FailureKind | None = None
    message: str = ""


@dataclass
class ShapeTally:
    """The calls of one shape."""

    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    failures: Counter[FailureKind] = field(default_factory=Counter)


@dataclass
class Tally:
    """Counts units and statements; threads have one each, so that none waits for another."""

    succeeded: int = 0
    failures: Counter[FailureKind] = field(default_factory=Counter)
    unfinished: int = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    shapes: dict[str, ShapeTally] = field(default_factory=dict)
    errors: Counter[tuple[FailureKind, str]] = field(default_factory=Counter)

    def add(self, outcome: Outcome, latency_ns: int) -> None:
        """Take a unit that ended so long after it was due."""
        if outcome.failure is None:
            self.succeeded += 1
        else:
            self.failures[outcome.failure] += 1
            self._note(outcome.failure, outcome.message)
        # What fails at once is not quick, and would make the rest look quicker.
        if outcome.failure in {None, "timeout"}:
            self.latency.add(latency_ns)
        for sent in outcome.sent:
            shape = self.shapes.setdefault(sent.shape_id, ShapeTally())
            shape.latency.add(sent.duration_ns)
            if sent.failure is not None:
                shape.failures[sent.failure] += 1

    def add_unfinished(self, waited_ns: int) -> None:
        """Take a unit that had no answer at the end; what it waited so far is a lower bound."""
        self.unfinished += 1
        self.latency.add(waited_ns)

    def merge(self, other: Tally) -> None:
        """Take all that another tally counted."""
        self.succeeded += other.succeeded
        self.failures.update(other.failures)
        self.unfinished += other.unfinished
        self.latency.merge(other.latency)
        for shape_id, shape in other.shapes.items():
            own = self.shapes.setdefault(shape_id, ShapeTally())
            own.latency.merge(shape.latency)
            own.failures.update(shape.failures)
        for (kind, message), count in other.errors.items():
            self._note(kind, message, count)

    def _note(self, kind: FailureKind, message: str, count: int = 1) -> None:
        if (kind, message) in self.errors or len(self.errors) < _ERRORS_KEPT:
            self.errors[kind, message] += count


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total


def as_run(tally: Tally, config: str, rate: LoadRate, plan: LoadPlan, seconds: float) -> LoadRun:
    """Return what was counted as a run, the shapes that took the most time first."""
    texts = {BEGIN: BEGIN, COMMIT: COMMIT}
    for statement in plan.statements:
        texts.setdefault(statement.shape_id, statement.text)
    shapes = [
        ShapeLoad(
            shape_id,
            texts[shape_id],
            round(shape.latency.count),
            _failures(shape.failures),
            shape.latency.summary(),
        )
        for shape_id, shape in tally.shapes.items()
    ]
    shapes.sort(key=lambda s: (-(s.latency.total_ns if s.latency else 0.0), s.shape_id))
    return LoadRun(
        config=config,
        rate=rate,
        seconds=seconds,
        succeeded=tally.succeeded,
        failures=_failures(tally.failures),
        unfinished=tally.unfinished,
        statements=sum(shape.calls for shape in shapes),
        latency=tally.latency.summary(),
        shapes=tuple(shapes),
        errors=tuple(
            SeenError(kind, message, count) for (kind, message), count in tally.errors.most_common()
        ),
    )


def _failures(counts: Counter[FailureKind]) -> Failures:
    return Failures(counts["locked"], counts["timeout"], counts["constraint"], counts["other"])
