"""The configurations that a load is sent to, and a fresh copy of the database for each."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import RefusedError, VerificationError
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.schema import Schema
from dbtune.sqlite.connect import open_readonly, open_unshared
from dbtune.sqlite.copies.scratch import CopySize, copy_database
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.file.free_space import require_free_bytes
from dbtune.sqlite.file.hook_settings import HookSettings
from dbtune.sqlite.file.location import side_file
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.page_copy import database_bytes
from dbtune.sqlite.pragmas import integrity_errors
from dbtune.sqlite.schema.analyzed_tables import tables_to_analyze


@dataclass(frozen=True)
class Configuration:
    """How an application uses its database; `journal_mode` None leaves the file's own.

    Without a `hook` connections are as Python's sqlite3 opens them: a busy timeout of 5 s,
    synchronous FULL, BEGIN deferred.
    """

    name: str
    journal_mode: str | None = None
    hook: HookSettings | None = None


CONFIGURATIONS = {
    found.name: found
    for found in (
        Configuration("as-is"),
        Configuration("rollback", "delete"),
        Configuration("wal", "wal"),
        Configuration("wal+hook", "wal", HookSettings()),
    )
}

# A copy with indexes, and the journal or -wal that a load leaves beside the copy it writes to.
_GROWTH = 1.5
_ROOM_HINT = "name a folder with room: --scratch DIR"


@dataclass(frozen=True)
class Base:
    """A private copy that every configuration gets its own copy from, and the source's mode."""

    path: Path
    journal_mode: str


def copy_base(
    database: Path,
    schema: Schema,
    folder: Path,
    *,
    indexed: bool,
    on_event: OnEvent = ignore_event,
) -> Base:
    """Copy a database whole, and check the copy.

    Refuses before anything is written where all copies of a load have no room. Raises
    RefusedError, LockedError, SourceError, and VerificationError for a copy with errors.
    """
    with closing(open_readonly(database)) as connection, failures_explained(database):
        size = database_bytes(connection)
        mode = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    copies = 1 + (2 if indexed else 1) * _GROWTH
    require_free_bytes(
        folder,
        round(size * copies),
        f"the copies of {database} that a load test writes to",
        hint=_ROOM_HINT,
    )
    whole = CopySize(whole_bytes=sys.maxsize, sample_bytes=0)
    path = copy_database(database, schema, folder, size=whole, on_event=on_event).path
    on_event(Event("Checking the copy"))
    with closing(open_unshared(path)) as connection:
        errors = integrity_errors(connection)
    if errors:
        raise VerificationError(
            f"the copy of {database} has errors: {'; '.join(errors[:3])}",
            hint="the database itself is likely damaged: PRAGMA integrity_check tells",
        )
    return Base(path, mode)


def with_indexes(
    base: Base, statements: Sequence[str], tables: Sequence[str], on_event: OnEvent = ignore_event
) -> Base:
    """Return a copy of the base in which these indexes were created and their tables analysed."""
    on_event(Event("Creating the indexes on a copy"))
    path = base.path.with_name("indexed.db")
    _copy_file(base.path, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            for statement in statements:
                connection.execute(statement)
            for table in tables_to_analyze(connection, tables):
                connection.execute(f"ANALYZE main.{quote_identifier(table)}")
        except sqlite3.Error as error:
            raise RefusedError(
                f"on a copy of the database the report's indexes cannot be created: {error}",
                hint=_ROOM_HINT
                if "disk is full" in str(error)
                else "make a new report: dbtune analyze DB --queries FILE --output FILE",
            ) from error
    return Base(path, base.journal_mode)


def working_copy(base: Base, configuration: Configuration) -> Path:
    """Return a fresh copy in a configuration's journal mode, in the place of the one before."""
    path = base.path.with_name("load.db")
    for suffix in ("", "-wal", "-shm", "-journal"):
        side_file(path, suffix).unlink(missing_ok=True)
    _copy_file(base.path, path)
    mode = configuration.journal_mode or base.journal_mode
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        found = connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
    if found != mode:
        raise VerificationError(
            f"the copy did not take journal_mode {mode}; it says {found}",
            hint="name a folder on a local disk: --scratch DIR",
        )
    return path


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file that nobody has open: a new index may take more room than was foreseen."""
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise RefusedError(
            f"the copy {target} cannot be written: {error.strerror}", hint=_ROOM_HINT
        ) from error
