"""`dbtune restore`: bring a backup back."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.console import confirm
from dbtune.cli.options import database_argument, wait_option, yes_option
from dbtune.cli.progress import show_progress
from dbtune.cli.quiet import is_quiet
from dbtune.errors import RefusedError


@click.command("restore", cls=Command, short_help="Bring DB back to a backup.")
@database_argument
@click.argument("backup_path", metavar="[BACKUP]", required=False, type=click.Path(path_type=Path))
@wait_option
@yes_option
@click.option(
    "--other-application",
    is_flag=True,
    help="Agree that the backup has another application's schema; --yes alone does not.",
)
@click.option(
    "--keep-backups",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many backups beside the database are kept, that of its present state included.",
)
def command(
    database: Path,
    backup_path: Path | None,
    wait: float,
    yes: bool,
    other_application: bool,
    keep_backups: int,
) -> None:
    """Bring DB back to BACKUP, by default to the newest backup beside it.

    The backup is checked first, the present state is kept as a backup of its own, and nobody else
    may have the database open: stop the application before.
    """
    from dbtune.cli.report_output import line_width, print_result
    from dbtune.cli.restore_text import plan_text, result_text
    from dbtune.journeys.restore import plan_restore, restore

    wait_ms = int(wait * 1000)
    plan = plan_restore(database, backup_path, wait_ms=wait_ms)
    width = line_width()
    if not (yes and is_quiet()):
        click.echo(plan_text(database, plan, width=width), err=True, nl=False)
    if plan.other_application and not other_application:
        if yes:
            raise RefusedError(
                f"{plan.backup} looks like another application's file: {plan.other_application}",
                hint="if it is meant all the same, add --other-application",
            )
        confirm(
            f"{plan.backup} looks like another application's file. Go on?",
            yes=False,
            dry_run_option=False,
        )
    confirm(f"Replace {database} by {plan.backup}?", yes=yes, dry_run_option=False)
    with show_progress() as on_event:
        kept = restore(
            database, plan, wait_ms=wait_ms, keep_backups=keep_backups, on_event=on_event
        )
    print_result(result_text(database, plan, kept, width=width))
