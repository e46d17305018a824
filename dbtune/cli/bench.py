"""`dbtune bench`: how many clients does it take, and what do indexes, WAL or PostgreSQL change?"""

from __future__ import annotations

from os.path import realpath
from pathlib import Path
from typing import Any

import click

from dbtune.cli.bench_options import bench_options, chosen_options
from dbtune.cli.command import Command
from dbtune.cli.options import database_argument
from dbtune.cli.page_output import check_page, write_page
from dbtune.cli.progress import show_progress
from dbtune.errors import ConfigurationError


@click.command("bench", cls=Command)
@database_argument
@bench_options
def command(
    database: Path,
    json: bool,
    csv: Path | None,
    output: Path | None,
    report: Path | None,
    **chosen: Any,
) -> None:
    """Replay a recording on a copy of DB with many clients.

    Tells for each configuration how many requests it answers in a second, how many fail and why,
    and how long they take, with all configurations side by side. A request is timed from the
    moment it was due, waits for a free connection included. DB itself is only read. See
    dbtune help bench-guide.
    """
    from dbtune.cli.report_output import (
        check_output,
        print_result,
        terminal_height,
        terminal_width,
        wants_color,
        write_text,
    )

    check_output(output, database)
    check_output(csv, database, option="--csv")
    if csv is not None and output is not None and realpath(csv) == realpath(output):
        raise ConfigurationError(f"--csv and --output are both {csv}", hint="give two files")
    check_page(report, database, output, csv)
    # Imported only now: it takes longer than telling that the options are wrong.
    from dbtune.journeys.bench import bench
    from dbtune.report.documents.load_to_csv import load_to_csv
    from dbtune.report.documents.load_to_json import load_to_json
    from dbtune.report.terminal.load_text import load_text

    with show_progress() as on_event:
        result = bench(database, chosen_options(chosen), on_event)
    if output is not None:
        write_text(load_to_json(result), output)
    if csv is not None:
        write_text(load_to_csv(result), csv)
    write_page(result, report, database)
    if json:
        print_result(load_to_json(result))
    else:
        width, height = terminal_width(), terminal_height()
        print_result(load_text(result, width=width, color=wants_color(), height=height))
