"""Scratch folders that never stay, and whole copies in them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from dbtune.errors import ConfigurationError, RefusedError
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies import scratch
from dbtune.sqlite.copies.scratch import (
    ScratchCopy,
    copy_database,
    room_for_scratch,
    scratch_folder,
)
from dbtune.sqlite.file import free_space
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures import hostile
from tests.fixtures.hostile import build_more, ordinary
from tests.fixtures.other_process import other_process

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and locks of POSIX")

HOLD = """
import sys
from pathlib import Path
from dbtune.sqlite.copies.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "copy.db").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    sys.stdin.read()
"""


def copy_of(source: Path, folder: Path, room_bytes: int | None = None) -> ScratchCopy:
    """Return a copy of a database."""
    with closing(open_readonly(source)) as connection:
        schema = read_schema(connection)
    return copy_database(source, schema, folder, room_bytes=room_bytes)


@posix_only
def test_a_scratch_folder_is_private(tmp_path: Path) -> None:
    """What lies in it is a copy of the user's data."""
    with scratch_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_scratch_folder_is_gone_however_it_ends(
    tmp_path: Path, error: type[BaseException]
) -> None:
    """With all that is in it."""
    with suppress(error), scratch_folder(tmp_path) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "copy.db").write_bytes(b"x")
        raise error
    assert os.listdir(tmp_path) == []


def test_without_a_parent_it_is_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the system names it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert folder.parent == tmp_path


def test_a_parent_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It is not created: the name may be a mistake."""
    with pytest.raises(ConfigurationError, match="does not exist"), scratch_folder(tmp_path / "x"):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no files")
def test_a_parent_that_takes_no_folder_is_told() -> None:
    """Nobody may make one in /proc, root neither."""
    parent = Path("/proc")
    with pytest.raises(ConfigurationError, match="cannot be written to"), scratch_folder(parent):
        pass


@posix_only
def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path: Path) -> None:
    """A folder of a run that lives stays, and so does what is not dbtune's."""
    (tmp_path / "dbtune-notes").mkdir()
    (tmp_path / "other").mkdir()
    with start_holder(tmp_path) as dead, start_holder(tmp_path) as alive:
        left = Path(read_line(dead))
        kept = Path(read_line(alive))
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert left.exists()
        with scratch_folder(tmp_path) as folder:
            present = {left.name, kept.name, folder.name} & set(os.listdir(tmp_path))
        assert present == {kept.name, folder.name}
        alive.communicate("")
    assert set(os.listdir(tmp_path)) == {"dbtune-notes", "other"}


@posix_only
def test_folders_of_another_user_are_left_alone(tmp_path: Path) -> None:
    """Only its owner may judge whether a run lives."""
    if os.getuid() != 0:
        pytest.skip("only root can make a folder of another user")
    foreign = tmp_path / "dbtune-foreign"
    foreign.mkdir()
    (foreign / "in-use.lock").touch()
    os.chown(foreign, 1234, 1234)
    with scratch_folder(tmp_path):
        assert foreign.exists()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_whole_copy_is_apsws_to_open(tmp_path: Path, mode: str) -> None:
    """It has all rows, also those in the -wal, and a rollback journal; the source stays."""
    path = tmp_path / "shop.db"
    ordinary(path)
    with other_process(path) as other, scratch_folder(tmp_path) as folder:
        other.run(f"PRAGMA journal_mode = {mode}")
        other.run("DELETE FROM users WHERE id <= 10")
        copy = copy_of(path, folder)
        assert copy.sampled == () and copy.left_out == ()
        with closing(apsw.Connection(str(copy.path))) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchall() == [("delete",)]
            assert connection.execute("SELECT count(*) FROM users").fetchall() == [(990,)]
            connection.execute("DELETE FROM users")
        assert other.run("SELECT count(*) FROM users") == [[990]]


def test_each_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    """A proof on a fresh copy does not touch the first one."""
    path = tmp_path / "shop.db"
    ordinary(path)
    with scratch_folder(tmp_path) as folder:
        first, second = copy_of(path, folder).path, copy_of(path, folder).path
        assert first != second
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    "builder", [hostile.empty_file, *hostile.DAMAGED, hostile.unknown_modules, hostile.utf16]
)
def test_odd_databases_are_copied_whole(tmp_path: Path, builder: hostile.Builder) -> None:
    """Damage within a table, an unknown module and 0 bytes included."""
    path = tmp_path / "odd.db"
    builder(path)
    with scratch_folder(tmp_path) as folder, closing(open_readonly(path)) as connection:
        copy = copy_of(path, folder).path
        with closing(open_readonly(copy)) as copied:
            assert read_schema(copied) == read_schema(connection)


def test_room_is_what_is_asked_but_no_more_than_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--scratch-mb counts millions of bytes; some space stays free for everybody else."""
    monkeypatch.setattr(scratch, "free_bytes", lambda folder: 1_000_000_000)
    assert room_for_scratch(tmp_path, 100) == 100_000_000
    assert room_for_scratch(tmp_path, 5000) == 1_000_000_000 - free_space.RESERVE_BYTES
    assert room_for_scratch(tmp_path, None) < 800_000_000
    monkeypatch.setattr(scratch, "free_bytes", lambda folder: 10**15)
    assert room_for_scratch(tmp_path, None) == scratch.DEFAULT_ROOM_BYTES
    monkeypatch.setattr(scratch, "free_bytes", lambda folder: 5)
    assert room_for_scratch(tmp_path, None) == room_for_scratch(tmp_path, 5) == 0


def test_no_room_is_told_with_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a whole copy and for a sample; nothing is written."""
    path = tmp_path / "shop.db"
    ordinary(path)
    with scratch_folder(tmp_path) as folder:
        with pytest.raises(RefusedError, match=r"may take 0\.1 MB .* at least 1\.0 MB"):
            copy_of(path, folder, room_bytes=400_000)
        monkeypatch.setattr(free_space, "free_bytes", lambda folder: 1000)
        with pytest.raises(RefusedError, match=r"it needs 0\.2 MB, and 0\.0 MB are free") as caught:
            copy_of(path, folder, room_bytes=10**9)
        assert "--scratch DIR" in (caught.value.hint or "")
        assert sum(found.stat().st_size for found in folder.iterdir()) == 0


def test_a_copy_does_not_follow_later_changes(tmp_path: Path) -> None:
    """And the source does not follow those of the copy."""
    path = tmp_path / "shop.db"
    ordinary(path)
    with scratch_folder(tmp_path) as folder:
        copy = copy_of(path, folder).path
        build_more(path, "DROP TABLE orders")
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT count(*) FROM orders").fetchone() == (1000,)


def start_holder(parent: Path) -> subprocess.Popen[str]:
    """Start a process that holds a scratch folder and prints its path."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def read_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
