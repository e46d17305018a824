"""The database that is switched, and what it looks like before and after."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dbtune.journeys.enable_wal import EnableWalOptions, enable_wal, plan_wal
from dbtune.model.advice import Report

Run = Callable[..., "subprocess.CompletedProcess[str]"]


QUICK = EnableWalOptions(backup=False, wait_ms=0)


PATIENT = EnableWalOptions(backup=False, wait_ms=60_000)


def pragma(database: Path, name: str) -> object:
    """Return a pragma's value, through a new connection."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def rows(database: Path) -> int:
    """Return the number of orders, after checking that the file is whole."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])


def switch(database: Path, options: EnableWalOptions) -> Report:
    """Plan and switch, as the command does."""
    return enable_wal(plan_wal(database, options), options)


def assert_unchanged(database: Path) -> None:
    """No WAL, no revision, no version table, no folder of revisions."""
    assert pragma(database, "journal_mode") == "delete"
    assert not list(database.parent.glob("*.dbtune/versions/*"))
    with closing(sqlite3.connect(database)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    assert names == ["orders"]
