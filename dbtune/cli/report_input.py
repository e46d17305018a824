"""The results that `dbtune report` is given."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dbtune.cli.report_forms import STDIN_NAME, NamedRun
from dbtune.errors import ConfigurationError, RefusedError

STDIN = "-"


def read_runs(names: tuple[str, ...]) -> tuple[NamedRun, ...]:
    """Return the results of files that commands wrote with --output, and of - for stdin.

    Raises ConfigurationError for what is no such file, UsageError for stdin given twice.
    """
    if names.count(STDIN) > 1:
        raise click.UsageError("- is standard input, and can be given once.")
    return tuple(_read(name) for name in names)


def check_inputs_kept(output: Path | None, names: tuple[str, ...]) -> None:
    """Raise RefusedError where the report would overwrite what it is drawn from."""
    if output is None or not output.exists():
        return
    for name in names:
        if name != STDIN and Path(name).exists() and output.samefile(name):
            raise RefusedError(
                f"--output {output} is what the report is drawn from, and would be overwritten",
                hint="give another file",
            )


def _read(name: str) -> NamedRun:
    from dbtune.report.documents.run_file import read_run_file, read_run_stream

    if name == STDIN:
        return NamedRun(STDIN_NAME, read_run_stream(sys.stdin.buffer, STDIN_NAME))
    path = Path(name)
    if path.exists() and not path.is_file() and not path.is_fifo():
        raise ConfigurationError(f"{name} is not a file", hint="give the path of a JSON file")
    return NamedRun(name, read_run_file(path))
