"""Switch a database to WAL, as a revision that was thought over, backed up and read back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from dbtune._version import __version__
from dbtune.changes.apply import superseded_by
from dbtune.changes.companion_files import write_companion_files
from dbtune.changes.environment import find_project
from dbtune.changes.project import Project, ProjectOptions
from dbtune.changes.revision import Draft
from dbtune.changes.writable import require_writable
from dbtune.errors import ConfigurationError, LockedError
from dbtune.journeys.application_version import require_version
from dbtune.journeys.database_overview import judged_health
from dbtune.journeys.report_environment import environment
from dbtune.journeys.wal_preflight import Preflight, Wishes, judge_place, judge_state
from dbtune.journeys.wal_revision import draft_switch
from dbtune.journeys.wal_switch import require_wal, still_held, switch_to_wal
from dbtune.model.advice import Report, Source
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.overview import HealthFact
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.backup import KEEP_BACKUPS, backup_beside
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.file.sidecars import Sidecars, foreign_sidecars, read_sidecars
from dbtune.sqlite.library_version import version_number
from dbtune.sqlite.wal import PAGE_SIZES, WalPlace, WalState, read_place, read_state
from dbtune.workload.recording_line import RecordingHeader
from dbtune.workload.sources import read_recording

COMMAND = "enable-wal"
DRY_RUN = "dry run: nothing was changed"
ALREADY_WAL = "nothing was changed: the database is in WAL mode already"


@dataclass(frozen=True)
class EnableWalOptions:
    """What is asked for. `queries` are recordings whose header names the application's SQLite."""

    project: ProjectOptions = field(default_factory=ProjectOptions)
    page_size_bytes: int | None = None
    application_sqlite_version: str | None = None
    queries: tuple[str, ...] = ()
    dry_run: bool = False
    backup: bool = True
    keep_backups: int = KEEP_BACKUPS
    wait_ms: int = 5000
    allow_blocking: bool = False


@dataclass(frozen=True)
class WalPlan:
    """What would be done, for a person to agree to. `draft` is None where nothing is left."""

    database: Path
    project: Project
    preflight: Preflight
    state: WalState
    report: Report
    page_size_bytes: int | None = None
    draft: Draft | None = None


def plan_wal(
    database: Path, options: EnableWalOptions, on_event: OnEvent = ignore_event
) -> WalPlan:
    """Return what has to be done, or a RefusedError that says why it must not be.

    The database is only read, but for its write lock, which is taken once and given back (not at
    a dry run); SQLite then also rolls back what a killed process left. Raises ConfigurationError
    for a page size or version that is none, SourceError or LockedError for a database that
    cannot be read.
    """
    database = Path(os.path.abspath(database))
    _require_page_size(options.page_size_bytes)
    wishes = Wishes(
        backup=options.backup,
        page_size_bytes=options.page_size_bytes,
        application_version=_application_version(options),
        library_version=sqlite3.sqlite_version,
    )
    on_event(Event("Looking at the database"))
    place = read_place(database)
    preflight = judge_place(place, wishes)
    preflight.require_passed()
    if not options.dry_run:
        _require_writable(place, options.wait_ms)
    state = _read_state(database, options.wait_ms)
    preflight = preflight.plus(judge_state(place, state, wishes))
    preflight.require_passed()
    project = find_project(database, options.project, wait_ms=options.wait_ms)
    report = _report(place, state, preflight, wishes)
    plan = WalPlan(database, project, preflight, state, report, options.page_size_bytes)
    return _with_draft(plan, dry_run=options.dry_run)


def enable_wal(
    plan: WalPlan, options: EnableWalOptions, on_event: OnEvent = ignore_event
) -> Report:
    """Back the database up, switch it to WAL as a revision, and read back from a new connection.

    The report's `changes` are empty where nothing is left to do. Raises LockedError naming those
    who have the file open and RefusedError, both with nothing changed, and ChangeFailedError for
    a revision that failed: the journal mode is then as it was.
    """
    if plan.draft is None:
        if plan.project.current:
            write_companion_files(plan.project)  # a run that was killed at its very end
        return plan.report
    backup = None
    if options.backup:
        backup = backup_beside(
            plan.database,
            keep=options.keep_backups,
            wait_ms=options.wait_ms,
            allow_blocking=options.allow_blocking,
            on_event=on_event,
        )
    on_event(Event("Switching to WAL"))
    sidecars = read_sidecars(plan.database)
    change = switch_to_wal(
        plan.project, plan.draft, plan.state, options.page_size_bytes, wait_ms=options.wait_ms
    )
    found = require_wal(plan.database, options.page_size_bytes, wait_ms=options.wait_ms)
    return replace(
        plan.report,
        health=(*plan.report.health, *_health_after(options)),
        changes=(change,),
        backup=None if backup is None else str(backup),
        notes=(found, *plan.report.notes, *_after_notes(plan.database, options, sidecars)),
    )


def _health_after(options: EnableWalOptions) -> Iterator[HealthFact]:
    """Yield what was read back beside what was found."""
    yield HealthFact("journal_mode_after", "wal")
    if options.page_size_bytes is not None:
        yield HealthFact("page_size_after", f"{options.page_size_bytes:,} bytes")


def _after_notes(database: Path, options: EnableWalOptions, before: Sidecars) -> Iterator[str]:
    if options.page_size_bytes is not None:
        yield f"dbtune rollback leaves WAL, but keeps pages of {options.page_size_bytes} bytes"
    for file in foreign_sidecars(database, before):
        yield (
            f"{file.name} belongs to another user or has another mode than the database: the "
            "application may not be able to write it"
        )


def _with_draft(plan: WalPlan, *, dry_run: bool) -> WalPlan:
    """Return the plan with its revision, or with the note that there is nothing to do."""
    draft = draft_switch(plan.project, plan.state, plan.page_size_bytes)
    if draft is None:
        report = replace(plan.report, notes=(ALREADY_WAL, *plan.report.notes))
        return replace(plan, report=report)
    superseded_by(plan.project, draft)  # refuses a project that is not at its head
    if dry_run:
        notes = (*plan.report.notes, DRY_RUN)
        return replace(plan, draft=draft, report=replace(plan.report, notes=notes))
    return replace(plan, draft=draft)


def _report(place: WalPlace, state: WalState, preflight: Preflight, wishes: Wishes) -> Report:
    notes = preflight.warnings
    if state.foreign_keys:
        notes = (
            *notes,
            "foreign keys are declared and all rows keep to them, but SQLite enforces them only "
            "on connections that set PRAGMA foreign_keys = ON, which is the application's choice",
        )
    return Report(
        command=COMMAND,
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dbtune_version=__version__,
        source=Source(
            str(place.path),
            place.size_bytes,
            state.schema.sha256,
            sqlite3.sqlite_version,
            wishes.application_version,
        ),
        verdict=None,
        not_checked=preflight.not_checked,
        changes=(),
        notes=notes,
        health=judged_health(state.schema, state.health, wishes.application_version),
        environment=environment(
            ("SQLAlchemy", "alembic"), application_sqlite_version=wishes.application_version
        ),
    )


def _require_writable(place: WalPlace, wait_ms: int) -> None:
    try:
        require_writable(place.path, wait_ms=wait_ms)
    except LockedError as error:
        if place.header_in_wal:
            raise  # who waits for whom is not to be told from outside there
        raise still_held(place.path, wait_ms) from error


def _read_state(database: Path, wait_ms: int) -> WalState:
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        try:
            return read_state(connection, database)
        except sqlite3.Error as error:
            raise explain_failure(error, database, wait_ms=wait_ms) from error


def _require_page_size(page_size_bytes: int | None) -> None:
    if page_size_bytes is not None and page_size_bytes not in PAGE_SIZES:
        raise ConfigurationError(
            f"--page-size is {page_size_bytes}; SQLite knows {', '.join(map(str, PAGE_SIZES))}",
            hint="4096 suits most; larger pages suit rows or blobs of several KB",
        )


def _application_version(options: EnableWalOptions) -> str | None:
    """Return the application's SQLite version as named, or as its recordings' headers say."""
    named = options.application_sqlite_version
    require_version(named)
    return named or _recorded_version(options.queries)


def _recorded_version(queries: Sequence[str]) -> str | None:
    """Return the oldest version that the headers of recordings name; only their start is read."""
    headers: list[RecordingHeader] = []
    for path in queries:
        next(read_recording([path], on_broken=lambda line: None, on_header=headers.append), None)
    versions = [header.sqlite_version for header in headers if header.sqlite_version]
    return min(versions, key=version_number, default=None)
