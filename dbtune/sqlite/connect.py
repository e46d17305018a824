"""The two ways dbtune opens a user's database: for reading only, and for writing.

Only Python's sqlite3 opens it, and nothing else in this process (see queryable.py).
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from dbtune.sqlite.authorizer import reading_only
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.file.location import (
    database_uri,
    require_database_file,
    require_writable_file,
    side_file,
)
from dbtune.sqlite.file.sidecars import read_sidecars, warn_of_foreign_sidecars
from dbtune.sqlite.trust import harden

_log = logging.getLogger(__name__)

# A schema is parsed under these limits too: no real statement of one comes near 10 MB, and
# patterns longer than 10,000 bytes only serve to keep LIKE and GLOB busy.
_SQL_LENGTH_BYTES = 10_000_000
_PATTERN_LENGTH_BYTES = 10_000


def open_readonly(path: Path, *, wait_ms: int = 5000) -> sqlite3.Connection:
    """Open a database so that nothing sent through the connection can change any file.

    The first read is done, so that what comes back works. Waits up to `wait_ms` for a lock.
    Texts that are not valid UTF-8 are read with replacement characters. Close it after use:
    `with closing(open_readonly(path)) as connection`. Raises SourceError where the file is
    missing, is no database or cannot be read, LockedError where it stays locked.
    """
    require_database_file(path)
    before = read_sidecars(path)
    try:
        connection = _open(database_uri(path, "ro"), wait_ms, _restrict)
    except sqlite3.OperationalError as error:
        return _open_without_wal(path, wait_ms, error)
    except sqlite3.Error as error:
        raise explain_failure(error, path, wait_ms=wait_ms) from error
    warn_of_foreign_sidecars(path, before)
    return connection


def open_writer(path: Path, *, wait_ms: int = 5000) -> sqlite3.Connection:
    """Open an existing database for writing, in autocommit: transactions are begun by the caller.

    Waits up to `wait_ms` for a lock. Close it after use. Raises SourceError where the file is
    missing or no database, RefusedError where it is a symbolic link or may not be written,
    LockedError where it stays locked.
    """
    require_writable_file(path)
    try:
        return _open(database_uri(path, "rw"), wait_ms, harden)
    except sqlite3.Error as error:
        raise explain_failure(error, path, wait_ms=wait_ms) from error


def open_unshared(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes, such as a finished backup, creating no file beside it.

    Reads without locks (immutable=1). A -wal or -journal beside it would be passed over, so a file
    that has one is opened as `open_readonly` does. Raises as that does.
    """
    require_database_file(path)
    if _has_unread_pages(path):
        return open_readonly(path)
    try:
        return _open(database_uri(path, "ro", immutable=True), 0, _restrict)
    except sqlite3.Error as error:
        raise explain_failure(error, path) from error


def may_read_immutable(path: Path, cause: sqlite3.OperationalError) -> bool:
    """Return whether SQLite failed only for a -shm that it could not make, and missed no -wal."""
    wants_to_write = any(text in str(cause) for text in ("unable to open", "readonly database"))
    return wants_to_write and not _has_unread_pages(path)


def _open_without_wal(
    path: Path, wait_ms: int, cause: sqlite3.OperationalError
) -> sqlite3.Connection:
    """Open a WAL database in a folder where no -shm can be made, if its -wal holds nothing.

    immutable=1 reads without locks and without a -wal, so it is right only where there is none.
    """
    failure = explain_failure(cause, path, wait_ms=wait_ms)
    if not may_read_immutable(path, cause):
        raise failure from cause
    try:
        connection = _open(database_uri(path, "ro", immutable=True), wait_ms, _restrict)
    except sqlite3.Error:
        raise failure from cause
    _log.warning(
        "%s is in WAL mode in a folder that cannot be written: it is read without locks, "
        "and what an application writes meanwhile would not be seen",
        path,
    )
    return connection


def _open(
    uri: str, wait_ms: int, prepare: Callable[[sqlite3.Connection], None]
) -> sqlite3.Connection:
    """Return a connection on which `prepare` succeeded; it is closed where that fails."""
    # isolation_level None: Python then begins no transaction of its own.
    connection = sqlite3.connect(uri, uri=True, timeout=wait_ms / 1000, isolation_level=None)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _restrict(connection: sqlite3.Connection) -> None:
    """Take away from a connection all that reading does not need."""
    connection.text_factory = _decode
    harden(connection)
    connection.execute("PRAGMA query_only = ON")
    shadow_tables = _shadow_tables(connection)
    _limit(connection)
    connection.set_authorizer(reading_only(shadow_tables))


def _limit(connection: sqlite3.Connection) -> None:
    set_limit = getattr(connection, "setlimit", None)  # Python 3.11; the authorizer denies ATTACH
    if set_limit is None:
        return
    set_limit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # type: ignore[attr-defined,unused-ignore]
    set_limit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _SQL_LENGTH_BYTES)  # type: ignore[attr-defined,unused-ignore]
    set_limit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _PATTERN_LENGTH_BYTES)  # type: ignore[attr-defined,unused-ignore]


def _shadow_tables(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the tables that may belong to virtual ones by name, in lower case."""
    rows = connection.execute(
        "SELECT lower(name), sql LIKE 'CREATE VIRTUAL TABLE%' FROM sqlite_master"
        " WHERE type = 'table'"
    ).fetchall()
    owners = tuple(f"{name}_" for name, virtual in rows if virtual)
    return frozenset(name for name, _ in rows if owners and name.startswith(owners))


def _decode(text: bytes) -> str:
    return text.decode("utf-8", errors="replace")


def _has_unread_pages(path: Path) -> bool:
    """Return whether a -wal or -journal holds what a reader of the file alone would miss."""
    return any(_holds_bytes(side_file(path, suffix)) for suffix in ("-wal", "-journal"))


def _holds_bytes(path: Path) -> bool:
    try:
        return os.stat(path).st_size > 0
    except OSError:
        return False
