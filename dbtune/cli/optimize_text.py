"""What `dbtune optimize` prints: the plan, and what came of it."""

from __future__ import annotations

from pathlib import Path

from dbtune.journeys.care_plan import CarePlan
from dbtune.journeys.optimize import OptimizeResult
from dbtune.report.plain_text import printable
from dbtune.report.quantities import format_duration, format_size


def plan_text(database: Path, plan: CarePlan, *, tables: int) -> str:
    """Return what pays and why, what stands in the way, and the figures of what does not pay."""
    lines = []
    for step in plan.steps:
        lines.append(f"{step.name}: {step.reason}")
        if step.obstacle is not None:
            lines.append(f"  not now: {step.obstacle}")
            continue
        room = f", and it needs {format_size(step.room_bytes)} free" if step.room_bytes else ""
        lines.append(f"  writers wait about {format_duration(step.lock_seconds * 1e9)}{room}")
    if not plan.steps:
        kind = "" if tables else " (no tables)"
        lines.append(f"Nothing pays for {database}{kind}:")
    lines += [f"  {figure}" for figure in plan.figures]
    return "".join(f"{printable(line)}\n" for line in lines)


def result_text(database: Path, result: OptimizeResult) -> str:
    """Return what each step changed, and the sizes before and after."""
    lines = [
        f"{done.step.name}: done in {format_duration(done.seconds * 1e9)}, {done.changed}"
        for done in result.done
    ]
    before, after = format_size(result.size_before_bytes), format_size(result.size_after_bytes)
    lines.append(f"{database}: {before} -> {after}, read back and compared")
    if result.backup is not None:
        lines.append(f"backup: {result.backup}")
    return "".join(f"{printable(line)}\n" for line in lines)
