"""How long reads take before and after, by a clock: both sides in turn, and the median of each.

Counters decide; times are shown because people ask for them. A machine that is busy for a second
is so for both sides when they take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import apsw

from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.cost import measure, open_scratch
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.statements.subjects import Subject
from dbtune.advisor.time_limit import Stop, TimeLimit
from dbtune.sqlite.explain import explain

# Runs of both sides, by what one turn takes; above the last, one run has to do.
_RUNS = ((5e6, 5), (100e6, 3))
# All turns of one proof together, in seconds; there may be four proofs.
_MOST_SECONDS = 2.0
# The pages of both sides stay cached, as an application's do, in half the memory each.
_CACHE_KB = 200_000


@dataclass(frozen=True)
class Timed:
    """Medians of so many runs each of one shape, all its samples averaged, ns."""

    shape_id: str
    before_ns: float
    after_ns: float
    runs: int


def time_reads(
    before: Path,
    after: Path,
    baseline: Baseline,
    costs: Sequence[ShapeCost],
    served: frozenset[str],
    stop: Stop,
) -> tuple[Timed, ...]:
    """Time the reads that are `served`, the dearest first, on both closed scratch copies.

    `costs` are those of `after`, parallel to the baseline's. Ends early when it is time to stop,
    and leaves out what takes long: it has a time of one run already.
    """
    both = zip(baseline.subjects.ready, baseline.costs, costs, strict=True)
    reads = [(s, a, b) for s, a, b in both if s.shape.id in served and not s.writes]
    reads.sort(key=lambda read: -read[0].shape.count * read[1].cost_ns)
    enough = TimeLimit(_MOST_SECONDS).until(1.0)
    functions = baseline.subjects.functions
    found: list[Timed] = []
    with (
        closing(open_scratch(before, functions)) as old,
        closing(open_scratch(after, functions)) as new,
    ):
        for connection in (old, new):
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        for subject, first, second in reads:
            if stop() or enough():
                break
            runs = _runs(subject, first, second)
            if runs:
                found.append(_timed(old, new, subject, runs))
    return tuple(found)


def _runs(subject: Subject, before: ShapeCost, after: ShapeCost) -> int:
    if before.measurement.stopped or after.measurement.stopped:
        return 0
    turn = before.measurement.elapsed_ns + after.measurement.elapsed_ns
    turn *= len(subject.statements)
    return next((runs for most, runs in _RUNS if turn <= most), 0)


def _timed(old: apsw.Connection, new: apsw.Connection, subject: Subject, runs: int) -> Timed:
    turns = [(_once(old, subject), _once(new, subject)) for _ in range(runs)]
    return Timed(
        subject.shape.id,
        median(before for before, _ in turns),
        median(after for _, after in turns),
        runs,
    )


def _once(connection: apsw.Connection, subject: Subject) -> float:
    """Return the mean time of a shape's samples; preparing them is not in it."""
    elapsed = 0.0
    for statement in subject.statements:
        explain(connection, statement.text, statement.parameters)  # loads the schema
        elapsed += measure(connection, statement, writes=False).elapsed_ns
    return elapsed / len(subject.statements)
