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
    from dbtune.cli.report_output import line_width, print_result
    from dbtune.journeys.history import read_history

    options = ProjectOptions(alembic_ini, head, migrations)
    history = read_history(database, options, wait_ms=int(wait * 1000))
    print_result(_text(database, history, line_width()))


def _text(database: Path, history: History, width: int) -> str:
    from dbtune.report.plain_text import printable, wrap_words

    if not history.entries:
        return printable(f"No revision of dbtune for {database}.") + "\n"
    lines: list[str] = []
    for entry in history.entries:
        state = "applied    " if entry.applied else "not applied"
        head = f"{entry.revision}  {state}  {entry.created_at or '-'}  {entry.message}"
        lines += wrap_words(head, width, hanging="    ")
        for reason in entry.reasons:
            lines += wrap_words(reason, width, "    ", "      ")
    where = history.project.ini or history.project.versions
    count = f"{len(history.entries)} in {where}, version table {history.project.version_table}"
    lines += wrap_words(count, width, hanging="  ")
    return "".join(f"{line}\n" for line in lines)
