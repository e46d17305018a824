"""Arguments and options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import click
from click.shell_completion import CompletionItem

from dbtune.cli.command import section
from dbtune.cli.complete_files import complete_databases, complete_recordings
from dbtune.errors import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])

_URL_PREFIX = "sqlite:///"


class DatabasePath(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.4+
    """A SQLite file by path or sqlite:/// URL; whether it exists is the core's question."""

    name = "DB"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path; a ConfigurationError for another URL scheme or an in-memory database."""
        text = str(value)
        if text.startswith(_URL_PREFIX):
            text = unquote(text[len(_URL_PREFIX) :].split("?", 1)[0])
        elif "://" in text:
            raise ConfigurationError(
                f'"{text.split("://", 1)[0]}://..." is not a SQLite database',
                hint="give a path or a sqlite:/// URL",
            )
        if text in {"", ":memory:"}:
            raise ConfigurationError(
                "an in-memory database lives in one process only and cannot be opened from here",
                hint="give the path of a file",
            )
        return Path(text)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return databases by their usual endings, or whatever files the shell knows."""
        return complete_databases(ctx, param, incomplete)


class NumberRange(click.FloatRange):
    """A number within bounds; click's own type lets "nan" pass, which is within none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def database_argument(command: F) -> F:
    """Add the DB argument, passed on as `database: Path`."""
    return click.argument("database", metavar="DB", type=DatabasePath())(command)


def queries_option(command: F, *, required: bool = False) -> F:
    """Add --queries, passed on as `queries`, a tuple."""
    return click.option(
        "--queries",
        multiple=True,
        required=required,
        metavar="FILE",
        shell_complete=complete_recordings,
        help="A recording (JSONL or .sql), a folder of them, or - for stdin; several are fine.",
    )(command)


def yes_option(command: F) -> F:
    """Add --yes."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def dry_run_option(command: F) -> F:
    """Add --dry-run."""
    return click.option(
        "--dry-run", is_flag=True, help="Show what would be done and change nothing."
    )(command)


def wait_option(command: F) -> F:
    """Add --wait, passed on as `wait` in seconds."""
    return click.option(
        "--wait",
        metavar="S",
        type=NumberRange(min=0, max=86_400),
        default=5.0,
        show_default=True,
        help="Seconds to wait for another connection's lock.",
    )(command)


def backup_option(command: F) -> F:
    """Add --no-backup and --keep-backups, passed on as `no_backup` and `keep_backups`."""
    return section(
        "Backup",
        click.option(
            "--no-backup", is_flag=True, help="Make no backup first (the change stays reversible)."
        ),
        click.option(
            "--keep-backups",
            metavar="N",
            type=click.IntRange(min=1),
            default=3,
            show_default=True,
            help="How many of dbtune's backups of this database are kept.",
        ),
    )(command)


def project_options(command: F) -> F:
    """Add --alembic-ini, --head and --migrations: which Alembic project holds the revisions."""
    return section(
        "Where revisions are",
        click.option(
            "--alembic-ini",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="In your own Alembic project.",
        ),
        click.option(
            "--head",
            metavar="REV",
            help="Which head to build on, if your Alembic project has several.",
        ),
        click.option(
            "--migrations",
            metavar="DIR",
            type=click.Path(file_okay=False, path_type=Path),
            help="In this folder [default: <DB file>.dbtune/versions].",
        ),
    )(command)


def recorded_as_option(command: F) -> F:
    """Add --recorded-as NAME."""
    return click.option(
        "--recorded-as",
        metavar="NAME",
        help="What a recording of several databases calls this one.",
    )(command)


def output_option(command: F) -> F:
    """Add --output: the Report as JSON in a file, while stdout keeps its own form."""
    return click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Also write the report as JSON to this file.",
    )(command)
