"""What the recording costs today: every shape on an untouched copy, as far as time allows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import apsw

from dbtune.advisor.oracle import Oracle, Runs, ShapeCost
from dbtune.advisor.pool import Pool
from dbtune.advisor.subjects import Subjects
from dbtune.advisor.time_limit import Stop

# A baseline run may take this many steps, about a second; what is stopped costs "at least" that.
BASELINE_STEPS = 80_000_000


@dataclass(frozen=True)
class Baseline:
    """The shapes measured; `costs` are parallel to `subjects.ready`, `runs` what they ran."""

    subjects: Subjects
    costs: tuple[ShapeCost, ...]
    runs: Runs


def measure_baseline(
    connection: apsw.Connection,
    subjects: Subjects,
    stop: Stop,
    *,
    max_vm_steps: int = BASELINE_STEPS,
) -> Baseline:
    """Measure shapes with the indexes and statistics that are there, those that matter most first.

    Shapes that the time does not suffice for move from `ready` to `unmeasured`.
    """
    order = sorted(subjects.ready, key=lambda s: (-(s.shape.duration_ns or 0), -s.shape.count))
    pool = Pool(connection)
    pool.finish(_existing(connection), analyze=(), hides_tables=False)
    runs = Runs()
    oracle = Oracle(pool, order, max_vm_steps=max_vm_steps, runs=runs)
    costs: list[ShapeCost] = []
    for number in range(len(order)):
        if stop():
            break
        costs.append(oracle.cost(number, pool.names))
    left = tuple(subject.shape for subject in order[len(costs) :])
    measured = replace(subjects, ready=tuple(order[: len(costs)]), unmeasured=left)
    return Baseline(measured, tuple(costs), runs)


def _existing(connection: apsw.Connection) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    )
    return tuple(name for (name,) in rows)
