"""Backups of a database beside it or elsewhere, and the way back from one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from dbtune.errors import RefusedError, SourceError, VerificationError
from dbtune.model.event import OnEvent, ignore_event
from dbtune.sqlite.connect import open_readonly, open_unshared, open_writer
from dbtune.sqlite.copies.backup_file import write_backup
from dbtune.sqlite.copies.backup_names import backup_name, backups_in, surplus, unfinished_in
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.exclusive import open_alone
from dbtune.sqlite.file.companion import ensure_companion_folder
from dbtune.sqlite.file.free_space import require_free_bytes
from dbtune.sqlite.file.location import side_file
from dbtune.sqlite.page_copy import CopyOptions, copy_pages, database_bytes
from dbtune.sqlite.pragmas import integrity_errors
from dbtune.sqlite.schema.contents import Contents, differences, read_contents

KEEP_BACKUPS = 3
_UNFINISHED_SECONDS = 3600


def back_up(
    source: Path,
    target: Path,
    *,
    wait_ms: int = 5000,
    allow_blocking: bool = False,
    on_event: OnEvent = ignore_event,
) -> Path:
    """Copy a database to a file that does not exist yet, and return that file's path.

    The copy is of one moment, has the mode and owner of the original, and is checked: quick_check
    on it, then its schema, rows and rowids against the source's, as far as nobody wrote meanwhile.
    Writers wait no longer than for one step, unless `allow_blocking`. Nothing is left behind by a
    failure. Raises SourceError, LockedError, RefusedError (no room, target exists, too many
    writes) or VerificationError.
    """
    options = CopyOptions(wait_ms, allow_blocking, on_event, "Backing up")
    with (
        closing(open_readonly(source, wait_ms=wait_ms)) as connection,
        failures_explained(source, wait_ms=wait_ms),
    ):
        return write_backup(connection, source, target, options)


def backup_beside(
    database: Path,
    *,
    keep: int = KEEP_BACKUPS,
    wait_ms: int = 5000,
    allow_blocking: bool = False,
    on_event: OnEvent = ignore_event,
) -> Path:
    """Back a database up into its companion folder, and keep only the newest `keep` backups."""
    options = CopyOptions(wait_ms, allow_blocking, on_event, "Backing up")
    # Opened first, so that what cannot be read gets no folder beside it.
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        target = new_backup_path(database)
        try:
            write_backup(connection, database, target, options)
        except BaseException:
            with contextlib.suppress(OSError):
                target.parent.rmdir()  # where it holds nothing else
            raise
    prune_backups(target.parent, keep)
    return target


def new_backup_path(database: Path) -> Path:
    """Return a free name for a backup in the companion folder, which is made if it is missing."""
    folder = ensure_companion_folder(database)
    return folder / backup_name(datetime.now(timezone.utc), os.listdir(folder))


def prune_backups(folder: Path, keep: int, *, spare: Path | None = None) -> None:
    """Remove all but the newest `keep` of dbtune's own backups, and those of killed runs.

    `spare` stays whatever its age.
    """
    # A backup that is being written grows all the time.
    oldest = time.time() - _UNFINISHED_SECONDS
    dead = (path for path in unfinished_in(folder) if path.stat().st_mtime < oldest)
    for path in (*surplus(backups_in(folder), keep), *dead):
        if spare is not None and path.resolve() == spare.resolve():
            continue
        path.unlink(missing_ok=True)
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def restore(
    backup: Path,
    database: Path,
    *,
    wait_ms: int = 5000,
    keep: int = KEEP_BACKUPS,
    on_event: OnEvent = ignore_event,
) -> Path | None:
    """Bring a database back to a backup, and return the backup made of its state before.

    The backup is checked first, the pages go through SQLite in one transaction under an exclusive
    lock, and what is there then is compared with the backup. A missing database is written anew
    (None is returned then). Raises SourceError for a damaged backup or database, RefusedError or
    LockedError while somebody has the database open; nothing is changed then.
    """
    options = CopyOptions(wait_ms=wait_ms, on_event=on_event, stage="Restoring")
    with closing(open_unshared(backup)) as source:
        wanted = _contents_of_sound(source, backup)
        if not database.exists() and not database.is_symlink():
            _require_no_leftovers(database)
            write_backup(source, backup, database, options)
            return None
        if database.exists() and os.path.samefile(backup, database):
            raise RefusedError(f"{database} is the backup itself", hint="name another backup")
        present = _replace(source, backup, database, options)
    _read_back(database, wanted, present)
    prune_backups(present.parent, keep, spare=backup)
    return present


def _replace(
    source: sqlite3.Connection, backup: Path, database: Path, options: CopyOptions
) -> Path:
    """Back the present state up, then copy the backup's pages over it; return the first's path."""
    with (
        open_alone(database, wait_ms=options.wait_ms) as alone,
        failures_explained(database, wait_ms=options.wait_ms),
    ):
        _require_room(source, alone.connection, database)
        # Not checked: a damaged database is a reason to restore, and is kept as it is.
        present = write_backup(
            alone.connection,
            database,
            new_backup_path(database),
            options,
            check=False,
            as_wal=alone.was_wal,
        )
        copy_pages(source, alone.connection, backup, options)
    return present


def _require_room(source: sqlite3.Connection, target: sqlite3.Connection, database: Path) -> None:
    """Refuse where the backup of the present state, the journal and the growth would not fit."""
    present, wanted = database_bytes(target), database_bytes(source)
    require_free_bytes(
        database.parent,
        2 * present + max(0, wanted - present),
        f"a backup of the present state of {database} and a journal",
        hint="free some space first",
    )


def _contents_of_sound(source: sqlite3.Connection, backup: Path) -> Contents:
    with failures_explained(backup):
        errors = integrity_errors(source)
    if errors:
        raise SourceError(
            f"the backup {backup} is damaged: {'; '.join(errors[:3])}", hint="use another backup"
        )
    return read_contents(source)


def _require_no_leftovers(database: Path) -> None:
    """Refuse to put a database where an older one's -wal or -journal would be applied to it."""
    for suffix in ("-wal", "-journal"):
        leftover = side_file(database, suffix)
        if leftover.exists():
            raise RefusedError(
                f"{database} is missing, but its {leftover.name} is still there and would be "
                "applied to what is restored",
                hint=f"move {leftover} away",
            )


def _read_back(database: Path, wanted: Contents, present: Path) -> None:
    with closing(open_writer(database)) as connection:
        unlike = differences(wanted, read_contents(connection))
    if unlike:
        raise VerificationError(
            f"{database} differs from the backup: {'; '.join(unlike[:3])}",
            hint=f"the state before is in {present}",
        )
