"""`dbtune enable-wal` on files that are read-only, broken, half done, or not a database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.enable_wal.shop import QUICK, Run, assert_unchanged, pragma, switch
from tests.fixtures.other_process import let_everyone_enter, other_process

# Everything is imported before root becomes nobody, who may not read Python's own files here.
ATTEMPT = """
import os, sys
from pathlib import Path
from dbtune.errors import RefusedError
from dbtune.journeys.enable_wal import EnableWalOptions, enable_wal, plan_wal
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
options = EnableWalOptions(backup=False, wait_ms=0)
try:
    enable_wal(plan_wal(Path(sys.argv[1]), options), options)
except RefusedError as error:
    print(error.message)
"""


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "message"),
    [
        (0o444, 0o777, "shop.db may not be written by this user"),
        (0o666, 0o755, "may not be written by this user, where SQLite keeps"),
    ],
)
def test_a_file_or_folder_that_is_only_readable_is_refused(
    tmp_path: Path, database: Path, file_mode: int, folder_mode: int, message: str
) -> None:
    """SQLite would say READONLY in the midst of it."""
    let_everyone_enter(tmp_path)
    database.chmod(file_mode)
    tmp_path.chmod(folder_mode)
    command = [sys.executable, "-c", ATTEMPT, str(database)]
    attempt = subprocess.run(command, capture_output=True, text=True, check=True)
    assert message in attempt.stdout
    assert_unchanged(database)


def test_a_wal_of_another_file_is_refused_before_it_can_do_harm(
    run_dbtune: Run, database: Path
) -> None:
    """SQLite would apply it to the database at the first read."""
    stray = database.with_name("shop.db-wal")
    stray.write_bytes(os.urandom(4152))
    before = database.read_bytes()
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 5
    assert "shop.db-wal" in result.stderr and "not in WAL mode" in result.stderr
    assert database.read_bytes() == before


def test_what_a_killed_application_left_is_rolled_back_first(
    run_dbtune: Run, database: Path
) -> None:
    """Its hot journal is undone by SQLite, as at any start of the application."""
    with other_process(database) as application:
        application.run("PRAGMA cache_size = 1")
        application.run("BEGIN IMMEDIATE")
        application.run("UPDATE orders SET total = randomblob(2000)")
        application.kill()
    assert database.with_name("shop.db-journal").stat().st_size > 0
    result = run_dbtune("enable-wal", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert pragma(database, "journal_mode") == "wal"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT DISTINCT total FROM orders").fetchall() == [(1.5,)]


def test_a_run_that_was_killed_before_its_stamp_is_completed(database: Path) -> None:
    """WAL is on, the revision's file is there, and the version table knows nothing of it."""
    switch(database, QUICK)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM dbtune_version")
        connection.commit()
    report = switch(database, QUICK)
    assert report.changes and len(list(database.parent.glob("*.dbtune/versions/*.py"))) == 1
    with closing(sqlite3.connect(database)) as connection:
        stamp = connection.execute("SELECT version_num FROM dbtune_version").fetchall()
    assert stamp == [(report.changes[0].revision,)]
    assert switch(database, QUICK).changes == ()


@pytest.mark.parametrize("kind", ["missing", "text", "folder"])
def test_what_is_no_database_is_named(run_dbtune: Run, tmp_path: Path, kind: str) -> None:
    """Nothing is created for it."""
    path = tmp_path / "x.db"
    if kind == "text":
        path.write_text("not a database, " * 100)
    elif kind == "folder":
        path.mkdir()
    before = sorted(tmp_path.rglob("*"))
    result = run_dbtune("enable-wal", path, "--yes")
    assert result.returncode == 3, result.stderr
    assert "x.db" in result.stderr
    assert sorted(tmp_path.rglob("*")) == before
