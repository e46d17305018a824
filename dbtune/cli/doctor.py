"""`dbtune doctor`: what works on this machine."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.command import Command
from dbtune.cli.options import DatabasePath, wait_option
from dbtune.errors import ExitCode

if TYPE_CHECKING:
    from dbtune.journeys.diagnosis import Diagnosis

_GAP = "  "
_LEAST_ROOM = 20


@click.command("doctor", cls=Command, short_help="Say what works here and what does not.")
@click.argument("database", metavar="[DB]", type=DatabasePath(), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@wait_option
def command(database: Path | None, as_json: bool, wait: float) -> int:
    """Say what works here and what does not: libraries, extras, disk, leftovers.

    With DB also where it lies, who has it open and what dbtune may do with it. Ends with 2 if
    something essential does not work, else with 0.
    """
    from dbtune.cli.report_output import print_result, terminal_width
    from dbtune.journeys.doctor import diagnose

    found = diagnose(database, wait_ms=int(wait * 1000))
    print_result(_document(found) if as_json else _table(found, terminal_width()))
    failed = any(diagnosis.state == "failed" for diagnosis in found)
    return ExitCode.USAGE if failed else ExitCode.DONE


def _document(found: tuple[Diagnosis, ...]) -> str:
    return json.dumps([dataclasses.asdict(diagnosis) for diagnosis in found], indent=2) + "\n"


def _table(found: tuple[Diagnosis, ...], width: int) -> str:
    """Draw one table, below it what to do about each line that is not ok, and how many are."""
    from tabulate import tabulate

    from dbtune.report.plain_text import display_width, printable, wrap_text

    cells = [(d.topic, printable(d.name), d.value, d.state) for d in found]
    taken = sum(max(display_width(row[i]) for row in cells) for i in (0, 1, 3))
    room = max(width - taken - 3 * len(_GAP), _LEAST_ROOM)
    rows = [(*row[:2], "\n".join(wrap_text(row[2], room)), row[3]) for row in cells]
    table = tabulate(rows, tablefmt="plain", disable_numparse=True)
    advice = [
        line
        for d in found
        if d.advice
        for line in wrap_text(f"{d.name} ({d.state}): {d.advice}.", min(width, 100), "", "  ")
    ]
    lines = [line.rstrip() for line in table.splitlines()]
    return "\n".join([*lines, "", *advice, *([""] if advice else []), _count(found), ""])


def _count(found: tuple[Diagnosis, ...]) -> str:
    """Return how many lines are in each state, such as `41 checked: 1 warning, 40 ok`."""
    counts = Counter(d.state for d in found)
    ok = f"{counts['ok']:,} ok"
    told = [f"{counts[state]} {state}" for state in ("failed", "warning", "note") if counts[state]]
    return f"{len(found):,} checked: {', '.join([*told, ok])}"
