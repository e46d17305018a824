"""Bringing a backup back: which one, what it would change, and doing it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import SourceError
from dbtune.model.event import OnEvent, ignore_event
from dbtune.sqlite.connect import open_readonly, open_unshared
from dbtune.sqlite.copies import backup as backups
from dbtune.sqlite.copies.backup_names import backups_in
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.file.companion import companion_folder
from dbtune.sqlite.file.location import require_database_file
from dbtune.sqlite.schema.contents import Contents, TableContents, read_contents

# Versions of one application share most of their tables. Below a half of the smaller schema it is
# more likely another application's file than a very old backup.
_SHARED_TABLES_RATIO = 0.5


@dataclass(frozen=True)
class RestorePlan:
    """What bringing a backup back would change.

    `present_tables` is None where the database is missing. `lost_tables` are only in the
    database, `gained_tables` only in the backup, and `changed_tables` are pairs of text of those
    whose rows differ in number. `other_application` says why the backup looks like another
    application's file, None where it does not.
    """

    backup: Path
    backup_tables: int
    present_tables: int | None
    lost_tables: tuple[str, ...]
    gained_tables: tuple[str, ...]
    changed_tables: tuple[str, ...]
    other_application: str | None


@dataclass(frozen=True)
class _Identity:
    """What tells one application's database from another's."""

    contents: Contents
    application_id: int

    @property
    def tables(self) -> dict[str, TableContents]:
        """The application's own tables by folded name."""
        return {
            table.table.lower(): table
            for table in self.contents.tables
            if not table.table.lower().startswith(("sqlite_", "dbtune_version"))
        }


def plan_restore(database: Path, backup: Path | None, *, wait_ms: int = 5000) -> RestorePlan:
    """Return what restoring would change; reads only. `backup` None takes the newest one.

    Raises SourceError where there is no backup, or a file cannot be read, LockedError where the
    database stays locked.
    """
    chosen = _newest_backup(database) if backup is None else backup
    with closing(open_unshared(chosen)) as connection:
        kept = _identify(connection, chosen)
    missing = not database.exists() and not database.is_symlink()
    return _compare(chosen, kept, None if missing else _present(database, wait_ms))


def restore(
    database: Path,
    plan: RestorePlan,
    *,
    wait_ms: int = 5000,
    keep_backups: int = 3,
    on_event: OnEvent = ignore_event,
) -> Path | None:
    """Bring the planned backup back; return the backup made of the state before, if there was one.

    Raises what dbtune.sqlite.copies.backup.restore raises.
    """
    return backups.restore(
        plan.backup, database, wait_ms=wait_ms, keep=keep_backups, on_event=on_event
    )


def _newest_backup(database: Path) -> Path:
    found = backups_in(companion_folder(database))
    if not found:
        require_database_file(database)
        raise SourceError(
            f"there is no backup of {database} in {companion_folder(database)}",
            hint="name the backup: dbtune restore DB BACKUP",
        )
    return found[0]


def _present(database: Path, wait_ms: int) -> _Identity:
    try:
        with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
            return _identify(connection, database)
    except SourceError as error:
        raise SourceError(
            error.message,
            hint=f"to restore in its place, move {database} and its -wal and -journal away, and "
            "run this again",
        ) from error


def _identify(connection: sqlite3.Connection, path: Path) -> _Identity:
    try:
        number: int = connection.execute("PRAGMA application_id").fetchone()[0]
        return _Identity(read_contents(connection), number)
    except sqlite3.Error as error:
        raise explain_failure(error, path) from error


def _compare(backup: Path, kept: _Identity, present: _Identity | None) -> RestorePlan:
    now = {} if present is None else present.tables
    then = kept.tables
    return RestorePlan(
        backup=backup,
        backup_tables=len(then),
        present_tables=None if present is None else len(now),
        lost_tables=tuple(table.table for name, table in now.items() if name not in then),
        gained_tables=tuple(table.table for name, table in then.items() if name not in now),
        changed_tables=tuple(
            f"{table.table}: {_rows(now[name])} -> {_rows(table)} rows"
            for name, table in then.items()
            if name in now and now[name].rows != table.rows
        ),
        other_application=None if present is None else _difference(kept, present),
    )


def _difference(kept: _Identity, present: _Identity) -> str | None:
    """Return why the two are likely of different applications, None where they are not."""
    if present.application_id != kept.application_id:
        return f"its application_id is {kept.application_id}, not {present.application_id}"
    now, then = set(present.tables), set(kept.tables)
    if not now:
        return None
    shared = len(now & then)
    if not then or shared < _SHARED_TABLES_RATIO * min(len(now), len(then)):
        return f"it has {shared} of the database's {len(now)} tables"
    return None


def _rows(table: TableContents) -> str:
    return "unreadable" if table.rows is None else f"{table.rows:,}"
