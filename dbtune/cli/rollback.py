"""`dbtune rollback`: undo what dbtune did to a database."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.console import confirm, note
from dbtune.cli.options import (
    backup_option,
    database_argument,
    output_option,
    project_options,
    wait_option,
    yes_option,
)
from dbtune.cli.progress import show_progress
from dbtune.cli.quiet import is_quiet


@click.command("rollback", cls=Command, short_help="Undo dbtune's last revision.")
@database_argument
@click.option(
    "--to",
    metavar="REV",
    help="Undo all that came after this revision (base: everything) [default: the last one].",
)
@project_options
@wait_option
@yes_option
@backup_option
@output_option
def command(
    database: Path,
    to: str | None,
    alembic_ini: Path | None,
    head: str | None,
    migrations: Path | None,
    wait: float,
    yes: bool,
    no_backup: bool,
    keep_backups: int,
    output: Path | None,
) -> None:
    """Undo dbtune's last revision, or all after --to, with a backup of the state before.

    Shows the statements first and asks. dbtune history lists the revisions.
    """
    from dbtune.changes.project import ProjectOptions
    from dbtune.cli.change_text import rollback_plan_text, rollback_text
    from dbtune.cli.report_output import check_output, line_width, print_result, write_report
    from dbtune.journeys.rollback import RollbackOptions, plan_rollback, rollback

    project = ProjectOptions(alembic_ini, head, migrations)
    options = RollbackOptions(to, project, not no_backup, keep_backups, int(wait * 1000))
    check_output(output, database)
    plan = plan_rollback(database, options)
    if plan.undos:
        if not (yes and is_quiet()):
            note(rollback_plan_text(plan, width=line_width()))
        confirm(f"Undo this on {database}?", yes=yes, dry_run_option=False)
    with show_progress() as on_event:
        report = rollback(plan, options, on_event)
    write_report(report, output, database)
    print_result(rollback_text(report, width=line_width()))
