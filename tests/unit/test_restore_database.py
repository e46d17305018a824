"""The way back from a backup: all of it or nothing, and with nobody else in the file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError, RefusedError, SourceError
from dbtune.model.event import Event
from dbtune.sqlite.copies.backup import back_up, backup_beside, restore
from dbtune.sqlite.copies.backup_names import backups_in
from dbtune.sqlite.exclusive import open_alone
from dbtune.sqlite.file import free_space
from tests.fixtures import hostile
from tests.fixtures.hostile import build_more, ordinary
from tests.fixtures.other_process import other_process

# Dies at the first step of one of the two copies.
KILLED = """
import os, signal, sys
from pathlib import Path
from dbtune.sqlite.copies.backup import restore
from dbtune.sqlite.copies.backup_names import backups_in
backup, database, at = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def die(event):
    kept = backups_in(database.with_name(database.name + ".dbtune"))
    if bool(kept) == (at == "restored") and event.done != event.total:
        os.kill(os.getpid(), signal.SIGKILL)

restore(backup, database, on_event=die)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


@pytest.fixture
def backup(database: Path) -> Path:
    """A backup of it, elsewhere; the database has lost its orders since."""
    path = back_up(database, database.with_name("made.db"))
    build_more(database, "DELETE FROM orders")
    return path


def rows(path: Path, table: str = "orders") -> int:
    """Return how many rows a table has."""
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return count


def journal_mode(path: Path) -> str:
    """Return a database's journal mode."""
    with closing(sqlite3.connect(path)) as connection:
        mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
        return mode


@pytest.mark.parametrize("now", ["delete", "wal"])
@pytest.mark.parametrize("then", ["delete", "wal"])
def test_the_journal_mode_comes_back_with_the_backup(database: Path, now: str, then: str) -> None:
    """In the database, and in the backup of the state before."""
    build_more(database, f"PRAGMA journal_mode = {then}")
    backup = back_up(database, database.with_name("made.db"))
    build_more(database, f"PRAGMA journal_mode = {now}", "DELETE FROM orders")
    present = restore(backup, database)
    assert present is not None
    assert (rows(database), journal_mode(database)) == (1000, then)
    assert (rows(present), journal_mode(present)) == (0, now)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_backup_with_another_page_size_comes_back(
    database: Path, tmp_path: Path, mode: str
) -> None:
    """Also into a WAL database, whose page size SQLite does not change."""
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("CREATE TABLE orders (x)")
        connection.execute("INSERT INTO orders VALUES (zeroblob(100000))")
        connection.commit()
    build_more(database, f"PRAGMA journal_mode = {mode}")
    restore(other, database)
    assert rows(database) == 1
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (16384,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_file_stays_the_same_file(database: Path, backup: Path) -> None:
    """Its inode, mode and links stay: pages go through SQLite, no file over the other."""
    database.chmod(0o640)
    before = database.stat()
    restore(backup, database)
    after = database.stat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (
        before.st_ino,
        before.st_mode,
        before.st_uid,
    )


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_end_in_the_middle_leaves_the_database_as_it_was(
    database: Path, mode: str, error: type[BaseException]
) -> None:
    """Its rows and its journal mode; a second attempt succeeds."""
    build_more(database, "INSERT INTO users (email) VALUES (zeroblob(2500000))")
    backup = back_up(database, database.with_name("made.db"))
    build_more(database, f"PRAGMA journal_mode = {mode}", "DELETE FROM orders")

    def fail(event: Event) -> None:
        # The second copy is the one over the database; a megabyte of it is written already.
        if event.done != event.total and backups_in(companion(database)):
            raise error

    with pytest.raises(error):
        restore(backup, database, on_event=fail)
    assert (rows(database), journal_mode(database)) == (0, mode)
    restore(backup, database)
    assert rows(database) == 1000


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("at", ["present", "restored"])
def test_a_kill_in_the_middle_leaves_the_rows_as_they_were(
    database: Path, mode: str, at: str
) -> None:
    """While the present state is copied away, or while pages of the backup are written."""
    build_more(database, "INSERT INTO users (email) VALUES (zeroblob(2500000))")
    backup = back_up(database, database.with_name("made.db"))
    build_more(database, f"PRAGMA journal_mode = {mode}", "DELETE FROM orders")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(backup), str(database), at], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    if at == "restored":
        assert Path(f"{database}-journal").stat().st_size > 0
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert rows(database) == 0
    restore(backup, database)
    assert rows(database) == 1000


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_process_that_has_the_file_open_is_named(
    database: Path, backup: Path, mode: str
) -> None:
    """Idle or not: it would go on with what it remembers of the old state."""
    build_more(database, f"PRAGMA journal_mode = {mode}")
    with other_process(database) as other:
        other.run("SELECT count(*) FROM users")
        with pytest.raises(LockedError, match=rf"is open in process {other.pid} "):
            restore(backup, database, wait_ms=50)
        assert other.run("SELECT count(*) FROM orders") == [[0]]
    assert journal_mode(database) == mode


def test_an_idle_wal_connection_of_this_process_is_in_the_way(database: Path, backup: Path) -> None:
    """WAL mode cannot be left under it; the mode stays."""
    with closing(sqlite3.connect(database)) as idle:
        idle.execute("PRAGMA journal_mode = WAL").fetchone()
        idle.execute("SELECT count(*) FROM users").fetchone()
        with pytest.raises(LockedError, match="is open in another connection"):
            restore(backup, database, wait_ms=50)
    assert (rows(database), journal_mode(database)) == (0, "wal")


def test_a_transaction_of_this_process_is_in_the_way(database: Path, backup: Path) -> None:
    """The exclusive lock is not given beside a reader."""
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users").fetchone()
        with pytest.raises(LockedError):
            restore(backup, database, wait_ms=50)
    assert rows(database) == 0


def test_nobody_gets_in_while_it_restores(database: Path, backup: Path) -> None:
    """Under the exclusive lock another process can neither read nor write."""
    refused = []

    def try_to_read(event: Event) -> None:
        with other_process(database) as other:
            for statement in ("SELECT count(*) FROM users", "DELETE FROM users"):
                with pytest.raises(RuntimeError, match="locked"):
                    other.run(statement)
                refused.append(statement)

    restore(backup, database, on_event=try_to_read)
    assert refused and rows(database) == 1000


def test_a_backup_with_a_wal_of_its_own_is_read_with_it(database: Path, backup: Path) -> None:
    """Somebody opened the backup and wrote to it: what he sees comes back."""
    with other_process(backup) as other:
        other.run("PRAGMA journal_mode = WAL")
        other.run("DELETE FROM orders WHERE id > 400")
        restore(backup, database)
    assert rows(database) == 400


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_missing_database_with_leftovers_is_refused(
    database: Path, backup: Path, suffix: str
) -> None:
    """They would be applied to what is restored."""
    database.unlink()
    leftover = Path(f"{database}{suffix}")
    leftover.write_bytes(b"left")
    with pytest.raises(RefusedError, match=leftover.name):
        restore(backup, database)
    assert not database.exists() and leftover.read_bytes() == b"left"


def test_a_missing_database_is_written_anew(database: Path, backup: Path) -> None:
    """There is no state before, so there is no backup of it."""
    database.unlink()
    assert restore(backup, database) is None
    assert rows(database) == 1000


def test_a_damaged_database_is_kept_as_it_is(tmp_path: Path) -> None:
    """Damage is a reason to restore, and no reason not to keep what is there."""
    path, sound = tmp_path / "shop.db", tmp_path / "sound.db"
    hostile.corrupt_data_page(path)
    ordinary(sound)
    damaged = path.read_bytes()
    present = restore(sound, path)
    assert present is not None
    assert rows(path) == 1000
    assert hostile.FILLER in present.read_bytes() and len(present.read_bytes()) == len(damaged)


@pytest.mark.parametrize(
    "builder", [hostile.corrupt_data_page, hostile.text_file, hostile.cut_in_data]
)
def test_a_bad_backup_changes_nothing(
    database: Path, tmp_path: Path, builder: Callable[[Path], None]
) -> None:
    """It is checked before the database is even locked."""
    bad = tmp_path / "bad.db"
    builder(bad)
    before = database.read_bytes()
    with pytest.raises(SourceError):
        restore(bad, database)
    assert database.read_bytes() == before
    assert not companion(database).exists()


def test_no_room_changes_nothing(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The present state's backup, the journal and the growth are counted beforehand."""
    build_more(database, "PRAGMA journal_mode = WAL")
    monkeypatch.setattr(free_space, "free_bytes", lambda folder: 16_900_000)
    with pytest.raises(RefusedError, match=r"no room for a backup of the present state"):
        restore(backup, database)
    assert (rows(database), journal_mode(database)) == (0, "wal")
    assert not companion(database).exists()


def test_the_backup_that_came_back_is_not_pruned(database: Path) -> None:
    """Though it is the oldest, and the state before makes one more."""
    made = [backup_beside(database) for _ in range(3)]
    restore(made[0], database)
    assert made[0].exists()
    assert len(backups_in(companion(database))) == 4


def test_a_name_that_is_the_database_itself_is_refused(database: Path, tmp_path: Path) -> None:
    """By whatever path it is named."""
    link = tmp_path / "link.db"
    os.link(database, link)
    with pytest.raises(RefusedError, match="is the backup itself"):
        restore(link, database)


def test_open_alone_gives_the_wal_back_after_an_error(database: Path) -> None:
    """And holds the lock in between, also after a transaction has ended."""
    build_more(database, "PRAGMA journal_mode = WAL")
    with pytest.raises(RuntimeError, match="stop"), open_alone(database) as alone:
        alone.connection.execute("BEGIN")
        alone.connection.execute("COMMIT")
        with other_process(database) as other, pytest.raises(RuntimeError, match="locked"):
            other.run("SELECT count(*) FROM users")
        assert alone.was_wal
        raise RuntimeError("stop")
    assert journal_mode(database) == "wal"


def companion(database: Path) -> Path:
    """Return the folder beside a database."""
    return database.with_name(database.name + ".dbtune")
