"""Candidates tried on a sample of the copy, so that only those near the best set are built whole.

Building an index takes about as long as its table is large, and most candidates lose by far. On a
sample of the rows all of them are built and measured in the time of a few; those of the best set
there, and those that come closest to being in it, go on. What is advised is measured on all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import apsw

from dbtune.advisor.choosing.pool_search import PoolSearch, SearchLimits, Wanted
from dbtune.advisor.measuring import planner_statistics
from dbtune.advisor.measuring.baseline import BASELINE_STEPS, Baseline, measure_baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.statements.select_access import Link
from dbtune.advisor.statements.subjects import Subjects
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import ForeignKey, Schema
from dbtune.sqlite.copies.scratch import CopySize, SampledTable, ScratchCopy, copy_database
from dbtune.workload.compared_values import compared_values

Links = Mapping[str, tuple[Link, ...]]

# A smaller copy is no faster than it takes to make one, and says little.
_SAMPLE_BYTES = 12 << 20
# The sample is this part of a large copy, which leaves most tables of most databases whole.
_SAMPLE_RATIO = 1 / 6
# Building everything at once is as fast up to so many bytes of indexes.
_WHOLE_BYTES = 96 << 20
# So many samples of each shape are run, and so many rivals are looked at more closely for it.
_SAMPLES = 2
_RIVALS = 3
# So many rows of an index tell its statistics well enough here; of all of them, ANALYZE takes as
# long as a third of the builds.
_ANALYZED_ROWS = 2_000
# Of all rivals so many go on for each index of the best set.
_RIVALS_A_CHOICE = 1.0
_LEAST_RIVALS = 15
# And so many of the planner's own first choices, those for the dearest shapes.
_FIRSTS_A_CHOICE = 1.0


@dataclass(frozen=True)
class Preselected:
    """The candidates to build whole, those of them that were best together on the sample, if any.

    `cut_short` says whether there was no time to look at all.
    """

    wanted: tuple[Wanted, ...]
    best: frozenset[IndexSpec] | None = None
    cut_short: bool = False


def preselect(
    base: Path,
    schema: Schema,
    links: Links,
    wanted: Sequence[Wanted],
    baseline: Baseline,
    limits: SearchLimits,
    on_event: OnEvent,
) -> Preselected:
    """Return which of the `wanted` are worth building on the closed copy at `base`.

    All of them where that is quick, or where there is no time to look. Rows that `links` join are
    sampled together.
    """
    if sum(index.size_bytes for index in wanted) <= _WHOLE_BYTES or limits.stop():
        return Preselected(tuple(wanted))
    on_event(Event("Trying candidates on a sample"))
    sample_bytes = max(_SAMPLE_BYTES, int(base.stat().st_size * _SAMPLE_RATIO))
    copy = copy_database(
        base,
        _linked(schema, links),
        base.parent,
        size=CopySize(sample_bytes, sample_bytes),
        compared=compared_values(subject.shape for subject in baseline.subjects.ready),
    )
    try:
        with closing(open_scratch(copy.path, baseline.subjects.functions)) as connection:
            part = copy.path.stat().st_size / max(1, base.stat().st_size)
            tried = _try_on(
                connection, wanted, baseline, _scaled(limits, copy, part), part, on_event
            )
    finally:
        copy.path.unlink()
    # What the sample tells nothing of goes on: shapes without time, tables that it has not.
    untold = frozenset(
        index.spec
        for index in wanted
        if not index.shape_ids <= tried.measured or index.spec.table in copy.left_out
    )
    return Preselected(
        _going_on(wanted, tried.best, tried.near | untold),
        tried.best or None,
        tried.cut_short or bool(untold),
    )


@dataclass(frozen=True)
class _Tried:
    """The best set on the sample, what comes close to it, and the shapes that were measured."""

    best: frozenset[IndexSpec]
    near: frozenset[IndexSpec]
    measured: frozenset[str]
    cut_short: bool


def _try_on(
    connection: apsw.Connection,
    wanted: Sequence[Wanted],
    baseline: Baseline,
    limits: SearchLimits,
    part: float,
    on_event: OnEvent,
) -> _Tried:
    """Build and measure all candidates on a sample that is `part` of the whole."""
    planner_statistics.analyze(connection)
    small = measure_baseline(
        connection,
        _fewer(baseline.subjects),
        limits.stop,
        max_vm_steps=max(1_000_000, round(part * BASELINE_STEPS)),
    )
    search = PoolSearch(connection, wanted, small, limits, on_event)
    best, near = _choose(search)
    measured = frozenset(subject.shape.id for subject in small.subjects.ready)
    return _Tried(best, near, measured, search.cut_short)


def _scaled(limits: SearchLimits, copy: ScratchCopy, part: float) -> SearchLimits:
    """Return the limits for a sample that is `part` of the whole."""
    return replace(
        limits,
        sampled=_combined(limits.sampled, copy.sampled),
        room_bytes=round(limits.room_bytes / part),
        analyzed_rows=_ANALYZED_ROWS,
    )


def _choose(search: PoolSearch) -> tuple[frozenset[IndexSpec], frozenset[IndexSpec]]:
    """Return the best set in the pool and what comes close to being in it."""
    names, rivals = search.selection.shortlist(_RIVALS)
    most = max(_LEAST_RIVALS, round(_RIVALS_A_CHOICE * len(names)))
    best = frozenset(search.specs[name] for name in names)
    return best, frozenset(search.specs[name] for name in rivals[:most])


def _going_on(
    wanted: Sequence[Wanted], best: frozenset[IndexSpec], near: frozenset[IndexSpec]
) -> tuple[Wanted, ...]:
    # Statistics of all rows may lead the planner elsewhere than those of the sample.
    firsts = [index.spec for index in wanted if index.is_first]
    kept = best | near | frozenset(firsts[: round(_FIRSTS_A_CHOICE * len(best))])
    going_on = [replace(i, is_best=i.spec in best) for i in wanted if i.spec in kept]
    going_on.sort(key=lambda index: not index.is_best)  # stable: first what is built at any rate
    return tuple(going_on)


def _linked(schema: Schema, links: Links) -> Schema:
    """Return the schema with the joins of the recording as if they were declared references."""
    tables = (
        replace(
            table,
            foreign_keys=(
                *table.foreign_keys,
                *(
                    ForeignKey(
                        table.name, (link.column,), link.other_table, (link.other_column,), "", ""
                    )
                    for link in links.get(table.name, ())
                ),
            ),
        )
        for table in schema.tables
    )
    return replace(schema, tables=tuple(tables))


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
