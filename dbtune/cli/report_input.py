"""The results that `dbtune report` is given."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.report_forms import NamedRun
from dbtune.cli.report_output import is_same_file
from dbtune.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from dbtune.model.run import Run

STDIN = "-"
_STDIN_NAME = "standard input"


def read_runs(names: tuple[str, ...]) -> tuple[NamedRun, ...]:
    """Return the results of files that commands wrote with --output, and of - for stdin.

    Raises ConfigurationError for what is no such file, UsageError for stdin given twice.
    """
    if names.count(STDIN) > 1:
        raise click.UsageError("- is standard input, and can be given once.")
    return tuple(run for name in names for run in _read(name))


def check_inputs_kept(output: Path | None, names: tuple[str, ...]) -> None:
    """Raise RefusedError where the report would overwrite what it is drawn from."""
    for name in names:
        if output is not None and name != STDIN and is_same_file(output, Path(name)):
            raise RefusedError(
                f"--output {output} is what the report is drawn from, and would be overwritten",
                hint="give another file",
            )


def _read(name: str) -> tuple[NamedRun, ...]:
    """Return the result of a file, or those of a list, which are told apart by their places."""
    from dbtune.report.documents.run_file import read_several_file, read_several_stream

    if name == STDIN:
        runs = read_several_stream(sys.stdin.buffer, _STDIN_NAME)
        return _named(_STDIN_NAME, runs, is_file=False)
    scheme, is_url, _ = name.partition("://")
    if is_url:  # what follows may hold a password
        raise ConfigurationError(f'"{scheme}://..." is not a file', hint="give the path of one")
    path = Path(name)
    # Not Path's own questions: they raise where a folder may not be looked into.
    if not name or (os.path.exists(name) and not os.path.isfile(name) and not path.is_fifo()):
        shown = name or '""'
        raise ConfigurationError(f"{shown} is not a file", hint="give the path of a JSON file")
    return _named(name, read_several_file(path), is_file=True)


def _named(name: str, runs: tuple[Run, ...], *, is_file: bool) -> tuple[NamedRun, ...]:
    if len(runs) == 1:
        return (NamedRun(name, runs[0], is_file),)
    numbered = enumerate(runs, start=1)
    return tuple(NamedRun(f"{name} {place}", run, is_file=False) for place, run in numbered)
