"""What `dbtune restore` prints: what would change, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dbtune.journeys.restore import RestorePlan
from dbtune.report.plain_text import wrap_words

_SHOWN = 10


def plan_text(database: Path, plan: RestorePlan, *, width: int) -> str:
    """Return what bringing the backup back would change, one thing a line."""
    lines = [f"backup: {plan.backup}, {plan.backup_tables} tables"]
    if plan.present_tables is None:
        lines.append(f"{database} is missing and would be written anew")
    if plan.other_application:
        lines.append(f"another application's file? {plan.other_application}")
    if plan.lost_tables:
        lines.append(f"tables that would be gone: {_some(plan.lost_tables)}")
    if plan.gained_tables and plan.present_tables is not None:
        lines.append(f"tables that would come back: {_some(plan.gained_tables)}")
    if plan.changed_tables:
        lines.append(f"rows that would change: {_some(plan.changed_tables)}")
    return _paragraphs(lines, width)


def result_text(database: Path, plan: RestorePlan, kept: Path | None, *, width: int) -> str:
    """Return what was restored, and where the state before is."""
    lines = [f"restored: {database} is as in {plan.backup}, read back and compared"]
    if kept is not None:
        lines.append(f"before:   {kept}")
    return _paragraphs(lines, width)


def _paragraphs(texts: Iterable[str], width: int) -> str:
    return "".join(f"{line}\n" for text in texts for line in wrap_words(text, width, hanging="  "))


def _some(names: Iterable[str]) -> str:
    listed = tuple(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
