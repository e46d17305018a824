"""What each query shape costs under any subset of the pool, remembered.

A shape's cost depends only on the indexes visible on its tables, and below that only on the
plan: each distinct plan of each sample runs once, so most questions cost one EXPLAIN.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import apsw

from dbtune.advisor.measuring.cost import MAX_VM_STEPS, Measurement, mean, measure
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.statements.subjects import Subject
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.workload import Plan
from dbtune.sqlite.explain import explain, indexes_used

# A plan this many times dearer than the best known one has lost; how much dearer is idle.
_STOP_FACTOR = 3
_STOP_FLOOR_STEPS = 300_000
# Once time is over, a run that was not made before may take some 10 ms.
_LATE_STEPS = 1_000_000


@dataclass(frozen=True)
class ShapeCost:
    """Mean work of one execution over a shape's samples, and the pool's indexes in their plans.

    `plans` and `runs` are parallel to the subject's statements.
    """

    measurement: Measurement
    used: frozenset[str]
    plans: tuple[tuple[str, ...], ...]
    runs: tuple[Measurement, ...] = ()

    @property
    def cost_ns(self) -> float:
        """Cost of one execution in ns of the cost model."""
        return self.measurement.cost_ns


class Runs:
    """What runs of one list of subjects cost, by state: good for any copy of the same rows.

    A state is a plan and the definitions of the indexes that count in it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, object], Measurement] = {}
        self._best_steps: dict[tuple[int, int], float] = {}
        self._most_steps: dict[tuple[int, int], float] = {}
        self._stopped_steps: dict[tuple[int, int], int] = {}

    def known(self, number: int, sample: int, state: object) -> Measurement | None:
        """Return the work of a state that was run before."""
        return self._known.get((number, sample, state))

    def copy(self, *, finished: bool = False) -> Runs:
        """Return what is known now, to go on from; only of runs that `finished` on request."""
        other = Runs()
        known = self._known.items()
        other._known.update((key, run) for key, run in known if not (finished and run.stopped))
        other._best_steps.update(self._best_steps)
        other._most_steps.update(self._most_steps)
        other._stopped_steps.update(self._stopped_steps)
        return other

    def add(self, number: int, sample: int, state: object, run: Measurement) -> None:
        """Remember the work of a state."""
        self._known[number, sample, state] = run
        if run.stopped:
            self._stopped_steps.setdefault((number, sample), max(1, int(run.vm_steps)))
        if not run.stopped and not run.failure:
            key = (number, sample)
            self._best_steps[key] = min(self._best_steps.get(key, run.vm_steps), run.vm_steps)
            self._most_steps[key] = max(self._most_steps.get(key, 0.0), run.vm_steps)

    def at_least(self, number: int, sample: int, run: Measurement) -> Measurement:
        """Return a run, and one that was stopped as dear as the dearest that was not.

        How dear it would have been nobody knows. Taken for as dear as the scan that it was stopped
        in, it is not chosen where it matters.
        """
        most = self._most_steps.get((number, sample), 0.0)
        return replace(run, vm_steps=max(run.vm_steps, most)) if run.stopped else run

    def step_limit(self, number: int, sample: int, limit: int, *, exact: bool) -> int:
        """Return how long another plan may run: beyond that it is so dear that it has lost.

        Where costs are compared only, the best known plan sets the measure; where they are told
        to the user (`exact`), the dearest.
        """
        steps = self._most_steps if exact else self._best_steps
        known = steps.get((number, sample))
        if known is None:
            # What was stopped as it is would seem dearer under any other plan that is run longer.
            return min(limit, self._stopped_steps.get((number, sample), limit))
        return min(limit, max(_STOP_FLOOR_STEPS, int(known * _STOP_FACTOR)))


class Oracle:
    """Answers what a subject costs when exactly `names` of the pool are visible.

    With `exact` every write is run under each set of indexes asked about. Otherwise what an
    index adds to a write is measured once and added up, which is right to some percent and
    saves nine runs in ten. `runs` are those known from another copy. Once it is time to `stop`,
    further runs are short.
    """

    def __init__(
        self,
        pool: Pool,
        subjects: Sequence[Subject],
        *,
        exact: bool = True,
        max_vm_steps: int = MAX_VM_STEPS,
        runs: Runs | None = None,
        stop: Stop = never,
    ) -> None:
        self._pool = pool
        self._subjects = subjects
        self._exact = exact
        self._max_vm_steps = max_vm_steps
        self._stop = stop
        self._runs = Runs() if runs is None else runs
        self._by_names: dict[tuple[int, frozenset[str]], ShapeCost] = {}
        self._added: dict[tuple[int, int, str, frozenset[str]], Measurement | None] = {}
        self._built = frozenset(pool.built)
        by_table = _names_by_table(pool)
        self._relevant = [_on(subject.tables, by_table) for subject in subjects]
        self._maintained = [
            frozenset(
                n
                for n in _on(s.written, by_table)
                if s.maintains(pool.table_of(n), pool.key_columns(n))
            )
            for s in subjects
        ]

    def relevant(self, number: int) -> frozenset[str]:
        """Return the pool's indexes on the tables of a subject."""
        return self._relevant[number]

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return what one execution of subject `number` costs under these indexes."""
        key = (number, names & self._relevant[number])
        known = self._by_names.get(key)
        if known is None:
            known = self._by_names[key] = self._ask(number, names)
        return known

    def arrange(self, names: Sequence[str]) -> None:
        """Let indexes stand as if created in this order; plans are asked for anew."""
        self._pool.arrange(names)
        self._by_names.clear()

    def table_of(self, name: str) -> str:
        """Return the table of one of the pool's indexes."""
        return self._pool.table_of(name)

    def used(self, number: int, names: frozenset[str]) -> frozenset[str]:
        """Return the indexes that plans of subject `number` use under these; nothing is run."""
        used: set[str] = set()
        for sample in range(len(self._subjects[number].statements)):
            with contextlib.suppress(apsw.Error):  # INDEXED BY an index that is hidden
                used |= _indexes_used(self._plan(number, sample, names))
        return frozenset(used) & self._relevant[number]

    def _ask(self, number: int, names: frozenset[str]) -> ShapeCost:
        runs: list[Measurement] = []
        plans: list[tuple[str, ...]] = []
        used: set[str] = set()
        for sample in range(len(self._subjects[number].statements)):
            try:
                plan = self._plan(number, sample, names)
            except apsw.Error as error:  # INDEXED BY an index that is hidden
                plan = Plan((f"cannot be prepared: {error}",))
                runs.append(Measurement(self._max_vm_steps, 0, stopped=True))
            else:
                mine = _indexes_used(plan) & self._relevant[number]
                runs.append(self._work(number, sample, names, plan, mine))
                used |= mine
            plans.append(plan.steps)
        return ShapeCost(mean(runs), frozenset(used), tuple(plans), tuple(runs))

    def _plan(self, number: int, sample: int, names: frozenset[str]) -> Plan:
        statement = self._subjects[number].statements[sample]
        self._pool.show(names, self._subjects[number].tables)
        return explain(self._pool.connection, statement.text, statement.parameters)

    def _work(
        self, number: int, sample: int, names: frozenset[str], plan: Plan, used: frozenset[str]
    ) -> Measurement:
        subject = self._subjects[number]
        # Writes maintain every visible index, and triggers use some that no plan shows.
        if not subject.writes or self._exact or subject.triggers:
            return self._run_once(number, sample, names, plan)
        work = self._run_once(number, sample, used, plan)
        for name in sorted((names & self._maintained[number]) - used):
            work = _plus(work, self._maintenance(number, sample, name, used))
        return work

    def _maintenance(
        self, number: int, sample: int, name: str, used: frozenset[str]
    ) -> Measurement:
        """Return what one more index adds to a write, beside none other if that can be told."""
        for beside in (frozenset[str](), used):
            key = (number, sample, name, beside)
            if key not in self._added:
                self._added[key] = self._measure_maintenance(number, sample, name, beside)
            added = self._added[key]
            if added is not None:
                return added
        return Measurement(0.0, 0.0)

    def _measure_maintenance(
        self, number: int, sample: int, name: str, beside: frozenset[str]
    ) -> Measurement | None:
        """Return None where the plan changes with the index: it then finds the rows as well."""
        plan = self._plan(number, sample, beside)
        more = beside | {name}
        if self._plan(number, sample, more) != plan:
            return None
        without = self._run_once(number, sample, beside, plan)
        return _minus(self._run_once(number, sample, more, plan), without)

    def _run_once(self, number: int, sample: int, names: frozenset[str], plan: Plan) -> Measurement:
        state = self._state(number, names, plan)
        known = self._runs.known(number, sample, state)
        if known is None:
            self._plan(number, sample, names)  # loads the schema, whose pages must not count
            known = self._run(number, sample)
            self._runs.add(number, sample, state, known)
        return known

    def _state(self, number: int, names: frozenset[str], plan: Plan) -> object:
        """Return all that the work of a run depends on, in words that hold on any copy."""
        relevant = self._relevant[number]
        if not self._subjects[number].writes:
            relevant = names = relevant & _indexes_used(plan)
        built = relevant & names & self._built
        hidden = relevant - names - self._built
        return plan.steps, frozenset(self._pool.sql_of(name) for name in built), hidden

    def _run(self, number: int, sample: int) -> Measurement:
        subject = self._subjects[number]
        limit = self._runs.step_limit(number, sample, self._max_vm_steps, exact=self._exact)
        if self._stop():
            limit = min(limit, _LATE_STEPS)

        def run(*, make_room: bool) -> Measurement:
            return measure(
                self._pool.connection,
                subject.statements[sample],
                writes=subject.writes,
                max_vm_steps=limit,
                make_room=make_room,
            )

        try:
            result = run(make_room=False)
            if result.collided and subject.writes:
                result = run(make_room=True)
            return result if self._exact else self._runs.at_least(number, sample, result)
        except apsw.Error as error:  # the schema changed under a write that DDL interrupted
            return Measurement(limit, 0, stopped=True, failure=str(error))


@lru_cache(maxsize=20_000)
def _indexes_used(plan: Plan) -> frozenset[str]:
    return indexes_used(plan)


def _names_by_table(pool: Pool) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name in pool.names:
        found.setdefault(pool.table_of(name).lower(), set()).add(name)
    return {table: frozenset(names) for table, names in found.items()}


def _on(tables: Iterable[str], by_table: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*(by_table.get(t.lower(), frozenset()) for t in tables))


def _plus(work: Measurement, more: Measurement) -> Measurement:
    return replace(
        work,
        vm_steps=work.vm_steps + more.vm_steps,
        page_fetches=work.page_fetches + more.page_fetches,
    )


def _minus(work: Measurement, less: Measurement) -> Measurement:
    return Measurement(
        max(0.0, work.vm_steps - less.vm_steps), max(0.0, work.page_fetches - less.page_fetches)
    )
