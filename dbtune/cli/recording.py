"""`dbtune recording`: look into recordings, mask them, and make them of other files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from dbtune.cli.command import CommandGroup
from dbtune.cli.complete_files import complete_recordings
from dbtune.cli.options import F
from dbtune.cli.progress import show_progress


@click.group("recording", cls=CommandGroup, short_help="Inspect, redact and convert recordings.")
def command() -> None:
    """Look into recordings, mask their values, and make them of traces and logs.

    FILE is a recording, a file of SQL, spans of OpenTelemetry in JSON, SQLAlchemy's echo or
    Django's log (dbtune help recording-format), a folder of recordings, or - for stdin.
    """


_files = click.argument(
    "queries", metavar="FILE...", nargs=-1, required=True, shell_complete=complete_recordings
)


def _output_options(subcommand: F) -> F:
    """Add --output and --overwrite."""
    subcommand = click.option(
        "--overwrite", is_flag=True, help="Replace OUT, which may be FILE itself."
    )(subcommand)
    return click.option(
        "-o",
        "--output",
        metavar="OUT",
        type=click.Path(path_type=Path),
        required=True,
        help="The file to write, readable for its owner only.",
    )(subcommand)


@command.command("inspect", short_help="Tell what is in recordings and what they lack.")
@_files
@click.option("--strict", is_flag=True, help="Stop at a broken line.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def inspect(queries: tuple[str, ...], strict: bool, as_json: bool) -> None:
    """Tell what is in recordings, what they are good for, and what they lack."""
    from dbtune.cli.report_output import print_result, terminal_width, wants_color
    from dbtune.journeys.recording import inspect_recording
    from dbtune.report.documents.recording_to_json import recording_to_json
    from dbtune.report.terminal.recording_text import recording_to_terminal

    with show_progress() as on_event:
        summary = inspect_recording(queries, strict=strict, on_event=on_event)
    if as_json:
        print_result(recording_to_json(summary))
    else:
        print_result(recording_to_terminal(summary, width=terminal_width(), color=wants_color()))


@command.command("redact", short_help="Write recordings without values.")
@_files
@_output_options
@click.option(
    "--keep-digests", is_flag=True, help="Keep the digests that tell which values are equal."
)
def redact(queries: tuple[str, ...], output: Path, overwrite: bool, keep_digests: bool) -> None:
    """Write recordings to OUT without values: bound ones, literals, comments, parts of errors.

    Query shapes, times, routes and call sites stay. OUT is read back: no value may be left.
    """
    from dbtune.cli.report_output import check_output, print_result
    from dbtune.journeys.recording_copy import redact_recording
    from dbtune.report.terminal.recording_text import written_to_terminal

    check_output(output, None)
    with show_progress() as on_event:
        written = redact_recording(
            queries, output, keep_digests=keep_digests, overwrite=overwrite, on_event=on_event
        )
    print_result(written_to_terminal(written, redacted=True))


@command.command("convert", short_help="Make a recording, or SQL, of traces and logs.")
@_files
@_output_options
@click.option(
    "--to",
    type=click.Choice(["jsonl", "sql"]),
    default="jsonl",
    show_default=True,
    help="A recording, or statements with their values written into them.",
)
def convert(
    queries: tuple[str, ...], output: Path, overwrite: bool, to: Literal["jsonl", "sql"]
) -> None:
    """Write FILE to OUT as a recording, or as statements of SQL, and read OUT back."""
    from dbtune.cli.report_output import check_output, print_result
    from dbtune.journeys.recording_copy import convert_recording
    from dbtune.report.terminal.recording_text import written_to_terminal

    check_output(output, None)
    with show_progress() as on_event:
        written = convert_recording(queries, output, to=to, overwrite=overwrite, on_event=on_event)
    print_result(written_to_terminal(written, redacted=False))
