"""Which BEGIN should work get of which nobody has said whether it writes? Measured.

    python bench/hook.py [--processes 12] [--seconds 3] [--rounds 5]

Processes share one WAL database through SQLAlchemy. Ways to begin:

    deferred   a plain BEGIN for everything, as SQLAlchemy's own recipe does
    immediate  dbtune.install, and no work is marked: BEGIN IMMEDIATE for everything
    marked     dbtune.install, and work that only reads is marked, as dbtune.flask does for GET
    WAL alone  neither a hook nor a recipe, only the file in WAL mode

The default has to lose no write, and keep 90 % of the read throughput of `deferred`. The ways
take turns in every round, each ratio is of one round, and the median of the rounds is printed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from tabulate import tabulate

import dbtune

WAYS = ("deferred", "marked", "immediate", "WAL alone")
CHOSEN = "marked"
MIN_READ_RATIO = 0.9
BUSY_TIMEOUT_MS = 5000
ROWS = 10_000
COUNTERS = 10


@dataclass(frozen=True)
class Load:
    """What each process does: the share of transactions that write, and the pause in each.

    Without a pause reads are counted by the second of CPU time, whatever else the machine does.
    """

    name: str
    processes: int
    write_share: float
    think_seconds: float


@dataclass(frozen=True)
class Tally:
    """What processes did: latencies of what succeeded in seconds, and how many writes failed."""

    reads: tuple[float, ...]
    writes: tuple[float, ...]
    failures: int
    cpu_seconds: float


@dataclass(frozen=True)
class Outcome:
    """One run of a load in one way. `lost` counts writes acknowledged and not in the file."""

    reads_per_second: float
    writes_per_second: float
    failed_ratio: float
    lost: int
    read_p99_ms: float
    write_p99_ms: float


def main() -> int:
    """Measure and print; the exit code is 1 where the chosen default misses a target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    count = arguments.processes
    loads = (
        Load(f"{count} processes that read, 10 ms of thought in each transaction", count, 0, 0.01),
        Load(f"{count} processes, 80 % reads with 10 ms of thought", count, 0.2, 0.01),
        Load(
            "1 process that reads without a pause, by CPU time: what the hook itself costs", 1, 0, 0
        ),
    )
    missed = False
    for load in loads:
        rounds = [
            {way: measure(load, way, arguments.seconds) for way in turn(WAYS, number)}
            for number in range(arguments.rounds)
        ]
        missed |= not report(load, rounds)
    print(
        "default: " + ("MISSED a target" if missed else "BEGIN IMMEDIATE unless marked as reading")
    )
    return int(missed)


def turn(ways: Sequence[str], number: int) -> Sequence[str]:
    """Return the ways backwards in every other round; the two compared stay neighbours in time."""
    return ways[::-1] if number % 2 else ways


def measure(load: Load, way: str, seconds: float) -> Outcome:
    """Run a load on a new database, and compare what was acknowledged with what is there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        build(path)
        tallies = run_processes(path, load, way, seconds)
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT sum(value) FROM counters").fetchone()[0]
    reads = [latency for tally in tallies for latency in tally.reads]
    writes = [latency for tally in tallies for latency in tally.writes]
    failures = sum(tally.failures for tally in tallies)
    cpu_seconds = sum(tally.cpu_seconds for tally in tallies)
    return Outcome(
        reads_per_second=len(reads) / (seconds if load.think_seconds else cpu_seconds),
        writes_per_second=len(writes) / seconds,
        failed_ratio=failures / max(1, failures + len(writes)),
        lost=len(writes) - found,
        read_p99_ms=p99_ms(reads),
        write_p99_ms=p99_ms(writes),
    )


def run_processes(path: Path, load: Load, way: str, seconds: float) -> list[Tally]:
    """Start the processes, let them begin together, and return what each did."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(load.processes)
    results = context.Queue()
    processes = [
        context.Process(target=work, args=(path, load, way, seconds, seed, barrier, results))
        for seed in range(load.processes)
    ]
    for process in processes:
        process.start()
    tallies = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return tallies


def build(path: Path) -> None:
    """Write a WAL database with rows to read and counters to increment."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("CREATE TABLE counters (id INTEGER PRIMARY KEY, value INTEGER)")
        names = ((i, f"item {i}") for i in range(ROWS))
        connection.executemany("INSERT INTO items VALUES (?, ?)", names)
        connection.executemany(
            "INSERT INTO counters VALUES (?, 0)", [(i,) for i in range(COUNTERS)]
        )
        connection.commit()


def open_engine(path: Path, way: str) -> Engine:
    """Return an engine that begins transactions in that way."""
    options = {"connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000}}
    engine = create_engine(f"sqlite:///{path}", **options)
    if way in {"immediate", "marked"}:
        dbtune.install(engine, busy_timeout_ms=BUSY_TIMEOUT_MS)
    elif way == "deferred":
        event.listen(engine, "connect", set_up_like_the_hook)
        event.listen(engine, "begin", begin_deferred)
    return engine


def set_up_like_the_hook(connection: sqlite3.Connection, record: object) -> None:
    """Let the ways differ in their BEGIN alone."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def begin_deferred(connection: Connection) -> None:
    """Begin as the recipe in SQLAlchemy's documentation does."""
    connection.exec_driver_sql("BEGIN")


def work(
    path: Path, load: Load, way: str, seconds: float, seed: int, barrier: Any, results: Any
) -> None:
    """Be one process: transactions one after the other until the time is up."""
    engine = open_engine(path, way)
    reading = dbtune.read_only if way == "marked" else nullcontext
    chance = random.Random(seed)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    reads: list[float] = []
    writes: list[float] = []
    failures = 0
    barrier.wait()
    cpu_before = time.process_time()
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        writing = chance.random() < load.write_share
        try:
            if writing:
                increment(engine, chance.randrange(COUNTERS))
            else:
                with reading():
                    read(engine, chance, load.think_seconds)
        except OperationalError:
            failures += 1
        else:
            (writes if writing else reads).append(time.perf_counter() - started)
    cpu_seconds = time.process_time() - cpu_before
    engine.dispose()
    results.put(Tally(tuple(reads), tuple(writes), failures, cpu_seconds))


def read(engine: Engine, chance: random.Random, think_seconds: float) -> None:
    """Read two rows in one transaction, with a pause for thought between them."""
    query = text("SELECT name FROM items WHERE id = :id")
    with engine.connect() as connection:
        connection.execute(query, {"id": chance.randrange(ROWS)}).all()
        if think_seconds:
            time.sleep(think_seconds)
        connection.execute(query, {"id": chance.randrange(ROWS)}).all()


def increment(engine: Engine, counter: int) -> None:
    """Read a counter and write it back, as applications do."""
    with engine.begin() as connection:
        query = text("SELECT value FROM counters WHERE id = :id")
        value = connection.execute(query, {"id": counter}).scalar_one()
        update = text("UPDATE counters SET value = :value WHERE id = :id")
        connection.execute(update, {"id": counter, "value": value + 1})


def report(load: Load, rounds: Sequence[dict[str, Outcome]]) -> bool:
    """Print one load's table; return whether the chosen way meets the targets."""
    print(f"\n{load.name}; median of {len(rounds)} rounds")
    header = ("begin", "reads/s", "of deferred", "p99 ms", "writes/s", "p99 ms", "failed", "lost")
    print(tabulate(rows(rounds), headers=header, disable_numparse=True), flush=True)
    ratio = read_ratio(rounds, CHOSEN)
    failed = max(outcomes[CHOSEN].failed_ratio for outcomes in rounds)
    lost = sum(outcomes[CHOSEN].lost for outcomes in rounds)
    met = ratio >= MIN_READ_RATIO and not failed and not lost
    print(
        f"{CHOSEN}: reads {ratio:.0%} of deferred (target {MIN_READ_RATIO:.0%}), "
        f"writes failed {failed:.1%} (target 0), lost {lost} (target 0): "
        f"{'met' if met else 'MISSED'}"
    )
    return met


def rows(rounds: Sequence[dict[str, Outcome]]) -> Iterator[tuple[str, ...]]:
    """Yield a line of the table for each way."""
    for way in WAYS:
        outcomes = [outcomes[way] for outcomes in rounds]
        yield (
            way,
            f"{statistics.median(o.reads_per_second for o in outcomes):,.0f}",
            f"{read_ratio(rounds, way):.0%}",
            f"{statistics.median(o.read_p99_ms for o in outcomes):,.1f}",
            f"{statistics.median(o.writes_per_second for o in outcomes):,.0f}",
            f"{statistics.median(o.write_p99_ms for o in outcomes):,.1f}",
            f"{statistics.median(o.failed_ratio for o in outcomes):.1%}",
            f"{sum(o.lost for o in outcomes)}",
        )


def read_ratio(rounds: Sequence[dict[str, Outcome]], way: str) -> float:
    """Return the median of a way's read throughput over that of `deferred` in the same round."""
    return statistics.median(
        outcomes[way].reads_per_second / outcomes["deferred"].reads_per_second
        for outcomes in rounds
    )


def p99_ms(latencies: Sequence[float]) -> float:
    """Return the 99th percentile in ms, 0 where there is none."""
    if not latencies:
        return 0.0
    return sorted(latencies)[int(len(latencies) * 0.99)] * 1000


if __name__ == "__main__":
    sys.exit(main())
