"""`--report`: a command's result as a page for a browser, beside what it prints."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.report_output import check_output, write_text
from dbtune.errors import ConfigurationError

if TYPE_CHECKING:
    from dbtune.model.run import Run

_SUFFIXES = (".html", ".htm")

page_option = click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the result as a page for a browser (.html).",
)


def check_page(report: Path | None, database: Path | None, *others: Path | None) -> None:
    """Refuse a place for the page of --report before the work starts that leads up to it.

    `others` are files that the command reads or writes too. Raises UsageError for a name that is
    no page's, ConfigurationError for one of the others, else what `check_output` raises.
    """
    if report is None:
        return
    if report.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(
            f"--report {report} is no name of a page (.html). For Markdown, SARIF and others write "
            "the result with --output FILE.json, then: dbtune report FILE.json --format FORM."
        )
    check_output(report, database, option="--report")
    for other in others:
        if other is not None and os.path.realpath(other) == os.path.realpath(report):
            raise ConfigurationError(
                f"--report {report} is given as something else too", hint="give another file"
            )


def write_page(
    run: Run, report: Path | None, database: Path | None, output: Path | None = None
) -> None:
    """Write a result as a page, whole or not at all; nothing where `report` is None.

    `output` is where the result itself was written, for the commands that read it next.

    Raises what `check_page` raises, and ConfigurationError where the file cannot be written.
    """
    if report is None:
        return
    from dbtune.report.html.to_html import to_html
    from dbtune.report.pages.page_of import page_of

    check_output(report, database, option="--report")
    write_text(to_html(page_of(run, "" if output is None else str(output))), report)
