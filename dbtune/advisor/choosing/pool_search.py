"""One pool of built candidates, what the recording costs in it, and the sets chosen from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import apsw

from dbtune.advisor.choosing.objective import Limits, Load
from dbtune.advisor.choosing.selection import Selection
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.cost import MAX_VM_STEPS
from dbtune.advisor.measuring.hidden_rows import StatisticsLines
from dbtune.advisor.measuring.oracle import Oracle
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.measuring.sampled_sizes import kept_fraction
from dbtune.advisor.time_limit import Stop
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.sqlite.copies.scratch import SampledTable
from dbtune.sqlite.schema.index_ddl import create_index_sql, index_name

# So many of the most wanted indexes are built however little time there is, and those that were
# best on a sample.
_LEAST_BUILT = 10


@dataclass(frozen=True)
class SearchLimits:
    """What the search may use: `room_bytes` of disk for the pool, built until it is time to `stop`.

    A single run of a statement may take `max_vm_steps`. `sampled` are the tables of which the
    copy holds only a part; statistics of an index are of `analyzed_rows` at most, unless 0.
    """

    selection: Limits
    room_bytes: int
    sampled: tuple[SampledTable, ...]
    stop: Stop
    max_vm_steps: int = MAX_VM_STEPS
    analyzed_rows: int = 0


@dataclass(frozen=True)
class Wanted:
    """An index to be built in a pool: about how large it is, and ids of shapes it is to help.

    `is_first` where it is the planner's first choice for one of them, `is_best` where it was in
    the best set on a sample.
    """

    spec: IndexSpec
    size_bytes: int
    shape_ids: frozenset[str]
    is_first: bool = False
    is_best: bool = False


class PoolSearch:
    """The wanted indexes built on the copy open in `connection`, as far as room and time allow.

    `specs` are those built, by name; `sizes` their bytes on the whole database; `cut_short` is
    True where some were left out. `before` are the statistics of the copy before it was analysed.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        wanted: Sequence[Wanted],
        baseline: Baseline,
        limits: SearchLimits,
        on_event: OnEvent,
        before: StatisticsLines | None = None,
    ) -> None:
        self._pool = Pool(connection)
        self._functions = baseline.subjects.functions
        self._taken = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        self.specs: dict[str, IndexSpec] = {}
        self.cut_short = self._build(wanted, limits, on_event)
        self._pool.finish(rows=limits.analyzed_rows, before=before)
        self.sizes = _real_sizes(self._pool, limits.sampled)
        self.loads = _loads(baseline)
        self.helps = _helps(self.specs, wanted, baseline)
        self.runs = baseline.runs.copy()
        self.oracle = Oracle(
            self._pool,
            baseline.subjects.ready,
            exact=False,
            max_vm_steps=limits.max_vm_steps,
            runs=self.runs,
            stop=limits.selection.stop,
        )
        self.selection = Selection(
            self.oracle, self.loads, self.sizes, self.helps, limits.selection
        )

    def names_of(self, specs: Iterable[IndexSpec]) -> frozenset[str]:
        """Return the names in the pool of those specs that were built."""
        wanted = frozenset(specs)
        return frozenset(name for name, spec in self.specs.items() if spec in wanted)

    def lent(self, names: Sequence[str]) -> AbstractContextManager[Path]:
        """Close the copy, with just these indexes, for as long as another library reads it."""
        self._pool.show(frozenset(names))
        return self._pool.lent(self._functions)

    def close(self) -> None:
        """Close the copy."""
        self._pool.connection.close()

    def _build(self, wanted: Sequence[Wanted], limits: SearchLimits, on_event: OnEvent) -> bool:
        left = limits.room_bytes
        left_out = False
        least = max(_LEAST_BUILT, sum(index.is_best for index in wanted))
        for number, index in enumerate(wanted):
            on_event(Event("Building candidates on the copy", number, len(wanted)))
            if index.size_bytes > left or (number >= least and limits.stop()):
                left_out = True
                continue
            # What it would be shipped as: ties between plans and what is known of runs go by it.
            name = index_name(index.spec, self._taken)
            self._taken.add(name)
            if self._pool.build(name, create_index_sql(name, index.spec)):
                self.specs[name] = index.spec
                left -= index.size_bytes
        return left_out


def _loads(baseline: Baseline) -> tuple[Load, ...]:
    return tuple(
        Load(subject.shape.count, cost.cost_ns, subject.writes, cost.measurement.stopped)
        for subject, cost in zip(baseline.subjects.ready, baseline.costs, strict=True)
    )


def _real_sizes(pool: Pool, sampled: Iterable[SampledTable]) -> dict[str, int]:
    """Return the sizes that the pool's indexes would have on the whole database."""
    parts = tuple(sampled)
    return {
        name: round(size / kept_fraction(pool.table_of(name), parts))
        for name, size in pool.sizes.items()
    }


def _helps(
    specs: Mapping[str, IndexSpec], wanted: Iterable[Wanted], baseline: Baseline
) -> dict[str, frozenset[int]]:
    """Return by name in the pool the subjects that an index was proposed for."""
    numbers = {subject.shape.id: i for i, subject in enumerate(baseline.subjects.ready)}
    shapes = {index.spec: index.shape_ids for index in wanted}
    return {
        name: frozenset(numbers[i] for i in shapes[spec] if i in numbers)
        for name, spec in specs.items()
    }
