"""The advisor from end to end: a scratch copy and a recording in, proven advice out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.cost import open_scratch
from dbtune.advisor.drawn_values import ValueDrawer
from dbtune.advisor.library_check import LibraryCheck, check_library
from dbtune.advisor.oracle import ShapeCost
from dbtune.advisor.proof import PlannedIndex, Proof, measure_before, prove
from dbtune.advisor.search import SearchLimits, SearchResult, search
from dbtune.advisor.selection import Limits
from dbtune.advisor.subjects import Subject, Subjects, prepare_subjects
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.model.workload import Workload
from dbtune.sqlite.index_ddl import create_index_sql, index_name
from dbtune.sqlite.statistics import read_statistics

# A baseline run may take this many steps, about a second; what is stopped costs "at least" that.
_BASELINE_STEPS = 80_000_000
# Each repair drops what made reads slower and proves again; more than this is not converging.
_MAX_REPAIRS = 4
# An index stays although a read got slower where it gains this many times more than that costs.
_HARM_WEIGHT = 20.0


@dataclass(frozen=True)
class AdviceLimits:
    """What the user allows; bytes, seconds from `stop`, and ratios from 0 to 1."""

    budget_bytes: int | None
    min_gain_ratio: float
    max_write_slowdown_ratio: float | None
    room_bytes: int
    stop: Callable[[], bool]


@dataclass(frozen=True)
class Advice:
    """Proven advice; `before` and `proof.after` are parallel to `subjects.ready`.

    `repaired` are indexes that were chosen and then taken out again: (DDL, reason).
    """

    subjects: Subjects
    before: tuple[ShapeCost, ...]
    proof: Proof
    library: LibraryCheck | None
    found: SearchResult
    repaired: tuple[tuple[str, str], ...]


def advise(
    base: Path,
    schema: Schema,
    workload: Workload,
    limits: AdviceLimits,
    on_event: OnEvent,
) -> Advice:
    """Advise on the closed scratch copy at `base`, which stays as it is; works beside it."""
    work = base.with_name("work.db")
    shutil.copyfile(base, work)
    with closing(open_scratch(work)) as connection:
        on_event(Event("Measuring the recording as it is"))
        drawer = ValueDrawer(connection, schema)
        subjects = prepare_subjects(connection, workload.shapes, drawer)
        before = measure_before(connection, subjects.ready, _BASELINE_STEPS)
        found = search(
            connection,
            schema,
            read_statistics(connection, schema),
            subjects.ready,
            before,
            subjects.functions,
            SearchLimits(
                Limits(
                    base.stat().st_size,
                    limits.budget_bytes,
                    limits.min_gain_ratio,
                    limits.max_write_slowdown_ratio,
                    limits.stop,
                ),
                limits.room_bytes,
                limits.stop,
            ),
            on_event,
        )
    work.unlink()
    proof, library, repaired = _prove(base, schema, subjects, before, found.specs, on_event)
    return Advice(subjects, before, proof, library, found, repaired)


def _prove(
    base: Path,
    schema: Schema,
    subjects: Subjects,
    before: Sequence[ShapeCost],
    specs: Sequence[IndexSpec],
    on_event: OnEvent,
) -> tuple[Proof, LibraryCheck | None, tuple[tuple[str, str], ...]]:
    """Prove on fresh copies until every index is used and no read is slower, or repairs run out."""
    planned = plan_indexes(specs, schema)
    droppable = tuple(i.name for i in schema.indexes if not i.enforces_constraint)
    repaired: dict[str, str] = {}
    for attempt in range(_MAX_REPAIRS + 1):
        on_event(Event("Proving on a fresh copy", attempt, _MAX_REPAIRS + 1))
        path = base.with_name("proof.db")
        shutil.copyfile(base, path)
        proof = prove(path, subjects.ready, before, planned, droppable, subjects.functions)
        library = _check(base, path, subjects.ready, planned)
        path.unlink()
        unwanted = _unwanted(proof, library, subjects.ready)
        if not unwanted or attempt == _MAX_REPAIRS:
            break
        repaired |= {i.sql: unwanted[i.name] for i in planned if i.name in unwanted}
        planned = tuple(index for index in planned if index.name not in unwanted)
    return proof, library, tuple(repaired.items())


def _check(
    base: Path,
    proof: Path,
    subjects: Sequence[Subject],
    planned: Sequence[PlannedIndex],
) -> LibraryCheck | None:
    plain = [subject for subject in subjects if not subject.stubbed]
    return check_library(base, proof, plain, planned) if plain else None


def _unwanted(
    proof: Proof, library: LibraryCheck | None, subjects: Sequence[Subject]
) -> dict[str, str]:
    """Return new indexes that must go, each with the reason."""
    unwanted = {i.name: "it gains nothing once rebuilt" for i in proof.indexes if i.gain_ns <= 0}
    gains = {index.name: index.gain_ns for index in proof.indexes}
    harmful = _harmful(proof, library, subjects)
    blamed = [
        name
        for name, harm_ns in harmful.items()
        if name not in unwanted and gains[name] < _HARM_WEIGHT * harm_ns
    ]
    # One at a time: without the least gainful of them the others may be innocent.
    for name in sorted(blamed, key=lambda name: gains[name])[:1]:
        unwanted[name] = "it makes another recorded read slower than it was"
    return unwanted


def _harmful(
    proof: Proof, library: LibraryCheck | None, subjects: Sequence[Subject]
) -> dict[str, float]:
    """Return new indexes used by reads that got slower, with the cost added in ns."""
    harm: dict[str, float] = {}
    for slower in proof.slower:
        for name in slower.used:
            harm[name] = harm.get(name, 0.0) + slower.added_ns
    ours = {index.name for index in proof.indexes}
    counts = {subject.shape.id: subject.shape.count for subject in subjects}
    for difference in library.slower if library else ():
        added = counts[difference.shape_id] * difference.added_ns
        for name in difference.used & ours:
            harm[name] = harm.get(name, 0.0) + added
    return harm


def plan_indexes(specs: Sequence[IndexSpec], schema: Schema) -> tuple[PlannedIndex, ...]:
    """Return the specs as they will be shipped, in order."""
    taken = {index.name for index in schema.indexes} | {t.name for t in schema.tables}
    planned: list[PlannedIndex] = []
    for spec in specs:
        name = index_name(spec, taken)
        taken.add(name)
        planned.append(PlannedIndex(name, spec.table, create_index_sql(name, spec), spec))
    return tuple(planned)
