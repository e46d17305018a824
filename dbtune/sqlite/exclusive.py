"""A connection that has a database for itself alone."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import LockedError, RefusedError, SourceError
from dbtune.sqlite.connect import open_writer
from dbtune.sqlite.diagnosis import explain_failure, is_locked
from dbtune.sqlite.file.file_users import FileUser, other_users

_RETRY_SECONDS = 0.05


@dataclass(frozen=True)
class Alone:
    """An exclusive connection, and whether the database was in WAL mode before."""

    connection: sqlite3.Connection
    was_wal: bool


@contextlib.contextmanager
def open_alone(path: Path, *, wait_ms: int = 5000) -> Iterator[Alone]:
    """Open a database for writing with nobody else in it, under an exclusive lock to the end.

    It is in rollback-journal mode meanwhile; an exception puts WAL mode back. Raises RefusedError
    naming processes that have it open, LockedError where a lock is not given within the wait, and
    SourceError where SQLite cannot read the file.
    """
    users = other_users(path)
    if users:
        raise _in_use(path, users)
    try:
        opened = open_writer(path, wait_ms=wait_ms)
    except SourceError as error:
        raise SourceError(
            error.message,
            hint=f"to restore in its place, move {path} and its -wal and -journal away first",
        ) from error
    with closing(opened) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
        was_wal = _leave_wal(connection, path, wait_ms)
        _lock(connection, path, wait_ms)
        try:
            yield Alone(connection, was_wal)
        except BaseException:
            if was_wal:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
            raise


def _leave_wal(connection: sqlite3.Connection, path: Path, wait_ms: int) -> bool:
    """Leave WAL mode, which SQLite allows the only connection; return whether it was on.

    SQLite refuses at once, whatever the busy timeout, so the wait is kept here.
    """
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        return False
    deadline = time.monotonic() + wait_ms / 1000
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.Error as error:
            if not is_locked(error):
                raise explain_failure(error, path) from error
            mode = "wal"
        if mode == "delete":
            return True
        if time.monotonic() > deadline:
            raise _in_use(path, other_users(path))
        time.sleep(_RETRY_SECONDS)


def _lock(connection: sqlite3.Connection, path: Path, wait_ms: int) -> None:
    """Take the exclusive lock; under locking_mode EXCLUSIVE it stays after the transaction."""
    try:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise explain_failure(error, path, wait_ms=wait_ms) from error


def _in_use(path: Path, users: tuple[FileUser, ...]) -> RefusedError:
    who = ", ".join(str(user) for user in users) or "another connection"
    return LockedError(f"{path} is open in {who}", hint="stop the application, then run this again")
