"""`dbtune record`: run a Python application and record what it sends to SQLite."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import any_file
from dbtune.cli.options import NumberRange
from dbtune.errors import ConfigurationError

_SAMPLE_RATE = NumberRange(0, 1, min_open=True)


@click.command(
    "record",
    cls=Command,
    short_help="Run COMMAND and record what it sends to SQLite.",
    context_settings={"allow_interspersed_args": False},
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("queries.jsonl"),
    show_default=True,
    help="The recording, readable for you alone.",
)
@click.option("--append", is_flag=True, help="Add to a recording that exists.")
@click.option("--overwrite", is_flag=True, help="Replace a recording that exists.")
@click.option(
    "--params",
    is_flag=True,
    help="Record values too. Without it: their types and lengths, and ? for literals.",
)
@click.option(
    "--sample-rate",
    metavar="R",
    type=_SAMPLE_RATE,
    default=1.0,
    show_default=True,
    help="Record this part of all requests, such as 0.1; outside of requests, of transactions.",
)
@click.option(
    "--slow-ms",
    metavar="MS",
    type=NumberRange(min=0),
    default=0.0,
    help="Record only statements that took at least so long.",
)
@click.option(
    "--max-mb",
    metavar="MB",
    type=NumberRange(0, min_open=True),
    help="Stop at this size, or put the file aside with --keep.",
)
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=0),
    default=0,
    help="Put full files aside as FILE.1, FILE.2 ..., and keep N of them.",
)
@click.argument(
    "command", metavar="COMMAND...", nargs=-1, type=click.UNPROCESSED, shell_complete=any_file
)
def command(
    output: Path,
    append: bool,
    overwrite: bool,
    params: bool,
    sample_rate: float,
    slow_ms: float,
    max_mb: float | None,
    keep: int,
    command: tuple[str, ...],
) -> int:
    """Run COMMAND and record each statement that it sends to SQLite, with no change to its code.

    COMMAND is a Python program as you start it: dbtune record -- python app.py, or flask run,
    gunicorn app:app, manage.py runserver, pytest, celery. Its children are recorded too. It keeps
    the terminal, signals reach it, and its exit code is that of dbtune record. Values are not
    recorded unless --params asks for them.
    """
    from dbtune.cli.record_text import tell_run
    from dbtune.journeys.record import record
    from dbtune.recorder.settings import RecorderSettings

    _check(output, append, overwrite, max_mb, keep, command)
    settings = RecorderSettings(
        path=os.path.abspath(output),
        params=params,
        sample_rate=sample_rate,
        slow_ms=slow_ms,
        max_mb=max_mb,
        keep=keep,
        values_key=secrets.token_hex(16),
    )
    run = record(command, settings, append=append, overwrite=overwrite)
    tell_run(run)
    return run.exit_code


def _check(
    output: Path,
    append: bool,
    overwrite: bool,
    max_mb: float | None,
    keep: int,
    command: tuple[str, ...],
) -> None:
    if not command:
        raise ConfigurationError(
            "there is no command to run", hint="for example: dbtune record -- python app.py"
        )
    if str(output) == "-":
        raise ConfigurationError(
            "a recording cannot go to stdout, which is the command's own",
            hint="give a file: --output queries.jsonl",
        )
    if append and overwrite:
        raise ConfigurationError("--append and --overwrite exclude each other")
    if keep and max_mb is None:
        raise ConfigurationError(
            f"--keep {keep} keeps full files, and without --max-mb none is ever full",
            hint="add --max-mb 100",
        )
