"""ANALYZE, VACUUM and a checkpoint where they pay: planned, done, and read back."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import fragmentation, freelist, stale_statistics
from dbtune.errors import ChangeFailedError, LockedError, RefusedError, VerificationError
from dbtune.journeys.care_plan import CareFacts, CarePlan, CareStep, StepName, plan_care
from dbtune.model.advice import Finding
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.schema import FileHealth, Schema, Statistics
from dbtune.sqlite.connect import open_readonly, open_writer
from dbtune.sqlite.copies.backup import backup_beside
from dbtune.sqlite.diagnosis import explain_failure, is_locked
from dbtune.sqlite.file.file_users import other_users
from dbtune.sqlite.file.free_space import free_bytes
from dbtune.sqlite.file.location import side_file
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.pragmas import integrity_errors, read_health
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.contents import Contents, read_contents
from dbtune.sqlite.schema.external_content import external_contents
from dbtune.sqlite.schema.statistics import read_statistics

# Steps of SQLite's machine between two looks for Ctrl-C, about a millisecond: VACUUM of a large
# file takes minutes, in which Python does not look by itself.
_STEPS_PER_LOOK = 10_000


@dataclass(frozen=True)
class State:
    """A database at one moment, as far as its care needs it."""

    schema: Schema
    statistics: Statistics
    health: FileHealth


@dataclass(frozen=True)
class StepResult:
    """A step that was done: what it changed, and the seconds it took."""

    step: CareStep
    changed: str
    seconds: float


@dataclass(frozen=True)
class OptimizeResult:
    """What was done, in its order; sizes are of the file and its -wal together."""

    done: tuple[StepResult, ...]
    backup: Path | None
    size_before_bytes: int
    size_after_bytes: int


def read_state(database: Path, *, wait_ms: int = 5000) -> State:
    """Read what decides about a database's care. Raises SourceError or LockedError."""
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        try:
            schema = read_schema(connection)
            statistics = read_statistics(connection, schema)
            return State(schema, statistics, read_health(connection, database))
        except sqlite3.Error as error:
            raise explain_failure(error, database, wait_ms=wait_ms) from error


def plan_optimize(database: Path, state: State, *, with_backup: bool) -> CarePlan:
    """Return what pays now. Raises RefusedError for a damaged database."""
    errors = state.health.integrity_errors
    if errors:
        raise RefusedError(
            f"{database} is damaged: {errors[0]} ({len(errors)} such lines)",
            hint="restore a backup with dbtune restore, or save what can be read with sqlite3's "
            ".recover; changing a damaged file makes it worse",
        )
    facts = Facts(schema=state.schema, statistics=state.statistics, health=state.health)
    stale = stale_statistics.check(facts)
    return plan_care(
        CareFacts(
            health=state.health,
            stale_tables=tuple(table for finding in stale for table in _stale_tables(finding)),
            statistics_reason=" ".join(finding.message for finding in stale),
            worn=tuple(f.message for f in (*freelist.check(facts), *fragmentation.check(facts))),
            free_bytes=free_bytes(database.parent),
            temporary_free_bytes=free_bytes(_temporary_folder()),
            users=tuple(str(user) for user in other_users(database)),
            pinned=tuple(c.table for c in external_contents(state.schema) if c.by_hidden_rowid),
            with_backup=with_backup,
        )
    )


def optimize(
    database: Path,
    steps: tuple[CareStep, ...],
    *,
    keep_backups: int | None,
    wait_ms: int = 5000,
    on_event: OnEvent = ignore_event,
) -> OptimizeResult:
    """Do the steps one by one and read each back; a backup comes before a VACUUM.

    `keep_backups` None makes none. Raises LockedError where another connection keeps its lock,
    ChangeFailedError for a step that SQLite refused (the steps before it stay done), and
    VerificationError where what is read back is not what the step promises.
    """
    backup = None
    if keep_backups is not None and any(step.name == "vacuum" for step in steps):
        backup = backup_beside(database, keep=keep_backups, wait_ms=wait_ms, on_event=on_event)
    size_before = _file_bytes(database)
    done = tuple(_do(database, step, wait_ms, on_event) for step in steps)
    return OptimizeResult(done, backup, size_before, _file_bytes(database))


def _do(database: Path, step: CareStep, wait_ms: int, on_event: OnEvent) -> StepResult:
    on_event(Event(step.name))
    with closing(open_writer(database, wait_ms=wait_ms)) as connection:
        connection.set_progress_handler(_go_on, _STEPS_PER_LOOK)
        writer = _Writer(connection, database, wait_ms)
        started = time.monotonic()
        changed = _STEPS[step.name](writer, step)
        return StepResult(step, changed, time.monotonic() - started)


@dataclass(frozen=True)
class _Writer:
    """An open connection that turns SQLite's refusals into errors."""

    connection: sqlite3.Connection
    database: Path
    wait_ms: int

    def execute(self, statement: str) -> list[tuple[int, ...]]:
        try:
            return self.connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            if is_locked(error):
                raise explain_failure(error, self.database, wait_ms=self.wait_ms) from error
            if str(error) == "interrupted":
                raise KeyboardInterrupt from error
            raise ChangeFailedError(
                f"{statement} failed on {self.database}: {error}",
                hint="SQLite rolled it back: the database is as it was before this step",
            ) from error

    def number(self, pragma: str) -> int:
        return self.execute(f"PRAGMA {pragma}")[0][0]


def _vacuum(writer: _Writer, step: CareStep) -> str:
    """Rebuild the file, and compare what it holds with what it held."""
    version = writer.number("data_version")
    before, pages, free = read_contents(writer.connection), *_page_counts(writer)
    writer.execute("VACUUM")
    after, pages_after, free_after = read_contents(writer.connection), *_page_counts(writer)
    errors = integrity_errors(writer.connection)
    # A commit of another connection in between makes the contents differ rightly.
    same = writer.number("data_version") != version or _rows(before) == _rows(after)
    if errors or not same:
        raise VerificationError(
            f"{writer.database} is not what it was after VACUUM: {'; '.join(errors[:3]) or 'rows'}",
            hint="restore the backup that was made before: dbtune restore",
        )
    return f"{pages:,} -> {pages_after:,} pages, {free:,} -> {free_after:,} of them free"


def _analyze(writer: _Writer, step: CareStep) -> str:
    """Analyze table by table, so that writers get in between, and look for the lines."""
    for table in step.tables:
        writer.execute(f"ANALYZE main.{quote_identifier(table)}")
    lines = writer.connection.execute("SELECT DISTINCT tbl FROM main.sqlite_stat1").fetchall()
    missing = {table.lower() for table in step.tables} - {str(row[0]).lower() for row in lines}
    if missing:
        raise VerificationError(
            f"{writer.database} has no statistics of {min(missing)} after ANALYZE"
        )
    return f"sqlite_stat1 is up to date for {len(step.tables)} tables"


def _checkpoint(writer: _Writer, step: CareStep) -> str:
    before = _wal_bytes(writer.database)
    if writer.number("wal_checkpoint(TRUNCATE)"):
        raise LockedError(
            f"the -wal of {writer.database} could not be emptied: another connection reads from "
            f"it for longer than {writer.wait_ms / 1000:g} s",
            hint="end its transaction, or run this while the application is stopped",
        )
    after = _wal_bytes(writer.database)
    if after:
        raise VerificationError(f"the -wal of {writer.database} has {after:,} bytes after it")
    return f"-wal {before:,} -> 0 bytes"


_STEPS: Mapping[StepName, Callable[[_Writer, CareStep], str]] = {
    "vacuum": _vacuum,
    "analyze": _analyze,
    "checkpoint": _checkpoint,
}


def _go_on() -> int:
    # Python looks for signals when it enters this. The KeyboardInterrupt it raises then reaches
    # SQLite as "interrupt", which rolls the statement back.
    return 0


def _page_counts(writer: _Writer) -> tuple[int, int]:
    return writer.number("page_count"), writer.number("freelist_count")


def _rows(contents: Contents) -> tuple[object, ...]:
    """Return what VACUUM keeps: it may renumber rows, and where objects begin."""
    return (contents.objects, tuple((table.table, table.rows) for table in contents.tables))


def _wal_bytes(database: Path) -> int:
    try:
        return side_file(database, "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def _file_bytes(database: Path) -> int:
    return database.stat().st_size + _wal_bytes(database)


def _temporary_folder() -> Path:
    """Return where SQLite puts the file that VACUUM builds.

    Source: https://www.sqlite.org/tempfiles.html section 5.
    """
    named = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"))
    places = [Path(name) for name in (*named, "/var/tmp", "/usr/tmp", "/tmp") if name]
    usable = (place for place in places if place.is_dir() and os.access(place, os.W_OK | os.X_OK))
    return next(usable, Path(tempfile.gettempdir()))


def _stale_tables(finding: Finding) -> Iterator[str]:
    for evidence in finding.evidence:
        if isinstance(evidence.value, tuple):
            yield from evidence.value
