"""Revisions up and down, read back; what fails leaves nothing behind."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dbtune.changes.companion_files import write_companion_files
from dbtune.changes.leftovers import restore_indexes
from dbtune.changes.project import Project, read_scripts
from dbtune.changes.revision import (
    Draft,
    install_revision,
    is_own_revision,
    stage_revision,
)
from dbtune.changes.revision_sql import read_revision_sql
from dbtune.changes.snapshot import CatalogEntry, differences, foretell, read_snapshot
from dbtune.changes.stamp import drop_empty_version_table, has_version_table, read_stamp
from dbtune.changes.step import path_of, require_script, run_step
from dbtune.errors import ChangeFailedError, DbtuneError, RefusedError
from dbtune.model.advice import AppliedChange

_log = logging.getLogger(__name__)

# Alembic reads *.py only.
_RETIRED_SUFFIX = ".superseded"


def apply_revision(
    project: Project,
    draft: Draft,
    *,
    wait_ms: int = 5000,
    try_ms: int | None = None,
) -> AppliedChange:
    """Write a revision into the project, run it and read the catalog back.

    Waits up to `wait_ms` for the write lock, by tries of up to `try_ms` where that is given.
    Raises RefusedError or LockedError with nothing changed, ChangeFailedError for a revision
    that failed and was rolled back; the file is then removed again. A process that is killed
    leaves the revision applied whole or not at all, and running it again completes it.
    """
    superseded = superseded_by(project, draft)
    had_table = has_version_table(project.database, project.version_table)
    path = _place(project, draft)
    statements = read_revision_sql(path).up
    before = read_snapshot(project.database, ignore=project.version_table)
    try:
        lock_seconds = run_step(project, draft.revision, "up", wait_ms=wait_ms, try_ms=try_ms)
    except BaseException:
        _take_back(project, draft.revision, path, before, had_table=had_table, wait_ms=wait_ms)
        raise
    found = _differences(project, before, statements, draft.revision, applied=True)
    found = found or _unfulfilled(project, draft)
    if found:
        run_step(project, draft.revision, "down", wait_ms=wait_ms)
        _take_back(project, draft.revision, path, before, had_table=had_table, wait_ms=wait_ms)
        raise ChangeFailedError(
            f"revision {draft.revision} ran on {project.database}, but what was read back "
            f"differs: {'; '.join(found)}",
            hint="it was rolled back; the database is as it was",
        )
    _retire(project, superseded)
    write_companion_files(project)
    return AppliedChange(
        draft.revision, "up", statements, draft.message, lock_seconds=lock_seconds, path=str(path)
    )


def undo_revision(project: Project, revision: str, *, wait_ms: int = 5000) -> AppliedChange:
    """Downgrade one revision, which has to be the newest in the database, and read it back.

    Raises RefusedError or LockedError with nothing changed, ChangeFailedError for a downgrade
    that failed and was rolled back, or that left something else than it should.
    """
    path = path_of(project, revision)
    reason = require_script(read_scripts(project), revision).doc
    statements = read_revision_sql(path).down
    before = read_snapshot(project.database, ignore=project.version_table)
    lock_seconds = run_step(project, revision, "down", wait_ms=wait_ms)
    found = _differences(project, before, statements, revision, applied=False)
    if found:
        raise ChangeFailedError(
            f"revision {revision} was undone on {project.database}, but what was read back "
            f"differs: {'; '.join(found)}",
            hint="compare the database with its backup",
        )
    return AppliedChange(
        revision, "down", statements, reason, lock_seconds=lock_seconds, path=str(path)
    )


def superseded_by(project: Project, draft: Draft) -> tuple[str, ...]:
    """Return dbtune's unapplied revisions that a draft takes the place of.

    They lie in the folder of this one database: rolled back, or left by a process that was
    killed. Raises RefusedError where they are somebody else's: the database is not at the head.
    """
    others = tuple(revision for revision in project.pending if revision != draft.revision)
    if not others:
        return ()
    scripts = read_scripts(project)
    own = all(is_own_revision(require_script(scripts, revision).doc) for revision in others)
    if own and not project.shared:
        return others
    ini = project.ini or "alembic.ini"
    raise RefusedError(
        f"{project.database} is not at the head of {project.ini or project.versions}: "
        f"revision {others[-1]} is not applied",
        hint=f"apply it first: alembic -c {ini} upgrade head",
    )


def _place(project: Project, draft: Draft) -> Path:
    """Return the revision's file in the project: one that waits there already, or a new one."""
    if draft.revision in project.pending:
        return path_of(project, draft.revision)
    with tempfile.TemporaryDirectory(prefix="dbtune-") as folder:
        return install_revision(project, stage_revision(project, draft, Path(folder)))


def _differences(
    project: Project,
    before: frozenset[CatalogEntry],
    statements: Iterable[str],
    revision: str,
    *,
    applied: bool,
) -> tuple[str, ...]:
    """Read back what a revision did, and return how that differs from its statements."""
    after = read_snapshot(project.database, ignore=project.version_table)
    found = differences(before, after, foretell(statements))
    stamped = revision in read_stamp(project.database, project.version_table)
    if stamped != applied:
        word = "not stamped" if applied else "still stamped"
        found = (*found, f"revision {revision} is {word}")
    return found


def _unfulfilled(project: Project, draft: Draft) -> tuple[str, ...]:
    """Return which indexes a draft names in vain: a template may ignore what it is given."""
    after = read_snapshot(project.database, ignore=project.version_table)
    there = {entry.name.lower() for entry in after if entry.type == "index"}
    missing = [name for name in draft.creates if name.lower() not in there]
    left = [name for name in draft.drops if name.lower() in there]
    return (
        *(f'index "{name}" was not created' for name in missing),
        *(f'index "{name}" is still there' for name in left),
    )


def _take_back(
    project: Project,
    revision: str,
    path: Path,
    before: frozenset[CatalogEntry],
    *,
    had_table: bool,
    wait_ms: int,
) -> None:
    """Remove what a failed revision left; one that is stamped is whole and stays.

    Ctrl-C can arrive just after the commit. A file that other databases may use, or that was
    there before this run, stays too.
    """
    try:
        if revision in read_stamp(project.database, project.version_table):
            return
    except DbtuneError as error:
        _log.warning("cannot see whether revision %s is applied: %s", revision, error.message)
        return
    restore_indexes(project, before, foretell(read_revision_sql(path).up), wait_ms=wait_ms)
    if not had_table and has_version_table(project.database, project.version_table):
        drop_empty_version_table(project.database, project.version_table, wait_ms=wait_ms)
    if revision in project.pending:
        return
    path.unlink(missing_ok=True)
    if project.ini is None and not project.shared:
        for folder in (project.versions, project.versions.parent):
            with contextlib.suppress(OSError):  # something else is in it
                folder.rmdir()


def _retire(project: Project, revisions: Iterable[str]) -> None:
    """Take revisions out of the history, so that the folder keeps one head; their files stay."""
    for revision in revisions:
        path = path_of(project, revision)
        os.replace(path, path.with_name(path.name + _RETIRED_SUFFIX))
