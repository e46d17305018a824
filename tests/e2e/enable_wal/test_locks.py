"""`dbtune enable-wal` beside other processes that have the database open."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError
from dbtune.journeys.enable_wal import EnableWalOptions, enable_wal, plan_wal
from dbtune.model.advice import Report
from tests.e2e.enable_wal.shop import PATIENT, QUICK, Run, assert_unchanged, pragma, rows, switch
from tests.fixtures.other_process import OtherProcess


def test_idle_connections_do_not_hinder(database: Path, other: OtherProcess) -> None:
    """They write on in WAL mode, without opening the file again."""
    other.run("SELECT count(*) FROM orders")
    report = switch(database, QUICK)
    assert report.changes
    other.run("INSERT INTO orders VALUES (5000, 1)")
    assert other.run("PRAGMA journal_mode") == [["wal"]]
    assert rows(database) == 1001


@pytest.mark.parametrize(
    ("statements", "activity"),
    [
        (("BEGIN", "SELECT count(*) FROM orders"), "reading"),
        (("BEGIN IMMEDIATE",), "writing"),
        (("BEGIN", "DELETE FROM orders"), "writing"),
    ],
)
def test_an_open_transaction_hinders_and_its_process_is_named(
    database: Path, other: OtherProcess, statements: tuple[str, ...], activity: str
) -> None:
    """SQLite says BUSY, after the timeout or at once; nothing is left behind."""
    plan = plan_wal(database, QUICK)
    for statement in statements:
        other.run(statement)
    with pytest.raises(LockedError, match=rf"process {other.pid} \(\S+\) is {activity}") as caught:
        enable_wal(plan, QUICK)
    assert "--wait" in (caught.value.hint or "")
    other.run("ROLLBACK")
    assert_unchanged(database)


def test_an_unfinished_cursor_hinders(database: Path) -> None:
    """Python keeps a statement's read lock until its last row is fetched."""
    with closing(sqlite3.connect(database)) as application:
        cursor = application.execute("SELECT id FROM orders")
        cursor.fetchone()
        with pytest.raises(LockedError, match=r"to WAL within 0\.1 s"):
            switch(database, EnableWalOptions(backup=False, wait_ms=100))
        cursor.close()
        assert_unchanged(database)
        assert switch(database, QUICK).changes


@pytest.mark.parametrize(
    "statements", [("BEGIN", "SELECT count(*) FROM orders"), ("BEGIN IMMEDIATE",)]
)
def test_it_is_tried_again_until_the_transaction_ends(
    database: Path, other: OtherProcess, statements: tuple[str, ...]
) -> None:
    """Beside a writer SQLite gives up at once, whatever its timeout; dbtune does not.

    Beside a reader SQLite waits, and lets nobody else read as long; dbtune pauses.
    """
    plan = plan_wal(database, PATIENT)
    for statement in statements:
        other.run(statement)
    reports: list[Report] = []
    thread = threading.Thread(target=lambda: reports.append(enable_wal(plan, PATIENT)))
    thread.start()
    while not list(database.parent.glob("*.dbtune/versions/*.py")):  # the revision is being run
        assert thread.is_alive()
        time.sleep(0.005)
    for _ in range(20):  # readers come and go meanwhile
        assert pragma(database, "journal_mode") == "delete"
    while not committed(other):  # it waits for no lock itself, as each try takes for a moment
        assert thread.is_alive()
    thread.join()
    assert reports[0].changes
    assert pragma(database, "journal_mode") == "wal"


def committed(other: OtherProcess) -> bool:
    """Try to commit there, and return whether no lock was in the way."""
    try:
        other.run("COMMIT")
    except RuntimeError as error:
        assert "locked" in str(error)
        return False
    return True


def test_a_lock_that_stays_ends_with_5(
    run_dbtune: Run, database: Path, other: OtherProcess
) -> None:
    """--wait 0 does not wait; the message says what to do."""
    other.run("BEGIN IMMEDIATE")
    result = run_dbtune("enable-wal", database, "--yes", "--wait", "0")
    assert result.returncode == 5
    assert f"process {other.pid}" in result.stderr and "is writing" in result.stderr
    assert "--wait" in result.stderr
    other.run("ROLLBACK")
    assert_unchanged(database)


def test_leaving_wal_is_refused_while_somebody_has_it_open(
    run_dbtune: Run, database: Path, other: OtherProcess
) -> None:
    """rollback names the process, and works once that has ended."""
    assert run_dbtune("enable-wal", database, "--yes", "--no-backup").returncode == 0
    other.run("SELECT count(*) FROM orders")
    result = run_dbtune("rollback", database, "--yes", "--wait", "0.2")
    assert result.returncode == 5
    assert f"cannot leave WAL: process {other.pid}" in result.stderr
    assert pragma(database, "journal_mode") == "wal"
    other.kill()
    result = run_dbtune("rollback", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert pragma(database, "journal_mode") == "delete"
