"""Why SQLite could not open or read a database, as an error with a hint."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dbtune.errors import DbtuneError, LockedError, SourceError
from dbtune.sqlite.file.header import describe_content, read_header
from dbtune.sqlite.file.location import side_file


def is_locked(error: BaseException) -> bool:
    """Return whether SQLite gave up on another connection's lock."""
    # sqlite_errorcode came with Python 3.11; SQLite's texts have not changed in twenty years.
    return isinstance(error, sqlite3.OperationalError) and "is locked" in str(error)


def explain_failure(error: sqlite3.Error, path: Path, *, wait_ms: int | None = None) -> DbtuneError:
    """Return the error to raise for what SQLite said about a database's file."""
    text = str(error)
    if is_locked(error):
        return locked_error(path, wait_ms)
    if "not a database" in text:
        kind, hint = describe_content(read_header(path))
        return SourceError(f"{path} is {kind}", hint=hint)
    if "malformed" in text:
        return _damaged(path, text)
    if "unable to open" in text:
        return _cannot_open(path)
    if "readonly database" in text or "disk I/O error" in text:
        return _needs_recovery(path, text)
    if "unsupported file format" in text:
        return SourceError(
            f"{path} has a file format that SQLite {sqlite3.sqlite_version} does not know",
            hint="use a Python with a newer SQLite library",
        )
    return SourceError(f"{path} cannot be read: {text}")


@contextmanager
def failures_explained(path: Path, *, wait_ms: int | None = None) -> Iterator[None]:
    """Turn what SQLite says of a database's file within the block into an error with a hint."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain_failure(error, path, wait_ms=wait_ms) from error


def locked_error(path: Path, wait_ms: int | None) -> LockedError:
    """Return the error for a database that another connection keeps locked."""
    waited = "" if wait_ms is None else f" for longer than {wait_ms / 1000:g} s"
    return LockedError(
        f"{path} is locked by another connection{waited}",
        hint="end the transaction that holds it, or stop the application, and try again",
    )


def _damaged(path: Path, text: str) -> SourceError:
    hint = "restore it from a backup, or save what can be read: sqlite3 FILE .recover"
    header = read_header(path)
    expected = _declared_bytes(header)
    found = path.stat().st_size
    if expected is not None and found < expected:
        return SourceError(
            f"{path} is truncated: it has {found:,} bytes and its header says {expected:,}",
            hint=hint,
        )
    return SourceError(f"{path} is damaged: {text}", hint=hint)


def _declared_bytes(header: bytes) -> int | None:
    """Return the size that a database's header states, None where it states none.

    Source: https://www.sqlite.org/fileformat2.html#the_database_header (page size at 16, pages
    at 28, valid where the change counter at 24 equals the number at 92).
    """
    if len(header) < 100:
        return 100 if header else None
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    if header[24:28] != header[92:96]:
        return None
    return page_size * int.from_bytes(header[28:32], "big")


def _cannot_open(path: Path) -> SourceError:
    if side_file(path, "-wal").exists():
        shm = side_file(path, "-shm")
        lack = "may not be read by this user"
        if not shm.exists():
            lack = "is missing and cannot be created here"
        return SourceError(
            f"{path} is in WAL mode, and its {shm.name} {lack}",
            hint="run dbtune as the user that the application runs as, or copy the database with "
            "its -wal to a folder of yours",
        )
    return SourceError(
        f"{path} cannot be opened",
        hint="check the permissions of the file and of the folders above it",
    )


def _needs_recovery(path: Path, text: str) -> SourceError:
    journal = side_file(path, "-journal")
    if journal.exists():
        return SourceError(
            f"{path} was left in the middle of a transaction: {journal.name} has to be rolled "
            "back first, which a read-only connection cannot do",
            hint='let the application or the sqlite3 shell read it once: sqlite3 FILE "PRAGMA '
            'schema_version"',
        )
    return SourceError(f"{path} cannot be read: {text}", hint="check the disk and its permissions")
