"""Changes -> a real Alembic revision file, which runs with plain alembic alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from dbtune.changes.journal_mode import downgrade_from_wal_body, upgrade_to_wal_body
from dbtune.changes.operations import downgrade_body, printable, upgrade_body
from dbtune.changes.project import Project, find_script, read_scripts, surroundings
from dbtune.errors import RefusedError
from dbtune.model.advice import Change

# How dbtune knows its own revisions in a project with others: rollback undoes no other.
MESSAGE_PREFIX = "dbtune: "


@dataclass(frozen=True)
class Draft:
    """A revision before it is a file; the bodies are Python, ready for the template.

    `creates` and `drops` name the indexes that have to be there, or gone, once it has run.

    `revision` is derived from what it builds on and what it does, so that a run that was killed
    finds its own file again, and the same change gets the same id on every copy of a database.
    """

    revision: str
    base: str | None
    message: str
    reasons: tuple[str, ...]
    upgrades: str
    downgrades: str
    creates: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()


def draft_index_revision(
    project: Project,
    changes: Sequence[Change],
    *,
    tables: Mapping[str, str] | None = None,
    analyze: Sequence[str] = (),
) -> Draft:
    """Return the revision of some changes; `tables` and `analyze` as in `upgrade_body`."""
    up = [sql for change in changes for sql in change.up]
    down = [sql for change in changes for sql in change.down]
    return Draft(
        revision=_revision_id(project.base, (*up, "analyze", *analyze, "down", *down)),
        base=project.base,
        message=MESSAGE_PREFIX + _summary(changes),
        reasons=tuple(_reason_line(change) for change in changes),
        upgrades=upgrade_body(changes, tables or {}, analyze),
        downgrades=downgrade_body(changes, tables or {}),
        creates=tuple(c.index_name for c in changes if c.index_name and c.index is not None),
        drops=tuple(c.index_name for c in changes if c.index_name and c.index is None),
    )


def draft_wal_revision(
    project: Project, *, reason: str, page_size_bytes: int | None = None
) -> Draft:
    """Return the revision that turns WAL on, proves it, and back to a rollback journal.

    With `page_size_bytes` the file is rebuilt with pages of that size first; the downgrade
    leaves WAL and keeps the page size.
    """
    size = [] if page_size_bytes is None else [f"page_size={page_size_bytes}"]
    pages = "" if page_size_bytes is None else f" and pages of {page_size_bytes} bytes"
    return Draft(
        revision=_revision_id(project.base, ("journal_mode=wal", *size)),
        base=project.base,
        message=f"{MESSAGE_PREFIX}enable WAL{pages}",
        reasons=(printable(reason),),
        upgrades=upgrade_to_wal_body(page_size_bytes),
        downgrades=downgrade_from_wal_body(),
    )


def stage_revision(
    project: Project, draft: Draft, folder: Path, *, created_at: datetime | None = None
) -> Path:
    """Write the revision file into an empty folder of its own, from the project's template.

    Nothing of the project is changed: `install_revision` moves the file there in one step, so
    that a killed process never leaves half a file, which would break the whole project. A
    revision that waits in the project to be applied is copied from there as it is.
    """
    scripts = read_scripts(project)
    waiting = find_script(scripts, draft.revision)
    folder.mkdir(parents=True, exist_ok=True)
    if waiting is not None:
        return Path(shutil.copy(waiting.path, folder))
    scripts = _with_folder(scripts, folder)
    moment = created_at or datetime.now(timezone.utc)
    with surroundings(project.ini):
        try:
            script = scripts.generate_revision(
                draft.revision,
                draft.message,
                head=draft.base or "base",
                splice=True,
                version_path=folder,
                upgrades=draft.upgrades,
                downgrades=draft.downgrades,
                imports=_imports(scripts, draft, own=project.ini is None),
                reasons=draft.reasons,
                created_at=moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
                written_by_dbtune=True,
            )
        except (CommandError, OSError, SyntaxError) as error:
            raise RefusedError(
                f"the template {scripts.dir}/script.py.mako made no revision: {error}",
                hint="compare it with the one that alembic init writes",
            ) from error
    assert script is not None
    return Path(script.path)


def install_revision(project: Project, staged: Path) -> Path:
    """Copy a staged revision file into the project, where it appears whole or not at all."""
    target = project.versions / staged.name
    partial = target.with_name(target.name + ".partial")
    try:
        project.versions.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(staged.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RefusedError(
            f"cannot write {target}: {error.strerror}",
            hint="make the folder writable, or keep the revisions elsewhere with --migrations",
        ) from error
    return target


def is_own_revision(message: str) -> bool:
    """Return whether dbtune wrote the revision with that message."""
    return message.startswith(MESSAGE_PREFIX)


def _with_folder(scripts: ScriptDirectory, folder: Path) -> ScriptDirectory:
    """Return the project's revisions and settings with one more folder to write to."""
    folders = sorted({str(Path(script.path).parent) for script in scripts.walk_revisions()})
    return ScriptDirectory(
        scripts.dir,
        file_template=scripts.file_template,
        truncate_slug_length=scripts.truncate_slug_length,
        version_locations=[*folders, str(folder)],
        output_encoding=scripts.output_encoding,
        timezone=scripts.timezone,
        hooks=scripts.hooks,
        messaging_opts={"quiet": True},
    )


def _imports(scripts: ScriptDirectory, draft: Draft, *, own: bool) -> str:
    line = "import sqlalchemy as sa"
    if "sa." not in draft.upgrades:
        return ""
    template = Path(scripts.dir, "script.py.mako").read_text(encoding="utf-8")
    return line if own or line not in template else ""


def _revision_id(base: str | None, contents: Sequence[str]) -> str:
    text = json.dumps([base, *contents])
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _summary(changes: Sequence[Change]) -> str:
    created = [change for change in changes if change.index is not None]
    dropped = len(changes) - len(created)
    if len(changes) == 1 and changes[0].index_name:
        verb = "add" if created else "drop"
        return printable(f"{verb} index {changes[0].index_name}").replace('"', "'")
    parts = [f"add {_count(len(created))}"] if created else []
    if dropped:
        parts.append(f"drop {dropped}" if created else f"drop {_count(dropped)}")
    return ", ".join(parts)


def _count(number: int) -> str:
    return f"{number} index{'es' if number != 1 else ''}"


def _reason_line(change: Change) -> str:
    name = f"{change.index_name}: " if change.index_name else ""
    return printable(name + change.reason).replace('"', "'")
