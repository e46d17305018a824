"""Candidates tried on a sample of the copy, so that only those near the best set are built whole.

Building an index takes about as long as its table is large, and most candidates lose by far. On a
sample of the rows all of them are built and measured in the time of a few; those of the best set
there, and those that come closest to being in it, go on. What is advised is measured on all rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.advisor import planner_statistics
from dbtune.advisor.baseline import Baseline, measure_baseline
from dbtune.advisor.cost import open_scratch
from dbtune.advisor.pool_search import PoolSearch, SearchLimits, Wanted
from dbtune.advisor.subjects import Subjects
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.sqlite.scratch import POOL_FACTOR, SampledTable, copy_database

# A smaller copy is no faster than it takes to make one, and says little.
_SAMPLE_BYTES = 12 << 20
# The sample is this part of a large copy. With a tenth the order of near candidates gets blurred.
_SAMPLE_RATIO = 1 / 8
# Building everything at once is as fast up to so many bytes of indexes.
_WHOLE_BYTES = 96 << 20
# So many samples of each shape are run, and so many rivals go on for it.
_SAMPLES = 2
_RIVALS = 3
# Rivals that lose least go on up to so many candidates.
_MOST = 70


@dataclass(frozen=True)
class Preselected:
    """The candidates to build whole, and whether time cut the look at the others short."""

    wanted: tuple[Wanted, ...]
    cut_short: bool = False


def preselect(
    base: Path,
    schema: Schema,
    wanted: Sequence[Wanted],
    firsts: Collection[IndexSpec],
    baseline: Baseline,
    limits: SearchLimits,
    on_event: OnEvent,
) -> Preselected:
    """Return which of the `wanted` are worth building on the closed copy at `base`.

    All of them where that is quick; `firsts`, the planner's own first choices, always.
    """
    if sum(index.size_bytes for index in wanted) <= _WHOLE_BYTES:
        return Preselected(tuple(wanted))
    on_event(Event("Trying candidates on a sample"))
    room = max(_SAMPLE_BYTES, int(base.stat().st_size * _SAMPLE_RATIO))
    copy = copy_database(base, schema, base.parent, room_bytes=int(room * POOL_FACTOR))
    try:
        with closing(open_scratch(copy.path, baseline.subjects.functions)) as connection:
            planner_statistics.analyze(connection)
            small = measure_baseline(connection, _fewer(baseline.subjects), limits.stop)
            part = copy.path.stat().st_size / max(1, base.stat().st_size)
            scaled = replace(
                limits,
                sampled=_combined(limits.sampled, copy.sampled),
                room_bytes=round(limits.room_bytes / part),
            )
            search = PoolSearch(connection, wanted, small, scaled, on_event)
            best = search.selection.shortlist(_RIVALS)[:_MOST]
            near = {search.specs[name] for name in best} | set(firsts)
    finally:
        copy.path.unlink()
    return Preselected(tuple(i for i in wanted if i.spec in near), search.cut_short)


def _fewer(subjects: Subjects) -> Subjects:
    ready = (replace(s, statements=s.statements[:_SAMPLES]) for s in subjects.ready)
    return replace(subjects, ready=tuple(ready))


def _combined(
    sampled: Sequence[SampledTable], again: Sequence[SampledTable]
) -> tuple[SampledTable, ...]:
    """Return what of each table a sample of a sample holds."""
    before = {table.name: table.fraction for table in sampled}
    after = {table.name: table.fraction for table in again}
    return tuple(
        SampledTable(name, before.get(name, 1.0) * after.get(name, 1.0))
        for name in dict.fromkeys((*before, *after))
    )
