"""A revision tried on a throw-away copy: does it run, how long does it lock, what does it gain?

The copy is opened by Python's sqlite3, the library that will run the revision, so that what
works and how long it takes is what the user's file will see.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from dbtune.changes.engine_guard import driver_error, let_interrupts_through, was_interrupted
from dbtune.changes.revision_sql import load_revision, read_revision_sql
from dbtune.changes.snapshot import differences, foretell, read_snapshot
from dbtune.changes.trial import Trial, TrialQuery, try_queries
from dbtune.errors import RefusedError
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import ScratchCopy
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.analyzed_tables import tables_to_analyze


@dataclass(frozen=True)
class Rehearsal:
    """What the copy showed. `size_bytes` is how much the file grows.

    `lock_seconds` is scaled up where the copy is a sample, of which `fraction` is the smallest.
    """

    lock_seconds: float
    size_bytes: int
    fraction: float
    trials: tuple[Trial, ...]


def tables_with_statistics(copy: Path, tables: Iterable[str]) -> tuple[str, ...]:
    """Return the tables to analyse once there are new indexes on these.

    One with an index on a collation or function of the application's cannot be analyzed by any
    program that lacks it.
    """
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        wanted = tables_to_analyze(connection, tables)
        return tuple(table for table in wanted if _can_analyze(connection, table))


def rehearse(
    copy: ScratchCopy, revision: Path, queries: Sequence[TrialQuery], tables: Sequence[str]
) -> Rehearsal:
    """Run a staged revision up and down on a copy, with queries timed before and after.

    `tables` are those that get an index. The copy is back at its old catalog afterwards. Raises
    RefusedError for a revision that fails here, or that does not leave the catalog as it was.
    """
    module = load_revision(revision)
    catalog = read_snapshot(copy.path, ignore="")
    size = _database_bytes(copy.path)
    before = try_queries(copy.path, queries)
    lock_seconds = _run(copy.path, module.upgrade)
    expected = foretell(read_revision_sql(revision).up)
    found = differences(catalog, read_snapshot(copy.path, ignore=""), expected)
    after = try_queries(copy.path, queries)
    grown = _database_bytes(copy.path) - size
    _run(copy.path, module.downgrade)
    if found or read_snapshot(copy.path, ignore="") != catalog:
        raise RefusedError(
            "on a copy of the database the revision did not do and undo what it should: "
            f"{'; '.join(found) or 'undone, the catalog is not as it was'}",
            hint="nothing was changed",
        )
    fraction = min((s.fraction for s in copy.sampled if s.name in tables), default=1.0)
    return Rehearsal(
        lock_seconds=lock_seconds / fraction,
        size_bytes=round(grown / fraction),
        fraction=fraction,
        trials=tuple(
            Trial(query, *pair) for query, *pair in zip(queries, before, after, strict=True)
        ),
    )


def _can_analyze(connection: sqlite3.Connection, table: str) -> bool:
    try:
        connection.execute(f"EXPLAIN ANALYZE main.{quote_identifier(table)}").fetchall()
    except sqlite3.Error:
        return False
    return True


def _run(path: Path, function: Callable[[], None]) -> float:
    """Run upgrade() or downgrade() in one transaction, and return the seconds it took."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None)
        let_interrupts_through(connection)
        return connection

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", begin)
    started = time.perf_counter()
    try:
        with (
            engine.begin() as connection,
            Operations.context(MigrationContext.configure(connection)),
        ):
            function()
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        text = str(driver_error(error) or error)
        raise RefusedError(
            f"on a copy of the database the revision failed: {text}", hint=_hint(text)
        ) from error
    return time.perf_counter() - started


def _hint(text: str) -> str:
    hint = "leave the change that fails out with --only"
    if "no such function" in text or "unknown function" in text or "collation" in text:
        hint = f"{hint}: only the application has that function or collation"
    elif "malformed" in text:
        hint = "the database is damaged: restore it from a backup"
    elif "UNIQUE" in text:
        hint = f"{hint}, or remove the duplicate rows"
    return f"nothing was changed; {hint}"


def _database_bytes(path: Path) -> int:
    with closing(open_readonly(path)) as connection:
        pages, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size
