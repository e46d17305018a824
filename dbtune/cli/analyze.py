"""`dbtune analyze`: find out why a database is slow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbtune.cli.analyze_options import (
    chosen_form,
    form_options,
    input_options,
    scratch_options,
    search_options,
)
from dbtune.cli.command import Command
from dbtune.cli.explain_output import check_explain, print_explanation
from dbtune.cli.options import database_argument
from dbtune.cli.page_output import check_page, write_page
from dbtune.cli.progress import show_progress
from dbtune.cli.report_output import check_output, print_report, write_report
from dbtune.config import read_ignored
from dbtune.errors import ExitCode

if TYPE_CHECKING:
    from dbtune.model.advice import Severity

# What an option is called in AnalyzeOptions, where that name says more than the option's own.
_FIELDS = {
    "time_limit": "time_limit_seconds",
    "min_gain": "min_gain_ratio",
    "max_write_slowdown": "max_write_slowdown_ratio",
    "app_sqlite": "application_sqlite_version",
}
_FAILING: dict[str | None, tuple[Severity, ...]] = {
    "high": ("high",),
    "medium": ("high", "medium"),
    "low": ("high", "medium", "low"),
}


@click.command("analyze", cls=Command)
@database_argument
@input_options
@search_options
@scratch_options
@form_options
def command(
    database: Path,
    output: Path | None,
    report: Path | None,
    fail_on: str | None,
    drops: bool,
    explain: str | None,
    **chosen: Any,
) -> int:
    """Find out why DB is slow and what would help.

    Looks for missing and needless indexes, queries that no index can help, and the health of
    the file, and gives the command that mends each. Reads only; queries run on a throw-away
    copy. Without --queries, a recording of what your application sends
    (dbtune help recording-format), only schema and health are checked.
    """
    form = chosen_form(
        drops=drops, **{name: chosen.pop(name) for name in ("format", "sql", "json")}
    )
    fields = {**_fields(chosen), "ignored": read_ignored()}
    check_explain(explain, form, recorded=bool(fields["queries"]))
    check_output(output, database)
    check_page(report, database, output)
    # Imported only now: it takes longer than telling that the options are wrong.
    from dbtune.journeys.analyze import AnalyzeOptions, analyze

    with show_progress() as on_event:
        result = analyze(database, AnalyzeOptions(**fields), on_event)
    write_report(result, output, database)
    write_page(result, report, database, output)
    if explain is None:
        print_report(result, form, drops=drops)
    else:
        print_explanation(result, explain, form)
    found = any(finding.severity in _FAILING.get(fail_on, ()) for finding in result.findings)
    return ExitCode.FOUND if found else ExitCode.DONE


def _fields(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of AnalyzeOptions; what was not given keeps its default."""
    more, budget_mb = chosen.pop("more_queries"), chosen.pop("budget_mb")
    if more and not chosen["queries"]:
        raise click.UsageError(f"Got unexpected extra argument ({' '.join(more)}).")
    given = {_FIELDS.get(name, name): value for name, value in chosen.items() if value is not None}
    given["queries"] = (*chosen["queries"], *more)
    return given if budget_mb is None else {**given, "budget_bytes": round(budget_mb * 1e6)}
