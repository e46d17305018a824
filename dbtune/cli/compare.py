"""`dbtune compare`: did anything get worse, in two reports or two databases?"""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command, section
from dbtune.cli.compare_input import METRIC_LIST, PERCENT, chosen_metrics, read_reports
from dbtune.cli.complete_files import complete_reports
from dbtune.cli.options import NumberRange, queries_option, recorded_as_option
from dbtune.cli.page_output import check_page, page_option, write_page
from dbtune.cli.progress import show_progress
from dbtune.errors import ExitCode


@click.command(
    "compare", cls=Command, short_help="Tell whether anything got worse from BASE to HEAD."
)
@click.argument(
    "base", metavar="BASE", shell_complete=complete_reports, type=click.Path(path_type=Path)
)
@click.argument(
    "head", metavar="HEAD", shell_complete=complete_reports, type=click.Path(path_type=Path)
)
@click.option(
    "--max-regress",
    type=PERCENT,
    metavar="PERCENT",
    default="10%",
    show_default=True,
    help="How much worse head may be.",
)
@click.option(
    "--metric",
    type=METRIC_LIST,
    metavar="LIST",
    help="What is compared, with commas: queries, scans, plans, steps, fetches; with --run also "
    "time  [default: all].",
)
@section(
    "Two databases instead of two reports",
    click.option(
        "--run", is_flag=True, help="BASE and HEAD are databases: run --queries on copies."
    ),
    queries_option,
    recorded_as_option,
    click.option(
        "--time-limit",
        type=NumberRange(min=0, min_open=True),
        metavar="SECONDS",
        default=90.0,
        show_default=True,
        help="Most time for measuring.",
    ),
    click.option(
        "--scratch",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder for the copies [default: the temporary folder].",
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the comparison as JSON to this file.",
)
@page_option
def command(
    base: Path,
    head: Path,
    max_regress: float,
    metric: tuple[str, ...] | None,
    run: bool,
    queries: tuple[str, ...],
    recorded_as: str | None,
    time_limit: float,
    scratch: Path | None,
    as_json: bool,
    output: Path | None,
    report: Path | None,
) -> int:
    """Tell whether anything got worse from BASE to HEAD, and end with 1 if so.

    BASE and HEAD are reports that `dbtune analyze --output` wrote of the same requests. What is
    counted is the same on every run: queries a request of each route, tables newly read from end
    to end, plans, steps of SQLite's virtual machine and page fetches. With --run they are two
    databases, and --queries runs on copies of both by turns, which makes time comparable too.
    """
    metrics = chosen_metrics(metric, run=run, queries=queries)
    from dbtune.benchmark.regressions import GateLimits
    from dbtune.cli.compare_output import check_place, print_comparison, write_comparison
    from dbtune.journeys.compare import RunOptions, compare_databases, compare_reports

    check_place(output, base, head, run=run)
    for side in (base, head):
        check_page(report, side if run else None, output, side)
    limits = GateLimits(metrics, max_regress)
    if run:
        options = RunOptions(queries, time_limit, scratch, recorded_as)
        with show_progress() as on_event:
            comparison = compare_databases(base, head, options, limits, on_event)
    else:
        reports = read_reports(base, head)
        comparison = compare_reports(*reports, (str(base), str(head)), limits)
    write_comparison(comparison, output)
    write_page(comparison, report, None)
    print_comparison(comparison, as_json=as_json)
    return ExitCode.FOUND if comparison.regressed else ExitCode.DONE
