"""What ANALYZE would change today, with no new index: measured on a copy of its own."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import apsw

from dbtune.advisor.facts import PlanChange, StatisticsEffect
from dbtune.advisor.measuring import planner_statistics
from dbtune.advisor.measuring.baseline import BASELINE_STEPS, Baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.oracle import Oracle
from dbtune.advisor.measuring.pool import Pool, explicit_indexes
from dbtune.advisor.time_limit import Stop, never

# Less of one execution than this nobody notices, whatever the plan looks like.
_NOTICED_NS = 1_000.0


def statistics_effect(base: Path, baseline: Baseline, stop: Stop = never) -> StatisticsEffect:
    """Analyse a copy of the closed scratch copy at `base`, and measure what plans change.

    Statements whose plan stays are not run again. Removes its copy.
    """
    path = base.with_name("analyzed.db")
    shutil.copyfile(base, path)
    try:
        with closing(open_scratch(path, baseline.subjects.functions)) as connection:
            planner_statistics.analyze(connection)
            return _compare(connection, baseline, stop)
    finally:
        path.unlink()


def _compare(connection: apsw.Connection, baseline: Baseline, stop: Stop) -> StatisticsEffect:
    pool = Pool(connection)
    pool.finish(explicit_indexes(connection), analyze=(), hides_tables=False)
    subjects = baseline.subjects.ready
    # What the baseline stopped is stopped here as early: it is no dearer, and no better known.
    oracle = Oracle(pool, subjects, max_vm_steps=BASELINE_STEPS, runs=baseline.runs)
    changes: list[PlanChange] = []
    before = after = 0.0
    complete = True
    for number, (subject, old) in enumerate(zip(subjects, baseline.costs, strict=True)):
        if stop():
            complete = False
            break
        new = oracle.cost(number, pool.names)
        if old.measurement.stopped and new.cost_ns >= old.cost_ns:
            continue  # its cost before is only a minimum
        before += subject.shape.count * old.cost_ns
        after += subject.shape.count * new.cost_ns
        if new.plans != old.plans and abs(new.cost_ns - old.cost_ns) >= _NOTICED_NS:
            sample = next(
                n
                for n, (one, two) in enumerate(zip(old.plans, new.plans, strict=True))
                if one != two
            )
            changes.append(
                PlanChange(
                    subject.shape, old.plans[sample], new.plans[sample], old.cost_ns, new.cost_ns
                )
            )
    changes.sort(key=lambda change: (-abs(change.saved_ns), change.shape.id))
    samples = planner_statistics.application_has_samples()
    return StatisticsEffect(before, after, tuple(changes), samples, complete)
