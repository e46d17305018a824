"""`dbtune optimize`: ANALYZE, VACUUM and a checkpoint where they pay."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.console import confirm
from dbtune.cli.options import (
    backup_option,
    database_argument,
    dry_run_option,
    wait_option,
    yes_option,
)
from dbtune.cli.progress import show_progress
from dbtune.errors import RefusedError


@click.command("optimize", cls=Command)
@database_argument
@wait_option
@yes_option
@dry_run_option
@backup_option
def command(
    database: Path, wait: float, yes: bool, dry_run: bool, no_backup: bool, keep_backups: int
) -> None:
    """Run ANALYZE, VACUUM and a checkpoint where they pay.

    Shows first what pays and why, what it needs, and for how long writers wait. VACUUM comes with
    a verified backup, and is left out while others have the file open.
    """
    from dbtune.cli.optimize_text import plan_text, result_text
    from dbtune.cli.report_output import line_width, print_result
    from dbtune.journeys.optimize import optimize, plan_optimize, read_state

    wait_ms, width = int(wait * 1000), line_width()
    with show_progress() as on_event:
        state = read_state(database, wait_ms=wait_ms)
    plan = plan_optimize(database, state, with_backup=not no_backup)
    print_result(plan_text(database, plan, tables=len(state.schema.tables), width=width))
    if dry_run or not plan.steps:
        return
    if not plan.possible:
        raise RefusedError(f"nothing can be done now: {plan.steps[0].obstacle}")
    names = " and ".join(step.name for step in plan.possible)
    confirm(f"Run {names} on {database}?", yes=yes)
    keep = None if no_backup else keep_backups
    with show_progress() as on_event:
        result = optimize(
            database, plan.possible, keep_backups=keep, wait_ms=wait_ms, on_event=on_event
        )
    print_result(result_text(database, result, width=width))
