"""What the recording costs today: every shape on an untouched copy, as far as time allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import apsw

from dbtune.advisor.measuring.oracle import Oracle, Runs, ShapeCost
from dbtune.advisor.measuring.pool import Pool, explicit_indexes
from dbtune.advisor.statements.subjects import Subject, Subjects
from dbtune.advisor.time_limit import Stop

# A baseline run may take this many steps, half a second; what is stopped costs "at least" that.
BASELINE_STEPS = 40_000_000


@dataclass(frozen=True)
class Baseline:
    """The shapes measured; `costs` are parallel to `subjects.ready`, `runs` what they ran.

    `partly_measured` are ids of shapes for not all of whose samples there was time: only those
    measured are left to them.
    """

    subjects: Subjects
    costs: tuple[ShapeCost, ...]
    runs: Runs
    partly_measured: tuple[str, ...] = ()


def measure_baseline(
    connection: apsw.Connection,
    subjects: Subjects,
    stop: Stop,
    *,
    max_vm_steps: int = BASELINE_STEPS,
) -> Baseline:
    """Measure shapes with the indexes and statistics that are there, those that matter most first.

    The first sample of each shape comes before the second of any. Shapes that the time does not
    suffice for move from `ready` to `unmeasured`.
    """
    order = sorted(subjects.ready, key=lambda s: (-(s.shape.duration_ns or 0), -s.shape.count))
    pool = Pool(connection)
    pool.finish(explicit_indexes(connection), analyze=(), hides_tables=False)
    runs = Runs()
    costs: list[ShapeCost] = []
    ready: list[Subject] = []
    for samples in (1, None):
        asked = [replace(s, statements=s.statements[:samples]) for s in order]
        oracle = Oracle(pool, asked, max_vm_steps=max_vm_steps, runs=runs)
        done = _measure_round(oracle, asked, pool.names, stop, known=ready)
        costs[: len(done)], ready[: len(done)] = done, asked[: len(done)]
        if len(done) < len(order):
            break
    return _baseline(subjects, order, ready, costs, runs)


def _measure_round(
    oracle: Oracle,
    subjects: Sequence[Subject],
    names: frozenset[str],
    stop: Stop,
    *,
    known: Sequence[Subject],
) -> list[ShapeCost]:
    """Return the costs of the first subjects, as many as there is time for."""
    done: list[ShapeCost] = []
    for number, subject in enumerate(subjects):
        is_known = number < len(known) and len(known[number].statements) == len(subject.statements)
        if not is_known and stop():
            break
        done.append(oracle.cost(number, names))
    return done


def _baseline(
    subjects: Subjects,
    order: Sequence[Subject],
    ready: Sequence[Subject],
    costs: Sequence[ShapeCost],
    runs: Runs,
) -> Baseline:
    left = tuple(subject.shape for subject in order[len(ready) :])
    partly = tuple(
        measured.shape.id
        for measured, whole in zip(ready, order, strict=False)
        if len(measured.statements) < len(whole.statements)
    )
    measured = replace(subjects, ready=tuple(ready), unmeasured=left)
    return Baseline(measured, tuple(costs), runs, partly)
