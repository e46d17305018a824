"""The SQL files, the Alembic environment and the pages of documentation that ship with dbtune."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    # A wheel carries sql/, migrations/ and docs/ inside the package; an editable install
    # and a bare checkout have them beside it.
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def sql(name: str) -> str:
    """Return the text of a shipped SQL file, such as `sql("sqlite/list_indexes")`.

    Raises FileNotFoundError for a name that is not shipped, which is a bug in dbtune.
    """
    return (_folder("sql") / f"{name}.sql").read_text(encoding="utf-8")


def migrations_folder() -> Path:
    """Return the folder of the Alembic environment that ships (env.py, script.py.mako)."""
    return _folder("migrations")


# In the order in which one needs them.
PAGE_FOLDERS = ("how-to", "reference", "explanation")


def pages(folder: str) -> tuple[Path, ...]:
    """Return the pages of one of PAGE_FOLDERS, Markdown, by name."""
    return tuple(sorted((_folder("docs") / folder).glob("*.md")))
