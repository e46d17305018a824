"""`dbtune enable-wal --page-size`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.errors import LockedError
from dbtune.journeys.enable_wal import EnableWalOptions
from dbtune.journeys.rollback import RollbackOptions, plan_rollback, rollback
from tests.e2e.enable_wal.shop import QUICK, Run, pragma, rows, switch
from tests.fixtures.other_process import OtherProcess


def test_the_page_size_changes_with_the_switch_and_stays_after_rollback(
    run_dbtune: Run, database: Path
) -> None:
    """The output says beforehand and afterwards that this is not undone."""
    result = run_dbtune("enable-wal", database, "--yes", "--page-size", "8192")
    assert result.returncode == 0, result.stderr
    assert "with pages of 8192 bytes" in result.stdout
    assert "rollback leaves WAL, but keeps pages of 8192 bytes" in result.stdout
    assert "a rollback will not undo that" in result.stderr
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (8192, "wal")
    assert run_dbtune("rollback", database, "--yes").returncode == 0
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (8192, "delete")
    assert rows(database) == 1000


def test_the_page_size_of_a_wal_database_changes_and_rollback_keeps_wal(database: Path) -> None:
    """Each revision undoes its own part only, and asking again changes nothing."""
    switch(database, QUICK)
    sized = EnableWalOptions(backup=False, wait_ms=0, page_size_bytes=1024)
    report = switch(database, sized)
    assert report.changes and report.changes[0].reason == "dbtune: pages of 1024 bytes"
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (1024, "wal")
    assert switch(database, sized).changes == ()
    options = RollbackOptions(backup=False)
    rollback(plan_rollback(database, options), options)
    assert pragma(database, "journal_mode") == "wal"
    rollback(plan_rollback(database, options), options)
    assert pragma(database, "journal_mode") == "delete"
    assert rows(database) == 1000


def test_the_page_size_of_an_open_wal_database_is_refused(
    database: Path, other: OtherProcess
) -> None:
    """Nobody may use it meanwhile; WAL stays as it was."""
    switch(database, QUICK)
    other.run("SELECT count(*) FROM orders")
    sized = EnableWalOptions(backup=False, wait_ms=50, page_size_bytes=1024)
    with pytest.raises(LockedError, match=f"page size of .* process {other.pid} "):
        switch(database, sized)
    assert (pragma(database, "page_size"), pragma(database, "journal_mode")) == (4096, "wal")
    assert len(list(database.parent.glob("*.dbtune/versions/*.py"))) == 1
