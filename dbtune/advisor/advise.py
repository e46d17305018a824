"""The advisor from end to end: a scratch copy and a recording in, proven advice out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.cost import open_scratch
from dbtune.advisor.drawn_values import ValueDrawer
from dbtune.advisor.library_check import LibraryCheck
from dbtune.advisor.oracle import ShapeCost
from dbtune.advisor.proof import Proof, measure_before
from dbtune.advisor.repair import Prover, prove_and_repair
from dbtune.advisor.search import Searcher, SearchLimits
from dbtune.advisor.selection import Limits
from dbtune.advisor.subjects import Subjects, prepare_subjects
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.model.workload import Workload
from dbtune.sqlite.statistics import read_statistics

# A baseline run may take this many steps, about a second; what is stopped costs "at least" that.
_BASELINE_STEPS = 80_000_000


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
    cut_short: bool
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
        statistics = read_statistics(connection, schema)
        search_limits = _search_limits(limits, base.stat().st_size)
        searcher = Searcher(
            connection, schema, statistics, subjects, before, search_limits, on_event
        )
        prover = Prover(base, schema, subjects, before, on_event)
        repaired = prove_and_repair(prover, searcher.choose, limits.stop)
    work.unlink()
    return Advice(
        subjects, before, repaired.proof, repaired.library, searcher.cut_short, repaired.left_out
    )


def _search_limits(limits: AdviceLimits, database_bytes: int) -> SearchLimits:
    selection = Limits(
        database_bytes,
        limits.budget_bytes,
        limits.min_gain_ratio,
        limits.max_write_slowdown_ratio,
        limits.stop,
    )
    return SearchLimits(selection, limits.room_bytes, limits.stop)
