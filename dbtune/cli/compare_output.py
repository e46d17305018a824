"""A comparison on its way out: to stdout, or to a file as JSON."""

from __future__ import annotations

from pathlib import Path

from dbtune.cli.report_output import (
    check_output,
    is_same_file,
    print_result,
    terminal_height,
    terminal_width,
    wants_color,
    write_text,
)
from dbtune.errors import RefusedError
from dbtune.model.comparison import Comparison
from dbtune.report.documents.comparison_to_json import comparison_to_json
from dbtune.report.terminal.comparison_text import comparison_text


def check_place(output: Path | None, base: Path, head: Path, *, run: bool) -> None:
    """Refuse to write over what is compared, two databases with `run`; else as `check_output`."""
    for side in (base, head):
        check_output(output, side if run else None)
        if output is not None and is_same_file(output, side):
            raise RefusedError(
                f"--output {output} is one of the reports, and the comparison would overwrite it",
                hint="give another file",
            )


def print_comparison(comparison: Comparison, *, as_json: bool) -> None:
    """Write a comparison to stdout, as text or as JSON."""
    if as_json:
        print_result(comparison_to_json(comparison))
    else:
        width, height = terminal_width(), terminal_height()
        text = comparison_text(comparison, width=width, color=wants_color(), height=height)
        print_result(text)


def write_comparison(comparison: Comparison, output: Path | None) -> None:
    """Write a comparison as JSON to a file; nothing where `output` is None."""
    if output is not None:
        write_text(comparison_to_json(comparison), output)
