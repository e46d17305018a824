"""`dbtune apply-indexes` through the installed command, on reports made by hand."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import ExitCode
from tests.conftest import RunDbtune
from tests.fixtures.shop import (
    BY_EMAIL,
    BY_USER,
    added,
    build_shop,
    dropped,
    index_names,
    read_catalog,
    stamps,
    write_report,
)
from tests.report_schema import valid_report

BY_USER_INDEX = "ix_orders_user_id_created_at_desc"
DUPLICATE = dropped(
    "ix_orders_status_2", "CREATE INDEX ix_orders_status_2 on orders(status) -- again"
)
OLD = {"ix_orders_status", "ix_orders_status_2"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop.db")


@pytest.fixture
def report(shop: Path) -> Path:
    """Return a report that misses two indexes and finds one useless."""
    findings = (added("orders", "user_id", "created_at DESC"), added("users", "email"), DUPLICATE)
    return write_report(shop, *findings)


def plan_of(database: Path, sql: str) -> str:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("x",) * sql.count("?"))
        return "; ".join(row[3] for row in rows)


def companion(database: Path) -> Path:
    return database.with_name(database.name + ".dbtune")


def state_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its content."""
    paths = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if p.is_file()}


def test_indexes_are_applied_and_proved(run_dbtune: RunDbtune, shop: Path, report: Path) -> None:
    """The queries use the indexes, a backup is kept, and stdout says what was gained."""
    before = read_catalog(shop)
    result = run_dbtune("apply-indexes", shop, "--from", report, "--yes")
    assert result.returncode == ExitCode.DONE, result.stderr
    assert index_names(shop) == {*OLD, BY_USER_INDEX, "ix_users_email"}
    assert BY_USER_INDEX in plan_of(shop, BY_USER)
    assert "ix_users_email" in plan_of(shop, BY_EMAIL)
    assert f"{BY_USER_INDEX} is now used by 2 query shapes" in result.stdout
    assert "ix_users_email is now used by 1 query shape" in result.stdout
    assert "Undo it with: dbtune rollback" in result.stdout
    (backup,) = companion(shop).glob("backup-*.db")
    assert read_catalog(backup) == before
    (revision,) = companion(shop).glob("versions/*.py")
    assert revision.name.startswith(stamps(shop)[0])


def test_dry_run_changes_nothing(run_dbtune: RunDbtune, shop: Path, report: Path) -> None:
    """Everything is shown on stdout, no file is written, the database keeps every byte."""
    before = state_of(shop.parent)
    result = run_dbtune("apply-indexes", shop, "--from", report, "--dry-run")
    assert result.returncode == ExitCode.DONE
    assert f"CREATE INDEX {BY_USER_INDEX}" in result.stdout
    assert "Write lock: about" in result.stdout
    assert "dry run: nothing was changed" in result.stdout
    assert state_of(shop.parent) == before


def test_second_run_changes_nothing(run_dbtune: RunDbtune, shop: Path, report: Path) -> None:
    """The report is older than its own indexes by then, and is no other database's for that."""
    assert run_dbtune("apply-indexes", shop, "--from", report, "--yes", "--drops").returncode == 0
    before = state_of(shop.parent)
    result = run_dbtune("apply-indexes", shop, "--from", report, "--yes", "--drops")
    assert result.returncode == ExitCode.DONE
    assert "All 3 changes asked for are in place already" in result.stdout
    assert "Nothing was changed" in result.stdout
    assert state_of(shop.parent) == before


def test_without_a_terminal_it_asks_for_yes(
    run_dbtune: RunDbtune, shop: Path, report: Path
) -> None:
    """A question nobody can answer ends at once, with the option that answers it."""
    before = state_of(shop.parent)
    result = run_dbtune("apply-indexes", shop, "--from", report)
    assert result.returncode == ExitCode.USAGE
    assert "--yes" in result.stderr
    assert state_of(shop.parent) == before


def test_locked_database_is_refused(run_dbtune: RunDbtune, shop: Path, report: Path) -> None:
    """Another writer is waited for, then left alone."""
    before = state_of(shop.parent)
    with closing(sqlite3.connect(shop, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run = ("apply-indexes", shop, "--from", report, "--yes", "--wait", "0.1")
        result = run_dbtune(*run)
        other.execute("ROLLBACK")
    assert result.returncode == ExitCode.REFUSED
    assert "locked by another connection" in result.stderr
    assert "Hint:" in result.stderr
    assert state_of(shop.parent) == before


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_full_disk_rolls_back(shop: Path, report: Path) -> None:
    """A write that fails in the middle of the revision leaves nothing of it (exit 7)."""
    before = state_of(shop.parent)
    script = """
import resource, signal, sys
import dbtune.changes.rehearsal
from dbtune.cli.main import run
rehearse = dbtune.changes.rehearsal.rehearse
import dbtune.journeys.apply as journey
def and_fill_the_disk(*arguments):
    found = rehearse(*arguments)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return found
journey.rehearse = and_fill_the_disk
sys.exit(run(sys.argv[2:]))
"""
    limit = str(shop.stat().st_size + 4096)
    arguments = ["apply-indexes", str(shop), "--from", str(report), "--yes", "--no-backup"]
    run = [sys.executable, "-c", script, limit, *arguments]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    assert result.returncode == ExitCode.CHANGE_FAILED, result.stderr
    assert "was rolled back" in result.stderr
    assert index_names(shop) == OLD
    assert not companion(shop).exists()
    assert set(state_of(shop.parent)) == set(before)


def test_output_is_a_report_of_what_was_done(
    run_dbtune: RunDbtune, shop: Path, report: Path, tmp_path: Path
) -> None:
    """The JSON has the revision, its statements, the lock and the backup, and check takes it."""
    output = tmp_path / "applied.json"
    run_dbtune("apply-indexes", shop, "--from", report, "--yes", "--output", output)
    document = valid_report(output.read_text())
    (change,) = document["changes"]
    assert document["command"] == "apply-indexes"
    assert change["revision"] == stamps(shop)[0]
    assert any(BY_USER_INDEX in statement for statement in change["statements"])
    assert change["lock_seconds"] > 0
    assert Path(document["backup"]).exists()
    after = {shape["id"]: shape["plan_after"] for shape in document["shapes"]}
    assert BY_USER_INDEX in after["aaaaaaaaaaaa"][0]
    assert run_dbtune("check", shop, "--from", output).returncode == ExitCode.DONE


def test_analysis_and_application_in_one_command(run_dbtune: RunDbtune, shop: Path) -> None:
    """With --queries alone it analyses first, applies what pays, and proves it with values."""
    recording = shop.with_name("queries.jsonl")
    with recording.open("w") as file:
        for number in range(300):
            line = {
                "db.query.text": "SELECT id, note FROM orders WHERE user_id = ?",
                "db.query.parameters": [number % 100],
            }
            file.write(json.dumps(line) + "\n")
    result = run_dbtune("apply-indexes", shop, "--queries", recording, "--yes", "--no-backup")
    assert result.returncode == ExitCode.DONE, result.stderr
    new = index_names(shop) - OLD
    assert len(new) == 1
    assert new.pop() in plan_of(shop, "SELECT id, note FROM orders WHERE user_id = ?")
    assert "measured on a copy" in result.stdout.lower().replace("\n", " ")


def test_the_user_says_what_a_recording_calls_the_database(
    run_dbtune: RunDbtune, shop: Path
) -> None:
    """Of several files it is of, the indexes are for the statements of that one."""
    lines = [
        {"db.query.text": "SELECT id FROM users WHERE email = 'a'", "db.namespace": "/srv/a.db"},
        {"db.query.text": "SELECT id FROM orders WHERE user_id = 7", "db.namespace": "/srv/b.db"},
    ]
    queries = shop.with_name("two.jsonl")
    queries.write_text("".join(f"{json.dumps(line)}\n" * 50 for line in lines), encoding="utf-8")
    arguments = ("apply-indexes", shop, "--queries", queries, "--dry-run")
    refused = run_dbtune(*arguments)
    assert refused.returncode == ExitCode.USAGE
    assert "--recorded-as" in refused.stderr
    done = run_dbtune(*arguments, "--recorded-as", "b.db")
    assert done.returncode == 0, done.stderr
    assert "ON orders (user_id)" in done.stdout
    assert "ON users" not in done.stdout
