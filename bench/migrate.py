"""How long moving 2.5 million rows takes, beside what others need on the same machine.

    python bench/migrate.py [load] [profile] [verify] [whole] [--target URL] [--rounds N]

    load     dbtune's load on two processes; DuckDB on two threads; psql's copy of ready-made
             binary files on two connections
    profile  reading what all columns hold, as a share of the load
    verify   comparing all rows afterwards, in rows a second
    whole    `dbtune migrate-to-postgres` with keys, indexes and full verification; pgloader with
             keys and indexes

Of each contest all take turns in every round; ratios are of one round, and medians are printed.
Without --target an embedded server is used. The server should have room for 1 GB and lie on the
same machine: these are contests for two cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import migrate_peers as peers
import psycopg
from migrate_source import build_source
from psycopg.conninfo import make_conninfo
from tabulate import tabulate

from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.journeys.migration_plan import make_plan
from dbtune.model.event import ignore_event
from dbtune.model.transfer import MigrationPlan
from dbtune.postgres.ddl import create_table
from dbtune.postgres.loading.load import load
from dbtune.postgres.profiling.profile_tables import profile_tables
from dbtune.postgres.server.migration_state import Migration, begin_migration, discard
from dbtune.postgres.server.target import connect_target, read_target_state
from dbtune.postgres.verification.verify import verify_tables
from dbtune.postgres.workers.arrow_source import arrow_available
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.schema.catalog import read_schema

DATABASE = "dbtune_bench"
PROCESSES = 2
CONTESTS = ("load", "profile", "verify", "whole")
MIN_VERIFIED_ROWS_A_SECOND = 1_000_000


@dataclass(frozen=True)
class Bench:
    """What all contests share."""

    source: Path
    conninfo: str
    work: Path
    plan: MigrationPlan
    rounds: int


@dataclass(frozen=True)
class Line:
    """A line of the result: the median of a contestant, and how dbtune compares with it."""

    name: str
    seconds: str
    ratio: str = ""
    target: str = ""
    verdict: str = ""


def main() -> int:
    """Measure and print; the exit code is 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("contests", nargs="*", choices=[[], *CONTESTS], default=[])
    parser.add_argument("--target", default=os.environ.get("DBTUNE_TEST_DSN"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work" / "migrate")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    source = arguments.work.resolve() / f"source-{arguments.scale:g}.db"
    build_source(source, arguments.scale)
    if not arrow_available():
        print("without the extra dbtune[fast]: rows go one by one", file=sys.stderr)
    with _server(arguments.target) as admin, _database(admin) as conninfo:
        bench = Bench(source, conninfo, arguments.work, _plan(source, conninfo), arguments.rounds)
        lines = [
            line
            for name in arguments.contests or CONTESTS
            for line in _CONTESTS[name](bench, admin)
        ]
    print(tabulate([vars(line).values() for line in lines], ("", "s", "ratio", "target", "")))
    return int(any(line.verdict == "MISSED" for line in lines))


def _loads(bench: Bench, admin: str) -> Iterator[Line]:
    files = bench.work / "binary"
    with _staged(bench) as (pool, migration):
        load(pool, bench.plan, migration.id, migration.staging_schema)
        peers.write_binary_files(bench.conninfo, migration.staging_schema, bench.plan, files)
    duckdb, psql = "DuckDB, 2 threads", "psql \\copy binary, 2 connections"
    contestants: dict[str, Callable[[], float]] = {"dbtune load": lambda: _load_seconds(bench)}
    missing = {duckdb: peers.duckdb_missing(), psql: peers.psql_missing()}
    if missing[duckdb] is None:
        contestants[duckdb] = lambda: peers.duckdb_seconds(bench.source, bench.conninfo, bench.plan)
    if missing[psql] is None:
        contestants[psql] = lambda: peers.psql_seconds(bench.conninfo, bench.plan, files)
    seconds = _in_turn(contestants, bench.rounds)
    yield from _compared(seconds, missing, {duckdb: 1.05, psql: 2.0})


def _profiles(bench: Bench, admin: str) -> Iterator[Line]:
    contestants = {
        "dbtune profile": lambda: _profile_seconds(bench),
        "dbtune load": lambda: _load_seconds(bench),
    }
    yield from _compared(_in_turn(contestants, bench.rounds), {}, {"dbtune load": 0.6})


def _verifications(bench: Bench, admin: str) -> Iterator[Line]:
    with _staged(bench) as (pool, migration):
        load(pool, bench.plan, migration.id, migration.staging_schema)
        _add_keys(bench, migration)
        found = []
        for _ in range(bench.rounds):
            started = time.perf_counter()
            checks = verify_tables(pool, bench.plan, migration.staging_schema, "full", ignore_event)
            found.append(time.perf_counter() - started)
            if not all(check.verified for check in checks):
                raise RuntimeError("the rows differ")
    rows = sum(table.rows for table in bench.plan.tables)
    seconds = statistics.median(found)
    met = rows / seconds >= MIN_VERIFIED_ROWS_A_SECOND
    yield Line(
        f"dbtune verification: {rows / seconds:,.0f} rows/s",
        f"{seconds:.2f}",
        target=f">= {MIN_VERIFIED_ROWS_A_SECOND:,}",
        verdict="met" if met else "MISSED",
    )


def _wholes(bench: Bench, admin: str) -> Iterator[Line]:
    name = "pgloader, load and indexes"
    contestants = {"dbtune migrate-to-postgres": lambda: _command_seconds(bench, admin)}
    missing = {name: peers.pgloader_missing()}
    if missing[name] is None:
        contestants[name] = lambda: _pgloader_seconds(bench, admin)
    yield from _compared(_in_turn(contestants, bench.rounds), missing, {name: 0.6})


_CONTESTS = {"load": _loads, "profile": _profiles, "verify": _verifications, "whole": _wholes}


def _in_turn(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each contestant by round; another one begins each round."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        names = list(contestants)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seconds[name].append(contestants[name]())
            print(f"round {number + 1}: {name} {seconds[name][-1]:.2f} s", file=sys.stderr)
    return seconds


def _compared(
    seconds: dict[str, list[float]], missing: dict[str, str | None], targets: dict[str, float]
) -> Iterator[Line]:
    """Yield dbtune's line, which is the first, and a line for each of the others."""
    ours, *others = seconds
    yield Line(ours, f"{statistics.median(seconds[ours]):.2f}")
    for name in others:
        ratio = statistics.median(
            own / other for own, other in zip(seconds[ours], seconds[name], strict=True)
        )
        yield Line(
            name,
            f"{statistics.median(seconds[name]):.2f}",
            f"{ratio:.2f}",
            f"<= {targets[name]:g}",
            "met" if ratio <= targets[name] else "MISSED",
        )
    for name, reason in missing.items():
        if reason is not None:
            yield Line(name, "", verdict=f"skipped: {reason}")


def _load_seconds(bench: Bench) -> float:
    """Return the time from the first task to the last row; the processes run already."""
    with _staged(bench) as (pool, migration):
        started = time.perf_counter()
        loaded = load(pool, bench.plan, migration.id, migration.staging_schema)
        seconds = time.perf_counter() - started
    if sum(table.rows for table in loaded) != sum(table.rows for table in bench.plan.tables):
        raise RuntimeError("rows are missing")
    return seconds


def _profile_seconds(bench: Bench) -> float:
    with WorkerPool(bench.source, PROCESSES, True, None) as pool:
        started = time.perf_counter()
        profile_tables(pool, read_schema(pool.sqlite), ignore_event)
        return time.perf_counter() - started


def _command_seconds(bench: Bench, admin: str) -> float:
    with _database(admin, "dbtune_bench_whole") as conninfo:
        command = Path(sys.executable).with_name("dbtune")
        started = time.perf_counter()
        done = subprocess.run(
            [command, "migrate-to-postgres", bench.source, conninfo, "--jobs", str(PROCESSES)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"dbtune ended with {done.returncode}: {done.stderr[-1000:]}")
        return time.perf_counter() - started


def _pgloader_seconds(bench: Bench, admin: str) -> float:
    with _database(admin, "dbtune_bench_whole") as conninfo:
        return peers.pgloader_seconds(bench.source, conninfo, bench.work)


def _plan(source: Path, conninfo: str) -> MigrationPlan:
    with (
        closing(connect_target(conninfo)) as connection,
        WorkerPool(source, PROCESSES, True, None) as pool,
    ):
        facts = read_target_state(connection, "public").facts()
        return make_plan(pool, MigrateOptions(), facts, connection, ignore_event)


@contextmanager
def _staged(bench: Bench) -> Iterator[tuple[WorkerPool, Migration]]:
    """Yield a running pool and a migration whose tables are there, empty; dropped afterwards."""
    migration = Migration.new(str(bench.source), "bench", "bench", "public")
    with closing(connect_target(bench.conninfo)) as connection:
        connection.execute("SET client_min_messages = warning")
        begin_migration(connection, migration)
        connection.execute(f"SET search_path = {migration.staging_schema}".encode())
        for table in bench.plan.tables:
            connection.execute(create_table(table).sql.encode())
        connection.execute("CHECKPOINT")
        with WorkerPool(bench.source, PROCESSES, True, bench.conninfo) as pool:
            yield pool, migration
        discard(connection, migration)


def _add_keys(bench: Bench, migration: Migration) -> None:
    with closing(connect_target(bench.conninfo)) as connection:
        connection.execute(f"SET search_path = {migration.staging_schema}".encode())
        for table in bench.plan.tables:
            keys = ", ".join(f'"{name}"' for name in table.primary_key)
            connection.execute(f'ALTER TABLE "{table.target}" ADD PRIMARY KEY ({keys})'.encode())
            connection.execute(f'ANALYZE "{table.target}"'.encode())


@contextmanager
def _server(target: str | None) -> Iterator[str]:
    if target:
        yield target
        return
    from dbtune.postgres.server.embedded import throw_away_server

    with throw_away_server() as conninfo:
        yield conninfo


@contextmanager
def _database(admin: str, name: str = DATABASE) -> Iterator[str]:
    """Yield a fresh database of that name, dropped afterwards."""
    with closing(psycopg.connect(admin, autocommit=True)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute("CHECKPOINT")
        yield make_conninfo(admin, dbname=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


if __name__ == "__main__":
    sys.exit(main())
