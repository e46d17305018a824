"""`dbtune report`: results of other commands, drawn for people and for programs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import complete_reports
from dbtune.cli.report_forms import FORMS, Screen, chosen_form, draw_runs
from dbtune.cli.report_input import check_inputs_kept, read_runs


@click.command("report", cls=Command, short_help="Draw results as HTML, Markdown, SARIF and more.")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_reports)
@click.option(
    "--format",
    type=click.Choice(FORMS),
    help="The form  [default: by the end of --output, else terminal].",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to this file instead of stdout: .html, .md, .txt, .json, .sarif or .xml.",
)
def command(runs: tuple[str, ...], format: str | None, output: Path | None) -> None:
    """Draw results of other commands: for a browser, a pull request, a CI system.

    RUN is what analyze, apply-indexes, enable-wal, rollback, migrate-to-postgres, queries, bench
    or compare wrote with --output or --json, or - for stdin. Several become one page. Ends with 0
    whatever the results say: analyze --fail-on and compare are the gates of a build. See
    dbtune help report-guide.
    """
    form = chosen_form(format, output)
    from dbtune.cli.report_output import (
        check_output,
        print_exactly,
        print_result,
        terminal_height,
        terminal_width,
        wants_color,
        write_text,
    )

    if form == "html" and output is None and sys.stdout.isatty():
        raise click.UsageError("HTML is for a browser: give -o report.html.")
    check_inputs_kept(output, runs)
    check_output(output, None)
    if output is None:
        screen = Screen(terminal_width(), wants_color(), terminal_height())
        shown = print_exactly if form == "github" else print_result
        shown(draw_runs(read_runs(runs), form, screen))
    else:
        write_text(draw_runs(read_runs(runs), form, Screen(terminal_width(), False)), output)
