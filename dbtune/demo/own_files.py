"""The files of a demo: which of those found are its own, and how new ones take their place."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from dbtune.demo.database import APPLICATION_ID
from dbtune.demo.recording import GENERATOR
from dbtune.errors import LockedError, RefusedError, SourceError
from dbtune.sqlite.connect import open_writer
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.file.companion import companion_folder
from dbtune.sqlite.file.file_users import other_users
from dbtune.sqlite.file.header import read_header
from dbtune.sqlite.file.location import side_file

HAND_WRITTEN_MARK = "-- dbtune demo:"

_MAGIC = b"SQLite format 3\x00"
_SIDE_FILES = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class DemoFiles:
    """What `dbtune demo DIR` writes."""

    database: Path
    recording: Path
    hand_written_indexes: Path

    @property
    def paths(self) -> tuple[Path, Path, Path]:
        """The three files, the database last: while it is the old one, all can be told as ours."""
        return (self.recording, self.hand_written_indexes, self.database)


def demo_files(folder: Path) -> DemoFiles:
    """Return the paths of a demo in a folder, whether they exist or not."""
    return DemoFiles(
        folder / "platform.db",
        folder / "platform.queries.jsonl",
        folder / "hand_written_indexes.sql",
    )


def require_replaceable(files: DemoFiles) -> None:
    """Raise RefusedError where a file in the demo's place is not the demo's own, or is in use."""
    for path in files.paths:
        if path.is_symlink():
            raise RefusedError(
                f"{path} is a symbolic link, and dbtune does not write through one",
                hint="name another folder: dbtune demo DIR",
            )
        if path.exists() and not _is_own(path, files):
            raise _foreign(path)
    if files.database.exists():
        _require_idle(files.database)
        return
    for path in (*_beside(files.database), companion_folder(files.database)):
        # SQLite would take a stray -wal or -journal for the new database's own.
        if path.exists():
            raise _foreign(path)


def put_in_place(new: DemoFiles, files: DemoFiles) -> None:
    """Move new files to where an earlier demo's may be, and remove what dbtune kept beside those.

    `new` must lie on the same disk. Cut short at any point, what is left is still the demo's own.
    """
    require_replaceable(files)
    if files.database.exists():
        for path in _beside(files.database):
            path.unlink(missing_ok=True)
        companion = companion_folder(files.database)
        if companion.is_dir() and not companion.is_symlink():
            # Its revisions and backups are of the database that goes.
            shutil.rmtree(companion)
    for source, target in zip(new.paths, files.paths, strict=True):
        _flush(source)
        source.replace(target)


def _beside(database: Path) -> tuple[Path, ...]:
    return tuple(side_file(database, suffix) for suffix in _SIDE_FILES)


def _is_own(path: Path, files: DemoFiles) -> bool:
    if not path.is_file():
        return False
    if path == files.database:
        header = read_header(path)
        return header.startswith(_MAGIC) and header[68:72] == APPLICATION_ID.to_bytes(4, "big")
    with path.open("rb") as file:
        first = file.readline(1000)
    if path == files.recording:
        return _is_own_recording(first)
    return first.startswith(HAND_WRITTEN_MARK.encode())


def _is_own_recording(first_line: bytes) -> bool:
    try:
        header = json.loads(first_line)
    except ValueError:
        return False
    return isinstance(header, dict) and header.get("generator") == GENERATOR


def _require_idle(database: Path) -> None:
    users = other_users(database)
    if users:
        raise LockedError(
            f"{database} is open in {users[0]}, and cannot be replaced",
            hint="end that process, or name another folder: dbtune demo DIR",
        )
    # A damaged one is nobody's in earnest, and one more reason to build it anew.
    with suppress(SourceError):
        _lock_once(database)


def _lock_once(database: Path) -> None:
    try:
        with closing(open_writer(database, wait_ms=0)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise explain_failure(error, database) from error


def _foreign(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} exists and was not made by dbtune demo; nothing was written",
        hint="name another folder: dbtune demo DIR, or move it away",
    )


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
