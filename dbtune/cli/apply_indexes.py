"""`dbtune apply-indexes`: put the indexes that pay into a database, reversibly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbtune.cli.apply_options import apply_options, chosen_options
from dbtune.cli.command import Command
from dbtune.cli.console import confirm, note
from dbtune.cli.options import database_argument
from dbtune.cli.page_output import check_page, write_page
from dbtune.cli.progress import show_progress
from dbtune.cli.quiet import is_quiet

if TYPE_CHECKING:
    from dbtune.journeys.apply import ApplyOptions, Proposal
    from dbtune.model.advice import Report
    from dbtune.model.event import OnEvent


@click.command(
    "apply-indexes", cls=Command, short_help="Create the indexes that pay, with a backup."
)
@database_argument
@apply_options
def command(
    database: Path,
    report_path: Path | None,
    output: Path | None,
    report: Path | None,
    yes: bool,
    **chosen: Any,
) -> None:
    """Create the indexes that pay, with a backup, as an Alembic revision that can be undone.

    Analyses DB first, or takes --from a report of it. Shows the DDL, what it gains and how long
    writers wait, and asks; then proves by reading back which queries use the indexes.
    """
    from dbtune.cli.report_output import check_output, print_result, write_report
    from dbtune.journeys.apply import apply_proposal, propose_indexes

    options = chosen_options(**chosen)
    # Without a terminal the question at the end would fail: better before the work than after it.
    confirm("", yes=yes or options.dry_run or sys.stdin.isatty())
    check_output(output, database)
    check_page(report, database, output, report_path)
    with show_progress() as on_event:
        advice = _advice(database, report_path, options, on_event)
        proposal = propose_indexes(database, options, advice, on_event)
    text = _proposed(proposal)
    if proposal.draft is None or options.dry_run:
        write_report(proposal.report, output, database)
        write_page(proposal.report, report, database, output)
        print_result(text)
        return
    if not (yes and is_quiet()):
        note(text)
    confirm(f"Apply this to {database}?", yes=yes)
    with show_progress() as on_event:
        result = apply_proposal(proposal, options, on_event)
    try:
        write_report(result, output, database)
        write_page(result, report, database, output)
    finally:
        # The database has changed: that is told also where the disk is full.
        print_result(_applied(result, proposal, database))


def _advice(
    database: Path, report_path: Path | None, options: ApplyOptions, on_event: OnEvent
) -> Report:
    if report_path is not None:
        from dbtune.report.documents.run_file import read_report_file

        return read_report_file(report_path)
    from dbtune.journeys.analyze import AnalyzeOptions, analyze

    inputs = AnalyzeOptions(
        queries=options.queries,
        recorded_as=options.recorded_as,
        scratch=options.scratch,
        scratch_mb=options.scratch_mb,
        allow_blocking=options.allow_blocking,
    )
    return analyze(database, inputs, on_event)


def _proposed(proposal: Proposal) -> str:
    from dbtune.cli.change_text import nothing_text, proposal_text
    from dbtune.cli.report_output import line_width, wants_color

    if proposal.draft is None:
        return nothing_text(proposal.report, width=line_width())
    return proposal_text(proposal, width=line_width(), color=wants_color())


def _applied(result: Report, proposal: Proposal, database: Path) -> str:
    from dbtune.cli.change_text import applied_text
    from dbtune.cli.report_forms import Screen
    from dbtune.cli.report_output import terminal_height, terminal_width, wants_color

    screen = Screen(terminal_width(), wants_color(), terminal_height())
    return applied_text(result, proposal, database, screen)
