"""`dbtune restore`: back to a backup, with nobody else in the file and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.hostile import (
    build,
    build_more,
    corrupt_data_page,
    corrupt_schema_page,
    empty_file,
    ordinary,
    text_file,
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# A second process: locks of one process do not stop the same process.
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2]).fetchone()
print("holding", flush=True)
sys.stdin.read()
connection.close()
"""


@pytest.fixture
def database(run_dbtune: Run, tmp_path: Path) -> Path:
    """A database with one backup, changed since: rows are gone and a table came."""
    path = tmp_path / "shop.db"
    ordinary(path)
    assert run_dbtune("backup", path).returncode == 0
    build_more(path, "DELETE FROM orders", "CREATE TABLE later (x)")
    return path


def test_the_newest_backup_comes_back_and_the_present_state_is_kept(
    run_dbtune: Run, database: Path, tmp_path: Path
) -> None:
    """What was deleted is there again, and the state before is a backup of its own."""
    original, changed = tmp_path / "original.db", dump(database)
    ordinary(original)
    result = run_dbtune("restore", database, "--yes")
    assert result.returncode == 0
    assert dump(database) == dump(original)
    kept = Path(next(line for line in result.stdout.splitlines() if "before:" in line).split()[1])
    assert dump(kept) == changed
    assert "tables that would be gone: later" in result.stderr
    assert "orders: 0 -> 1,000 rows" in result.stderr


def test_restoring_twice_goes_there_and_back(run_dbtune: Run, database: Path) -> None:
    """The state before a restore can be restored like any other backup."""
    changed = dump(database)
    assert run_dbtune("restore", database, "--yes").returncode == 0
    assert run_dbtune("restore", database, "--yes").returncode == 0
    assert dump(database) == changed


def test_a_named_backup_comes_back(run_dbtune: Run, database: Path, tmp_path: Path) -> None:
    """BACKUP may be any copy that `dbtune backup` made, and stays as it is."""
    copy = tmp_path / "copy.db"
    run_dbtune("backup", database, copy)
    changed, content = dump(database), copy.read_bytes()
    build_more(database, "DROP TABLE later")
    assert run_dbtune("restore", database, copy, "--yes").returncode == 0
    assert dump(database) == changed
    assert copy.read_bytes() == content


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("statement", ["SELECT 1 FROM users", "BEGIN IMMEDIATE"])
def test_it_refuses_while_someone_has_the_file_open(
    run_dbtune: Run, database: Path, mode: str, statement: str
) -> None:
    """An idle connection is enough: it would go on with pages that are no longer there."""
    build_more(database, f"PRAGMA journal_mode = {mode}")
    before = database.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(database), statement],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        result = run_dbtune("restore", database, "--yes", "--wait", "0.2")
        assert database.read_bytes() == before
        holder.communicate()
    assert result.returncode == 5
    assert "stop the application" in result.stderr or "locked" in result.stderr
    assert run_dbtune("restore", database, "--yes").returncode == 0


def test_a_wal_left_by_a_killed_process_is_not_played_into_the_backup(
    run_dbtune: Run, database: Path, tmp_path: Path
) -> None:
    """What is in a live -wal belongs to the present state: kept with it, and not restored."""
    build_more(database, "PRAGMA journal_mode = WAL")
    leave_wal(database, "INSERT INTO later VALUES ('in the wal')")
    assert database.with_name("shop.db-wal").stat().st_size > 0
    result = run_dbtune("restore", database, "--yes")
    assert result.returncode == 0
    original = tmp_path / "original.db"
    ordinary(original)
    assert dump(database) == dump(original)
    kept = Path(next(line for line in result.stdout.splitlines() if "before:" in line).split()[1])
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT x FROM later").fetchall() == [("in the wal",)]


def test_a_missing_database_is_written_anew(run_dbtune: Run, database: Path) -> None:
    """A file that was lost comes back from the newest backup beside it."""
    database.unlink()
    result = run_dbtune("restore", database, "--yes")
    assert result.returncode == 0
    assert "is missing and would be written anew" in result.stderr
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (1000,)


def test_a_missing_database_with_an_old_wal_is_refused(run_dbtune: Run, database: Path) -> None:
    """The -wal of the lost file would be played into the backup."""
    database.unlink()
    database.with_name("shop.db-wal").write_bytes(b"x" * 100)
    result = run_dbtune("restore", database, "--yes")
    assert result.returncode == 5
    assert "shop.db-wal" in result.stderr
    assert not database.exists()


def test_without_any_backup_nothing_is_created(run_dbtune: Run, tmp_path: Path) -> None:
    """Neither database nor backup: exit code 3."""
    result = run_dbtune("restore", tmp_path / "missing.db", "--yes")
    assert result.returncode == 3
    assert os.listdir(tmp_path) == []
    ordinary(tmp_path / "shop.db")
    result = run_dbtune("restore", tmp_path / "shop.db", "--yes")
    assert result.returncode == 3
    assert "there is no backup of" in result.stderr


@pytest.mark.parametrize("builder", [corrupt_data_page, corrupt_schema_page, text_file])
def test_a_damaged_backup_is_refused(
    run_dbtune: Run, database: Path, tmp_path: Path, builder: Callable[[Path], None]
) -> None:
    """The backup is checked before anything is touched: exit code 3."""
    bad = tmp_path / "bad.db"
    builder(bad)
    before, beside = database.read_bytes(), sorted(os.listdir(tmp_path))
    result = run_dbtune("restore", database, bad, "--yes", "--other-application")
    assert result.returncode == 3
    assert "bad.db" in result.stderr
    assert (database.read_bytes(), sorted(os.listdir(tmp_path))) == (before, beside)


def test_a_damaged_database_is_kept_and_replaced(run_dbtune: Run, tmp_path: Path) -> None:
    """Damage is a reason to restore: the damaged pages stay in the backup of the state before."""
    path, copy = tmp_path / "shop.db", tmp_path / "copy.db"
    ordinary(copy)
    corrupt_data_page(path)
    result = run_dbtune("restore", path, copy, "--yes")
    assert result.returncode == 0
    assert dump(path) == dump(copy)
    assert "before:" in result.stdout


def test_a_database_that_cannot_be_read_is_told_how_to_be_replaced(
    run_dbtune: Run, database: Path
) -> None:
    """SQLite cannot write into what is no database: the hint says to move it away."""
    database.unlink()
    text_file(database)
    before = database.read_bytes()
    result = run_dbtune("restore", database, "--yes")
    assert result.returncode == 3
    assert "move" in result.stderr
    assert database.read_bytes() == before


def test_another_applications_file_needs_more_than_yes(
    run_dbtune: Run, database: Path, tmp_path: Path
) -> None:
    """A backup without the database's tables is refused until it is clearly meant."""
    other = tmp_path / "other.db"
    build(other, ("CREATE TABLE trains (id INTEGER PRIMARY KEY)", "INSERT INTO trains VALUES (1)"))
    before = database.read_bytes()
    refused = run_dbtune("restore", database, other, "--yes")
    assert refused.returncode == 5
    assert "another application's file" in refused.stderr
    assert "--other-application" in refused.stderr
    assert database.read_bytes() == before
    agreed = run_dbtune("restore", database, other, "--yes", "--other-application")
    assert agreed.returncode == 0
    assert dump(database) == dump(other)


def test_another_application_id_needs_more_than_yes(
    run_dbtune: Run, database: Path, tmp_path: Path
) -> None:
    """The same tables with another application_id are another application's."""
    other = tmp_path / "other.db"
    ordinary(other)
    build_more(other, "PRAGMA application_id = 77")
    result = run_dbtune("restore", database, other, "--yes")
    assert result.returncode == 5
    assert "application_id is 77" in result.stderr


def test_it_asks_before_it_replaces(run_dbtune: Run, database: Path) -> None:
    """Without a terminal and without --yes it is a usage error, and nothing changes."""
    before = database.read_bytes()
    result = run_dbtune("restore", database)
    assert result.returncode == 2
    assert "--yes" in result.stderr
    assert "--dry-run" not in result.stderr, "restore has no such option"
    assert database.read_bytes() == before


def test_the_database_itself_is_no_backup(run_dbtune: Run, database: Path) -> None:
    """Also through a hard link, where the names differ."""
    link = database.with_name("link.db")
    link.hardlink_to(database)
    assert run_dbtune("restore", database, database, "--yes").returncode == 5
    assert run_dbtune("restore", database, link, "--yes").returncode == 5


def test_it_does_not_write_through_a_symbolic_link(run_dbtune: Run, database: Path) -> None:
    """The link's target is named in the hint."""
    link = database.with_name("link.db")
    link.symlink_to(database)
    copy = database.with_name("copy.db")
    run_dbtune("backup", database, copy)
    result = run_dbtune("restore", link, copy, "--yes")
    assert result.returncode == 5
    assert str(database) in result.stderr


def test_an_empty_database_takes_a_backup(run_dbtune: Run, tmp_path: Path) -> None:
    """A file of 0 bytes is a database without tables, and no other application's."""
    path, copy = tmp_path / "empty.db", tmp_path / "copy.db"
    empty_file(path)
    ordinary(copy)
    assert run_dbtune("restore", path, copy, "--yes").returncode == 0
    assert dump(path) == dump(copy)


def leave_wal(database: Path, statement: str) -> None:
    """Commit into the -wal and end without closing, as a killed process does."""
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(sys.argv[2]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(database), statement], check=True)


def dump(path: Path) -> list[str]:
    """Return a database as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
