"""The configurations that a load is sent to, and a fresh copy of the database for each."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.errors import RefusedError, VerificationError
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.sqlite.analyzed_tables import tables_to_analyze
from dbtune.sqlite.backup import back_up
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.free_space import require_free_bytes
from dbtune.sqlite.hook_settings import HookSettings
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.page_copy import database_bytes


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


def copy_base(
    database: Path,
    folder: Path,
    *,
    indexed: bool,
    allow_blocking: bool = False,
    on_event: OnEvent = ignore_event,
) -> Path:
    """Copy a database, verified, to where each configuration gets its own copy from.

    Refuses before anything is written where the copies have no room. Raises as `back_up`.
    """
    with closing(open_readonly(database)) as connection, failures_explained(database):
        size = database_bytes(connection)
    copies = 1 + (2 if indexed else 1) * _GROWTH
    require_free_bytes(
        folder,
        round(size * copies),
        f"the copies of {database} that a load test writes to",
        hint="name a folder with room: --scratch DIR",
    )
    base = folder / "base.db"
    back_up(database, base, allow_blocking=allow_blocking, on_event=on_event)
    base.chmod(0o600)
    return base


def with_indexes(
    base: Path, statements: Sequence[str], tables: Sequence[str], on_event: OnEvent = ignore_event
) -> Path:
    """Return a copy of the base in which these indexes were created and their tables analysed."""
    on_event(Event("Creating the indexes on a copy"))
    path = base.with_name("indexed.db")
    shutil.copyfile(base, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            for statement in statements:
                connection.execute(statement)
            for table in tables_to_analyze(connection, tables):
                connection.execute(f"ANALYZE main.{quote_identifier(table)}")
        except sqlite3.Error as error:
            raise RefusedError(
                f"on a copy of the database the report's indexes cannot be created: {error}",
                hint="make a new report: dbtune analyze DB --queries FILE --output FILE",
            ) from error
    return path


def working_copy(base: Path, configuration: Configuration) -> Path:
    """Return a fresh copy in a configuration's journal mode, in the place of the one before."""
    path = base.with_name("load.db")
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(base, path)
    mode = configuration.journal_mode
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if mode is not None:
            found = connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
            if found != mode:
                raise VerificationError(
                    f"the copy did not take journal_mode {mode}; it says {found}",
                    hint="name a folder on a local disk: --scratch DIR",
                )
    return path
