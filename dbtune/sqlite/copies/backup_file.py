"""Writing one backup file: consistent, checked, and never half there under its name."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dbtune.errors import RefusedError, VerificationError
from dbtune.model.event import Event
from dbtune.sqlite.connect import open_unshared
from dbtune.sqlite.copies.backup_names import PARTIAL_SUFFIX
from dbtune.sqlite.file.free_space import require_free_bytes
from dbtune.sqlite.file.ownership import give_mode_and_owner
from dbtune.sqlite.page_copy import (
    CopyOptions,
    copy_pages,
    database_bytes,
    has_snapshots,
    read_transaction,
)
from dbtune.sqlite.pragmas import integrity_errors
from dbtune.sqlite.schema.contents import Contents, differences, read_contents


def write_backup(
    connection: sqlite3.Connection,
    source: Path,
    target: Path,
    options: CopyOptions,
    *,
    check: bool = True,
    as_wal: bool = False,
) -> Path:
    """Copy the database of an open connection as `back_up` does; `source` is its path.

    `check` False keeps a damaged database as it is. `as_wal` marks the copy as a database in WAL
    mode, where the source has left it for the time being.
    """
    _require_new(source, target)
    require_free_bytes(
        target.parent,
        database_bytes(connection),
        f"a backup of {source}",
        hint="free some space, or write the backup to another disk",
    )
    with _partial_file(target) as partial:
        if check:
            _copy_and_check(connection, source, partial, options)
        else:
            _copy(connection, source, partial, options)
        if as_wal:
            _mark_as_wal(partial)
        # Opened first: of a file with mode 0444 not even its owner may write to the copy.
        with partial.open("r+b") as copy:
            give_mode_and_owner(partial, os.stat(source))
            os.fsync(copy.fileno())
        os.replace(partial, target)
    _flush_names(target.parent)
    return target


def _copy_and_check(
    connection: sqlite3.Connection, source: Path, partial: Path, options: CopyOptions
) -> None:
    """Copy the pages, and check the copy by itself and against its source.

    Under WAL the source is read in the copy's own snapshot, which ends before the long check: a
    -wal cannot be reset while it lasts. Otherwise a commit in between makes the source differ
    rightly, and leaves the copy's own check only.
    """
    with read_transaction(connection) if has_snapshots(connection) else contextlib.nullcontext():
        version = _data_version(connection)
        _copy(connection, source, partial, options)
        found = read_contents(connection)
        comparable = _data_version(connection) == version
    options.on_event(Event("Checking the backup"))
    copied = _checked_contents(partial, source)
    unlike = differences(found, copied) if comparable else ()
    if unlike:
        raise VerificationError(
            f"the backup of {source} differs from it: {'; '.join(unlike[:3])}",
            hint="check the disk, and run it again",
        )


def _copy(
    connection: sqlite3.Connection, source: Path, partial: Path, options: CopyOptions
) -> None:
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        # The file is flushed once at the end; until then it has another name.
        copy.execute("PRAGMA synchronous = OFF")
        copy.execute("PRAGMA journal_mode = MEMORY").fetchone()
        copy_pages(connection, copy, source, options)


def _mark_as_wal(partial: Path) -> None:
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = WAL").fetchone()


def _checked_contents(partial: Path, source: Path) -> Contents:
    with closing(open_unshared(partial)) as copy:
        errors = integrity_errors(copy)
        if errors:
            raise VerificationError(
                f"the backup of {source} has errors: {'; '.join(errors[:3])}",
                hint="the database itself is likely damaged: PRAGMA integrity_check tells",
            )
        return read_contents(copy)


def _require_new(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        raise RefusedError(
            f"{target} exists, and a backup overwrites nothing",
            hint="name another file, or move this one away",
        )
    if not target.parent.is_dir():
        raise RefusedError(
            f"there is no folder {target.parent} for the backup of {source}", hint="create it first"
        )


@contextlib.contextmanager
def _partial_file(target: Path) -> Iterator[Path]:
    """Create the file that is renamed to `target` at the end; an exception removes it."""
    partial = target.with_name(target.name + PARTIAL_SUFFIX)
    try:
        # Readable for nobody else before it has the original's owner and mode.
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise RefusedError(
            f"{partial} exists: another backup is being written, or one was killed",
            hint="remove it if no other dbtune is running",
        ) from error
    except OSError as error:
        raise RefusedError(f"cannot write {partial}: {error.strerror}") from error
    try:
        yield partial
    except BaseException:
        for suffix in ("", "-journal", "-wal", "-shm"):
            partial.with_name(partial.name + suffix).unlink(missing_ok=True)
        raise


def _data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when another connection commits."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


def _flush_names(folder: Path) -> None:
    """Make the names in a folder survive a loss of power."""
    if os.name == "nt":
        return  # Windows cannot open folders, and keeps names itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
