"""Undo revisions, the newest first."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from alembic.script import ScriptDirectory

from dbtune._version import __version__
from dbtune.changes.apply import undo_revision
from dbtune.changes.companion_files import write_companion_files
from dbtune.changes.environment import applied_revisions, find_project
from dbtune.changes.project import Project, ProjectOptions, read_scripts
from dbtune.changes.revision import is_own_revision
from dbtune.changes.revision_sql import read_revision_sql
from dbtune.changes.step import require_script
from dbtune.changes.writable import require_writable
from dbtune.errors import ChangeFailedError, ConfigurationError, LockedError, RefusedError
from dbtune.journeys.report_environment import environment
from dbtune.model.advice import AppliedChange, Report, Source
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.backup import KEEP_BACKUPS, backup_beside
from dbtune.sqlite.file.file_users import other_users
from dbtune.sqlite.schema.catalog import read_schema

BASE = "base"

_LEAVES_WAL = re.compile(r"(?i)PRAGMA\s+journal_mode\s*=\s*delete")


@dataclass(frozen=True)
class RollbackOptions:
    """What is undone: all that came after the revision `to`, or only the last one."""

    to: str | None = None
    project: ProjectOptions = field(default_factory=ProjectOptions)
    backup: bool = True
    keep_backups: int = KEEP_BACKUPS
    wait_ms: int = 5000


@dataclass(frozen=True)
class Undo:
    """A revision that would be undone, with the statements of its downgrade."""

    revision: str
    message: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class RollbackPlan:
    """What would be undone, the newest first; `note` says why it is nothing."""

    database: Path
    project: Project
    undos: tuple[Undo, ...]
    note: str = ""


def plan_rollback(database: Path, options: RollbackOptions) -> RollbackPlan:
    """Return what is to be undone; the write lock is taken once and given back.

    Raises ConfigurationError for an unknown revision, RefusedError where the newest one is not
    dbtune's, LockedError where somebody keeps the lock.
    """
    database = Path(os.path.abspath(database))
    require_writable(database, wait_ms=options.wait_ms)
    project = find_project(database, options.project, wait_ms=options.wait_ms)
    undos = _undos(project, options.to)
    note = ""
    if not undos:
        at = f"{database} is at revision {project.base}"
        note = at if options.to and project.base else f"no revision of dbtune is in {database}"
    return RollbackPlan(database, project, undos, note and f"nothing to roll back: {note}")


def rollback(
    plan: RollbackPlan, options: RollbackOptions, on_event: OnEvent = ignore_event
) -> Report:
    """Undo revisions one by one, each in a transaction of its own and read back.

    The report's `changes` are empty where there was nothing to roll back. Raises LockedError with
    the programs that hold the file, ChangeFailedError for a downgrade that failed: those before
    it stay undone, and the message says so.
    """
    report = _report(plan.database)
    if not plan.undos:
        return replace(report, notes=(plan.note,))
    backup = None
    if options.backup:
        backup = backup_beside(
            plan.database, keep=options.keep_backups, wait_ms=options.wait_ms, on_event=on_event
        )
    changes: tuple[AppliedChange, ...] = ()
    for undo in plan.undos:
        on_event(Event(f"Undoing {undo.revision}"))
        changes = (*changes, _undo(plan.project, undo, changes, options.wait_ms))
    write_companion_files(plan.project)
    return replace(report, changes=changes, backup=None if backup is None else str(backup))


def _undos(project: Project, to: str | None) -> tuple[Undo, ...]:
    """Return what is to be undone, the newest first; all of it has to be dbtune's."""
    scripts = read_scripts(project)
    lineage = applied_revisions(scripts, (project.base,) if project.base else ())
    own = [r for r in lineage if is_own_revision(require_script(scripts, r).doc)]
    if to is None:
        if not own:
            return ()
        count = 1
    else:
        count = _position(lineage, to)
    undone = lineage[:count]
    foreign = next((revision for revision in undone if revision not in own), None)
    if foreign is not None:
        raise RefusedError(
            f"revision {foreign} on top is not dbtune's: {require_script(scripts, foreign).doc}",
            hint=f"undo it with alembic downgrade, or leave it: dbtune's last one is {own[0]}"
            if own
            else "undo it with alembic downgrade",
        )
    return tuple(_undo_of(scripts, revision) for revision in undone)


def _position(lineage: tuple[str, ...], to: str) -> int:
    """Return how many revisions come after `to`, an id or the unambiguous start of one."""
    if to == BASE:
        return len(lineage)
    found = [at for at, revision in enumerate(lineage) if revision.startswith(to)]
    if len(found) != 1:
        word = "no revision" if not found else f"{len(found)} revisions"
        raise ConfigurationError(
            f'--to: {word} "{to}" in this database',
            hint=f"applied are: {', '.join(lineage) or 'none'}; base stands for none of them",
        )
    return found[0]


def _undo_of(scripts: ScriptDirectory, revision: str) -> Undo:
    script = require_script(scripts, revision)
    return Undo(revision, script.doc, read_revision_sql(Path(script.path)).down)


def _undo(
    project: Project, undo: Undo, done: tuple[AppliedChange, ...], wait_ms: int
) -> AppliedChange:
    count = (
        "1 revision before it was" if len(done) == 1 else f"{len(done)} revisions before it were"
    )
    before = f"; {count} undone" if done else ""
    try:
        return undo_revision(project, undo.revision, wait_ms=wait_ms)
    except LockedError as error:
        raise _held(project.database, undo, before) from error
    except ChangeFailedError as error:
        raise ChangeFailedError(error.message + before, hint=error.hint) from error


def _held(database: Path, undo: Undo, before: str) -> LockedError:
    """Say who has the file open, where the system tells."""
    users = other_users(database)
    who = ", ".join(str(user) for user in users[:5]) or "another connection"
    verb = "have" if len(users) > 1 else "has"
    leaves_wal = any(_LEAVES_WAL.search(statement) for statement in undo.statements)
    what = "leave WAL" if leaves_wal else f"undo revision {undo.revision}"
    return LockedError(
        f"cannot {what}: {who} {verb} {database} open{before}",
        hint="stop the application, then run dbtune rollback again",
    )


def _report(database: Path) -> Report:
    with closing(open_readonly(database)) as connection:
        sha256 = read_schema(connection).sha256
    return Report(
        command="rollback",
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dbtune_version=__version__,
        source=Source(str(database), os.stat(database).st_size, sha256, sqlite3.sqlite_version),
        verdict=None,
        changes=(),
        environment=environment(("SQLAlchemy", "alembic")),
    )
