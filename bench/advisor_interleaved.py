"""Several advices timed by turns with the SQLite that Python is linked with.

Each advice is built and analysed by that library on a copy of its own. Every statement runs on
one copy after the other, in turning order, so that a busy machine slows all alike; ratios are of
one round.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from advisor_measure import renamed

from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.subjects import Subject

ROUNDS = 11
# Ranks, from either end, between which the median of 11 lies with 98.8 % (binomial).
_INTERVAL_RANK = 1
# A statement is stopped here, about a second; it then counts as this long at least.
MAX_STEPS = 60_000_000
_STEPS_A_CALL = 1_000
_FINE_STEPS = 20


@dataclass(frozen=True)
class Ratio:
    """The median of paired ratios and its interval, and the ratio of steps, which are exact."""

    median: float
    low: float
    high: float
    steps: float


@dataclass(frozen=True)
class ShapeTimes:
    """One shape: median seconds and steps of one execution, by advice; `stopped` where capped."""

    id: str
    text: str
    count: float
    writes: bool
    seconds: Mapping[str, float]
    steps: Mapping[str, float]
    stopped: frozenset[str]


@dataclass(frozen=True)
class Timed:
    """All rounds: weighted seconds a round by advice, weighted steps, and single shapes."""

    rounds: Mapping[str, tuple[float, ...]]
    steps: Mapping[str, float]
    shapes: tuple[ShapeTimes, ...]
    refused: tuple[str, ...]

    def ratio(self, advice: str, other: str) -> Ratio:
        """Return how long one advice takes beside another."""
        pairs = zip(self.rounds[advice], self.rounds[other], strict=True)
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        rank = min(_INTERVAL_RANK, (len(ratios) - 1) // 2)
        steps = self.steps[advice] / max(1.0, self.steps[other])
        return Ratio(statistics.median(ratios), ratios[rank], ratios[-1 - rank], steps)


class _Lane:
    """One advice on a copy of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.stopped: dict[int, float] = {}

    def steps(self, number: int, statement: Statement, *, writes: bool) -> float:
        """Return the steps of one run, to the next 20; also warms the cache."""
        calls = 0

        def on_progress() -> bool:
            nonlocal calls
            calls += 1
            return calls * _FINE_STEPS >= MAX_STEPS

        self._connection.set_progress_handler(on_progress, _FINE_STEPS)
        self._run(statement, writes=writes)
        if calls * _FINE_STEPS >= MAX_STEPS:
            self.stopped[number] = 0.0
        return float(calls * _FINE_STEPS)

    def seconds(self, number: int, statement: Statement, *, writes: bool) -> float:
        """Return the time of one run; what is stopped runs once and then keeps its time."""
        if self.stopped.get(number):
            return self.stopped[number]
        calls = 0

        def on_progress() -> bool:
            nonlocal calls
            calls += 1
            return calls * _STEPS_A_CALL >= MAX_STEPS

        self._connection.set_progress_handler(on_progress, _STEPS_A_CALL)
        took = self._run(statement, writes=writes)
        if number in self.stopped:
            self.stopped[number] = took
        return took

    def _run(self, statement: Statement, *, writes: bool) -> float:
        if writes:
            self._connection.execute("SAVEPOINT bench")
        started = time.perf_counter()
        # A recorded INSERT may meet its row, and what is too long is interrupted.
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(statement.text, statement.parameters).fetchall()
        took = time.perf_counter() - started
        if writes and self._connection.in_transaction:
            self._connection.execute("ROLLBACK TO bench")
            self._connection.execute("RELEASE bench")
        return took


def time_by_turns(
    database: Path,
    subjects: Sequence[Subject],
    advices: Mapping[str, Sequence[str]],
    scratch: Path,
    rounds: int = ROUNDS,
) -> Timed:
    """Time the whole recording under each advice; an advice without DDL is the file as it is."""
    with ExitStack() as stack:
        refused: list[str] = []
        lanes = {
            name: _Lane(stack.enter_context(_lane(database, ddl, scratch, refused)))
            for name, ddl in advices.items()
        }
        plain = [subject for subject in subjects if not subject.stubbed]
        runs = [(i, s) for i, subject in enumerate(plain) for s in subject.statements]
        steps = _count_steps(plain, runs, lanes)
        seconds = _time_rounds(plain, runs, lanes, rounds)
    return _gather(plain, runs, lanes, steps, seconds, tuple(refused))


_Runs = Sequence[tuple[int, Statement]]


def _count_steps(
    subjects: Sequence[Subject], runs: _Runs, lanes: Mapping[str, _Lane]
) -> dict[str, list[float]]:
    return {
        name: [
            lane.steps(number, statement, writes=subjects[i].writes)
            for number, (i, statement) in enumerate(runs)
        ]
        for name, lane in lanes.items()
    }


def _time_rounds(
    subjects: Sequence[Subject], runs: _Runs, lanes: Mapping[str, _Lane], rounds: int
) -> dict[str, list[list[float]]]:
    """Return seconds by advice, run and round."""
    names = list(lanes)
    found: dict[str, list[list[float]]] = {name: [[] for _ in runs] for name in names}
    for turn in range(rounds):
        for number, (i, statement) in enumerate(runs):
            first = (turn + number) % len(names)
            for name in names[first:] + names[:first]:
                took = lanes[name].seconds(number, statement, writes=subjects[i].writes)
                found[name][number].append(took)
    return found


def _gather(
    subjects: Sequence[Subject],
    runs: _Runs,
    lanes: Mapping[str, _Lane],
    steps: Mapping[str, list[float]],
    seconds: Mapping[str, list[list[float]]],
    refused: tuple[str, ...],
) -> Timed:
    weights = [subjects[i].shape.count / len(subjects[i].statements) for i, _ in runs]
    by_round = {
        name: tuple(
            sum(w * t for w, t in zip(weights, column, strict=True))
            for column in zip(*times, strict=True)
        )
        for name, times in seconds.items()
    }
    by_steps = {
        name: sum(w * n for w, n in zip(weights, counted, strict=True))
        for name, counted in steps.items()
    }
    shapes = tuple(_shape(i, s, runs, lanes, steps, seconds) for i, s in enumerate(subjects))
    return Timed(by_round, by_steps, shapes, refused)


def _shape(
    index: int,
    subject: Subject,
    runs: _Runs,
    lanes: Mapping[str, _Lane],
    steps: Mapping[str, list[float]],
    seconds: Mapping[str, list[list[float]]],
) -> ShapeTimes:
    mine = [number for number, (i, _) in enumerate(runs) if i == index]
    return ShapeTimes(
        subject.shape.id,
        " ".join(subject.shape.template.split()),
        subject.shape.count,
        subject.writes,
        {
            name: statistics.mean(statistics.median(times[n]) for n in mine)
            for name, times in seconds.items()
        },
        {name: statistics.mean(counted[n] for n in mine) for name, counted in steps.items()},
        frozenset(name for name, lane in lanes.items() if any(n in lane.stopped for n in mine)),
    )


@contextmanager
def _lane(
    database: Path, ddl: Sequence[str], scratch: Path, refused: list[str]
) -> Iterator[sqlite3.Connection]:
    """Give a connection to a copy with the indexes, opened anew as an application does."""
    number = sum(1 for _ in scratch.glob("lane-*.db"))
    path = scratch / f"lane-{number}.db"
    shutil.copyfile(database, path)
    if ddl:
        with closing(_open(path)) as connection:
            named = [renamed(sql, f"bench_{n}") for n, sql in enumerate(ddl)]
            refused += [sql for sql in named if not _builds(connection, sql)]
            connection.execute("ANALYZE")
    try:
        with closing(_open(path)) as connection:
            yield connection
    finally:
        path.unlink()


def _builds(connection: sqlite3.Connection, sql: str) -> bool:
    try:
        connection.execute(sql)
    except sqlite3.OperationalError:
        return False
    return True


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=2_000)
    for pragma in ("cache_size = -400000", "synchronous = OFF", "journal_mode = MEMORY"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection
