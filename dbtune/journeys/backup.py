"""Backups on demand."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import RefusedError
from dbtune.model.event import OnEvent, ignore_event
from dbtune.sqlite.connect import open_unshared
from dbtune.sqlite.copies.backup import back_up, backup_beside
from dbtune.sqlite.schema.contents import COUNTED_AT_MOST, read_contents

_CHUNK_BYTES = 1 << 20
_SIDE_FILES = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class BackupResult:
    """A backup that was checked: its file, and what is in it.

    `more_rows` is True where a table was counted only up to a million rows.
    """

    path: Path
    size_bytes: int
    sha256: str
    tables: int
    rows: int
    more_rows: bool


@dataclass(frozen=True)
class BackupOptions:
    """`target` None makes the backup beside the database and keeps the newest `keep` there."""

    target: Path | None = None
    keep: int = 3
    wait_ms: int = 5000
    allow_blocking: bool = False


def backup(
    database: Path, options: BackupOptions, *, on_event: OnEvent = ignore_event
) -> BackupResult:
    """Make a consistent, checked copy of a database, and say what is in it.

    Raises what `back_up` raises, and RefusedError for a target beside which a journal lies:
    SQLite would take it for the copy's own and play it into it.
    """
    if options.target is None:
        path = backup_beside(
            database,
            keep=options.keep,
            wait_ms=options.wait_ms,
            allow_blocking=options.allow_blocking,
            on_event=on_event,
        )
    else:
        path = _target_file(options.target, database)
        _refuse_leftovers(path)
        back_up(
            database,
            path,
            wait_ms=options.wait_ms,
            allow_blocking=options.allow_blocking,
            on_event=on_event,
        )
    return _describe(path)


def _target_file(target: Path, database: Path) -> Path:
    """Return the file to write: in a folder, one of the database's name."""
    return target / database.name if target.is_dir() else target


def _refuse_leftovers(target: Path) -> None:
    for suffix in _SIDE_FILES:
        leftover = target.with_name(target.name + suffix)
        if leftover.exists():
            raise RefusedError(
                f"{leftover} lies where the backup {target.name} would go, and SQLite would "
                "take it for a part of the backup",
                hint="name another file, or move that one away",
            )


def _describe(path: Path) -> BackupResult:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    with closing(open_unshared(path)) as connection:
        tables = read_contents(connection).tables
    counted = [table.rows for table in tables if table.rows is not None]
    return BackupResult(
        path=path,
        size_bytes=path.stat().st_size,
        sha256=digest.hexdigest(),
        tables=len(tables),
        rows=sum(counted),
        more_rows=any(rows >= COUNTED_AT_MOST for rows in counted),
    )
