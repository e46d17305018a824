"""`dbtune migrate-to-postgres`: plan, load, verify."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from dbtune.cli.command import Command
from dbtune.cli.migrate_options import run_options, value_options, what_options
from dbtune.cli.options import database_argument, output_option, wait_option
from dbtune.cli.page_output import check_page, page_option, write_page
from dbtune.cli.progress import show_progress
from dbtune.cli.report_output import check_output, print_report, write_report


@click.command(
    "migrate-to-postgres", cls=Command, short_help="Move DB to PostgreSQL with nothing lost."
)
@database_argument
@click.argument("url", required=False)
@run_options
@what_options
@value_options
@wait_option
@output_option
@page_option
def command(
    database: Path,
    url: str | None,
    plan_only: bool,
    ddl: bool,
    as_json: bool,
    output: Path | None,
    report: Path | None,
    **chosen: Any,
) -> int:
    """Move DB to PostgreSQL with nothing lost, and say so only when it is verified.

    URL is postgresql://user@host/database, or DATABASE_URL; without both, an embedded
    PostgreSQL in ./<DB's name>.pgdata is made (pip install 'dbtune[embedded]'). Types are
    chosen from what the data holds; what PostgreSQL cannot hold stops it before anything is
    written. Tables appear in the target all at once, after they were compared with DB.
    """
    if ddl and not plan_only:
        raise click.UsageError("--ddl needs --plan.")
    check_output(output, database)
    check_page(report, database, output)
    from dbtune.cli.migrate_input import chosen_options
    from dbtune.cli.migrate_output import print_plan
    from dbtune.journeys import migrate
    from dbtune.journeys.migration_report import planned_report

    options = chosen_options(url, os.environ, chosen)
    if plan_only:
        with show_progress() as on_event:
            plan = migrate.plan(database, options, on_event)
        planned = planned_report(database, plan)
        write_report(planned, output, database)
        write_page(planned, report, database)
        return print_plan(plan, ddl=ddl, as_json=as_json)
    run = migrate.verify if options.verify_only else migrate.migrate
    with show_progress() as on_event:
        result = run(database, options, on_event)
    try:
        write_report(result.report, output, database)
        write_page(result.report, report, database)
    finally:
        # The target has changed: that is told also where the disk is full.
        print_report(result.report, "json" if as_json else "terminal")
    return result.exit_code
