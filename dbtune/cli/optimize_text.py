"""What `dbtune optimize` prints: the plan, and what came of it."""

from __future__ import annotations

from pathlib import Path

from dbtune.journeys.care_plan import CarePlan
from dbtune.journeys.optimize import OptimizeResult
from dbtune.report.plain_text import wrap_words
from dbtune.report.quantities import format_duration, format_size


def plan_text(database: Path, plan: CarePlan, *, tables: int, width: int) -> str:
    """Return what pays and why, what stands in the way, and the figures of what does not pay."""
    lines: list[str] = []
    for step in plan.steps:
        lines += wrap_words(f"{step.name}: {step.reason}", width, hanging="  ")
        if step.obstacle is not None:
            lines += wrap_words(f"not now: {step.obstacle}", width, "  ", "    ")
            continue
        room = f", and it needs {format_size(step.room_bytes)} free" if step.room_bytes else ""
        wait = f"writers wait about {format_duration(step.lock_seconds * 1e9)}{room}"
        lines += wrap_words(wait, width, "  ", "    ")
    if not plan.steps:
        kind = "" if tables else " (no tables)"
        lines += wrap_words(f"Nothing pays for {database}{kind}:", width)
    for figure in plan.figures:
        lines += wrap_words(figure, width, "  ", "    ")
    return "".join(f"{line}\n" for line in lines)


def result_text(database: Path, result: OptimizeResult, *, width: int) -> str:
    """Return what each step changed, and the sizes before and after."""
    lines = [
        f"{done.step.name}: done in {format_duration(done.seconds * 1e9)}, {done.changed}"
        for done in result.done
    ]
    before, after = format_size(result.size_before_bytes), format_size(result.size_after_bytes)
    lines.append(f"{database}: {before} -> {after}, read back and compared")
    if result.backup is not None:
        lines.append(f"backup: {result.backup}")
    wrapped = (wrap_words(line, width, hanging="  ") for line in lines)
    return "".join(f"{line}\n" for part in wrapped for line in part)
