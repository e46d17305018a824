"""The advisor from end to end: a scratch copy and a recording in, proven advice out."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.choosing.objective import Limits
from dbtune.advisor.choosing.pool_search import SearchLimits
from dbtune.advisor.choosing.search import Prediction, Searcher
from dbtune.advisor.explaining.insight import NO_INSIGHT, Insight, gain_insight
from dbtune.advisor.measuring.baseline import BASELINE_STEPS, Baseline, measure_baseline
from dbtune.advisor.measuring.cost import MAX_VM_STEPS, open_scratch
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.measuring.timing import Timed
from dbtune.advisor.proving.library_check import LibraryCheck
from dbtune.advisor.proving.proof import Proof
from dbtune.advisor.repair import Prover, prove_and_repair
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.subjects import Subjects, prepare_subjects
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.model.workload import Workload
from dbtune.sqlite.copies.scratch import SampledTable

# By when, as parts of the user's time limit, each stage gives way to the next. Proving builds the
# choice anew and cannot be cut short: it takes about a third as long as building the pool did.
_BASELINE_UNTIL = 0.25
_POOL_UNTIL = 0.5
_CHOICE_UNTIL = 0.65
# What the baseline gets at least: where nothing is measured, nothing can be advised.
_LEAST_SECONDS = 5.0


@dataclass(frozen=True)
class AdviceLimits:
    """What the user allows; bytes, the time for all stages, and ratios from 0 to 1.

    `database_bytes` is the size of the real database, of which the copy may be a sample.
    """

    budget_bytes: int | None
    min_gain_ratio: float
    max_write_slowdown_ratio: float | None
    room_bytes: int
    time: TimeLimit
    database_bytes: int
    sampled: tuple[SampledTable, ...] = ()


@dataclass(frozen=True)
class Advice:
    """Proven advice; `baseline.costs` and `proof.after` are parallel to `subjects.ready`.

    `repaired` are indexes that were chosen and then taken out again: (DDL, reason). `sampled`
    are the tables of which the copy held only a part; `insight` is what explains the choice,
    `timed` are the times of what it serves. `predicted` is what the search expected of it, and
    `proven_copy` the closed copy with all of it, where that is still there.
    """

    baseline: Baseline
    proof: Proof
    library: LibraryCheck | None
    cut_short: bool
    repaired: tuple[tuple[str, str], ...]
    sampled: tuple[SampledTable, ...] = ()
    insight: Insight = NO_INSIGHT
    timed: tuple[Timed, ...] = ()
    predicted: Prediction | None = None
    proven_copy: Path | None = None

    @property
    def subjects(self) -> Subjects:
        """What was measured, and what could not be."""
        return self.baseline.subjects

    @property
    def before(self) -> tuple[ShapeCost, ...]:
        """What each of `subjects.ready` costs today."""
        return self.baseline.costs


def advise(
    base: Path,
    schema: Schema,
    workload: Workload,
    limits: AdviceLimits,
    on_event: OnEvent,
) -> Advice:
    """Advise on the closed scratch copy at `base`, which stays as it is; works beside it."""
    time = limits.time.begin()
    on_event = time.telling(on_event)
    work = base.with_name("work.db")
    shutil.copyfile(base, work)
    with closing(open_scratch(work)) as connection:
        on_event(Event("Measuring the recording as it is"))
        drawer = ValueDrawer(connection, schema)
        subjects = prepare_subjects(connection, workload.shapes, drawer)
        enough = time.until(_BASELINE_UNTIL, least_seconds=_LEAST_SECONDS)
        baseline = measure_baseline(
            connection, subjects, enough, max_vm_steps=time.scaled(BASELINE_STEPS)
        )
        limited = _search_limits(limits, time)
        with closing(Searcher(connection, base, schema, baseline, limited, on_event)) as searcher:
            prover = Prover(base, schema, baseline, searcher.known, time, on_event)
            proven = prove_and_repair(prover, searcher.choose)
            chosen = [i.planned.spec for i in proven.proof.indexes if i.planned.spec]
            insight = gain_insight(
                searcher.choice_of(chosen),
                schema,
                limited.selection,
                {sql for sql, _ in proven.left_out},
                time,
            )
            predicted = searcher.predict(chosen)
    work.unlink()
    return Advice(
        baseline,
        proven.proof,
        proven.library,
        searcher.cut_short,
        proven.left_out,
        limits.sampled,
        insight,
        proven.timed,
        predicted,
        prover.copy_of(proven.proof),
    )


def _search_limits(limits: AdviceLimits, time: TimeLimit) -> SearchLimits:
    selection = Limits(
        limits.database_bytes,
        limits.budget_bytes,
        limits.min_gain_ratio,
        limits.max_write_slowdown_ratio,
        time.until(_CHOICE_UNTIL),
    )
    return SearchLimits(
        selection,
        limits.room_bytes,
        limits.sampled,
        time.until(_POOL_UNTIL),
        max_vm_steps=time.scaled(MAX_VM_STEPS),
    )
