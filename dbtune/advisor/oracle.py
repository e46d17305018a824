"""What each query shape costs under any subset of the pool, remembered.

A shape's cost depends only on the indexes visible on its tables, and below that only on the
plan: each distinct plan of each sample runs once, so most questions cost one EXPLAIN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import apsw

from dbtune.advisor.cost import MAX_VM_STEPS, Measurement, mean, measure
from dbtune.advisor.pool import Pool
from dbtune.advisor.subjects import Subject
from dbtune.model.workload import Plan
from dbtune.sqlite.explain import explain, indexes_used

# A plan this many times dearer than the best known one has lost; how much dearer is idle.
_STOP_FACTOR = 6
_STOP_FLOOR_STEPS = 300_000


@dataclass(frozen=True)
class ShapeCost:
    """Mean work of one execution over a shape's samples, and the pool's indexes in their plans."""

    measurement: Measurement
    used: frozenset[str]
    plans: tuple[tuple[str, ...], ...]

    @property
    def cost_ns(self) -> float:
        """Cost of one execution in ns of the cost model."""
        return self.measurement.cost_ns


class Oracle:
    """Answers what a subject costs when exactly `names` of the pool are visible.

    With `exact` every write is run under each set of indexes asked about. Otherwise what an
    index adds to a write is measured once and added up, which is right to some percent and
    saves nine runs in ten.
    """

    def __init__(
        self,
        pool: Pool,
        subjects: Sequence[Subject],
        *,
        exact: bool = True,
        max_vm_steps: int = MAX_VM_STEPS,
    ) -> None:
        self._pool = pool
        self._subjects = subjects
        self._exact = exact
        self._max_vm_steps = max_vm_steps
        self._by_names: dict[tuple[int, frozenset[str]], ShapeCost] = {}
        self._by_plan: dict[tuple[int, int, object], Measurement] = {}
        self._added: dict[tuple[int, int, str], Measurement] = {}
        self._best_steps: dict[tuple[int, int], float] = {}
        self._relevant = [
            frozenset(n for n in pool.names if pool.table_of(n).lower() in _folded(s.tables))
            for s in subjects
        ]
        self._written = [
            frozenset(n for n in pool.names if pool.table_of(n).lower() in _folded(s.written))
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

    def _ask(self, number: int, names: frozenset[str]) -> ShapeCost:
        runs: list[Measurement] = []
        plans: list[tuple[str, ...]] = []
        used: set[str] = set()
        for sample in range(len(self._subjects[number].statements)):
            plan = self._plan(number, sample, names)
            mine = _indexes_used(plan) & self._relevant[number]
            runs.append(self._work(number, sample, names, plan, mine))
            plans.append(plan.steps)
            used |= mine
        return ShapeCost(mean(runs), frozenset(used), tuple(plans))

    def _plan(self, number: int, sample: int, names: frozenset[str]) -> Plan:
        statement = self._subjects[number].statements[sample]
        self._pool.show(names)
        return explain(self._pool.connection, statement.text, statement.parameters)

    def _work(
        self, number: int, sample: int, names: frozenset[str], plan: Plan, used: frozenset[str]
    ) -> Measurement:
        subject = self._subjects[number]
        if not subject.writes:
            return self._run_once(number, sample, names, (plan.steps, None))
        if self._exact or subject.triggers:
            # Writes maintain every visible index, and triggers use some that no plan shows.
            maintained = names & self._relevant[number]
            return self._run_once(number, sample, names, (plan.steps, maintained))
        work = self._run_once(number, sample, used, (plan.steps, used))
        for name in sorted((names & self._written[number]) - used):
            work = _plus(work, self._maintenance(number, sample, name))
        return work

    def _maintenance(self, number: int, sample: int, name: str) -> Measurement:
        """Return what one more index adds to a write, beside none other."""
        key = (number, sample, name)
        if key not in self._added:
            self._added[key] = self._measure_maintenance(number, sample, name)
        return self._added[key]

    def _measure_maintenance(self, number: int, sample: int, name: str) -> Measurement:
        bare = self._plan(number, sample, frozenset())
        without = self._run_once(number, sample, frozenset(), (bare.steps, frozenset()))
        alone = frozenset({name})
        plan = self._plan(number, sample, alone)
        if name in _indexes_used(plan):  # it then finds the rows as well: no way to tell apart
            return Measurement(0.0, 0.0)
        return _minus(self._run_once(number, sample, alone, (plan.steps, alone)), without)

    def _run_once(
        self, number: int, sample: int, names: frozenset[str], key: object
    ) -> Measurement:
        full_key = (number, sample, key)
        if full_key not in self._by_plan:
            self._plan(number, sample, names)  # loads the schema, whose pages must not count
            self._by_plan[full_key] = self._run(number, sample)
        return self._by_plan[full_key]

    def _run(self, number: int, sample: int) -> Measurement:
        subject = self._subjects[number]
        best = self._best_steps.get((number, sample))
        limit = self._max_vm_steps
        if best is not None:
            limit = min(limit, max(_STOP_FLOOR_STEPS, int(best * _STOP_FACTOR)))
        try:
            result = measure(
                self._pool.connection,
                subject.statements[sample],
                writes=subject.writes,
                max_vm_steps=limit,
            )
        except apsw.Error as error:  # the schema changed under a write that DDL interrupted
            return Measurement(limit, 0, stopped=True, failure=str(error))
        if not result.stopped:
            known = self._best_steps.get((number, sample), result.vm_steps)
            self._best_steps[number, sample] = min(known, result.vm_steps)
        return result


@lru_cache(maxsize=20_000)
def _indexes_used(plan: Plan) -> frozenset[str]:
    return indexes_used(plan)


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


def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
