"""The options of `dbtune migrate-to-postgres`, in the groups its help is read in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dbtune.cli.command import section
from dbtune.cli.complete_files import complete_recordings, complete_reports
from dbtune.cli.options import recorded_as_option

F = TypeVar("F", bound=Callable[..., Any])


_PROFILES = [
    "auto",
    "none",
    "django",
    "rails",
    "prisma",
    "entity-framework",
    "knex",
    "alembic",
    "core-data",
]


def _file() -> click.Path:
    return click.Path(dir_okay=False, path_type=Path)


def what_options(command: F) -> F:
    """Add which tables go where."""
    return section(
        "What goes where",
        click.option(
            "--include", metavar="TABLE", multiple=True, help="Only these tables (* and ? match)."
        ),
        click.option("--exclude", metavar="TABLE", multiple=True, help="Not these tables."),
        click.option(
            "--schema",
            metavar="NAME",
            default="public",
            show_default=True,
            help="The target's schema.",
        ),
        click.option("--schema-only", is_flag=True, help="Tables and objects without rows."),
        click.option(
            "--data-only", is_flag=True, help="Rows into tables that exist, as an ORM made them."
        ),
        click.option(
            "--names",
            type=click.Choice(["keep", "lower", "snake"]),
            default="keep",
            show_default=True,
            help="Keep names exactly, or write them as PostgreSQL's users do.",
        ),
        click.option(
            "--rename",
            "renames",
            metavar="OLD=NEW",
            multiple=True,
            help="A table's or table.column's name.",
        ),
        click.option(
            "--map",
            "map_path",
            metavar="FILE",
            shell_complete=complete_reports,
            type=_file(),
            help="Names and types of an edited --plan --json.",
        ),
        click.option(
            "--profile",
            type=click.Choice(_PROFILES),
            default="auto",
            show_default=True,
            help="Conventions of the framework that made the tables.",
        ),
    )(command)


def value_options(command: F) -> F:
    """Add what becomes of values that PostgreSQL holds differently or not at all."""
    return section(
        "What becomes of values",
        click.option(
            "--type",
            "types",
            metavar="TABLE.COLUMN=TYPE",
            multiple=True,
            help="A column's PostgreSQL type.",
        ),
        click.option(
            "--varchar",
            type=click.Choice(["text", "keep"]),
            default="text",
            show_default=True,
            help="VARCHAR(n) as text, or with its length where all values fit.",
        ),
        click.option(
            "--empty-as-null", metavar="TABLE.COLUMN", multiple=True, help="'' becomes NULL."
        ),
        click.option(
            "--nul",
            type=click.Choice(["strip", "replace", "bytea", "reject"]),
            help="What becomes of U+0000 in text.",
        ),
        click.option(
            "--encoding-errors",
            type=click.Choice(["latin-1", "replace", "bytea", "reject"]),
            help="What becomes of text that is not UTF-8.",
        ),
        click.option(
            "--subsecond",
            type=click.Choice(["convert", "text"]),
            default="convert",
            show_default=True,
            help="Times finer than a microsecond: cut, or kept as text.",
        ),
        click.option(
            "--orphans",
            type=click.Choice(["keep", "reject", "null", "fail"]),
            default="keep",
            show_default=True,
            help="Rows whose parent is missing.",
        ),
    )(command)


def run_options(command: F) -> F:
    """Add how the migration runs."""
    return section(
        "How it is done",
        click.option(
            "--plan", "plan_only", is_flag=True, help="Print the plan and change nothing."
        ),
        click.option("--ddl", is_flag=True, help="With --plan: the DDL alone."),
        click.option("--json", "as_json", is_flag=True, help="The result as JSON."),
        click.option(
            "--rehearse", is_flag=True, help="Do it all into a throw-away server, for the report."
        ),
        click.option("--resume", is_flag=True, help="Go on with an unfinished migration."),
        click.option(
            "--discard",
            is_flag=True,
            help="Drop what an unfinished migration left, then begin anew.",
        ),
        click.option(
            "--jobs",
            metavar="N",
            type=click.IntRange(1, 64),
            help="Processes [default: one a processor, at most 8].",
        ),
        click.option(
            "--verify",
            type=click.Choice(["full", "sample", "counts"]),
            default="full",
            show_default=True,
            help="How much is compared.",
        ),
        click.option(
            "--verify-only",
            is_flag=True,
            help="Compare a target that was migrated before; changes nothing.",
        ),
        click.option(
            "--check-queries",
            metavar="RECORDING",
            shell_complete=complete_recordings,
            multiple=True,
            type=_file(),
            help="Try the application's recorded queries on PostgreSQL.",
        ),
        recorded_as_option,
    )(command)
