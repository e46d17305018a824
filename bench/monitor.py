"""Does a writer ever wait for `dbtune monitor`? Measured.

    python bench/monitor.py [--seconds 2] [--rounds 10] [--output bench/results/monitor.md]

One database in each journal mode is written to by a process that never waits for a lock
(busy_timeout 0: whatever lock a watcher takes can make a commit fail), and by four that do. Ways to
watch it meanwhile:

    alone      nobody
    monitor    dbtune monitor --interval 0.2
    queries    a script that asks SQLite for page_count, freelist_count and a count of rows at the
               same interval; it is here to show that this measurement sees who blocks

The ways take turns in every round, each ratio is of one round, and the median of the rounds is
printed. synchronous is OFF: a commit takes microseconds then, and waits show.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from tabulate import tabulate

INTERVAL_SECONDS = 0.2
WAYS = ("alone", "monitor", "queries")
_WITH_SQL = f"""
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
print("ready", flush=True)
while True:
    try:
        connection.execute("PRAGMA page_count").fetchone()
        connection.execute("PRAGMA freelist_count").fetchone()
        connection.execute("SELECT count(*) FROM t").fetchone()
    except sqlite3.OperationalError:
        pass
    time.sleep({INTERVAL_SECONDS})
"""


@dataclass(frozen=True)
class Load:
    """Writers on a database in a journal mode."""

    mode: str
    writers: int
    busy_timeout_seconds: float


@dataclass(frozen=True)
class Outcome:
    """What all writers of one run did, and the CPU time that watching took, of one core."""

    writes: int
    failed: int
    median_us: float
    p99_us: float
    max_ms: float
    cpu_ratio: float


LOADS = (Load("DELETE", 1, 0), Load("WAL", 1, 0), Load("DELETE", 4, 5), Load("WAL", 4, 5))


def main() -> int:
    """Measure and print; the exit code is 1 where a write failed for the monitor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    text = ""
    failed = 0
    for load in LOADS:
        rounds = [
            {way: measure(load, way, arguments.seconds) for way in turn(WAYS, number)}
            for number in range(arguments.rounds)
        ]
        text += report(load, rounds)
        if load.writers == 1:
            failed += sum(outcomes["monitor"].failed for outcomes in rounds)
    print(text)
    if arguments.output is not None:
        arguments.output.write_text(f"{heading(arguments)}\n{text}", encoding="utf-8")
    return int(failed > 0)


def turn(ways: Sequence[str], number: int) -> Sequence[str]:
    """Return the ways in another order in each round."""
    first = number % len(ways)
    return (*ways[first:], *ways[:first])


def measure(load: Load, way: str, seconds: float) -> Outcome:
    """Run a load on a new database while it is watched in one way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        build(path, load.mode)
        with watched(path, way) as watcher:
            begun = cpu_seconds(watcher)
            tallies = run_writers(path, load, seconds)
            cpu = cpu_seconds(watcher) - begun
    latencies = sorted(latency for tally, _ in tallies for latency in tally)
    return Outcome(
        writes=len(latencies),
        failed=sum(failures for _, failures in tallies),
        median_us=statistics.median(latencies) * 1e6,
        p99_us=latencies[int(len(latencies) * 0.99)] * 1e6,
        max_ms=latencies[-1] * 1e3,
        cpu_ratio=cpu / seconds,
    )


def build(path: Path, mode: str) -> None:
    """Write a database of about 20 MB."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value INTEGER, pad TEXT)")
        connection.execute(
            "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
            " INSERT INTO t (value, pad) SELECT i, printf('%.200c', 'x') FROM n"
        )


@contextmanager
def watched(path: Path, way: str) -> Iterator[psutil.Process | None]:
    """Watch a database within the block."""
    if way == "alone":
        yield None
        return
    command = [sys.executable, "-c", _WITH_SQL, str(path)]
    if way == "monitor":
        command = [sys.executable, "-m", "dbtune", "monitor", str(path)]
        command += ["--interval", str(INTERVAL_SECONDS), "--output", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def cpu_seconds(watcher: psutil.Process | None) -> float:
    """Return the CPU time of a process and its children so far."""
    if watcher is None:
        return 0.0
    every = [watcher, *watcher.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in every)


def run_writers(path: Path, load: Load, seconds: float) -> list[tuple[list[float], int]]:
    """Start writers, let them begin together, and return each one's latencies and failures."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(load.writers)
    results = context.Queue()
    processes = [
        context.Process(
            target=write, args=(path, load.busy_timeout_seconds, seconds, seed, barrier, results)
        )
        for seed in range(load.writers)
    ]
    for process in processes:
        process.start()
    tallies = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return tallies


def write(
    path: Path, busy_timeout: float, seconds: float, seed: int, barrier: Any, results: Any
) -> None:
    """Change one row a transaction, with a pause of a millisecond, and time what succeeded."""
    latencies, failures = [], 0
    with closing(sqlite3.connect(path, isolation_level=None, timeout=busy_timeout)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("SELECT count(*) FROM t").fetchone()
        barrier.wait()
        until = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            seed = (seed * 1103515245 + 12345) % 100_000
            try:
                connection.execute("UPDATE t SET value = value + 1 WHERE id = ?", (seed + 1,))
                latencies.append(time.perf_counter() - begun)
            except sqlite3.OperationalError:
                failures += 1
            time.sleep(0.001)
    results.put((latencies, failures))


def report(load: Load, rounds: list[dict[str, Outcome]]) -> str:
    """Return a table of one load."""
    rows = []
    for way in WAYS:
        outcomes = [outcome[way] for outcome in rounds]
        ratios = [outcome[way].p99_us / outcome["alone"].p99_us for outcome in rounds]
        medians = [outcome[way].median_us / outcome["alone"].median_us for outcome in rounds]
        rows.append(
            [
                way,
                f"{sum(outcome.writes for outcome in outcomes):,}",
                f"{sum(outcome.failed for outcome in outcomes):,}",
                f"{statistics.median(outcome.median_us for outcome in outcomes):,.0f} µs",
                f"{statistics.median(medians):.2f}",
                f"{statistics.median(outcome.p99_us for outcome in outcomes):,.0f} µs",
                f"{statistics.median(ratios):.2f}",
                f"{max(outcome.max_ms for outcome in outcomes):.1f} ms",
                f"{statistics.median(outcome.cpu_ratio for outcome in outcomes) * 100:.1f} %",
            ]
        )
    headers = ["watched by", "writes", "failed", "median", "to alone", "p99", "to alone"]
    headers += ["max", "CPU"]
    title = f"{load.mode}, {load.writers} writer{'s' * (load.writers > 1)}"
    wait = f"busy_timeout {load.busy_timeout_seconds:g} s"
    return f"## {title}, {wait}\n\n{tabulate(rows, headers, tablefmt='github')}\n\n"


def heading(arguments: argparse.Namespace) -> str:
    """Return what stands above the tables in a file."""
    return (
        "# Does a writer ever wait for dbtune monitor?\n\n"
        f"    python bench/monitor.py --seconds {arguments.seconds:g} --rounds {arguments.rounds}\n"
        f"\nSQLite {sqlite3.sqlite_version}, Python {sys.version.split()[0]}, "
        f"{psutil.cpu_count()} cores shared with others.\n"
        "Each ratio is the median of the rounds, in which the ways took turns. CPU is of one "
        "core.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
