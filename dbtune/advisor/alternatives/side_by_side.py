"""The same statements on copies of two databases: counted on each, then timed by turns.

By turns a busy second of the machine is one for both of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import apsw

from dbtune.advisor.measuring.baseline import Baseline, measure_baseline
from dbtune.advisor.measuring.cost import measure, open_scratch
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.subjects import Subject, prepare_subjects
from dbtune.advisor.time_limit import Stop, TimeLimit
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.model.workload import QueryShape, Sample
from dbtune.sqlite.explain import explain

# Of the time, by when base and head are to be counted; the clock gets the rest.
_BASE_UNTIL, _HEAD_UNTIL = 0.3, 0.6
_LEAST_SECONDS = 1.0
# All turns of one shape together. A second less, and a query of 50 ms gets too few of them.
_MOST_NS = 3e9


@dataclass(frozen=True)
class Copy:
    """A closed scratch copy, and its schema."""

    path: Path
    schema: Schema


@dataclass(frozen=True)
class SideBySide:
    """What was counted on both copies; `turns` are (base, head) in ns by the id of the shape.

    Values that were drawn are the same on both sides.
    """

    base: Baseline
    head: Baseline
    sqlite_version: str
    turns: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)


def measure_side_by_side(
    base: Copy,
    head: Copy,
    shapes: Sequence[QueryShape],
    seconds: float,
    turns: int,
    on_event: OnEvent,
) -> SideBySide:
    """Run what a recording holds on both copies; reads then so many times by turns, 0 for none."""
    time = TimeLimit(seconds).begin()
    with ExitStack() as stack:
        old, new = (stack.enter_context(closing(open_scratch(c.path))) for c in (base, head))
        on_event(Event("Measuring base"))
        stop = time.until(_BASE_UNTIL, least_seconds=_LEAST_SECONDS)
        before = _count(old, base.schema, shapes, stop)
        on_event(Event("Measuring head"))
        stop = time.until(_HEAD_UNTIL, least_seconds=_LEAST_SECONDS)
        same = _with_statements(shapes, before.subjects.ready)
        found = SideBySide(before, _count(new, head.schema, same, stop), apsw.sqlite_lib_version())
        if not turns:
            return found
        on_event(Event("Timing both by turns"))
        return replace(found, turns=dict(_timed(old, new, found, turns, time.until(1.0))))


def _count(
    connection: apsw.Connection, schema: Schema, shapes: Sequence[QueryShape], stop: Stop
) -> Baseline:
    subjects = prepare_subjects(connection, shapes, ValueDrawer(connection, schema))
    return measure_baseline(connection, subjects, stop)


def _with_statements(
    shapes: Sequence[QueryShape], measured: Sequence[Subject]
) -> tuple[QueryShape, ...]:
    """Return the shapes with the very statements, drawn values too, that were measured."""
    known = {subject.shape.id: subject for subject in measured if not subject.part}
    return tuple(
        replace(
            shape,
            samples=tuple(map(_sample, known[shape.id].statements)),
            needs_values=False,
        )
        if shape.id in known
        else shape
        for shape in shapes
    )


def _sample(statement: Statement) -> Sample:
    return Sample(statement.text, statement.parameters)


def _timed(
    base: apsw.Connection, head: apsw.Connection, counted: SideBySide, turns: int, stop: Stop
) -> Iterator[tuple[str, tuple[tuple[float, float], ...]]]:
    """Yield the turns of reads, the dearest first while there is time."""
    for subject, turn_ns in _both(counted):
        if stop():
            return
        if turn_ns * turns <= _MOST_NS:
            yield subject.shape.id, tuple(_turns(base, head, subject, turns))


def _both(counted: SideBySide) -> Iterator[tuple[Subject, float]]:
    """Yield the reads that both sides ran to their end, and what a turn takes, in ns."""
    after = {
        subject.shape.id: (subject, cost.measurement)
        for subject, cost in zip(counted.head.subjects.ready, counted.head.costs, strict=True)
    }
    pairs = zip(counted.base.subjects.ready, counted.base.costs, strict=True)
    for subject, cost in sorted(pairs, key=lambda pair: -pair[0].shape.count * pair[1].cost_ns):
        if subject.shape.id not in after or subject.writes or cost.measurement.stopped:
            continue
        other, measured = after[subject.shape.id]
        if subject.statements == other.statements and not measured.stopped:
            once = cost.measurement.elapsed_ns + measured.elapsed_ns
            yield subject, once * len(subject.statements)


def _turns(
    base: apsw.Connection, head: apsw.Connection, subject: Subject, turns: int
) -> Iterator[tuple[float, float]]:
    """Yield times of both, always in this order.

    Then each run finds what the other side's left in the processor's cache. Changing who goes
    first makes one run of a pair half as long again, as it follows its own.
    """
    for _ in range(turns):
        yield _once(base, subject), _once(head, subject)


def _once(connection: apsw.Connection, subject: Subject) -> float:
    """Return the mean time of a shape's samples; preparing them is not in it."""
    elapsed = 0.0
    for statement in subject.statements:
        explain(connection, statement.text, statement.parameters)  # loads the schema
        elapsed += measure(connection, statement, writes=False).elapsed_ns
    return max(1.0, elapsed / len(subject.statements))
