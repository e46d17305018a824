"""What is said about switching a database to WAL: beforehand, and afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from dbtune.changes.project import Project
from dbtune.cli.hook_text import hook_text
from dbtune.journeys.enable_wal import WalPlan
from dbtune.model.advice import Report
from dbtune.report.plain_text import printable, wrap_words
from dbtune.report.quantities import format_duration, format_size
from dbtune.report.terminal.colors import Colors


def plan_text(plan: WalPlan, *, color: bool, width: int) -> str:
    """Return what would be done, and what was looked at before."""
    colors = Colors(color)
    lines = [colors.bold(f"{printable(str(plan.database))}: {_step(plan)}"), ""]
    lines += _bullets("ok", plan.preflight.passed, width)
    lines += _bullets("note", plan.preflight.warnings, width)
    lines += _bullets("not checked", plan.preflight.not_checked, width)
    where = plan.project.ini or plan.project.versions
    lines += wrap_words(f"Revision: Alembic, in {where}", width, "  ", "    ")
    if plan.page_size_bytes is not None:
        size = f"Page size: {format_size(plan.report.source.size_bytes)} are written anew"
        lines += wrap_words(f"{size}, and a rollback will not undo that", width, "  ", "    ")
    return "\n".join(lines) + "\n"


def result_text(report: Report, plan: WalPlan, database: Path, *, color: bool, width: int) -> str:
    """Return the verdict, what was done, how to undo it, and the hook to install."""
    colors = Colors(color)
    name = printable(database.name)
    head = f"{name} is in WAL mode already; nothing was changed."
    if report.changes:
        head = f"{name}: switched {_step(plan)}."
    lines = [colors.good(head), *_done(report, plan.project, database, width)]
    lines += _bullets("note", report.notes[1:] if not report.changes else report.notes, width)
    lines += _bullets("not checked", report.not_checked, width)
    return "\n".join([*lines, "", hook_text(database)])


def _step(plan: WalPlan) -> str:
    before, page_size_bytes = plan.state, plan.page_size_bytes
    if before.journal_mode == "wal":
        return f"from pages of {before.page_size_bytes} bytes to {page_size_bytes}, in WAL mode"
    pages = "" if page_size_bytes is None else f", with pages of {page_size_bytes} bytes"
    return f"from journal mode {before.journal_mode} to WAL{pages}"


def _done(report: Report, project: Project, database: Path, width: int) -> Iterator[str]:
    for change in report.changes or ():
        held = ""
        if change.lock_seconds is not None:
            held = f", write lock {format_duration(change.lock_seconds * 1e9)}"
        yield from wrap_words(f"revision {change.revision}{held}", width, "  ", "    ")
    if report.backup is not None:
        yield from wrap_words(f"backup: {report.backup}", width, "  ", "    ")
    if report.changes:
        command = ["dbtune", "rollback", str(database), *_project_options(project)]
        yield f"  undo it with: {printable(shlex.join(command))}"


def _project_options(project: Project) -> list[str]:
    if project.ini is not None:
        return ["--alembic-ini", str(project.ini)]
    return ["--migrations", str(project.versions)] if project.shared else []


def _bullets(label: str, items: Iterable[str], width: int) -> list[str]:
    hanging = " " * (len(label) + 4)
    return [line for item in items for line in wrap_words(f"{label}: {item}", width, "  ", hanging)]
