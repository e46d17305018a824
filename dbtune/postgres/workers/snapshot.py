"""Reading one state of the source with several connections, though an application may write to it.

A read transaction of SQLite shows the last commit before its first read. All readers begin
between two looks at PRAGMA data_version: where both are equal, nobody committed in between, and
all readers see one state (https://www.sqlite.org/pragma.html#pragma_data_version).
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import SourceError
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.schema.stand_in_collations import add_stand_in_collations

# The first read is what takes the snapshot: BEGIN alone does nothing.
FIRST_READ = "SELECT count(*) FROM sqlite_master"


@dataclass(frozen=True)
class FileIdentity:
    """Which file a path leads to, to see that it was not replaced by another."""

    device: int
    inode: int


def file_identity(path: Path) -> FileIdentity:
    """Return which file the path leads to now. Raises SourceError where there is none."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    return FileIdentity(found.st_dev, found.st_ino)


def require_same_file(path: Path, opened: FileIdentity) -> None:
    """Raise SourceError where the path leads to another file than the one opened first."""
    if file_identity(path) != opened:
        raise SourceError(
            f"{path} was replaced by another file while it was read",
            hint="stop what replaces it, such as a restore or a deployment, and start again",
        )


class SnapshotReader:
    """A connection of Python's sqlite3 that reads one state of the source until it is released."""

    def __init__(self, path: Path, *, wait_ms: int = 5000) -> None:
        self.path = path
        self.connection = open_readonly(path, wait_ms=wait_ms)
        self._wait_ms = wait_ms
        with failures_explained(path, wait_ms=wait_ms):
            add_stand_in_collations(self.connection)

    def begin(self) -> None:
        """Take a snapshot, of now. Raises LockedError while a writer keeps readers out."""
        self.release()
        with failures_explained(self.path, wait_ms=self._wait_ms):
            self.connection.execute("BEGIN")
            self.connection.execute(FIRST_READ).fetchall()

    def release(self) -> None:
        """Give the snapshot up, so that a writer who waits for that may go on."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Release the snapshot and close the file."""
        self.connection.close()


class CommitWatch:
    """A connection outside any transaction that tells whether somebody committed."""

    def __init__(self, path: Path, *, wait_ms: int = 5000) -> None:
        self._path = path
        self._wait_ms = wait_ms
        self._connection: sqlite3.Connection = open_readonly(path, wait_ms=wait_ms)

    def version(self) -> int:
        """Return a number that is another one after each commit of another connection."""
        with failures_explained(self._path, wait_ms=self._wait_ms):
            found: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return found

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
