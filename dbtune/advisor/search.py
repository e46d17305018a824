"""From a recording to the indexes worth proving: candidates, prefilter, pool, selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import apsw

from dbtune.advisor import planner_statistics
from dbtune.advisor.baseline import Baseline
from dbtune.advisor.choice import Choice
from dbtune.advisor.clone import Catalog, Finalist, survivors
from dbtune.advisor.cost import MAX_VM_STEPS
from dbtune.advisor.key_statistics import KeyEstimate
from dbtune.advisor.narrowing import narrow, narrower_indexes
from dbtune.advisor.oracle import Oracle
from dbtune.advisor.pool import Pool
from dbtune.advisor.proposals import propose, weight
from dbtune.advisor.sampled_sizes import kept_fraction
from dbtune.advisor.selection import Limits, Load, Selection
from dbtune.advisor.subjects import Subject
from dbtune.advisor.time_limit import Stop
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.sqlite.index_ddl import create_index_sql
from dbtune.sqlite.scratch import SampledTable
from dbtune.sqlite.statistics import read_statistics

# So many of the most wanted indexes are built however little time there is.
_LEAST_BUILT = 10


@dataclass(frozen=True)
class SearchLimits:
    """What the search may use: `room_bytes` of disk for the pool, built until it is time to `stop`.

    A single run of a statement may take `max_vm_steps`. `sampled` are the tables of which the
    copy holds only a part.
    """

    selection: Limits
    room_bytes: int
    sampled: tuple[SampledTable, ...]
    stop: Stop
    max_vm_steps: int = MAX_VM_STEPS


class Searcher:
    """A pool of finalists on the scratch copy, from which sets of indexes are chosen.

    The copy open in `connection` is analysed and built upon. `candidates` and `finalists` count
    what was looked at; `cut_short` is True where room or time left some out.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        schema: Schema,
        baseline: Baseline,
        limits: SearchLimits,
        on_event: OnEvent,
    ) -> None:
        subjects = baseline.subjects.ready
        on_event(Event("Analysing the copy"))
        planner_statistics.analyze(connection)
        on_event(Event("Looking for candidates"))
        statistics = read_statistics(connection, schema)
        found = propose(connection, schema, statistics, baseline, limits.stop)
        catalog = Catalog(connection, baseline.subjects.functions)
        finalists = survivors(catalog, found.candidates, found.estimates, subjects)
        weights = {s.shape.id: weight(s, c) for s, c in zip(subjects, baseline.costs, strict=True)}
        order = _by_need(finalists, found.estimates, weights)
        pool, specs, left_out = _build_pool(connection, order, found.estimates, limits, on_event)
        self.candidates = len(found.candidates)
        self.finalists = len(finalists)
        self.cut_short = found.cut_short or left_out
        self._specs = specs
        self._stop = limits.selection.stop
        self._on_event = on_event
        self._oracle = Oracle(
            pool, subjects, exact=False, max_vm_steps=limits.max_vm_steps, runs=baseline.runs
        )
        self._loads = _loads(baseline)
        self._sizes = _real_sizes(pool, limits.sampled)
        self._narrower = narrower_indexes(specs, self._sizes)
        self._database_bytes = limits.selection.database_bytes
        self._helps = helps = _helps(finalists, specs, subjects)
        self._proposed = frozenset(i for c in found.candidates for i in c.shape_ids)
        self._selection = Selection(self._oracle, self._loads, self._sizes, helps, limits.selection)

    def choose(self, banned: frozenset[IndexSpec] = frozenset()) -> tuple[IndexSpec, ...]:
        """Return the best set without the `banned` indexes, dearest to lose first."""
        self._on_event(Event("Choosing indexes"))
        names = frozenset(name for name, spec in self._specs.items() if spec in banned)
        narrower = {
            name: [n for n in slim if n not in names] for name, slim in self._narrower.items()
        }
        chosen = narrow(
            self._selection.run(names),
            self._oracle,
            self._loads,
            self._sizes,
            narrower,
            self._database_bytes,
        )
        self.cut_short = self.cut_short or self._stop()
        loss = {name: self._selection.loss_ns(chosen, name) for name in chosen}
        return tuple(self._specs[name] for name in sorted(chosen, key=lambda n: (-loss[n], n)))

    def choice_of(self, chosen: Iterable[IndexSpec]) -> Choice:
        """Return the pool's figures around a choice, for what explains it."""
        wanted = frozenset(chosen)
        names = frozenset(name for name, spec in self._specs.items() if spec in wanted)
        return Choice(
            names,
            self._specs,
            self._oracle,
            self._loads,
            self._sizes,
            self._helps,
            self._selection.rating(names),
            self._proposed,
        )


def _loads(baseline: Baseline) -> tuple[Load, ...]:
    return tuple(
        Load(subject.shape.count, cost.cost_ns, subject.writes)
        for subject, cost in zip(baseline.subjects.ready, baseline.costs, strict=True)
    )


def _real_sizes(pool: Pool, sampled: Iterable[SampledTable]) -> dict[str, int]:
    """Return the sizes that the pool's indexes would have on the whole database."""
    return {
        name: round(size / kept_fraction(pool.table_of(name), sampled))
        for name, size in pool.sizes.items()
    }


def _helps(
    finalists: Sequence[Finalist], specs: Mapping[str, IndexSpec], subjects: Sequence[Subject]
) -> dict[str, frozenset[int]]:
    """Return by name in the pool the subjects that an index was proposed for."""
    numbers = {subject.shape.id: i for i, subject in enumerate(subjects)}
    shapes = {found.candidate.spec: found.candidate.shape_ids for found in finalists}
    return {name: frozenset(numbers[i] for i in shapes[spec]) for name, spec in specs.items()}


def _by_need(
    finalists: Sequence[Finalist],
    estimates: Mapping[IndexSpec, KeyEstimate],
    weights: Mapping[str, float],
) -> list[IndexSpec]:
    """Return the finalists in the order in which room and time are given to them.

    First choices of dear shapes come first, then narrow ones, which serve the most queries
    a byte.
    """

    def need(found: Finalist) -> tuple[float, bool, int]:
        wanted = sum(weights[shape_id] for shape_id in found.first_for)
        size = estimates[found.candidate.spec].size_bytes
        return -wanted, found.candidate.covering, size

    return [found.candidate.spec for found in sorted(finalists, key=need)]


def _build_pool(
    connection: apsw.Connection,
    order: Sequence[IndexSpec],
    estimates: Mapping[IndexSpec, KeyEstimate],
    limits: SearchLimits,
    on_event: OnEvent,
) -> tuple[Pool, dict[str, IndexSpec], bool]:
    """Build what room and time allow; return it, and whether something was left out."""
    pool = Pool(connection)
    specs: dict[str, IndexSpec] = {}
    left = limits.room_bytes
    left_out = False
    for number, spec in enumerate(order):
        on_event(Event("Building candidates on the copy", number, len(order)))
        size = estimates[spec].size_bytes
        if size > left or (limits.stop() and len(specs) >= _LEAST_BUILT):
            left_out = True
            continue
        name = f"dbtune_{number}"
        if pool.build(name, create_index_sql(name, spec)):
            specs[name] = spec
            left -= size
    pool.finish()
    return pool, specs, left_out
