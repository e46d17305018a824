"""`dbtune backup`: a consistent, checked copy."""

from __future__ import annotations

from pathlib import Path

import click

from dbtune.cli.command import Command
from dbtune.cli.options import database_argument, wait_option
from dbtune.cli.progress import show_progress


@click.command("backup", cls=Command, short_help="Make a consistent copy of DB and check it.")
@database_argument
@click.argument("target", metavar="[TARGET]", required=False, type=click.Path(path_type=Path))
@wait_option
@click.option(
    "--keep-backups",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many backups beside the database are kept; TARGET does not count.",
)
@click.option(
    "--allow-blocking",
    is_flag=True,
    help="Let writers wait until the copy is done, where they would keep it from ending.",
)
def command(
    database: Path, target: Path | None, wait: float, keep_backups: int, allow_blocking: bool
) -> None:
    """Make a consistent copy of DB, check it, and say what is in it.

    The copy goes to TARGET, a file that does not exist yet or a folder, or else beside the
    database into <DB>.dbtune/. The application may go on writing meanwhile.
    """
    from dbtune.cli.report_output import print_result
    from dbtune.journeys.backup import BackupOptions, backup
    from dbtune.report.plain_text import printable
    from dbtune.report.quantities import format_size
    from dbtune.report.wording.counted import counted

    options = BackupOptions(target, keep_backups, int(wait * 1000), allow_blocking)
    with show_progress() as on_event:
        result = backup(database, options, on_event=on_event)
    tables = counted(result.tables, "table")
    rows = f"{result.rows:,} or more rows" if result.more_rows else counted(result.rows, "row")
    lines = (
        f"backup:  {result.path}",
        f"size:    {format_size(result.size_bytes)}",
        f"sha256:  {result.sha256}",
        f"checked: quick_check, schema, {tables}, {rows}",
    )
    print_result("".join(f"{printable(line)}\n" for line in lines))
