"""`dbtune history`: what dbtune did to a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.command import Command
from dbtune.cli.options import database_argument, project_options, wait_option

if TYPE_CHECKING:
    from dbtune.journeys.history import History


@click.command("history", cls=Command, short_help="List dbtune's revisions of DB.")
@database_argument
@project_options
@wait_option
def command(
    database: Path,
    alembic_ini: Path | None,
    head: str | None,
    migrations: Path | None,
    wait: float,
) -> None:
    """List dbtune's revisions of DB, the newest first: date, reasons, applied or not."""
    from dbtune.changes.project import ProjectOptions
    from dbtune.cli.report_output import print_result
    from dbtune.journeys.history import read_history

    options = ProjectOptions(alembic_ini, head, migrations)
    print_result(_text(database, read_history(database, options, wait_ms=int(wait * 1000))))


def _text(database: Path, history: History) -> str:
    from dbtune.report.plain_text import printable

    if not history.entries:
        return printable(f"No revision of dbtune for {database}.") + "\n"
    lines = []
    for entry in history.entries:
        state = "applied    " if entry.applied else "not applied"
        lines.append(f"{entry.revision}  {state}  {entry.created_at or '-'}  {entry.message}")
        lines += [f"    {reason}" for reason in entry.reasons]
    where = history.project.ini or history.project.versions
    lines.append(
        f"{len(history.entries)} in {where}, version table {history.project.version_table}"
    )
    return "".join(f"{printable(line)}\n" for line in lines)
