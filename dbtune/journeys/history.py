"""The revisions that dbtune made for a database, applied or not."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script

from dbtune.changes.environment import applied_revisions, find_project
from dbtune.changes.project import Project, ProjectOptions, read_scripts
from dbtune.changes.revision import MESSAGE_PREFIX, is_own_revision

_CREATED = re.compile(r"^Create Date: (.+)$", re.MULTILINE)
# Lines that Alembic's templates write themselves.
_TEMPLATE_LINE = re.compile(r"^(Revision ID|Revises|Create Date): ?")


@dataclass(frozen=True)
class HistoryEntry:
    """One revision. `created_at` is as its file says, None where it does not."""

    revision: str
    created_at: str | None
    message: str
    reasons: tuple[str, ...]
    applied: bool
    path: str


@dataclass(frozen=True)
class History:
    """dbtune's revisions, the newest first, and the project they are in."""

    project: Project
    entries: tuple[HistoryEntry, ...]


def read_history(database: Path, options: ProjectOptions, *, wait_ms: int = 5000) -> History:
    """Return dbtune's revisions for a database; reads only.

    Raises what find_project raises.
    """
    project = find_project(Path(os.path.abspath(database)), options, wait_ms=wait_ms)
    scripts = read_scripts(project)
    applied = frozenset(applied_revisions(scripts, project.current))
    return History(
        project,
        tuple(
            _entry(script, applied)
            for script in scripts.walk_revisions()
            if is_own_revision(script.doc)
        ),
    )


def _entry(script: Script, applied: frozenset[str]) -> HistoryEntry:
    text = script.longdoc
    created = _CREATED.search(text)
    lines = (line.strip() for line in text.splitlines()[1:])
    return HistoryEntry(
        revision=script.revision,
        created_at=created.group(1).strip() if created else None,
        message=script.doc.removeprefix(MESSAGE_PREFIX),
        reasons=tuple(line for line in lines if line and not _TEMPLATE_LINE.match(line)),
        applied=script.revision in applied,
        path=script.path,
    )
