"""Files and folders that may not be read or written, by their modes and owners."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import RefusedError
from dbtune.sqlite.connect import open_readonly, open_writer
from tests.fixtures.hostile import build_more
from tests.fixtures.other_process import run_as_nobody
from tests.unit.connect.files import OPEN, posix_only


@posix_only
def test_a_file_that_may_not_be_read(shared: Path) -> None:
    """The error says that this user may not, and the hint which user may."""
    shared.chmod(0)
    printed = run_as_nobody(OPEN, shared)
    assert "SourceError" in printed and "may not be read by this user" in printed


@posix_only
def test_a_file_that_may_not_be_written(shared: Path) -> None:
    """Reading works; the writer is refused."""
    shared.chmod(0o444)
    assert "read 1000" in run_as_nobody(OPEN, shared)
    printed = run_as_nobody(OPEN.replace("open_readonly", "open_writer"), shared)
    assert "RefusedError" in printed and "may not be written" in printed


@posix_only
def test_a_wal_database_in_a_folder_without_permission_to_write(shared: Path) -> None:
    """Where no -wal is left, it is read as it is, with a warning."""
    build_more(shared, "PRAGMA journal_mode = WAL")
    shared.parent.chmod(0o555)
    printed = run_as_nobody(OPEN, shared)
    assert "read 1000" in printed and "read without locks" in printed
    assert os.listdir(shared.parent) == ["shop.db"]


@posix_only
def test_a_live_wal_that_cannot_be_read_is_refused(database: Path, shared: Path) -> None:
    """Passing over a -wal would show old rows, so the reason is given instead."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("DELETE FROM users")
        for suffix in ("", "-wal"):
            shutil.copy(f"{database}{suffix}", shared.parent)
    shared.parent.chmod(0o555)
    printed = run_as_nobody(OPEN, shared)
    assert "SourceError" in printed and "shop.db-shm is missing and cannot be created" in printed


@posix_only
@pytest.mark.parametrize(
    ("mode", "said"), [(0o644, "read 990"), (0o600, "shop.db-shm may not be read by this user")]
)
def test_a_live_wal_of_another_user(shared: Path, mode: int, said: str) -> None:
    """Readable where its -wal and -shm are; otherwise the reason names the one that is not."""
    with closing(sqlite3.connect(shared, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("DELETE FROM users WHERE id <= 10")
        Path(f"{shared}-shm").chmod(mode)
        shared.parent.chmod(0o555)
        assert said in run_as_nobody(OPEN, shared)


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o600, 0o666])
def test_files_that_sqlite_makes_have_the_mode_of_the_database(
    database: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An application under another user finds -wal and -shm as it would have made them."""
    build_more(database, "PRAGMA journal_mode = WAL")
    database.chmod(mode)
    if os.getuid() == 0:
        os.chown(database, 1234, 1235)
    with closing(open_readonly(database)) as connection:
        connection.execute("SELECT count(*) FROM users").fetchone()
        wanted = database.stat()
        for suffix in ("-wal", "-shm"):
            found = os.stat(f"{database}{suffix}")
            assert (found.st_mode, found.st_uid, found.st_gid) == (
                wanted.st_mode,
                wanted.st_uid,
                wanted.st_gid,
            )
    assert not caplog.records


@posix_only
def test_side_files_of_another_owner_are_warned_of(shared: Path) -> None:
    """Another user than the owner, who may write the folder, makes files that are his."""
    if os.getuid() != 0:
        pytest.skip("only root can prepare a file of another user")
    build_more(shared, "PRAGMA journal_mode = WAL")
    shared.chmod(0o666)
    shared.parent.chmod(0o777)
    assert "under another owner or mode" in run_as_nobody(OPEN, shared)


@posix_only
def test_a_symbolic_link_is_read_and_not_written_through(database: Path, tmp_path: Path) -> None:
    """The hint names the file that the link points to."""
    link = tmp_path / "link.db"
    link.symlink_to(database)
    with closing(open_readonly(link)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)
    with pytest.raises(RefusedError, match="is a symbolic link") as caught:
        open_writer(link)
    assert str(database) in (caught.value.hint or "")
