"""`dbtune enable-wal`: switch a database to WAL, reversibly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import complete_recordings
from dbtune.cli.console import confirm, note
from dbtune.cli.options import (
    backup_option,
    database_argument,
    dry_run_option,
    output_option,
    project_options,
    wait_option,
    yes_option,
)
from dbtune.cli.progress import show_progress
from dbtune.cli.quiet import is_quiet

if TYPE_CHECKING:
    from dbtune.journeys.enable_wal import EnableWalOptions


@click.command("enable-wal", cls=Command, short_help="Switch DB to WAL, with a backup.")
@database_argument
@click.option(
    "--app-sqlite",
    metavar="VERSION",
    help="The SQLite version that the application runs on, such as 3.45.1.",
)
@click.option(
    "--queries",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_recordings,
    help="A recording, whose header names that version; several are fine.",
)
@click.option(
    "--page-size",
    type=int,
    metavar="BYTES",
    help="Rebuild the file with pages of this size too (a rollback keeps them).",
)
@click.option(
    "--allow-blocking",
    is_flag=True,
    help="Back up in one step where steps do not get ahead; writers wait meanwhile.",
)
@project_options
@wait_option
@dry_run_option
@yes_option
@backup_option
@output_option
def command(
    database: Path,
    app_sqlite: str | None,
    queries: tuple[str, ...],
    page_size: int | None,
    allow_blocking: bool,
    alembic_ini: Path | None,
    head: str | None,
    migrations: Path | None,
    wait: float,
    dry_run: bool,
    yes: bool,
    no_backup: bool,
    keep_backups: int,
    output: Path | None,
) -> None:
    """Switch DB to WAL, with a backup, as an Alembic revision that can be undone.

    Looks first whether WAL is safe where DB lies and who has it open, and asks. Ends with the
    lines that set up the application's connections, without which WAL alone makes writes fail.
    """
    from dbtune.changes.project import ProjectOptions
    from dbtune.journeys.enable_wal import EnableWalOptions

    options = EnableWalOptions(
        project=ProjectOptions(alembic_ini, head, migrations),
        page_size_bytes=page_size,
        application_sqlite_version=app_sqlite,
        queries=queries,
        dry_run=dry_run,
        backup=not no_backup,
        keep_backups=keep_backups,
        wait_ms=int(wait * 1000),
        allow_blocking=allow_blocking,
    )
    _switch(database, options, output, yes=yes)


def _switch(database: Path, options: EnableWalOptions, output: Path | None, *, yes: bool) -> None:
    """Show the plan, ask, switch, and tell what was done."""
    from dbtune.cli.report_output import (
        check_output,
        print_result,
        prose_width,
        wants_color,
        write_report,
    )
    from dbtune.cli.wal_text import plan_text, result_text
    from dbtune.journeys.enable_wal import enable_wal, plan_wal

    # Without a terminal the question at the end would fail: better before the work than after it.
    confirm("", yes=yes or options.dry_run or sys.stdin.isatty())
    check_output(output, database)
    width = prose_width()
    with show_progress() as on_event:
        plan = plan_wal(database, options, on_event)
    if plan.draft is not None:
        text = plan_text(plan, color=wants_color(), width=width)
        if options.dry_run:
            write_report(plan.report, output, database)
            print_result(f"{text}\nNothing was changed (--dry-run).\n")
            return
        if not (yes and is_quiet()):
            note(text)
        confirm(f"Switch {database} to WAL?", yes=yes)
    with show_progress() as on_event:
        report = enable_wal(plan, options, on_event)
    write_report(report, output, database)
    print_result(result_text(report, plan, database, color=wants_color(), width=width))
