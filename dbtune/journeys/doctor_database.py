"""What dbtune can and cannot do with one database here: place, permissions, users, leftovers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dbtune.journeys.diagnosis import Diagnosis
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.backup_names import backups_in, unfinished_in
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.file.companion import companion_folder
from dbtune.sqlite.file.file_users import other_users
from dbtune.sqlite.file.filesystem import filesystem_type, is_network_filesystem
from dbtune.sqlite.file.free_space import free_bytes, megabytes
from dbtune.sqlite.file.location import side_file
from dbtune.sqlite.page_copy import database_bytes

_TOPIC = "database"


def diagnose_database(database: Path, *, wait_ms: int) -> tuple[Diagnosis, ...]:
    """Look at one database; reads only, and checks no page of it (that is for analyze).

    Raises SourceError or LockedError where it cannot be opened.
    """
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        try:
            mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
            size = database_bytes(connection)
            tables = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
            ).fetchone()[0]
        except sqlite3.Error as error:
            raise explain_failure(error, database, wait_ms=wait_ms) from error
    return (
        Diagnosis(_TOPIC, "file", f"{database}: {megabytes(size)}, {tables} tables"),
        Diagnosis(_TOPIC, "journal mode", mode),
        _access(database),
        _place(database, mode),
        _room(database, size),
        _users(database),
        *_leftovers(database),
    )


def _access(database: Path) -> Diagnosis:
    folder = Path(os.path.realpath(database)).parent
    if database.is_symlink():
        advice = f"dbtune writes through no link: name {os.path.realpath(database)} itself"
        return Diagnosis(_TOPIC, "permissions", "a symbolic link", "note", advice)
    closed = [str(path) for path in (database, folder) if not os.access(path, os.W_OK)]
    if closed:
        value = f"read only: {', '.join(closed)}"
        advice = "analyze and check work; to change it, run dbtune as the application's user"
        return Diagnosis(_TOPIC, "permissions", value, "note", advice)
    return Diagnosis(_TOPIC, "permissions", "readable and writable")


def _place(database: Path, mode: str) -> Diagnosis:
    kind = filesystem_type(database)
    if not is_network_filesystem(kind):
        return Diagnosis(_TOPIC, "file system", kind or "unknown")
    advice = (
        "WAL needs every user of the file on one machine: it can lose data here"
        if mode == "wal"
        else "locks are not reliable here, and WAL cannot be used: move the file to a local disk"
    )
    return Diagnosis(_TOPIC, "file system", f"{kind}, shared by machines", "warning", advice)


def _room(database: Path, size: int) -> Diagnosis:
    folder = database.parent
    free = free_bytes(folder)
    value = f"{folder}: {megabytes(free)} free"
    if free < 2 * size:
        advice = "a backup needs the size of the database, VACUUM twice of it"
        return Diagnosis(_TOPIC, "room beside it", value, "warning", advice)
    return Diagnosis(_TOPIC, "room beside it", value)


def _users(database: Path) -> Diagnosis:
    users = other_users(database)
    if not users:
        return Diagnosis(_TOPIC, "open elsewhere", "no process seen")
    advice = "VACUUM, restore and leaving WAL need them stopped"
    return Diagnosis(_TOPIC, "open elsewhere", ", ".join(map(str, users)), "note", advice)


def _leftovers(database: Path) -> Iterator[Diagnosis]:
    journal = side_file(database, "-journal")
    if journal.exists() and journal.stat().st_size:
        advice = "a transaction is going on, or one was cut off: the next writer rolls it back"
        yield Diagnosis(_TOPIC, "journal", str(journal), "note", advice)
    folder = companion_folder(database)
    unfinished = unfinished_in(folder) if folder.is_dir() else ()
    if unfinished:
        value = ", ".join(path.name for path in unfinished)
        advice = f"of backups going on or interrupted: if no dbtune runs, delete them from {folder}"
        yield Diagnosis(_TOPIC, "unfinished backups", value, "note", advice)
    backups = backups_in(folder)
    newest = f", newest {backups[0].name}" if backups else ""
    yield Diagnosis(_TOPIC, "backups", f"{len(backups)}{newest}")
