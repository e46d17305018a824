"""A migration's plan on its way to stdout."""

from __future__ import annotations

from dbtune.cli.report_output import (
    print_exactly,
    print_result,
    terminal_height,
    terminal_width,
    wants_color,
)
from dbtune.errors import ExitCode
from dbtune.model.transfer import MigrationPlan


def print_plan(plan: MigrationPlan, *, ddl: bool, as_json: bool) -> int:
    """Write a plan as text, as JSON or as its DDL; return 5 where something stops it, else 0."""
    if ddl:
        from dbtune.postgres.ddl_script import whole_script

        print_exactly(whole_script(plan))
    elif as_json:
        from dbtune.report.documents.plan_to_json import plan_to_json

        print_result(plan_to_json(plan))
    else:
        from dbtune.report.terminal.plan_text import plan_to_terminal

        width, height = terminal_width(), terminal_height()
        print_result(plan_to_terminal(plan, width=width, color=wants_color(), height=height))
    return ExitCode.REFUSED if plan.stops else ExitCode.DONE
