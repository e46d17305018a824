"""`dbtune doctor`: what works on this machine."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbtune.cli.command import Command
from dbtune.cli.options import DatabasePath, wait_option
from dbtune.errors import ExitCode

if TYPE_CHECKING:
    from dbtune.journeys.diagnosis import Diagnosis


@click.command("doctor", cls=Command, short_help="Say what works here and what does not.")
@click.argument("database", metavar="[DB]", type=DatabasePath(), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@wait_option
def command(database: Path | None, as_json: bool, wait: float) -> int:
    """Say what works here and what does not: libraries, extras, disk, leftovers.

    With DB also where it lies, who has it open and what dbtune may do with it. Ends with 2 if
    something essential does not work, else with 0.
    """
    from dbtune.cli.report_output import print_result
    from dbtune.journeys.doctor import diagnose

    found = diagnose(database, wait_ms=int(wait * 1000))
    print_result(_document(found) if as_json else _table(found))
    failed = any(diagnosis.state == "failed" for diagnosis in found)
    return ExitCode.USAGE if failed else ExitCode.DONE


def _document(found: tuple[Diagnosis, ...]) -> str:
    return json.dumps([dataclasses.asdict(diagnosis) for diagnosis in found], indent=2) + "\n"


def _table(found: tuple[Diagnosis, ...]) -> str:
    """Draw one table, with what to do about each line that is not ok below it."""
    from tabulate import tabulate

    from dbtune.report.terminal.text import printable

    rows = [[d.topic, printable(d.name), printable(d.value), d.state] for d in found]
    table = tabulate(rows, headers=["", "", "", "state"], tablefmt="plain", disable_numparse=True)
    advice = [f"{d.name} ({d.state}): {d.advice}." for d in found if d.advice]
    return "\n".join([table, *(["", *map(printable, advice)] if advice else [])]) + "\n"
