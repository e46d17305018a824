"""`dbtune demo`: a slow database to try dbtune on."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.progress import show_progress

# A platform of 50 GB; at 4 s for scale 1 it is an hour's work.
_LARGEST_SCALE = 1000


def _scale(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not 0 < value <= _LARGEST_SCALE:
        raise click.BadParameter(
            f"{value:g} is no size; give one above 0, such as 0.1, and at most {_LARGEST_SCALE}"
        )
    return value


@click.command("demo", cls=Command, short_help="Build a slow database to try dbtune on.")
@click.argument(
    "folder",
    metavar="[DIR]",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("."),
    required=False,
)
@click.option(
    "--scale",
    metavar="X",
    type=float,
    callback=_scale,
    default=1.0,
    show_default=True,
    help="Size of the platform; 1 is a database of about 50 MB.",
)
def command(folder: Path, scale: float) -> None:
    """Build a slow database and a recording of its application in DIR, to try dbtune on.

    DIR is the working directory by default. Writes platform.db, platform.queries.jsonl and
    hand_written_indexes.sql; an earlier demo there is replaced, other files never are.
    """
    from tabulate import tabulate

    from dbtune.cli.report_output import print_result
    from dbtune.demo.build import build_demo
    from dbtune.report.quantities import format_count, format_size

    with show_progress() as on_event:
        demo = build_demo(folder, scale, on_event=on_event)
    files = demo.files
    told = (
        (files.database, f"{format_count(demo.rows)} rows of a platform that has grown slow"),
        (files.recording, f"{format_count(demo.statements)} statements of its next five days"),
        (files.hand_written_indexes, "indexes that a developer would write by hand"),
    )
    rows = [(str(path), format_size(path.stat().st_size), what) for path, what in told]
    table = tabulate(rows, tablefmt="plain", colalign=("left", "right", "left"))
    database, recording = (shlex.quote(str(path)) for path in (files.database, files.recording))
    print_result(f"{table}\n\nNext: dbtune analyze {database} --queries {recording}\n")
