"""kill -9 at any moment of `dbtune apply-indexes`: all of the revision or nothing of it."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import ExitCode
from tests.conftest import clean_environment, dbtune_command
from tests.e2e.kill_harness import interrupt_at_statement, kill_after, kill_at_statement
from tests.fixtures.alembic_projects import stamp, write_project
from tests.fixtures.in_process import run_here
from tests.fixtures.shop import (
    Catalog,
    added,
    build_shop,
    dropped,
    index_names,
    read_catalog,
    stamps,
    write_report,
)

FINDINGS = (
    added("orders", "user_id", "created_at DESC"),
    added("orders", "note"),
    added("users", "email COLLATE NOCASE"),
    dropped("ix_orders_status_2", "CREATE INDEX ix_orders_status_2 on orders(status) -- again"),
)
COMPLETE = {
    "ix_orders_status",
    "ix_orders_user_id_created_at_desc",
    "ix_orders_note",
    "ix_users_email",
}

# What is sent to the database itself, in order; the number says which one of its kind.
MOMENTS = [
    ("PRAGMA page_count", 1),  # copying or backing up
    ("CREATE TABLE dbtune_version", 1),  # the file is in the folder, the transaction is empty
    ("CREATE INDEX IF NOT EXISTS ix_orders_note", 1),  # one of three indexes is built
    ("ANALYZE", 2),  # all are built
    ("INSERT INTO dbtune_version", 1),  # all is done and not stamped
    ("SELECT version_num FROM dbtune_version", 1),  # committed and not read back
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop.db", orders=20_000)


def arguments(database: Path) -> tuple[str | Path, ...]:
    report = database.with_name("shop.report.json")
    return ("apply-indexes", database, "--from", report, "--yes", "--drops")


def assert_whole_or_untouched(database: Path, before: Catalog) -> None:
    """SQLite finds nothing wrong, all rows are there, and the revision is in or out."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (20_000,)
    if read_catalog(database) != before:
        assert index_names(database) == COMPLETE
        assert len(stamps(database)) == 1


def assert_completed_by_another_run(database: Path, before: Catalog) -> None:
    """A second run ends well, a third changes nothing, one revision is there and can be undone."""
    result = run_here(*arguments(database))
    assert result.returncode == 0, result.stderr
    assert index_names(database) == COMPLETE
    assert "Nothing was changed" in run_here(*arguments(database)).stdout
    folder = database.with_name("shop.db.dbtune")
    assert [path.stem.split("_")[0] for path in folder.glob("versions/*.py")] == stamps(database)
    assert {"alembic.ini", "env.py", "script.py.mako"} <= {path.name for path in folder.iterdir()}
    result = run_here("rollback", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert read_catalog(database) == before


@pytest.mark.parametrize(("statement", "number"), MOMENTS)
def test_killed_at_a_statement(shop: Path, statement: str, number: int) -> None:
    """Whatever was done by then is kept whole or rolled back, and never done twice."""
    write_report(shop, *FINDINGS)
    before = read_catalog(shop)
    kill_at_statement(statement, number, shop, *arguments(shop))
    assert_whole_or_untouched(shop, before)
    assert_completed_by_another_run(shop, before)


def test_other_changes_after_a_kill_take_its_place(shop: Path) -> None:
    """The file that a killed run left does not force its changes on the next run."""
    write_report(shop, *FINDINGS)
    kill_at_statement("CREATE TABLE dbtune_version", 1, shop, *arguments(shop))
    result = run_here(*arguments(shop), "--only", "ix_orders_note")
    assert result.returncode == 0, result.stderr
    assert index_names(shop) == {"ix_orders_status", "ix_orders_status_2", "ix_orders_note"}
    versions = shop.with_name("shop.db.dbtune") / "versions"
    assert [path.stem.split("_")[0] for path in versions.glob("*.py")] == stamps(shop)


def test_killed_in_the_applications_project(shop: Path, tmp_path: Path) -> None:
    """With Alembic's stock env.py too it is all or nothing, and the next run takes the file up."""
    ini = write_project(tmp_path / "app", shop)
    stamp(shop, "app1")
    write_report(shop, *FINDINGS)
    before = read_catalog(shop)
    run = (*arguments(shop), "--alembic-ini", ini)
    kill_at_statement("CREATE INDEX IF NOT EXISTS ix_orders_note", 1, shop, *run)
    assert read_catalog(shop) == before
    result = run_here(*run)
    assert result.returncode == 0, result.stderr
    assert index_names(shop) == COMPLETE
    made = {path.stem.split("_")[0] for path in ini.parent.glob("migrations/versions/*.py")}
    assert made == {"app1", *stamps(shop, "alembic_version")}


@pytest.mark.parametrize("statement", ["CREATE INDEX IF NOT EXISTS ix_orders_note", "ANALYZE"])
def test_ctrl_c_stops_a_statement_and_leaves_nothing(shop: Path, statement: str) -> None:
    """SQLite is stopped in the middle of its work, the transaction goes back, the file too."""
    write_report(shop, *FINDINGS)
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        many = "SELECT user_id, note || u.id FROM orders, (SELECT id FROM users LIMIT 10) AS u"
        connection.execute(f"INSERT INTO orders (user_id, note) {many}")
    before = read_catalog(shop)
    run = (*arguments(shop), "--no-backup")
    result = interrupt_at_statement(statement, 1, shop, *run)
    assert result.returncode == ExitCode.INTERRUPTED, result.stderr
    assert "interrupted" in result.stderr
    assert read_catalog(shop) == before
    assert not shop.with_name("shop.db.dbtune").exists()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_killed_at_a_random_moment(shop: Path, seed: int, run_seconds: float) -> None:
    """Wherever the moment falls between start and end."""
    write_report(shop, *FINDINGS)
    before = read_catalog(shop)
    kill_after(random.Random(seed).uniform(0.2, 1) * run_seconds, *arguments(shop))
    assert_whole_or_untouched(shop, before)
    assert_completed_by_another_run(shop, before)


@pytest.fixture(scope="module")
def run_seconds(tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long a whole run takes here, so that the random moments fall into it."""
    database = build_shop(tmp_path_factory.mktemp("timed") / "shop.db", orders=20_000)
    write_report(database, *FINDINGS)
    command = [dbtune_command(), *map(str, arguments(database))]
    started = time.perf_counter()
    subprocess.run(command, env=clean_environment(), capture_output=True, check=True)
    return time.perf_counter() - started
