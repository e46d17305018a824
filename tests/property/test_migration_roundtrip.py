"""Databases that nobody has seen: all of each one arrives and is proven, or is named."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from dbtune.journeys.migrate import plan
from dbtune.journeys.migrate_options import MigrateOptions
from tests.fixtures.arrived_objects import differing_defaults, missing_objects
from tests.fixtures.corpora import digests
from tests.fixtures.in_process import run_here
from tests.fixtures.independent_compare import Expected, compare_databases
from tests.fixtures.random_sources import RandomSource, build, sources

_numbers = itertools.count(1)
HERE = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def relations(conninfo: str, schema: str) -> list[Any]:
    """Return what a migration has left of a schema and of its staging."""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(
            "SELECT n.nspname, c.relname FROM pg_namespace n LEFT JOIN pg_class c"
            " ON c.relnamespace = n.oid"
            " WHERE n.nspname = %s OR n.nspname LIKE 'dbtune\\_staging%%'",
            (schema,),
        ).fetchall()


def options_named() -> frozenset[str]:
    """Return the options that the command has, as its help prints them."""
    return frozenset(
        re.findall(r"--[a-z][a-z-]+", run_here("migrate-to-postgres", "--help").stdout)
    )


def roundtrip(source: RandomSource, folder: Path, conninfo: str, *options: str) -> int:
    """Migrate a random database and require what a user relies on; return the exit code."""
    number = next(_numbers)
    database, schema = folder / f"{number}.db", f"roundtrip_{number}"
    build(source, database)
    before = digests(database)
    done = run_here(
        "-q", "migrate-to-postgres", database, conninfo, "--json", "--schema", schema, *options
    )
    assert digests(database) == before
    assert done.returncode in {0, 5}, said(done)
    report = json.loads(done.stdout or "{}")
    if done.returncode == 5:
        assert relations(conninfo, schema) == []
        require_way_out(report, done.stderr)
        return 5
    planned = plan(database, MigrateOptions(target=conninfo, schema=schema))
    tables = {table.source: table.target for table in planned.tables}
    columns = {(t.source, c.source): c.target for t in planned.tables for c in t.columns}
    expected = Expected(schema=schema, tables=tables, columns=columns)
    assert compare_databases(database, conninfo, expected) == []
    assert missing_objects(database, conninfo, schema, planned, report["findings"]) == []
    assert differing_defaults(database, conninfo, schema, planned) == []
    assert all(table["verified"] for table in report.get("tables", ()))
    again = run_here(
        "-q",
        "migrate-to-postgres",
        database,
        conninfo,
        "--json",
        "--schema",
        schema,
        "--verify-only",
    )
    assert again.returncode == 0, said(again)
    drop(conninfo, schema)
    return 0


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return what went wrong: the exit code, stderr and the findings that are no warnings."""
    report = json.loads(done.stdout or "{}")
    grave = [
        f"{finding['subject']}: {finding['message']}"
        for finding in report.get("findings", ())
        if finding["severity"] == "high"
    ]
    return "\n".join((f"exit {done.returncode}", done.stderr, *grave))


def require_way_out(report: dict[str, Any], errors: str) -> None:
    """Require of each stop that its help names an option that exists."""
    stops = [finding for finding in report["findings"] if finding["severity"] == "high"]
    assert stops, errors
    known = options_named()
    for stop in stops:
        named = set(re.findall(r"--[a-z][a-z-]+", stop["help"] or ""))
        assert named and named <= known, stop


def drop(conninfo: str, schema: str) -> None:
    """Drop what a test has made."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET client_min_messages = 'warning'")
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def repaired(source: RandomSource, folder: Path, conninfo: str, *options: str) -> None:
    """Migrate with options that change or keep back rows: all rows are accounted for."""
    number = next(_numbers)
    database, schema = folder / f"{number}.db", f"roundtrip_{number}"
    build(source, database)
    before = digests(database)
    done = run_here(
        "-q", "migrate-to-postgres", database, conninfo, "--json", "--schema", schema, *options
    )
    assert digests(database) == before
    assert done.returncode in {0, 5, 8}, said(done)
    report = json.loads(done.stdout)
    if done.returncode == 5:
        assert relations(conninfo, schema) == []
        require_way_out(report, done.stderr)
        return
    assert all(table["verified"] for table in report["tables"])
    assert (done.returncode == 8) == any(table["rejected"] for table in report["tables"])
    with psycopg.connect(conninfo) as connection:
        for table in report["tables"]:
            name = sql.Identifier(schema, table["target"])
            query = sql.SQL("SELECT count(*) FROM {}").format(name)
            ((there,),) = connection.execute(query).fetchall()
            assert there + table["rejected"] == table["rows"], table
    drop(conninfo, schema)


OPTIONS = st.tuples(
    st.sampled_from(("strip", "replace", "bytea", "reject")).map(lambda how: ("--nul", how)),
    st.sampled_from(("latin-1", "replace", "bytea", "reject")).map(
        lambda how: ("--encoding-errors", how)
    ),
    st.sampled_from(((), ("--orphans", "null"), ("--orphans", "reject"), ("--subsecond", "text"))),
    st.sampled_from(((), ("--varchar", "keep"), ("--verify", "sample"))),
).map(lambda parts: tuple(word for part in parts for word in part))


@given(source=sources())
@settings(HERE, max_examples=30)
def test_random_databases_arrive_or_are_named(
    source: RandomSource, tmp_path_factory: pytest.TempPathFactory, target: str
) -> None:
    """Exit 0 means that each row is there, and each object there or told of in its table."""
    roundtrip(source, tmp_path_factory.mktemp("random"), target)


@given(source=sources(refused=True))
@settings(HERE, max_examples=15)
def test_random_refused_text_stops_with_a_way_out(
    source: RandomSource, tmp_path_factory: pytest.TempPathFactory, target: str
) -> None:
    """A stop leaves nothing behind, and each names an option that exists."""
    roundtrip(source, tmp_path_factory.mktemp("random"), target)


@given(source=sources(refused=True), options=OPTIONS)
@settings(HERE, max_examples=15)
def test_random_rows_are_repaired_or_kept_back_as_asked(
    source: RandomSource,
    options: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
    target: str,
) -> None:
    """What is not on the target was rejected, and the exit code says so."""
    repaired(source, tmp_path_factory.mktemp("random"), target, *options)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(source=sources(refused=True))
@settings(HERE, max_examples=600)
def test_many_random_databases_arrive_or_are_named(
    source: RandomSource, tmp_path_factory: pytest.TempPathFactory, target: str
) -> None:
    """The same for many more of them."""
    roundtrip(source, tmp_path_factory.mktemp("random"), target)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(source=sources(refused=True), options=OPTIONS)
@settings(HERE, max_examples=300)
def test_many_random_rows_are_repaired_or_kept_back_as_asked(
    source: RandomSource,
    options: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
    target: str,
) -> None:
    """The same for many more of them."""
    repaired(source, tmp_path_factory.mktemp("random"), target, *options)
