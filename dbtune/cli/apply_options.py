"""The options of `dbtune apply-indexes`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbtune.cli.analyze_options import scratch_options
from dbtune.cli.command import GENERAL, section
from dbtune.cli.complete_files import complete_reports
from dbtune.cli.options import (
    NumberRange,
    backup_option,
    dry_run_option,
    output_option,
    project_options,
    queries_option,
    recorded_as_option,
    wait_option,
    yes_option,
)
from dbtune.cli.page_output import page_option

if TYPE_CHECKING:
    from dbtune.journeys.apply import ApplyOptions

F = TypeVar("F", bound=Callable[..., Any])

_POSITIVE = NumberRange(min=0, min_open=True)


def apply_options(command: F) -> F:
    """Add what is applied, how it is proved and where its revision goes."""
    return section(
        GENERAL,
        section(
            "What is applied",
            queries_option,
            recorded_as_option,
            click.option(
                "--from",
                "report_path",
                metavar="REPORT",
                shell_complete=complete_reports,
                type=click.Path(path_type=Path),
                help="Apply what this report says, as dbtune analyze --output wrote it.",
            ),
            click.option(
                "--only",
                multiple=True,
                metavar="CODE/NAME",
                help="Only this finding: a code, a code/name or an index's name; several are fine.",
            ),
            click.option("--drops", is_flag=True, help="Drop the indexes that are of no use too."),
            click.option(
                "--max-lock",
                type=_POSITIVE,
                metavar="S",
                help="Refuse if writers would wait longer than this many seconds.",
            ),
        ),
        scratch_options,
        project_options,
        wait_option,
        dry_run_option,
        yes_option,
        backup_option,
        output_option,
        page_option,
    )(command)


def chosen_options(
    *,
    alembic_ini: Path | None,
    head: str | None,
    migrations: Path | None,
    max_lock: float | None,
    no_backup: bool,
    wait: float,
    **same: Any,
) -> ApplyOptions:
    """Return the options as the journey takes them."""
    from dbtune.changes.project import ProjectOptions
    from dbtune.journeys.apply import ApplyOptions

    return ApplyOptions(
        project=ProjectOptions(alembic_ini, head, migrations),
        max_lock_seconds=max_lock,
        backup=not no_backup,
        wait_ms=int(wait * 1000),
        **same,
    )
