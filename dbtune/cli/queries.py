"""`dbtune queries`: which queries a recording holds, and where the time goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import complete_recordings
from dbtune.cli.page_output import check_page, page_option, write_page
from dbtune.cli.progress import show_progress
from dbtune.cli.queries_output import check_place, print_digest
from dbtune.cli.report_forms import SHAPES_SHOWN
from dbtune.cli.time_values import Duration, Moment

# More would leave no room for the query on a terminal of 80 columns.
_MOST_TTLS = 4
_ORDERS = ["total", "calls", "mean", "p95", "p99", "max", "rows", "wait"]


@click.command(
    "queries", cls=Command, short_help="Tell what an application sends and where time goes."
)
@click.argument(
    "queries", metavar="FILE...", nargs=-1, required=True, shell_complete=complete_recordings
)
@click.option(
    "--by",
    type=click.Choice(_ORDERS),
    default="total",
    show_default=True,
    help="What the shapes with the most come first by; rows and wait: in all.",
)
@click.option(
    "--route", metavar="PATTERN", help="Only what these routes sent, such as 'GET /chefs*'."
)
@click.option(
    "--database",
    metavar="PATTERN",
    help="Only what was sent to these files, by their path, such as '*/jobs.db'.",
)
@click.option(
    "--since",
    type=Moment(),
    metavar="WHEN",
    help="Only from then on: ISO 8601 (UTC without an offset), or 15m for the last 15 minutes.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How many shapes [default: {SHAPES_SHOWN}, and all in JSON].",
)
@click.option(
    "--cache-ttl",
    "cache_ttls",
    type=Duration(),
    multiple=True,
    metavar="TIME",
    help="Try a cache whose entries live so long, up to 4 times [default: 1s, 10s, 60s, 10m].",
)
@click.option("--strict", is_flag=True, help="Stop at a broken line of a recording.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole digest as JSON.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the digest as JSON to this file.",
)
@page_option
def command(as_json: bool, output: Path | None, report: Path | None, **chosen: Any) -> None:
    """Tell which queries a recording holds, how often they come, and where the time goes.

    Query shapes by their total time, with their distribution, routes and call sites, and what a
    cache would have answered. FILE is a recording (JSONL or .sql), a folder of them, or - for
    stdin; no database is needed. Statements are printed without their values.
    """
    if len(chosen["cache_ttls"]) > _MOST_TTLS:
        raise click.UsageError(f"--cache-ttl can be given {_MOST_TTLS} times.")
    check_place(output, chosen["queries"])
    check_page(report, None, output, *map(Path, chosen["queries"]))
    from dbtune.journeys.queries import DEFAULT_TTLS_SECONDS, QueriesOptions, digest_queries

    chosen["cache_ttls"] = tuple(sorted(set(chosen["cache_ttls"]))) or DEFAULT_TTLS_SECONDS
    with show_progress() as on_event:
        digest = digest_queries(QueriesOptions(**chosen), on_event)
    write_page(digest, report, None)
    shown = None if as_json or chosen["limit"] is not None else SHAPES_SHOWN
    print_digest(digest, output, as_json=as_json, limit=shown)
