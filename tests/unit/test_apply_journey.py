"""What apply-indexes does with all kinds of reports, databases and projects."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import ExitCode, LockedError
from dbtune.journeys.apply import ApplyOptions, apply_proposal, propose_indexes
from dbtune.model.advice import Report
from dbtune.model.event import Event, OnEvent
from tests.fixtures.hostile import Builder, corrupt_data_page, custom_functions
from tests.fixtures.in_process import run_here
from tests.fixtures.other_process import NOBODY, OtherProcess, let_everyone_enter, other_process
from tests.fixtures.shop import (
    added,
    build_shop,
    dropped,
    index_names,
    report_for,
    write_report,
)

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


def test_the_proposal_names_statements_lock_and_folder(shop: Path, report: Path) -> None:
    """Before it asks, it says what it will do, how long writers wait, and where the undo lies."""
    result = run_here("apply-indexes", shop, "--from", report, "--yes")
    assert f"CREATE INDEX {BY_USER_INDEX} ON orders (user_id, created_at DESC);" in result.stderr
    assert "saves 40 % of the recorded cost" in result.stderr
    assert "Write lock: about" in result.stderr
    assert "ANALYZE of 2 tables" in result.stderr
    assert str(companion(shop) / "versions") in result.stderr


def test_the_rest_of_a_report_is_applied_later(shop: Path, report: Path) -> None:
    """One finding today, the others tomorrow, from the same report."""
    run = ("apply-indexes", shop, "--from", report, "--yes", "--no-backup")
    assert run_here(*run, "--only", "missing-index/ix_users_email").returncode == 0
    assert index_names(shop) == {*OLD, "ix_users_email"}
    assert run_here(*run, "--only", BY_USER_INDEX.upper()).returncode == 0
    assert index_names(shop) == {*OLD, "ix_users_email", BY_USER_INDEX}
    assert run_here(*run, "--only", "duplicate-index").returncode == 0
    assert index_names(shop) == {"ix_orders_status", "ix_users_email", BY_USER_INDEX}
    assert len(list(companion(shop).glob("versions/*.py"))) == 3
    assert not list(companion(shop).glob("backup-*"))


def test_the_report_is_of_the_database_that_was_changed(shop: Path, report: Path) -> None:
    """A report of the staging copy, applied to production, speaks of production afterwards."""
    production = shop.with_name("production.db")
    shutil.copyfile(shop, production)
    written = shop.with_name("applied.json")
    run = ("apply-indexes", production, "--from", report, "--yes", "--output", written)
    result = run_here(*run)
    assert result.returncode == 0
    assert json.loads(written.read_text())["source"]["path"] == str(production)
    assert "shop.db" not in result.stdout


def test_only_with_an_unknown_name_is_a_usage_error(shop: Path, report: Path) -> None:
    """A typing error is told with what there is."""
    result = run_here("apply-indexes", shop, "--from", report, "--yes", "--only", "ix_typo")
    assert result.returncode == ExitCode.USAGE
    assert "missing-index/ix_users_email" in result.stderr
    assert index_names(shop) == OLD


def test_foreign_keys_are_indexed_only_if_named(shop: Path) -> None:
    """That finding is advice until somebody asks for it."""
    finding = added("orders", "user_id", name="ix_orders_user_id")
    finding = type(finding)(**{**vars(finding), "code": "foreign-key-without-index"})
    path = write_report(shop, finding)
    run = ("apply-indexes", shop, "--from", path, "--yes", "--no-backup")
    assert "Nothing was changed" in run_here(*run).stdout
    assert index_names(shop) == OLD
    assert run_here(*run, "--only", "foreign-key-without-index").returncode == 0
    assert index_names(shop) == {*OLD, "ix_orders_user_id"}


def test_name_taken_by_another_index_is_refused(shop: Path) -> None:
    """CREATE INDEX IF NOT EXISTS would say yes and do nothing."""
    path = write_report(shop, added("users", "email", name="ix_orders_status"))
    before = state_of(shop.parent)
    result = run_here("apply-indexes", shop, "--from", path, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert "CREATE INDEX ix_orders_status ON orders (status)" in result.stderr
    assert state_of(shop.parent) == before


def test_name_taken_by_a_table_is_refused(shop: Path) -> None:
    """Tables and indexes share one space of names."""
    path = write_report(shop, added("users", "email", name="orders"))
    result = run_here("apply-indexes", shop, "--from", path, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert "orders exists and is another one" in result.stderr


def test_equal_index_under_another_name_counts(shop: Path) -> None:
    """No second index with the same keys is made."""
    path = write_report(shop, added("orders", "status", name="ix_by_another_name"))
    result = run_here("apply-indexes", shop, "--from", path, "--yes")
    assert result.returncode == ExitCode.DONE
    assert "is in place as ix_orders_status" in result.stdout
    assert index_names(shop) == OLD
    assert not companion(shop).exists()


@pytest.mark.parametrize("what", ["another database", "an older schema", "a missing column"])
def test_report_of_another_schema_is_refused(shop: Path, report: Path, what: str) -> None:
    """What is good for one schema may be wrong for another."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        if what == "another database":
            connection.execute("DROP TABLE users")
        elif what == "an older schema":
            connection.execute("CREATE TABLE since (x)")
        else:
            connection.execute("ALTER TABLE users RENAME COLUMN email TO address")
    before = state_of(shop.parent)
    result = run_here("apply-indexes", shop, "--from", report, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert "dbtune analyze DB" in result.stderr
    assert state_of(shop.parent) == before


def test_index_changed_since_the_report_is_not_dropped(shop: Path) -> None:
    """An index that looks otherwise than the report says may be of use."""
    stale = dropped("ix_orders_status", "CREATE INDEX ix_orders_status ON orders (note)")
    path = write_report(shop, stale)
    result = run_here("apply-indexes", shop, "--from", path, "--yes", "--drops")
    assert result.returncode == ExitCode.REFUSED
    assert "not the one that the report describes" in result.stderr
    assert index_names(shop) == OLD


def test_symbolic_link_is_refused(shop: Path, report: Path) -> None:
    """The companion folder would lie beside the link, not beside the database."""
    link = shop.with_name("link.db")
    link.symlink_to(shop)
    result = run_here("apply-indexes", link, "--from", report, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert str(shop) in result.stderr
    assert not companion(link).exists()


@pytest.mark.parametrize("mode", ["file", "folder"])
def test_read_only_place_is_refused(shop: Path, mode: str) -> None:
    """A file or folder that this user may not write is found out before anything is prepared."""
    place = shop if mode == "file" else shop.parent
    place.chmod(0o444 if mode == "file" else 0o555)
    let_everyone_enter(shop.parent)
    script = f"""
import os, sys
from pathlib import Path
from dbtune.changes.writable import require_writable
from dbtune.errors import RefusedError
if os.getuid() == 0:
    os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
try:
    require_writable(Path(sys.argv[1]), wait_ms=0)
except RefusedError as error:
    print(error.message)
"""
    run = [sys.executable, "-c", script, str(shop)]
    shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    place.chmod(0o755)
    assert "may not be written by this user" in shown


def test_lock_longer_than_allowed_is_refused(shop: Path, report: Path) -> None:
    """--max-lock is held against what the copy took."""
    before = state_of(shop.parent)
    result = run_here("apply-indexes", shop, "--from", report, "--yes", "--max-lock", "0.000001")
    assert result.returncode == ExitCode.REFUSED
    assert "longer than --max-lock" in result.stderr
    assert state_of(shop.parent) == before


def test_failing_revision_is_refused_on_the_copy(shop: Path) -> None:
    """What would fail on the database is known before it is touched."""
    finding = added("orders", "status", name="ix_unique")
    change = finding.change
    assert change is not None
    unique = "CREATE UNIQUE INDEX ix_unique ON orders (status)"
    change = type(change)((unique,), change.down, "fails", "ix_unique", change.index)
    spec = type(change.index)("orders", ("status",), None, True) if change.index else None
    change = type(change)(change.up, change.down, change.reason, change.index_name, spec)
    path = write_report(shop, type(finding)(**{**vars(finding), "change": change}))
    before = state_of(shop.parent)
    result = run_here("apply-indexes", shop, "--from", path, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert "UNIQUE constraint failed" in result.stderr
    assert state_of(shop.parent) == before


def test_collation_of_the_application_is_no_obstacle(tmp_path: Path) -> None:
    """ANALYZE fails on a table with an index that only the application can read: left out."""
    database = tmp_path / "shop.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.create_collation("german", lambda a, b: (a > b) - (a < b))
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, name TEXT)")
        connection.execute("CREATE INDEX ix_german ON users (name COLLATE german)")
        connection.execute("INSERT INTO users (email, name) VALUES ('a@example.org', 'Ä')")
    path = write_report(database, added("users", "email"))
    result = run_here("apply-indexes", database, "--from", path, "--yes")
    assert result.returncode == ExitCode.DONE, result.stderr
    assert index_names(database) == {"ix_german", "ix_users_email"}


def test_wal_database_with_readers_and_a_writer(shop: Path, report: Path) -> None:
    """Under WAL an open read transaction is no obstacle."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode = WAL")
        reader.execute("BEGIN")
        rows = reader.execute("SELECT count(*) FROM orders").fetchone()
        result = run_here("apply-indexes", shop, "--from", report, "--yes")
        assert result.returncode == ExitCode.DONE, result.stderr
        assert reader.execute("SELECT count(*) FROM orders").fetchone() == rows
        reader.execute("ROLLBACK")
    assert BY_USER_INDEX in index_names(shop)


def test_scratch_folder_is_empty_afterwards(shop: Path, report: Path, tmp_path: Path) -> None:
    """Copies go where --scratch says, and are gone at the end, refused or not."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    run = ("apply-indexes", shop, "--from", report, "--yes", "--scratch", scratch)
    assert run_here(*run, "--max-lock", "0.000001").returncode == ExitCode.REFUSED
    assert os.listdir(scratch) == []
    assert run_here(*run).returncode == ExitCode.DONE
    assert os.listdir(scratch) == []


def test_copy_that_does_not_fit_is_sampled(tmp_path: Path) -> None:
    """The lock is then projected, and the proposal says from how much."""
    database = build_shop(tmp_path / "shop.db", orders=20_000)
    path = write_report(database, added("orders", "user_id"))
    run = ("apply-indexes", database, "--from", path, "--dry-run")
    result = run_here(*run, "--scratch-mb", "6")
    assert result.returncode == ExitCode.DONE, result.stderr
    assert "projected from a copy with" in result.stdout
    assert "projected" not in run_here(*run).stdout


def locked_while_applying(other: OtherProcess, release: Callable[[], None] | None) -> OnEvent:
    """Return a callback that has another process take the write lock before the revision runs."""

    def on_event(event: Event) -> None:
        if event.stage == "Applying the revision":
            other.run("BEGIN IMMEDIATE")
            if release is not None:
                threading.Timer(0.2, release).start()

    return on_event


def propose_and_apply(
    database: Path, options: ApplyOptions, report: Report, on_event: OnEvent
) -> Report:
    return apply_proposal(propose_indexes(database, options, report, on_event), options, on_event)


def test_lock_that_is_given_back_is_waited_for(shop: Path) -> None:
    """A writer that commits within the wait delays the revision, and no more."""
    report = report_for(shop, added("users", "email"))
    options = ApplyOptions(backup=False)
    with other_process(shop) as other:
        on_event = locked_while_applying(other, lambda: other.run("COMMIT") and None)
        result = propose_and_apply(shop, options, report, on_event)
    assert result.changes is not None
    assert len(result.changes) == 1
    assert "ix_users_email" in index_names(shop)


def test_lock_that_stays_ends_it_with_nothing_changed(shop: Path) -> None:
    """The lock came after the proposal: the revision's file is taken away again."""
    report = report_for(shop, added("users", "email"))
    options = ApplyOptions(backup=False, wait_ms=50)
    with other_process(shop) as other:
        on_event = locked_while_applying(other, None)
        with pytest.raises(LockedError):
            propose_and_apply(shop, options, report, on_event)
    assert index_names(shop) == OLD
    assert not companion(shop).exists()


def test_proposal_that_nobody_confirms_changes_nothing(shop: Path) -> None:
    """Until it is applied there is no backup, no folder and no index."""
    before = state_of(shop.parent)
    proposal = propose_indexes(shop, ApplyOptions(), report_for(shop, added("users", "email")))
    assert len(proposal.statements) == 3
    assert state_of(shop.parent) == before


def test_plan_that_uses_no_new_index_is_said(shop: Path) -> None:
    """Proof is what the database itself plans, not what the report promised."""
    path = write_report(shop, added("orders", "note"))
    result = run_here("apply-indexes", shop, "--from", path, "--yes", "--no-backup")
    assert "ix_orders_note is used by none of the recorded queries" in result.stdout
    assert "can be" not in result.stdout


@pytest.mark.parametrize(
    ("builder", "table", "said"),
    [
        (corrupt_data_page, "orders", "restore it from a backup"),
        (custom_functions, "people", "only the application has that function"),
    ],
)
def test_what_cannot_be_built_here_is_refused_on_the_copy(
    tmp_path: Path, builder: Builder, table: str, said: str
) -> None:
    """A damaged page, or a column that only the application computes, and what to do about it."""
    database = tmp_path / "odd.db"
    builder(database)
    column = "note" if table == "orders" else "label"
    path = write_report(database, added(table, column))
    before = state_of(tmp_path)
    result = run_here("apply-indexes", database, "--from", path, "--yes")
    assert result.returncode == ExitCode.REFUSED
    assert said in result.stderr
    assert state_of(tmp_path) == before
