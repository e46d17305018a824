"""`dbtune backup`: a consistent, checked copy, and never over anything that is there."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.hostile import build_more, corrupt_data_page, empty_file, ordinary

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "shop.db"
    ordinary(path)
    return path


def test_it_copies_beside_the_database_and_says_what_was_checked(
    run_dbtune: Run, database: Path
) -> None:
    """Path, size, sha256 and rows are printed, and they are those of the file."""
    result = run_dbtune("backup", database)
    assert result.returncode == 0
    (copy,) = (database.parent / "shop.db.dbtune").iterdir()
    assert copy.name.startswith("backup-")
    assert copy.suffix == ".db"
    assert f"backup:  {copy}" in result.stdout
    assert hashlib.sha256(copy.read_bytes()).hexdigest() in result.stdout
    assert "2 tables, 2,000 rows" in result.stdout
    assert dump(copy) == dump(database)


def test_it_copies_to_a_named_file_or_into_a_folder(run_dbtune: Run, database: Path) -> None:
    """A folder as TARGET gets a copy of the same name."""
    folder = database.parent / "elsewhere"
    folder.mkdir()
    assert run_dbtune("backup", database, folder / "copy.db").returncode == 0
    assert run_dbtune("backup", database, folder).returncode == 0
    assert sorted(os.listdir(folder)) == ["copy.db", "shop.db"]
    assert dump(folder / "copy.db") == dump(folder / "shop.db") == dump(database)
    assert sorted(os.listdir(database.parent)) == ["elsewhere", "shop.db"]


def test_it_overwrites_nothing(run_dbtune: Run, database: Path) -> None:
    """A file at the target stays as it is, whatever it is: exit code 5."""
    target = database.with_name("precious.txt")
    target.write_text("precious")
    result = run_dbtune("backup", database, target)
    assert result.returncode == 5
    assert "precious.txt exists" in result.stderr
    assert target.read_text() == "precious"
    assert run_dbtune("backup", database, database).returncode == 5


@pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
def test_it_refuses_a_target_beside_which_a_journal_lies(
    run_dbtune: Run, database: Path, suffix: str
) -> None:
    """SQLite would play an old -wal or -journal of that name into the backup."""
    target = database.with_name("copy.db")
    target.with_name(f"copy.db{suffix}").write_bytes(b"old")
    result = run_dbtune("backup", database, target)
    assert result.returncode == 5
    assert f"copy.db{suffix}" in result.stderr
    assert not target.exists()


def test_it_holds_what_is_only_in_the_wal(run_dbtune: Run, database: Path) -> None:
    """Rows that were committed to the -wal are in the copy, beside a writer that goes on."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO users (email) VALUES ('only in the wal')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO users (email) VALUES ('not committed')")
        target = database.with_name("copy.db")
        assert run_dbtune("backup", database, target).returncode == 0
        writer.execute("ROLLBACK")
    with closing(sqlite3.connect(target)) as copy:
        emails = copy.execute("SELECT email FROM users ORDER BY id DESC LIMIT 1").fetchone()
    assert emails == ("only in the wal",)


def test_the_database_and_its_wal_keep_every_byte(run_dbtune: Run, database: Path) -> None:
    """A backup reads only."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("INSERT INTO users (email) VALUES ('x')")
        wal = database.with_name("shop.db-wal")
        before = (database.read_bytes(), wal.read_bytes())
        assert run_dbtune("backup", database, database.with_name("copy.db")).returncode == 0
        assert (database.read_bytes(), wal.read_bytes()) == before


def test_it_keeps_the_newest_backups_only(run_dbtune: Run, database: Path) -> None:
    """--keep-backups says how many stay beside the database; other files there stay too."""
    folder = database.parent / "shop.db.dbtune"
    run_dbtune("backup", database)
    (folder / "notes.txt").write_text("mine")
    for _ in range(3):
        assert run_dbtune("backup", database, "--keep-backups", "2").returncode == 0
    kept = sorted(os.listdir(folder))
    assert len(kept) == 3
    assert "notes.txt" in kept


def test_the_copy_has_the_mode_of_the_original(run_dbtune: Run, database: Path) -> None:
    """A private database has private backups."""
    database.chmod(0o640)
    target = database.with_name("copy.db")
    run_dbtune("backup", database, target)
    assert target.stat().st_mode & 0o777 == 0o640


def test_an_empty_file_is_a_database_without_tables(run_dbtune: Run, tmp_path: Path) -> None:
    """0 bytes are valid, and their backup is one too."""
    path = tmp_path / "empty.db"
    empty_file(path)
    result = run_dbtune("backup", path, tmp_path / "copy.db")
    assert result.returncode == 0
    assert "0 tables, 0 rows" in result.stdout
    assert path.stat().st_size == 0


def test_a_damaged_database_is_not_backed_up_as_if_it_were_sound(
    run_dbtune: Run, tmp_path: Path
) -> None:
    """The check fails, and no file is left that looks like a backup."""
    path = tmp_path / "damaged.db"
    corrupt_data_page(path)
    result = run_dbtune("backup", path, tmp_path / "copy.db")
    assert result.returncode in {3, 6}
    assert "damaged" in result.stderr
    assert os.listdir(tmp_path) == ["damaged.db"]


def test_a_database_locked_for_longer_than_the_wait_is_refused(
    run_dbtune: Run, database: Path
) -> None:
    """An exclusive lock ends it with 5 after --wait, and nothing is left behind."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = run_dbtune("backup", database, "--wait", "0.2")
        other.execute("ROLLBACK")
    assert result.returncode == 5
    assert "locked" in result.stderr
    assert os.listdir(database.parent) == ["shop.db"]


def test_a_folder_that_is_not_there_is_named(run_dbtune: Run, database: Path) -> None:
    """The target's folder is not created."""
    result = run_dbtune("backup", database, database.parent / "no" / "copy.db")
    assert result.returncode == 5
    assert "there is no folder" in result.stderr


def test_quiet_leaves_stderr_empty(run_dbtune: Run, database: Path) -> None:
    """With -q only the result is printed."""
    build_more(database, "PRAGMA user_version = 3")
    assert run_dbtune("-q", "backup", database).stderr == ""


def dump(path: Path) -> list[str]:
    """Return a database as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_one_table_is_told_as_one(run_dbtune: Run, tmp_path: Path) -> None:
    """And one row as one."""
    path = tmp_path / "one.db"
    build_more(path, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)")
    assert "1 table, 1 row\n" in run_dbtune("backup", path).stdout
