"""What is read of a database from outside is what SQLite itself says, and nobody waits for it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dbtune.monitor.file_probe import FileProbe, FileState, open_probe
from tests.fixtures.hostile import cut_in_schema, ordinary, text_file
from tests.fixtures.other_process import OtherProcess, other_process

PAGE_BYTES = 4096


@contextmanager
def opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection in autocommit to a database with a table, in a journal mode."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
        yield connection


def fill(connection: sqlite3.Connection, pages: int) -> None:
    """Write rows of about a page each."""
    connection.execute(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO t SELECT zeroblob(3500) FROM n",
        (pages,),
    )


def read_until(probe: FileProbe, wanted: Callable[[FileState], bool]) -> FileState:
    """Return the first state that is as wanted; the test fails where none comes."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        state = probe.read()
        if wanted(state):
            return state
    raise AssertionError(f"never as wanted, at last {state}")


@pytest.mark.parametrize("mode", ["DELETE", "TRUNCATE", "WAL"])
def test_sizes_are_those_that_sqlite_tells(tmp_path: Path, mode: str) -> None:
    """Free pages in every state: none, many, checkpointed, and used again."""
    path = tmp_path / "a.db"
    with opened(path, mode) as connection, open_probe(path) as probe:
        for change in (
            lambda: fill(connection, 50),
            lambda: connection.execute("DELETE FROM t WHERE rowid % 2"),
            lambda: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone(),
            lambda: fill(connection, 10),
            lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(),
            lambda: connection.execute("DELETE FROM t"),
        ):
            change()
            state = probe.read()
            free = connection.execute("PRAGMA freelist_count").fetchone()[0]
            assert state.problem is None
            assert state.wal_mode == (mode == "WAL")
            assert state.size_bytes == path.stat().st_size
            assert state.freelist_bytes == free * PAGE_BYTES


def test_the_first_page_is_found_in_a_long_wal(tmp_path: Path) -> None:
    """Over several blocks of the index, and again after the -wal began anew."""
    path = tmp_path / "a.db"
    with opened(path, "WAL") as connection, open_probe(path) as probe:
        for _ in range(2):
            fill(connection, 5000)
            connection.execute("DELETE FROM t WHERE rowid IN (SELECT rowid FROM t LIMIT 100)")
            # The first page is not among the newest frames, which are of another block.
            connection.execute("UPDATE t SET x = zeroblob(3500)")
            free = connection.execute("PRAGMA freelist_count").fetchone()[0]
            assert free > 0
            assert probe.read().freelist_bytes == free * PAGE_BYTES
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            assert probe.read().freelist_bytes == free * PAGE_BYTES


def test_checkpoint_lag_is_what_a_checkpoint_would_copy(tmp_path: Path) -> None:
    """All frames at first, those behind a reader while it reads, then none."""
    path = tmp_path / "a.db"
    with opened(path, "WAL") as connection, open_probe(path) as probe:
        fill(connection, 20)
        with other_process(path) as reader:
            read_from(reader)
            fill(connection, 20)
            _, frames, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            assert 0 < copied < frames
            assert probe.read().lag_bytes == (frames - copied) * PAGE_BYTES
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert probe.read().lag_bytes == 0


def test_a_reader_of_an_old_snapshot_is_seen_with_its_process(tmp_path: Path) -> None:
    """From the first commit that it does not see, until it ends."""
    path = tmp_path / "a.db"
    with opened(path, "WAL") as connection, open_probe(path) as probe:
        fill(connection, 1)
        with other_process(path) as reader:
            read_from(reader)
            assert probe.read().reader_seconds == 0
            fill(connection, 1)
            state = read_until(probe, lambda state: (state.reader_seconds or 0) > 0.05)
            assert state.reader_pid == reader.pid
            assert reader.pid in state.pids
            reader.run("COMMIT")
            read_until(probe, lambda state: state.reader_seconds == 0)


def test_a_reader_of_the_database_alone_is_seen_too(tmp_path: Path) -> None:
    """It began when everything was checkpointed, and keeps the next checkpoint from its work."""
    path = tmp_path / "a.db"
    with opened(path, "WAL") as connection, open_probe(path) as probe:
        fill(connection, 1)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        with other_process(path) as reader:
            read_from(reader)
            assert probe.read().reader_seconds == 0
            fill(connection, 1)
            read_until(probe, lambda state: (state.reader_seconds or 0) > 0)


def test_readers_one_after_the_other_are_not_an_old_one(tmp_path: Path) -> None:
    """Somebody reads at every moment; what is told is never more than the oldest one's age."""
    path = tmp_path / "a.db"
    with (
        opened(path, "WAL") as connection,
        open_probe(path) as probe,
        other_process(path) as one,
        other_process(path) as other,
    ):
        begun = read_from(one)
        for reader, last in ((other, one), (one, other)) * 10:
            fill(connection, 1)
            now_begun = read_from(reader)
            told = probe.read().reader_seconds
            assert told is not None and told <= time.monotonic() - begun
            last.run("COMMIT")
            begun = now_begun


def read_from(process: OtherProcess) -> float:
    """Begin to read in another process; returns when that was."""
    begun = time.monotonic()
    process.run("BEGIN")
    process.run("SELECT count(*) FROM t")
    return begun


def test_a_commit_that_waits_for_a_reader_is_seen(tmp_path: Path) -> None:
    """In rollback-journal mode, where the reader keeps everybody else out."""
    path = tmp_path / "a.db"
    with (
        opened(path, "DELETE") as writer,
        open_probe(path) as probe,
        other_process(path) as reader,
    ):
        read_from(reader)
        assert probe.read().reader_seconds == 0
        writer.execute("BEGIN")
        fill(writer, 1)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            writer.execute("COMMIT")
        read_until(probe, lambda state: (state.reader_seconds or 0) > 0.05)
        reader.run("COMMIT")
        writer.execute("COMMIT")
        read_until(probe, lambda state: state.reader_seconds == 0)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_held_write_lock_is_busy_and_a_reader_is_not(tmp_path: Path, mode: str) -> None:
    """The share of looks at which somebody held it: all of them, or none."""
    path = tmp_path / "a.db"
    with opened(path, mode) as connection, open_probe(path) as probe:
        with other_process(path) as reader:
            read_from(reader)
            probe.read()
            assert probe.read().busy_ratio == 0
        connection.execute("BEGIN IMMEDIATE")
        probe.read()
        assert probe.read().busy_ratio == 1
        connection.execute("COMMIT")
        probe.read()
        assert probe.read().busy_ratio == 0


_WRITER = """
import select, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
connection.execute("PRAGMA synchronous = OFF")
commits = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    connection.execute("INSERT INTO t VALUES (?)", (commits,))
    commits += 1
connection.close()
print(commits)
"""


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_no_commit_ever_fails_for_it(tmp_path: Path, mode: str) -> None:
    """A writer that waits for nobody commits while the probe asks as often as it can."""
    path = tmp_path / "a.db"
    with opened(path, mode):
        pass
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with open_probe(path) as probe:
        read_until(probe, lambda state: bool(state.pids))
        assert [probe.read().problem for _ in range(300)] == [None] * 300
    printed, said = writer.communicate("\n")
    assert (writer.returncode, said) == (0, "")
    assert int(printed) > 0


def test_a_file_in_its_place_is_another_one(tmp_path: Path) -> None:
    """Renamed over, taken away, and there again."""
    path = tmp_path / "a.db"
    ordinary(path)
    shutil.copy(path, tmp_path / "b.db")
    with open_probe(path) as probe:
        first = probe.read()
        (tmp_path / "b.db").rename(path)
        assert probe.read().identity != first.identity
        path.unlink()
        assert probe.read().problem == "is gone"
        text_file(path)
        assert "text file" in str(probe.read().problem)
        path.unlink()
        path.mkdir()
        assert probe.read().problem == "is not a file any more"


def test_a_link_that_is_turned_elsewhere_is_followed(tmp_path: Path) -> None:
    """Releases are switched that way."""
    for name in ("a.db", "b.db"):
        ordinary(tmp_path / name)
    link = tmp_path / "link.db"
    link.symlink_to("a.db")
    with open_probe(link) as probe:
        first = probe.read()
        (tmp_path / "new").symlink_to("b.db")
        (tmp_path / "new").rename(link)
        assert probe.read().identity != first.identity


def test_a_wal_without_users_says_nothing_of_its_lag(tmp_path: Path) -> None:
    """What a crash left behind counts for nothing before somebody recovers it."""
    path, left = tmp_path / "a.db", tmp_path / "left.db"
    with opened(path, "WAL") as connection:
        fill(connection, 5)
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{path}{suffix}", f"{left}{suffix}")
    with open_probe(left) as probe:
        state = probe.read()
    assert state.problem is None
    assert state.wal_bytes and state.lag_bytes is None


def test_an_exclusive_lock_is_seen_and_keeps_nothing_back(tmp_path: Path) -> None:
    """Who has the file for itself keeps SQLite out, and not the monitor."""
    path = tmp_path / "a.db"
    with opened(path, "WAL") as connection:
        fill(connection, 5)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        fill(connection, 5)
        with open_probe(path) as probe:
            probe.read()
            state = probe.read()
    assert state.problem is None
    assert state.busy_ratio == 1


def test_a_cut_file_is_told_with_its_sizes(tmp_path: Path) -> None:
    """It is half a page long."""
    path = tmp_path / "a.db"
    cut_in_schema(path)
    with open_probe(path) as probe:
        assert "is truncated: its first page has 2,048 of 4,096 bytes" in str(probe.read().problem)


@pytest.mark.parametrize("mode", ["MEMORY", "DELETE"])
def test_a_database_that_is_made_longer_is_not_truncated(tmp_path: Path, mode: str) -> None:
    """Its header says first what comes, and in mode MEMORY no file beside it tells."""
    path = tmp_path / "a.db"
    with opened(path, mode) as connection, open_probe(path) as probe:
        fill(connection, 10)
    with path.open("r+b") as file:
        file.truncate(5 * PAGE_BYTES)
    with open_probe(path) as probe:
        assert probe.read().problem is None


def test_a_lookout_that_was_killed_is_replaced(tmp_path: Path) -> None:
    """That is told once, and the next answer is there again."""
    path = tmp_path / "a.db"
    ordinary(path)
    with open_probe(path) as probe:
        subprocess.run(["kill", "-9", str(probe.own_pid)], check=True)
        assert "was ended" in str(probe.read().problem)
        assert probe.read().problem is None


def test_the_share_in_memory_is_known_to_the_owner(tmp_path: Path) -> None:
    """A file just written is in memory, on a disk as on tmpfs."""
    path = tmp_path / "a.db"
    ordinary(path)
    with open_probe(path) as probe:
        ratio = probe.read().cached_ratio
    assert ratio is not None and 0 < ratio <= 1
