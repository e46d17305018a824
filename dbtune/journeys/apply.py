"""Report -> indexes in the database, as a revision that was rehearsed, backed up and read back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from dbtune._version import __version__
from dbtune.changes.apply import apply_revision, superseded_by, undo_revision
from dbtune.changes.choose import (
    Choice,
    choose_findings,
    fits_schema,
    leave_out_present,
    tables_of_created,
    tables_of_dropped,
)
from dbtune.changes.companion_files import write_companion_files
from dbtune.changes.environment import find_project
from dbtune.changes.project import Project, ProjectOptions
from dbtune.changes.rehearsal import Rehearsal, rehearse, tables_with_statistics
from dbtune.changes.revision import Draft, draft_index_revision, stage_revision
from dbtune.changes.revision_sql import read_revision_sql
from dbtune.changes.trial import TrialQuery
from dbtune.changes.writable import require_writable
from dbtune.errors import ChangeFailedError, RefusedError
from dbtune.journeys.gain import index_use, proven_report, trial_queries, with_plans_of
from dbtune.journeys.report_environment import environment
from dbtune.model.advice import AppliedChange, Report
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.schema import Schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.backup import KEEP_BACKUPS, backup_beside
from dbtune.sqlite.copies.scratch import (
    ScratchCopy,
    copy_database,
    room_for_scratch,
    scratch_folder,
)
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.schema.catalog import assemble_schema
from dbtune.sqlite.schema.catalog_rows import CatalogRows, read_catalog_rows
from dbtune.workload.databases import wanted_database

COMMAND = "apply-indexes"
DRY_RUN = "dry run: nothing was changed"
NOTHING_TO_DO = "nothing was changed: no index is left to create or drop"

# Whose migrations a file shows, by the table that they keep.
_FRAMEWORKS = {"alembic": "alembic_version", "django": "django_migrations"}


@dataclass(frozen=True)
class ApplyOptions:
    """What is applied of a report, and how. `queries` are recordings to prove the gain with."""

    only: tuple[str, ...] = ()
    drops: bool = False
    project: ProjectOptions = field(default_factory=ProjectOptions)
    max_lock_seconds: float | None = None
    dry_run: bool = False
    backup: bool = True
    keep_backups: int = KEEP_BACKUPS
    wait_ms: int = 5000
    queries: tuple[str, ...] = ()
    recorded_as: str | None = None
    scratch: Path | None = None
    scratch_mb: float | None = None
    allow_blocking: bool = False


@dataclass(frozen=True)
class Proposal:
    """What would be done, as rehearsed on a copy, for a person to agree to.

    `report` is what it gains; `statements` are the revision's SQL. `draft` and `rehearsal` are
    None where nothing is left to do. `frameworks` says whose migrations the file shows.
    """

    database: Path
    project: Project
    report: Report
    notes: tuple[str, ...]
    frameworks: tuple[str, ...] = ()
    draft: Draft | None = None
    rehearsal: Rehearsal | None = None
    statements: tuple[str, ...] = ()
    queries: tuple[TrialQuery, ...] = ()


def propose_indexes(
    database: Path, options: ApplyOptions, report: Report, on_event: OnEvent = ignore_event
) -> Proposal:
    """Return the index changes of a report that are left to do, rehearsed on a throw-away copy.

    The database is only read, but for its write lock, which is taken once and given back (not at
    a dry run). Raises RefusedError or LockedError where the changes cannot be applied.
    """
    database = Path(os.path.abspath(database))
    if not options.dry_run:
        require_writable(database, wait_ms=options.wait_ms)
    rows = _read_rows(database, options.wait_ms)
    schema = assemble_schema(rows)
    choice = _choose(database, options, report, rows)
    project = find_project(database, options.project, wait_ms=options.wait_ms)
    proposal = Proposal(
        database=database,
        project=project,
        report=_own(report, database),
        notes=(*choice.notes, *_neighbours(schema, project)),
        frameworks=tuple(name for name, table in _FRAMEWORKS.items() if schema.table(table)),
    )
    if not choice.findings:
        return _nothing_to_do(proposal, dry_run=options.dry_run)
    with scratch_folder(options.scratch) as folder:
        copy = _copy(database, schema, options, folder, on_event)
        on_event(Event("Rehearsing on the copy"))
        return _rehearsed(proposal, options, choice, schema, copy)


def apply_proposal(
    proposal: Proposal, options: ApplyOptions, on_event: OnEvent = ignore_event
) -> Report:
    """Back the database up, apply the proposal as a revision, and read back what it gained.

    The report has the findings applied, `changes` and the backup, and in its notes which queries
    use which index now. Raises LockedError or RefusedError with nothing changed, and
    ChangeFailedError for a revision that failed and was rolled back.
    """
    assert proposal.draft is not None
    backup = None
    if options.backup:
        backup = backup_beside(
            proposal.database,
            keep=options.keep_backups,
            wait_ms=options.wait_ms,
            allow_blocking=options.allow_blocking,
            on_event=on_event,
        )
    on_event(Event("Applying the revision"))
    change = apply_revision(proposal.project, proposal.draft, wait_ms=options.wait_ms)
    _require_applied(proposal, change, options.wait_ms)
    shapes = with_plans_of(proposal.database, proposal.report.shapes, proposal.queries)
    return replace(
        proposal.report,
        shapes=shapes,
        changes=(change,),
        backup=None if backup is None else str(backup),
        notes=(*proposal.notes, *index_use(proposal.report.findings, shapes)),
    )


def _own(report: Report, database: Path) -> Report:
    """Return a report of analyze as the beginning of one of this command's own.

    It is of the database that is changed, which may be another file than the one analysed.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    source = replace(report.source, path=str(database), size_bytes=database.stat().st_size)
    return replace(
        report,
        command=COMMAND,
        created_at=now,
        dbtune_version=__version__,
        source=source,
        environment=environment(
            ("SQLAlchemy", "alembic"),
            application_sqlite_version=source.application_sqlite_version,
        ),
    )


def _copy(
    database: Path, schema: Schema, options: ApplyOptions, folder: Path, on_event: OnEvent
) -> ScratchCopy:
    return copy_database(
        database,
        schema,
        folder,
        room_bytes=room_for_scratch(folder, options.scratch_mb),
        allow_blocking=options.allow_blocking,
        on_event=on_event,
    )


def _rehearsed(
    proposal: Proposal, options: ApplyOptions, choice: Choice, schema: Schema, copy: ScratchCopy
) -> Proposal:
    """Return the proposal with what its revision does on the copy."""
    tables = tables_of_created(choice.changes)
    draft = draft_index_revision(
        proposal.project,
        choice.changes,
        tables=tables_of_dropped(choice.changes, schema),
        analyze=tables_with_statistics(copy.path, tables),
    )
    superseded_by(proposal.project, draft)  # refuses a project that is not at its head
    staged = stage_revision(proposal.project, draft, copy.path.parent / "revision")
    wanted = wanted_database(proposal.database, options.recorded_as)
    queries = trial_queries(proposal.report, options.queries, wanted)
    rehearsal = rehearse(copy, staged, queries, tables)
    _require_short_lock(rehearsal, options.max_lock_seconds)
    report = proven_report(proposal.report, choice.findings, rehearsal)
    notes = (*proposal.notes, DRY_RUN) if options.dry_run else proposal.notes
    return replace(
        proposal,
        report=replace(report, notes=notes),
        notes=notes,
        draft=draft,
        rehearsal=rehearsal,
        statements=read_revision_sql(staged).up,
        queries=queries,
    )


def _require_applied(proposal: Proposal, change: AppliedChange, wait_ms: int) -> None:
    """Read the schema back: nothing may be left to do, else the revision is undone."""
    schema = assemble_schema(_read_rows(proposal.database, wait_ms))
    try:
        left = leave_out_present(Choice(proposal.report.findings), schema).findings
        problem = ", ".join(finding.subject for finding in left)
    except RefusedError as error:
        problem = error.message
    if problem:
        undo_revision(proposal.project, change.revision, wait_ms=wait_ms)
        raise ChangeFailedError(
            f"revision {change.revision} ran on {proposal.database}, but what was read back is "
            f"not what was asked for: {problem}",
            hint="it was undone; the database is as it was",
        )


def _choose(database: Path, options: ApplyOptions, report: Report, rows: CatalogRows) -> Choice:
    """Return what is left to do of the report; a RefusedError for a report of another schema."""
    chosen = choose_findings(report.findings, only=options.only, drops=options.drops)
    left = leave_out_present(chosen, assemble_schema(rows))
    if left.findings and not fits_schema(report.source.schema_sha256, rows, report.findings):
        raise RefusedError(
            f"the report of {report.source.path} ({report.created_at}) was made for another "
            f"database or an older schema than {database} has now",
            hint="make a new one: dbtune analyze DB --queries FILE --output FILE",
        )
    return left


def _nothing_to_do(proposal: Proposal, *, dry_run: bool) -> Proposal:
    """Return a proposal without changes; a run that was killed at its very end is completed."""
    if proposal.project.current and not dry_run:
        write_companion_files(proposal.project)
    report = replace(
        proposal.report,
        verdict=None,
        findings=(),
        shapes=(),
        considered=(),
        changes=(),
        notes=(*proposal.notes, NOTHING_TO_DO),
    )
    return replace(proposal, report=report)


def _require_short_lock(rehearsal: Rehearsal, max_lock_seconds: float | None) -> None:
    if max_lock_seconds is None or rehearsal.lock_seconds <= max_lock_seconds:
        return
    raise RefusedError(
        f"the write lock would be held for about {rehearsal.lock_seconds:.2g} s, longer than "
        f"--max-lock {max_lock_seconds:g}; nothing was changed",
        hint="apply fewer indexes at a time with --only, or allow more",
    )


def _neighbours(schema: Schema, project: Project) -> Iterator[str]:
    """Say which other tool keeps the schema of this file, and would undo what is done to it."""
    if schema.table("alembic_version") is not None and project.ini is None:
        yield (
            "the file has alembic_version: an application's own Alembic project manages it. Its "
            "next autogenerate would drop these indexes unless its models or env.py know them; "
            "--alembic-ini writes the revision into that project instead"
        )
    if schema.table("django_migrations") is not None:
        yield (
            "the file has django_migrations: Django manages it. Put the indexes into the models' "
            "Meta.indexes, then run makemigrations and migrate --fake"
        )


def _read_rows(database: Path, wait_ms: int) -> CatalogRows:
    with closing(open_readonly(database, wait_ms=wait_ms)) as connection:
        try:
            return read_catalog_rows(connection)
        except sqlite3.Error as error:
            raise explain_failure(error, database, wait_ms=wait_ms) from error
