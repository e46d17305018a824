"""What `--explain` prints: all about one query shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dbtune.cli.report_output import print_result, terminal_width, wants_color

if TYPE_CHECKING:
    from dbtune.model.advice import Report

_FORMS = ("terminal", "json")


def check_explain(named: str | None, form: str, *, recorded: bool) -> None:
    """Raise UsageError where --explain cannot be answered, before the work starts."""
    if named is None:
        return
    if form not in _FORMS:
        raise click.UsageError("--explain is about a query: it goes with --json, not with DDL.")
    if not recorded:
        raise click.UsageError("--explain needs a recording: give --queries FILE.")
    if not named or not set(named.lower()) <= set("0123456789abcdef") or named == "0":
        raise click.UsageError(
            f"--explain {named}: give a place in the list, 1 for the dearest, or the id of a shape."
        )


def print_explanation(report: Report, named: str, form: str) -> None:
    """Write what is known of one query shape to stdout. Raises UsageError where there is none."""
    from dbtune.report.documents.explanation_to_json import explanation_to_json
    from dbtune.report.shape_lookup import find_shape
    from dbtune.report.terminal.to_explanation import to_explanation

    try:
        shape = find_shape(report, named)
    except LookupError as error:
        raise click.UsageError(f"--explain {named}: {error}.") from error
    if form == "json":
        print_result(explanation_to_json(report, shape))
    else:
        print_result(to_explanation(report, shape, width=terminal_width(), color=wants_color()))
