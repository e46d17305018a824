"""`dbtune serve`: the runs of a database over time, in a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.command import Command
from dbtune.cli.complete_files import complete_reports

if TYPE_CHECKING:
    from dbtune.web.run_files import FoundRuns

_DEFAULT_PORT = 8765
_MOST_PORT = 65_535
# A folder of other JSON files has many, and they must not scroll the address away.
_NAMED = 15


@click.command("serve", cls=Command, short_help="Show runs over time on localhost.")
@click.argument(
    "runs",
    metavar="[RUN]...",
    nargs=-1,
    type=click.Path(path_type=Path),
    shell_complete=complete_reports,
)
@click.option(
    "--port",
    type=click.IntRange(0, _MOST_PORT),
    default=_DEFAULT_PORT,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes any that is free.",
)
def command(runs: tuple[Path, ...], port: int) -> None:
    """Show the runs of databases over time, on this machine only.

    RUN is a file that a command wrote with --output, or a folder of them; the current folder
    without one. Costs, findings opened and closed, and each run's own report, at the address that
    is printed; files that come or change later are there when the page is loaded again. Nothing
    is written. Ctrl-C ends it. See dbtune help serve-guide.
    """
    from dbtune.cli.report_output import print_result
    from dbtune.web.run_files import RunFiles
    from dbtune.web.server import HistoryServer

    files = RunFiles(runs or (Path(),))
    with HistoryServer(files, port) as server:
        print_result(told_files(files.find(), server.url))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return  # how it is meant to end


def told_files(found: FoundRuns, url: str) -> str:
    """Return the address, what is shown there, and what is not."""
    from dbtune.report.plain_text import one_line

    runs = "1 run" if len(found.runs) == 1 else f"{len(found.runs):,} runs"
    lines = [f"{runs} at {url}", "Read only, and only for this machine. Ctrl-C ends it."]
    named = found.left_out[:_NAMED]
    lines += [f"Left out: {one_line(f'{left.path}: {left.reason}')}" for left in named]
    if len(found.left_out) > len(named):
        lines.append(f"and {len(found.left_out) - len(named):,} more, which the page names")
    return "\n".join(lines) + "\n"
