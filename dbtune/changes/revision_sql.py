"""The SQL that a revision file runs, without running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.util import load_python_file

from dbtune.changes.project import surroundings


@dataclass(frozen=True)
class RevisionSql:
    """The statements of upgrade() and downgrade(), as `alembic --sql` would print them."""

    up: tuple[str, ...]
    down: tuple[str, ...]


def read_revision_sql(path: Path) -> RevisionSql:
    """Return the statements of a revision file; raises whatever the file raises."""
    module = load_revision(path)
    return RevisionSql(up=_collect(module, "upgrade"), down=_collect(module, "downgrade"))


def load_revision(path: Path) -> ModuleType:
    """Return a revision file as a module, without leaving a __pycache__ beside it."""
    with surroundings(None):
        return load_python_file(path.parent, path.name)


class _Collector:
    """Stands in for the file that offline mode writes to: a statement a write."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def write(self, text: str) -> None:
        self.statements.append(text.strip().removesuffix(";"))

    def flush(self) -> None:
        """Do nothing."""


def _collect(module: ModuleType, function: str) -> tuple[str, ...]:
    collector = _Collector()
    context = MigrationContext.configure(
        dialect_name="sqlite", opts={"as_sql": True, "output_buffer": collector}
    )
    with Operations.context(context):
        getattr(module, function)()
    return tuple(collector.statements)
