"""The chosen indexes rebuilt on a fresh copy, as they will be shipped, and measured.

The order of creation breaks ties between plans, and so do statistics: a set predicted at 2.47
measured 3.34 when it was built in another order. So what is reported is measured here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.oracle import Oracle, Runs, ShapeCost
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.statements.subjects import Subject
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import WriteEffect
from dbtune.sqlite.schema.analyzed_tables import tables_to_analyze

# Fresh indexes have full leaves: a difference for writes below this is none.
_WRITE_NOISE_RATIO = 0.05
# Plans of reads may not get slower than this, beyond a cost that nobody notices.
_SLOWER_RATIO = 1.1
_SLOWER_NS = 5_000.0


@dataclass(frozen=True)
class PlannedIndex:
    """An index to be built as shipped; `spec` where the advisor chose it."""

    name: str
    table: str
    sql: str
    spec: IndexSpec | None = None


@dataclass(frozen=True)
class ProvenIndex:
    """One index as it was built and measured; gains are of the whole recorded workload.

    `gain_ns` is what the workload loses again without it. `write_cost_ratio` is what recorded
    writes to its table cost with it over without it, None where none was recorded. Both are
    `estimated` where the time did not suffice to measure without it. `writes` is what it costs
    each recorded write to its table.
    """

    planned: PlannedIndex
    size_bytes: int
    build_seconds: float
    gain_ns: float
    used_by: tuple[str, ...]
    write_cost_ratio: float | None
    estimated: bool = False
    writes: tuple[WriteEffect, ...] = ()

    @property
    def name(self) -> str:
        """The name it is shipped under."""
        return self.planned.name


@dataclass(frozen=True)
class SlowerRead:
    """A read that costs more than before: `added_ns` over the recording, and what it uses now."""

    shape_id: str
    added_ns: float
    used: frozenset[str]


@dataclass(frozen=True)
class Proof:
    """The measured state with the indexes in place; `after` is parallel to the subjects.

    `slower` are reads that cost more than before; `idle` are names of existing indexes
    (of those asked about) that no plan uses any more.
    """

    indexes: tuple[ProvenIndex, ...]
    after: tuple[ShapeCost, ...]
    slower: tuple[SlowerRead, ...]
    idle: tuple[str, ...]
    failed: tuple[tuple[str, str], ...] = ()


def prove(
    path: Path,
    baseline: Baseline,
    planned: Sequence[PlannedIndex],
    droppable: Sequence[str],
    stop: Stop = never,
    known: Runs | None = None,
) -> Proof:
    """Build `planned` on the fresh copy at `path` in order, analyse as shipped, and measure.

    `droppable` are existing indexes whose use is asked about. Writes to the copy, and leaves it
    closed, with the indexes built. Once it is time to `stop`, what each index gains is no longer
    measured by hiding it but shared out from what its queries gain together. `known` are runs
    under other sets of these indexes; with all of them everything is run anew.
    """
    subjects = baseline.subjects.ready
    with closing(open_scratch(path, baseline.subjects.functions)) as connection:
        pool = Pool(connection)
        seconds = {index.name: _timed_build(pool, index) for index in planned}
        built = [index for index in planned if index.name in pool.built]
        tables = tables_to_analyze(connection, (index.table for index in built))
        pool.finish(droppable, analyze=tables)
        oracle = Oracle(pool, subjects, runs=baseline.runs.copy())
        after = tuple(oracle.cost(i, pool.names) for i in range(len(subjects)))
        others = Oracle(pool, subjects, runs=baseline.runs.copy() if known is None else known)
        judge = _Judge(pool, others, baseline, after)
        indexes = tuple(judge.judge(index, seconds[index.name], stop) for index in built)
        idle = _idle(after, droppable)
        pool.show(pool.names)
    slower = slower_reads(subjects, baseline.costs, after, frozenset(pool.built))
    return Proof(indexes, after, slower, idle, tuple(pool.failed.items()))


def slower_reads(
    subjects: Sequence[Subject],
    before: Sequence[ShapeCost],
    after: Sequence[ShapeCost],
    names: frozenset[str],
) -> tuple[SlowerRead, ...]:
    """Return the reads that got slower than tolerance, with the `names` that they use."""
    return tuple(
        SlowerRead(
            subject.shape.id,
            subject.shape.count * (new.cost_ns - old.cost_ns),
            new.used & names,
        )
        for subject, old, new in zip(subjects, before, after, strict=True)
        if not subject.writes and is_slower(old, new)
    )


def is_slower(old: ShapeCost, new: ShapeCost) -> bool:
    """Return whether a shape costs more than tolerance; never where `old` is only a minimum."""
    if old.measurement.stopped:
        return False
    return new.cost_ns > old.cost_ns * _SLOWER_RATIO + _SLOWER_NS


def _timed_build(pool: Pool, index: PlannedIndex) -> float:
    started = time.perf_counter()
    pool.build(index.name, index.sql)
    return time.perf_counter() - started


class _Judge:
    """Tells what single indexes gain and cost, with all of them in place."""

    def __init__(
        self, pool: Pool, oracle: Oracle, baseline: Baseline, after: Sequence[ShapeCost]
    ) -> None:
        self._pool = pool
        self._oracle = oracle
        self._subjects = baseline.subjects.ready
        self._before = baseline.costs
        self._after = after
        self._built = frozenset(pool.built)

    def judge(self, index: PlannedIndex, seconds: float, stop: Stop) -> ProvenIndex:
        """Return the verdict on one index, measured unless it is time to stop."""
        gain = 0.0
        used_by: list[str] = []
        writes_with = writes_without = 0.0
        writes: list[WriteEffect] = []
        estimated = False
        for i, subject in enumerate(self._subjects):
            if index.name not in self._oracle.relevant(i):
                continue
            present = self._after[i]
            if index.name in present.used:
                used_by.append(subject.shape.id)
            estimated = estimated or stop()
            absent_ns = self._share(i, index.name) if estimated else self._measure(i, index.name)
            gain += subject.shape.count * (absent_ns - present.cost_ns)
            if subject.writes:
                writes_with += subject.shape.count * present.cost_ns
                writes_without += subject.shape.count * absent_ns
                shape = subject.shape
                writes.append(WriteEffect(shape.id, shape.count, absent_ns, present.cost_ns))
        return ProvenIndex(
            planned=index,
            size_bytes=self._pool.sizes.get(index.name, 0),
            build_seconds=seconds,
            gain_ns=gain,
            used_by=tuple(used_by),
            write_cost_ratio=_write_ratio(writes_with, writes_without),
            estimated=estimated,
            writes=tuple(writes),
        )

    def _measure(self, number: int, name: str) -> float:
        return self._oracle.cost(number, self._pool.names - {name}).cost_ns

    def _share(self, number: int, name: str) -> float:
        """Return about what a shape costs without an index: it loses its share of the gain."""
        before, after = self._before[number], self._after[number]
        used = after.used & self._built
        if self._subjects[number].writes and not used:
            indexes = self._built & self._oracle.relevant(number)
            return after.cost_ns + (before.cost_ns - after.cost_ns) / max(1, len(indexes))
        if name not in used:
            return after.cost_ns
        return after.cost_ns + (before.cost_ns - after.cost_ns) / len(used)


def _write_ratio(with_it: float, without: float) -> float | None:
    if not without:
        return None
    ratio = with_it / without
    return 1.0 if abs(ratio - 1) < _WRITE_NOISE_RATIO else ratio


def _idle(after: Sequence[ShapeCost], droppable: Sequence[str]) -> tuple[str, ...]:
    used = frozenset[str]().union(*(cost.used for cost in after))
    return tuple(name for name in droppable if name not in used)
