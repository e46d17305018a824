"""Runs one revision up or down through its project's env.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from dbtune.changes.engine_guard import driver_error
from dbtune.changes.project import Project, find_script, read_scripts, run_environment
from dbtune.errors import ChangeFailedError, DbtuneError, RefusedError
from dbtune.sqlite.diagnosis import is_locked, locked_error

Direction = Literal["up", "down"]

# Some locks make SQLite give up at once, whatever the timeout (PRAGMA journal_mode beside another
# writer). A shorter pause burns a core, a longer one misses the gap between two writers.
_RETRY_SECONDS = 0.02


def run_step(
    project: Project,
    revision: str,
    direction: Direction,
    *,
    wait_ms: int,
    try_ms: int | None = None,
) -> float:
    """Run exactly one revision, and return the seconds that the write lock was held.

    Tries again for up to `wait_ms` while the database is locked; with `try_ms` each try waits no
    longer than that within SQLite. Raises LockedError after that, RefusedError where more than
    this revision would run, ChangeFailedError for one that failed: its transaction is then rolled
    back.
    """
    scripts = read_scripts(project)
    deadline = time.monotonic() + wait_ms / 1000
    while True:
        left_ms = max(0, int((deadline - time.monotonic()) * 1000))
        this_ms = left_ms if try_ms is None else min(left_ms, try_ms)
        try:
            return _run_once(project, scripts, revision, direction, this_ms)
        except DbtuneError:
            raise
        except (Exception, SystemExit) as error:
            failure = driver_error(error)
            if failure is None or not is_locked(failure):
                raise _failed(project, revision, failure or error) from error
            if time.monotonic() >= deadline:
                raise locked_error(project.database, wait_ms) from error
        time.sleep(_RETRY_SECONDS)


def require_script(scripts: ScriptDirectory, revision: str) -> Script:
    """Return the revision of that id; a RefusedError where its file is gone."""
    found = find_script(scripts, revision)
    if found is None:
        raise RefusedError(
            f"revision {revision} has no file any more",
            hint="bring it back, or name its folder with --migrations",
        )
    return found


def path_of(project: Project, revision: str) -> Path:
    """Return the file of a revision; a RefusedError where it is gone."""
    return Path(require_script(read_scripts(project), revision).path)


def _run_once(
    project: Project, scripts: ScriptDirectory, revision: str, direction: Direction, wait_ms: int
) -> float:
    def one_step(current: Any, context: MigrationContext) -> list[Any]:
        steps = _steps(scripts, revision, direction, current)
        if [step.revision.revision for step in steps] != [revision]:
            raise RefusedError(
                f"{project.database} is not where revision {revision} starts: "
                f"{len(steps)} revisions would run instead of one",
                hint="dbtune history shows what is applied",
            )
        return steps

    guard = run_environment(project, scripts, one_step, wait_ms=wait_ms, destination_rev=revision)
    return guard.lock_seconds


def _steps(
    scripts: ScriptDirectory, revision: str, direction: Direction, current: Any
) -> list[Any]:
    # Alembic's cookbook names these two methods for running revisions from a program.
    if direction == "up":
        return list(scripts._upgrade_revs(revision, current))
    below = require_script(scripts, revision).down_revision
    if not (below is None or isinstance(below, str)):
        raise RefusedError(
            f"revision {revision} merges branches", hint="undo it with alembic downgrade"
        )
    return list(scripts._downgrade_revs(below or "base", current))


def _failed(project: Project, revision: str, error: BaseException) -> ChangeFailedError:
    text = str(error) or type(error).__name__
    hint = "the database is as it was"
    if "disk is full" in text or "disk I/O" in text:
        hint = "free some space and try again; the database is as it was"
    return ChangeFailedError(
        f"revision {revision} failed on {project.database} and was rolled back: {text}", hint=hint
    )
