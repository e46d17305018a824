"""What each query shape costs under any subset of the pool, remembered.

A shape's cost depends only on the indexes visible on its tables, and below that only on the
plan: each distinct plan of each sample runs once, so most questions cost one EXPLAIN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from dbtune.advisor.cost import MAX_VM_STEPS, Measurement, mean, measure
from dbtune.advisor.pool import Pool
from dbtune.advisor.subjects import Subject
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
    """Answers what a subject costs when exactly `names` of the pool are visible."""

    def __init__(
        self, pool: Pool, subjects: Sequence[Subject], *, max_vm_steps: int = MAX_VM_STEPS
    ) -> None:
        self._pool = pool
        self._subjects = subjects
        self._max_vm_steps = max_vm_steps
        self._by_names: dict[tuple[int, frozenset[str]], ShapeCost] = {}
        self._by_plan: dict[tuple[int, int, object], Measurement] = {}
        self._best_steps: dict[tuple[int, int], float] = {}
        self._relevant = [
            frozenset(n for n in pool.names if pool.table_of(n).lower() in _folded(s.tables))
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
        subject = self._subjects[number]
        self._pool.show(names)
        runs: list[Measurement] = []
        plans: list[tuple[str, ...]] = []
        used: set[str] = set()
        for sample, statement in enumerate(subject.statements):
            plan = explain(self._pool.connection, statement.text, statement.parameters)
            used |= indexes_used(plan) & self._relevant[number]
            # Writes maintain every visible index, and triggers use some that no plan shows.
            maintained = names & self._relevant[number] if subject.writes else None
            key = (number, sample, (plan.steps, maintained))
            if key not in self._by_plan:
                self._by_plan[key] = self._run(number, sample)
            runs.append(self._by_plan[key])
            plans.append(plan.steps)
        return ShapeCost(mean(runs), frozenset(used), tuple(plans))

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


def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
