"""The options of `dbtune analyze`, in the groups that its help shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dbtune.cli.command import section
from dbtune.cli.complete_files import complete_recordings
from dbtune.cli.options import NumberRange, queries_option, recorded_as_option
from dbtune.cli.page_output import page_option

F = TypeVar("F", bound=Callable[..., Any])

_POSITIVE = NumberRange(min=0, min_open=True)


class _Slowdown(NumberRange):
    """A ratio of costs, at least 1; says what it means where it is refused."""

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the ratio, refusing NaN too, which no comparison keeps out."""
        ratio = float(click.FLOAT.convert(value, param, ctx))
        if not ratio >= 1:
            self.fail(
                f"{value} is below 1. It is a write's cost after divided by its cost before: "
                "1 allows no slowdown, 1.5 half as much again, 3 three times the cost.",
                param,
                ctx,
            )
        return ratio


def input_options(command: F) -> F:
    """Add what is judged: --queries, --consider, --strict, --recorded-as, --app-sqlite."""
    return section(
        "What is judged",
        queries_option,
        click.argument("more_queries", nargs=-1, metavar="", shell_complete=complete_recordings),
        click.option(
            "--consider",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Judge the CREATE INDEX statements of this file too.",
        ),
        click.option("--strict", is_flag=True, help="Stop at a broken line of a recording."),
        recorded_as_option,
        click.option(
            "--app-sqlite",
            metavar="VERSION",
            help="The application's SQLite version [default: the recording's].",
        ),
        click.option(
            "--min-repeats",
            type=click.IntRange(min=2),
            metavar="N",
            help="How often a request sends one read to be n-plus-one  [default: 5].",
        ),
    )(command)


def search_options(command: F) -> F:
    """Add what the advisor aims at: --budget-mb, --time-limit, --min-gain and so on."""
    return section(
        "What the advice aims at",
        click.option(
            "--budget-mb", type=_POSITIVE, metavar="MB", help="Most room for new indexes."
        ),
        click.option(
            "--time-limit",
            type=_POSITIVE,
            metavar="SECONDS",
            help="Most time for all stages of the advice together  [default: 90].",
        ),
        click.option(
            "--min-gain",
            type=NumberRange(0, 1),
            metavar="RATIO",
            help="Least part of some query's cost that each index has to save  [default: 0.2].",
        ),
        click.option(
            "--max-write-slowdown",
            type=_Slowdown(),
            metavar="RATIO",
            help="How many times its cost now each recorded write may cost, 1 for no slowdown  "
            "[default: 3, or 10 us more].",
        ),
    )(command)


def scratch_options(command: F) -> F:
    """Add where the copy goes and how it is made: --scratch, --scratch-mb, --allow-blocking."""
    return section(
        "The throw-away copy",
        click.option(
            "--scratch",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="Folder for the throw-away copy [default: the temporary folder].",
        ),
        click.option(
            "--scratch-mb",
            type=_POSITIVE,
            metavar="MB",
            help="Most room for the copy; large tables are sampled to fit.",
        ),
        click.option(
            "--allow-blocking",
            is_flag=True,
            help="Copy in one step where steps do not get ahead; writers wait meanwhile.",
        ),
    )(command)


def form_options(command: F) -> F:
    """Add what comes out: --format, --sql, --json, --output, --report, --explain and so on."""
    return section(
        "What comes out",
        click.option(
            "--format",
            type=click.Choice(["sql", "sqlalchemy", "django"]),
            help="Print only the new indexes: as DDL or as lines for your models.",
        ),
        click.option("--sql", is_flag=True, help="The same as --format sql."),
        click.option("--json", is_flag=True, help="Print the whole report as JSON."),
        click.option(
            "--drops", is_flag=True, help="With --sql: drops as statements, not as comments."
        ),
        click.option(
            "--output",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Also write the report as JSON to this file.",
        ),
        page_option,
        click.option(
            "--explain",
            metavar="N",
            help="Print all about one query shape: its place in the list (1: dearest) or its id.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(["high", "medium", "low"]),
            help="Exit with 1 if there is a finding of this severity or above.",
        ),
    )(command)


def chosen_form(*, format: str | None, sql: bool, json: bool, drops: bool) -> str:
    """Return what goes to stdout: terminal, json, sql, sqlalchemy or django.

    Raises UsageError where the options ask for two of them.
    """
    forms = {format, "sql" if sql else None, "json" if json else None} - {None}
    if len(forms) > 1:
        raise click.UsageError("--json, --sql and --format exclude one another: give one of them.")
    form = next((form for form in forms if form is not None), "terminal")
    if drops and form != "sql":
        raise click.UsageError("--drops goes with --sql only.")
    return form
