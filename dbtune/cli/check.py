"""`dbtune check`: has a database drifted from what a report recommends?"""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import complete_reports
from dbtune.cli.console import fitted, note
from dbtune.cli.options import database_argument, wait_option
from dbtune.errors import ExitCode


@click.command("check", cls=Command, short_help="Tell whether what a report wants is in place.")
@database_argument
@click.option(
    "--from",
    "report_path",
    metavar="REPORT",
    shell_complete=complete_reports,
    required=True,
    type=click.Path(path_type=Path),
    help="Report to compare with, as --output of analyze, apply-indexes or enable-wal wrote it.",
)
@wait_option
def command(database: Path, report_path: Path, wait: float) -> int:
    """Tell whether a report's indexes, journal mode and pragmas are in place.

    Reads only. For start-up and deployment: ends with 0 if all is there, with 1 on drift,
    naming for each the command that mends it, and with 5 if the report is of another database.
    """
    from dbtune.cli.check_text import check_text
    from dbtune.cli.report_output import (
        line_width,
        print_result,
        terminal_height,
        wants_color,
    )
    from dbtune.journeys.check import check
    from dbtune.report.documents.run_file import read_report_file

    report = read_report_file(report_path)
    result = check(database, report, str(report_path), wait_ms=int(wait * 1000))
    width, height = line_width(), terminal_height()
    print_result(check_text(database, result, width=width, height=height, color=wants_color()))
    for text in result.notes:
        note(fitted(f"Note: {text}."))
    return ExitCode.FOUND if result.drifts else ExitCode.DONE
