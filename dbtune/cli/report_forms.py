"""The forms that results are drawn in, and which one is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.errors import ConfigurationError
from dbtune.report.workflow_log import without_commands

if TYPE_CHECKING:
    from dbtune.model.advice import Report
    from dbtune.model.page import Page
    from dbtune.model.run import Run

FORMS = ("html", "markdown", "terminal", "json", "sarif", "junit", "github")
_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".txt": "terminal",
    ".json": "json",
    ".sarif.json": "sarif",
    ".sarif": "sarif",
    ".xml": "junit",
}
# So many shapes of a digest are printed; all of them are in its document.
SHAPES_SHOWN = 20


@dataclass(frozen=True)
class NamedRun:
    """A result, and what it was read from.

    `is_file` unless another command cannot be given that name, such as that of a pipe.
    """

    name: str
    run: Run
    is_file: bool = True


@dataclass(frozen=True)
class Screen:
    """How wide text is, whether in colour, and how many lines are seen at once, if it is known."""

    width: int
    color: bool
    height: int | None = None


def chosen_form(form: str | None, output: Path | None) -> str:
    """Return the form asked for, else the one that the file's name ends with, else terminal.

    Raises UsageError for a name that tells no form.
    """
    if form is not None:
        return form
    if output is None:
        return "terminal"
    name = output.name.lower()
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return _SUFFIXES[suffix]
    known = ", ".join(_SUFFIXES)
    raise click.UsageError(
        f"--output {output} does not tell the form by its end ({known}): give --format."
    )


def draw_runs(runs: tuple[NamedRun, ...], form: str, screen: Screen) -> str:
    """Return results in one of FORMS. Raises ConfigurationError for one that has no such form."""
    if form in {"sarif", "junit", "github"}:
        return _draw_checks(runs, form)
    if form == "json":
        return _draw_json(runs)
    if form == "terminal":
        # Of several, what comes again at the end would not be the verdict of all.
        seen = screen if len(runs) == 1 else replace(screen, height=None)
        text = "\n".join(draw_text(named.run, seen) for named in runs)
        return without_commands(text)
    from dbtune.report.html.to_html import to_html
    from dbtune.report.markdown.to_markdown import to_markdown

    page = page_of_runs(runs)
    return to_html(page) if form == "html" else without_commands(to_markdown(page))


def page_of_runs(runs: tuple[NamedRun, ...]) -> Page:
    """Return one page of all results, one at least."""
    from dbtune.report.pages.page_of import join_pages, page_of

    files = (named.name if named.is_file else "" for named in runs)
    return join_pages(
        tuple(page_of(named.run, file) for named, file in zip(runs, files, strict=True))
    )


def draw_text(run: Run, screen: Screen) -> str:
    """Return a result as its command prints it."""
    from dbtune.model.comparison import Comparison
    from dbtune.model.digest import QueryDigest
    from dbtune.model.load import LoadReport
    from dbtune.report.terminal.comparison_text import comparison_text
    from dbtune.report.terminal.load_text import load_text
    from dbtune.report.terminal.queries_text import queries_to_terminal
    from dbtune.report.terminal.to_terminal import to_terminal

    if isinstance(run, QueryDigest):
        shown = replace(run, queries=run.queries[:SHAPES_SHOWN])
        return queries_to_terminal(
            shown, width=screen.width, color=screen.color, height=screen.height
        )
    if isinstance(run, LoadReport):
        return load_text(run, width=screen.width, color=screen.color, height=screen.height)
    if isinstance(run, Comparison):
        return comparison_text(run, width=screen.width, color=screen.color, height=screen.height)
    # What a command found before it changed a database is done.
    shown_report: Report = replace(run, findings=()) if run.changes else run
    return to_terminal(shown_report, width=screen.width, color=screen.color, height=screen.height)


def _draw_json(runs: tuple[NamedRun, ...]) -> str:
    from dbtune.report.documents.read_run import run_to_json

    documents = [run_to_json(named.run) for named in runs]
    if len(documents) == 1:
        return documents[0]
    return "[\n" + ",\n".join(document.rstrip("\n") for document in documents) + "\n]\n"


def _draw_checks(runs: Iterable[NamedRun], form: str) -> str:
    from dbtune.report.checks.judge import judge
    from dbtune.report.checks.problem import Judgement
    from dbtune.report.checks.to_github import to_github
    from dbtune.report.checks.to_junit import to_junit
    from dbtune.report.checks.to_sarif import to_sarif

    folder = Path.cwd().as_posix()
    judgements: list[Judgement] = []
    for named in runs:
        judgement = judge(named.run, folder)
        if judgement is None:
            raise ConfigurationError(
                f"{named.name} has figures and no findings, so there is nothing to tell as {form}",
                hint="give reports of analyze or migrate-to-postgres, or comparisons; "
                "--format markdown and html take it",
            )
        judgements.append(judgement)
    writers: dict[str, Callable[[Iterable[Judgement]], str]] = {
        "sarif": to_sarif,
        "junit": to_junit,
        "github": to_github,
    }
    return writers[form](judgements)
