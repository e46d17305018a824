"""Proving a choice, and choosing again where it makes a read slower than it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.advisor.choosing.search import Choosing, Known
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.timing import Timed, time_reads
from dbtune.advisor.proving.faults import (
    HARM_WEIGHT,
    HARMFUL,
    harm_of,
    is_passed_over,
    most_harmful,
    passed_over,
)
from dbtune.advisor.proving.library_check import LibraryCheck, check_library
from dbtune.advisor.proving.proof import PlannedIndex, Proof, prove
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.sqlite.schema.index_ddl import create_index_sql, index_name

# Each repair takes a proof, some seconds for 100 MB; more than this is not converging.
_MAX_REPAIRS = 2
# A proof that is so near to what was expected shows nothing that was not weighed before.
_TOLERANCE = 1.02
_NO_GAIN = "the chosen indexes together gain nothing once rebuilt"
# By when, as a part of the user's time limit, it is known what each index gains by itself; beyond
# it gains are estimated.
_SINGLES_UNTIL = 0.8
# And by when reads are timed in turn with what they took before.
_TIMES_UNTIL = 0.85


@dataclass(frozen=True)
class Proven:
    """One choice as it was proven; `left_out` are (DDL, reason) of what earlier choices had.

    `timed` are the times of what it serves, as far as they were taken.
    """

    proof: Proof
    library: LibraryCheck | None
    harm_ns: float
    left_out: tuple[tuple[str, str], ...] = ()
    timed: tuple[Timed, ...] = ()


class Prover:
    """Builds choices on fresh copies of the closed scratch copy at `base`, and measures them."""

    def __init__(
        self,
        base: Path,
        schema: Schema,
        baseline: Baseline,
        known: Known,
        time: TimeLimit,
        on_event: OnEvent,
    ) -> None:
        self._base = base
        self._schema = schema
        self._baseline = baseline
        self._time = time
        self._on_event = on_event
        self._seconds = 0.0
        self._path = base.with_name("proof.db")
        self._last: Proof | None = None
        self._known = known
        self._droppable = tuple(i.name for i in schema.indexes if not i.enforces_constraint)

    def prove(self, specs: Sequence[IndexSpec]) -> Proven:
        """Return the choice as measured with both libraries."""
        self._on_event(Event("Proving on a fresh copy"))
        started = self._time.clock()
        planned = plan_indexes(specs, self._schema)
        path = self._path
        shutil.copyfile(self._base, path)
        enough = self._time.until(_SINGLES_UNTIL)
        known = self._known.runs.copy(finished=True)
        proof = prove(path, self._baseline, planned, self._droppable, enough, known)
        library = self._check(path, [index.planned for index in proof.indexes])
        self._seconds = self._time.clock() - started
        self._last = proof
        return Proven(proof, library, sum(_harm(proof, library).values()))

    def copy_of(self, proof: Proof) -> Path | None:
        """Return the closed copy that a proof was made on, if no other was made since."""
        return self._path if proof is self._last else None

    def times(self, proof: Proof) -> tuple[Timed, ...]:
        """Return times of what the indexes serve, where their copy is still there."""
        path = self.copy_of(proof)
        if path is None:
            return ()
        served = frozenset(i for index in proof.indexes for i in index.used_by)
        stop = self._time.until(_TIMES_UNTIL)
        return time_reads(self._base, path, self._baseline, proof.after, served, stop)

    def has_time(self) -> bool:
        """Return whether another proof, as long as the last one, still ends in time."""
        return self._time.allows(self._seconds)

    def _check(self, path: Path, built: Sequence[PlannedIndex]) -> LibraryCheck | None:
        measured = zip(self._baseline.subjects.ready, self._baseline.costs, strict=True)
        plain = [(subject, cost) for subject, cost in measured if not subject.stubbed]
        steps = self._known.steps.forget_after()
        return check_library(self._base, path, plain, built, steps) if plain else None

    def is_cheaper(self, proven: Proven) -> bool:
        """Return whether the recording costs less with a choice than without; true of none."""
        measured = zip(
            self._baseline.subjects.ready, self._baseline.costs, proven.proof.after, strict=True
        )
        saved = sum(s.shape.count * (old.cost_ns - new.cost_ns) for s, old, new in measured)
        return saved > 0 or not proven.proof.indexes

    def cost_ns(self, proven: Proven) -> float:
        """Return the cost of the recording under a proven choice, its harm counted again."""
        subjects = self._baseline.subjects.ready
        after = zip(subjects, proven.proof.after, strict=True)
        return sum(s.shape.count * c.cost_ns for s, c in after) + HARM_WEIGHT * proven.harm_ns


def prove_and_repair(prover: Prover, choose: Callable[[frozenset[IndexSpec]], Choosing]) -> Proven:
    """Return the cheapest proven choice.

    Where it is worse than it was expected to be, what gains nothing and the index that does the
    most harm are banned and the choice made anew, as long as there is time. A choice that leaves
    the recording dearer than it is now is none.
    """
    choosing = choose(frozenset())
    best = current = prover.prove(choosing.specs)
    left_out: dict[IndexSpec, str] = dict.fromkeys(choosing.left_out, HARMFUL)
    banned: dict[IndexSpec, str] = {}
    for _ in range(_MAX_REPAIRS):
        unwanted = _unwanted(current)
        as_expected = prover.cost_ns(current) <= _TOLERANCE * choosing.burden_ns
        if not unwanted or as_expected or not prover.has_time():
            break
        banned |= unwanted
        choosing = choose(frozenset(banned))
        left_out |= dict.fromkeys(choosing.left_out, HARMFUL)
        current = prover.prove(choosing.specs)
        if prover.cost_ns(current) <= prover.cost_ns(best):
            best = current
    left_out |= banned
    best, gone = _without_idle(prover, best)
    left_out |= gone
    if not prover.is_cheaper(best):
        left_out |= {i.planned.spec: _NO_GAIN for i in best.proof.indexes if i.planned.spec}
        best = prover.prove(())
    kept = {index.planned.spec for index in best.proof.indexes}
    reasons = [
        (create_index_sql(index_name(spec, ()), spec), reason)
        for spec, reason in left_out.items()
        if spec not in kept
    ]
    return replace(best, left_out=tuple(reasons), timed=prover.times(best.proof))


def _without_idle(prover: Prover, proven: Proven) -> tuple[Proven, dict[IndexSpec, str]]:
    """Return the choice proven again without what gains nothing, and why that was left out.

    Nobody should have to build an index whose own finding says that it does not help. Where there
    is no time left to prove, what no plan uses is left out as it is.
    """
    gone: dict[IndexSpec, str] = {}
    while idle := _idle(proven):
        if not prover.has_time():
            rest, unused = _without_unused(proven)
            return rest, gone | unused
        specs = [index.planned.spec for index in proven.proof.indexes]
        without = prover.prove([spec for spec in specs if spec is not None and spec not in idle])
        if prover.cost_ns(without) > _TOLERANCE * prover.cost_ns(proven):
            break  # it keeps the other library from a plan that is slower
        gone |= idle
        proven = without
    return proven, gone


def _without_unused(proven: Proven) -> tuple[Proven, dict[IndexSpec, str]]:
    """Return the choice without indexes of no plan, which change no plan by going."""
    used = frozenset[str]().union(*(cost.used for cost in proven.proof.after))
    if proven.library is not None:
        used |= proven.library.used
    kept, gone = [], {}
    for index in proven.proof.indexes:
        if index.name in used or index.planned.spec is None:
            kept.append(index)
        else:
            gone[index.planned.spec] = "no plan uses it"
    return replace(proven, proof=replace(proven.proof, indexes=tuple(kept))), gone


def plan_indexes(specs: Sequence[IndexSpec], schema: Schema) -> tuple[PlannedIndex, ...]:
    """Return the specs as they will be shipped, in order."""
    taken = {index.name for index in schema.indexes} | {t.name for t in schema.tables}
    planned: list[PlannedIndex] = []
    for spec in specs:
        name = index_name(spec, taken)
        taken.add(name)
        planned.append(PlannedIndex(name, spec.table, create_index_sql(name, spec), spec))
    return tuple(planned)


def _unwanted(proven: Proven) -> dict[IndexSpec, str]:
    specs = {i.name: i.planned.spec for i in proven.proof.indexes if i.planned.spec is not None}
    unwanted = _idle(proven)
    worst = most_harmful(_harm(proven.proof, proven.library))
    if worst is not None:
        unwanted[specs[worst]] = HARMFUL
    return unwanted


def _harm(proof: Proof, library: LibraryCheck | None) -> dict[str, float]:
    return harm_of(proof.slower, library, [index.name for index in proof.indexes])


def _idle(proven: Proven) -> dict[IndexSpec, str]:
    idle: dict[IndexSpec, str] = {}
    for index in proven.proof.indexes:
        spec = index.planned.spec
        if spec is None:
            continue
        if index.gain_ns <= 0:
            idle[spec] = "it gains nothing once rebuilt"
        elif proven.library and is_passed_over(index.name, index.used_by, proven.library):
            idle[spec] = passed_over(proven.library)
    return idle
