"""An Alembic project, and running its env.py without leaving traces in this process."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from dbtune.changes.engine_guard import EngineGuard, guard_engines
from dbtune.resources import migrations_folder

Steps = Callable[[Any, MigrationContext], list[Any]]


@dataclass(frozen=True)
class ProjectOptions:
    """Which project the user asks for; without any, dbtune's own beside the database."""

    alembic_ini: Path | None = None
    head: str | None = None
    migrations: Path | None = None


@dataclass(frozen=True)
class Project:
    """The Alembic project that holds a database's revisions, and where the database stands in it.

    `ini` is None for dbtune's own environment, whose revisions lie in `versions`; `shared` is
    True where that folder serves other databases too. `current` are the revisions stamped in
    `version_table`; the next revision builds on `base`; `pending` are revisions that wait to be
    applied before or instead of it.
    """

    database: Path
    ini: Path | None
    versions: Path
    shared: bool
    version_table: str
    current: tuple[str, ...] = ()
    base: str | None = None
    pending: tuple[str, ...] = ()


def alembic_config(database: Path, ini: Path | None, wait_ms: int) -> Config:
    """Return the configuration that env.py sees."""
    if ini is not None:
        return Config(str(ini))
    config = Config()
    config.set_main_option("script_location", escape_percent(str(migrations_folder())))
    config.set_main_option("database", escape_percent(str(database)))
    config.set_main_option("wait_seconds", str(wait_ms / 1000))
    return config


def read_scripts(project: Project) -> ScriptDirectory:
    """Return the revisions of a project as they are on disk now."""
    with surroundings(project.ini):
        if project.ini is None:
            scripts = ScriptDirectory(
                str(migrations_folder()), version_locations=[str(project.versions)]
            )
        else:
            scripts = ScriptDirectory.from_config(Config(str(project.ini)))
        # Settles relative folders while the working directory is right, and loads every file.
        scripts.dir = os.path.abspath(scripts.dir)
        scripts.get_heads()
    return scripts


def find_script(scripts: ScriptDirectory, revision: str) -> Script | None:
    """Return the revision of exactly that id, None where the project has none."""
    return next((s for s in scripts.walk_revisions() if s.revision == revision), None)


def run_environment(
    project: Project, scripts: ScriptDirectory, steps: Steps, *, wait_ms: int, **options: Any
) -> EngineGuard:
    """Run env.py with the revisions that `steps` returns, and return what the guard saw.

    Raises whatever env.py, a revision or the guard raises.
    """
    config = alembic_config(project.database, project.ini, wait_ms)
    with (
        surroundings(project.ini),
        guard_engines(project.database, wait_ms) as guard,
        EnvironmentContext(config, scripts, fn=steps, **options),
    ):
        scripts.run_env()
    return guard


def escape_percent(text: str) -> str:
    """Return the text as a value of an .ini file that ConfigParser reads back unchanged."""
    return text.replace("%", "%%")


@contextlib.contextmanager
def surroundings(ini: Path | None) -> Iterator[None]:
    """Run an application's code as plain alembic would, and put this process back afterwards.

    Relative paths in an .ini file mean its folder; stdout carries dbtune's result only; loading
    a revision would leave a __pycache__ beside it; fileConfig() mutes all loggers there are.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(setattr, sys, "dont_write_bytecode", sys.dont_write_bytecode)
        stack.callback(sys.path.__setitem__, slice(None), list(sys.path))
        stack.callback(_unmute, [name for name in _loggers() if not _muted(name)])
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        sys.dont_write_bytecode = True
        if ini is not None:
            stack.callback(os.chdir, os.getcwd())
            os.chdir(ini.parent)
        yield


def _loggers() -> list[str]:
    return [name for name in logging.root.manager.loggerDict if name.startswith("dbtune")]


def _muted(name: str) -> bool:
    return logging.getLogger(name).disabled


def _unmute(names: list[str]) -> None:
    for name in names:
        logging.getLogger(name).disabled = False
