"""`dbtune monitor`: a running database watched from outside, without a lock."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import complete_recordings
from dbtune.cli.options import NumberRange, database_argument
from dbtune.errors import ExitCode
from dbtune.model.metrics import METRICS

_EPILOG = (
    "Metrics: " + ", ".join(metric.name for metric in METRICS) + ". See dbtune help monitor-guide."
)


@click.command("monitor", cls=Command, short_help="Watch a running database.", epilog=_EPILOG)
@database_argument
@click.option("--once", is_flag=True, help="Print one sample and end: 1 if a threshold is passed.")
@click.option(
    "--interval",
    metavar="S",
    type=NumberRange(min=0.05, max=86_400),
    default=5.0,
    show_default=True,
    help="Seconds between samples.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(allow_dash=True, path_type=Path),
    help="Append each sample to this file as a line of JSON (- for stdout).",
)
@click.option("--prometheus", metavar="ADDR", help="Serve /metrics at [HOST:]PORT.")
@click.option(
    "--threshold",
    metavar="LIMIT",
    multiple=True,
    help='Alert on "name>value [for 60s] [clear value]"; < works too. May be repeated.',
)
@click.option("--exec", metavar="CMD", help="Run this for each alert, no shell.")
@click.option("--webhook", metavar="URL", help="POST each alert to this address as JSON.")
@click.option(
    "--recording",
    metavar="FILE",
    shell_complete=complete_recordings,
    type=click.Path(path_type=Path),
    help="Take statements from this recording while it is written.",
)
@click.option("--live", is_flag=True, help="Redraw one table instead of printing lines.")
def command(
    database: Path,
    once: bool,
    interval: float,
    output: Path | None,
    prometheus: str | None,
    threshold: tuple[str, ...],
    exec: str | None,
    webhook: str | None,
    recording: Path | None,
    live: bool,
) -> int:
    """Watch a running database, and tell when a threshold is passed.

    Takes no lock and opens nothing through SQLite, so no writer ever waits for it. Runs until
    Ctrl-C or kill -TERM, which end it with 0.
    """
    from dbtune.cli.monitor_output import Outputs, run_monitor
    from dbtune.journeys.monitor import MonitorOptions
    from dbtune.monitor.notifier import parse_receivers
    from dbtune.monitor.thresholds import parse_threshold

    options = MonitorOptions(
        interval_seconds=interval,
        once=once,
        thresholds=tuple(map(parse_threshold, threshold)),
        recording=recording,
    )
    outputs = Outputs(output, prometheus, live, parse_receivers(exec, webhook))
    passed = run_monitor(database, options, outputs)
    return ExitCode.FOUND if passed else ExitCode.DONE
