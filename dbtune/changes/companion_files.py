"""Makes the folder beside a database one in which plain alembic runs, without dbtune."""

from __future__ import annotations

import os
from pathlib import Path

from dbtune.changes.project import Project, escape_percent
from dbtune.resources import migrations_folder
from dbtune.sqlite.file.companion import ensure_companion_folder

_COPIED = ("env.py", "script.py.mako")
_INI = """\
# Written by dbtune, and again when it differs. In this folder, or with -c from any other:
#   alembic history      alembic current
#   alembic upgrade head
#   alembic downgrade -1
[alembic]
script_location = {script_location}
version_locations = {versions}
path_separator = newline
"""


def write_companion_files(project: Project) -> None:
    """Write alembic.ini and a copy of the environment into `<DB file>.dbtune/`.

    Nothing is written for an application's own project. The files name no database: env.py takes
    it from the folder's name, so that both can be moved together.
    Raises RefusedError where the folder cannot be made.
    """
    if project.ini is not None:
        return
    folder = ensure_companion_folder(project.database)
    for name in _COPIED:
        _write(folder / name, (migrations_folder() / name).read_text(encoding="utf-8"))
    _write(folder / "alembic.ini", _ini(folder, project.versions))


def _ini(folder: Path, versions: Path) -> str:
    try:
        relative: str | None = Path(os.path.relpath(versions, folder)).as_posix()
    except ValueError:  # another drive on Windows
        relative = None
    here = "%(here)s"
    if "%" in str(folder) or relative is None:
        # ConfigParser would take a percent sign of the folder's name for the start of a variable.
        here, target = escape_percent(folder.as_posix()), escape_percent(versions.as_posix())
        return _INI.format(script_location=here, versions=target)
    target = f"{here}/{escape_percent(relative)}"
    return _INI.format(script_location=here, versions=target)


def _write(path: Path, text: str) -> None:
    """Write a file in one step, and only if it differs."""
    content = text.encode("utf-8", "surrogateescape")
    if path.is_file() and path.read_bytes() == content:
        return
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
