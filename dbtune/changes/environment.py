"""Which Alembic project a database's revisions go to, and whether it fits the database."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from dbtune.changes.engine_guard import driver_error
from dbtune.changes.project import (
    Project,
    ProjectOptions,
    find_script,
    read_scripts,
    run_environment,
)
from dbtune.changes.stamp import read_stamp
from dbtune.errors import ConfigurationError, DbtuneError, RefusedError
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.file.companion import companion_folder

VERSION_TABLE = "dbtune_version"


def find_project(database: Path, options: ProjectOptions, *, wait_ms: int = 5000) -> Project:
    """Return the project that holds the database's revisions; nothing is created or changed.

    Raises ConfigurationError for options that exclude each other or name what is not there, and
    RefusedError for a project that does not fit the database.
    """
    database = Path(os.path.abspath(database))
    if options.alembic_ini is None:
        if options.head is not None:
            raise ConfigurationError(
                "--head names a head of your own Alembic project",
                hint="add --alembic-ini with the project's alembic.ini",
            )
        return _own_project(database, options.migrations)
    if options.migrations is not None:
        raise ConfigurationError(
            "--alembic-ini and --migrations exclude each other",
            hint="with --alembic-ini, revisions go to that project's versions folder",
        )
    return _users_project(database, options.alembic_ini, options.head, wait_ms)


def applied_revisions(scripts: ScriptDirectory, current: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of all revisions that are in the database, the newest first."""
    found: dict[str, None] = {}
    for revision in current:
        if find_script(scripts, revision) is not None:
            for script in scripts.iterate_revisions(revision, "base"):
                found[script.revision] = None
    return tuple(found)


def _own_project(database: Path, migrations: Path | None) -> Project:
    folder = migrations or companion_folder(database) / "versions"
    project = Project(
        database=database,
        ini=None,
        versions=Path(os.path.abspath(folder)),
        shared=migrations is not None,
        version_table=VERSION_TABLE,
        current=read_stamp(database, VERSION_TABLE),
    )
    scripts = _load(project)
    known = [script.revision for script in scripts.walk_revisions()]
    for revision in project.current:
        if revision not in known:
            raise _unknown_stamp(project, revision)
    applied = applied_revisions(scripts, project.current)
    return replace(
        project,
        base=project.current[0] if project.current else None,
        pending=tuple(revision for revision in known if revision not in applied),
    )


def _unknown_stamp(project: Project, revision: str) -> RefusedError:
    return RefusedError(
        f"{project.database} is at revision {revision}, which is not in {project.versions}",
        hint="name the folder that holds its revisions with --migrations, or the project with "
        "--alembic-ini",
    )


def _users_project(database: Path, ini: Path, head: str | None, wait_ms: int) -> Project:
    ini = Path(os.path.abspath(ini))
    if not ini.is_file():
        raise ConfigurationError(
            f"--alembic-ini: {ini} does not exist", hint="name your project's alembic.ini"
        )
    project = Project(database, ini, ini.parent, shared=True, version_table="")
    scripts = _load(project)
    seen = _ask_environment(project, scripts, wait_ms)
    heads = scripts.get_heads()
    if head is None and len(heads) > 1:
        raise RefusedError(
            f"the project of {ini} has several heads: {', '.join(sorted(heads))}",
            hint="say with --head which one to build on, or merge them: alembic merge heads",
        )
    lineage = _lineage(scripts, head or (heads[0] if heads else None), ini)
    for revision in seen.current:
        if find_script(scripts, revision) is None:
            raise RefusedError(
                f"{database} is at revision {revision}, which the project of {ini} does not have",
                hint="check that the project belongs to this database",
            )
    base = next((revision for revision in lineage if revision in seen.current), None)
    return replace(
        project,
        versions=_versions_folder(scripts, base or (lineage[0] if lineage else None), ini),
        version_table=seen.version_table,
        current=seen.current,
        base=base,
        pending=lineage[: lineage.index(base)] if base else lineage,
    )


@dataclass(frozen=True)
class _Seen:
    version_table: str
    current: tuple[str, ...]


def _ask_environment(project: Project, scripts: ScriptDirectory, wait_ms: int) -> _Seen:
    """Run env.py without any revision, and return what it was configured with."""
    seen: list[_Seen] = []

    def look(current: Any, context: MigrationContext) -> list[Any]:
        _require_same_file(context, project.database)
        seen.append(_Seen(context.version_table, context.get_current_heads()))
        return []

    try:
        run_environment(project, scripts, look, wait_ms=wait_ms, dont_mutate=True)
    except DbtuneError:
        raise
    except (Exception, SystemExit) as error:
        failure = driver_error(error)
        if failure is not None:
            raise explain_failure(failure, project.database, wait_ms=wait_ms) from error
        raise _cannot_run(scripts, project, error) from error
    if len(seen) != 1:
        raise RefusedError(
            f"{scripts.env_py_location} migrates {len(seen)} databases in one run, not one",
            hint="leave out --alembic-ini for dbtune's own revisions",
        )
    return seen[0]


def _cannot_run(scripts: ScriptDirectory, project: Project, error: BaseException) -> RefusedError:
    hint = f"it has to work with: alembic -c {project.ini} current"
    if "application context" in str(error):
        hint = (
            "Flask-Migrate's env.py works inside its application only: put the lines of dbtune "
            "analyze --format sqlalchemy into the models and run flask db migrate, or leave out "
            "--alembic-ini"
        )
    reason = str(error).splitlines()[:1] or [""]
    return RefusedError(
        f"{scripts.env_py_location} could not be run: {type(error).__name__}: {reason[0]}",
        hint=hint,
    )


def _require_same_file(context: MigrationContext, database: Path) -> None:
    connection = context.connection
    assert connection is not None
    row = connection.exec_driver_sql("PRAGMA database_list").first()
    opened = str(row[2]) if row is not None else ""
    if not opened or not os.path.samefile(opened, database):
        raise RefusedError(
            f"env.py migrates {opened or 'a database in memory'}, not {database}",
            hint="point the project's sqlalchemy.url at this database",
        )


def _load(project: Project) -> ScriptDirectory:
    try:
        return read_scripts(project)
    except (Exception, SystemExit) as error:
        raise RefusedError(
            f"the revisions of {project.ini or project.versions} could not be read: "
            f"{type(error).__name__}: {error}",
            hint="repair or move away the file named",
        ) from error


def _lineage(scripts: ScriptDirectory, head: str | None, ini: Path) -> tuple[str, ...]:
    """Return the ids from a head down to the first revision; empty without revisions."""
    if head is None:
        return ()
    try:
        start = scripts.get_revision(head).revision
        return tuple(script.revision for script in scripts.iterate_revisions(start, "base"))
    except CommandError as error:
        heads = ", ".join(sorted(scripts.get_heads())) or "none"
        raise ConfigurationError(
            f'--head: the project of {ini} has no revision "{head}"', hint=f"its heads: {heads}"
        ) from error


def _versions_folder(scripts: ScriptDirectory, base: str | None, ini: Path) -> Path:
    """Return the folder that a new revision goes to: beside the one it builds on."""
    if base is not None:
        return Path(scripts.get_revision(base).path).parent
    if scripts.version_locations and len(scripts.version_locations) > 1:
        raise RefusedError(
            f"the project of {ini} has several folders of revisions and no revision yet",
            hint="make the first revision yourself: alembic revision -m start --version-path DIR",
        )
    return Path(os.path.abspath(ini.parent / scripts.versions))
