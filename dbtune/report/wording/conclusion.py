"""What a report comes to, in a sentence or two, and the first things to do."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePath

from dbtune.model.advice import REHEARSED, Report, TableOutcome, Verdict
from dbtune.model.page import Action, Tone
from dbtune.report.quantities import format_duration, format_factor, format_ratio
from dbtune.report.wording.counted import counted

ANALYZE = "analyze"
# Below this a gain is noise: nobody would notice it.
_WORTH_SAYING_RATIO = 0.01
# Below this a factor would read 1.0x or 1.1x.
_WORTH_A_FACTOR_RATIO = 0.1
_COMMAND = re.compile(r"^(?P<words>.*?)(?:[:,]|\swith|\srun)?\s*`?(?P<command>dbtune .+?)`?\.?$")
_NO_RECORDING = "No recording given, so no query was checked."
HOW_TO_RECORD = (
    "Record your application as you start it, use it, and analyze again; "
    "dbtune help recording-format has other ways:"
)
RECORD = "dbtune record -o queries.jsonl -- python app.py"


@dataclass(frozen=True)
class Conclusion:
    """The sentence that comes first, what it rests on, and what it amounts to."""

    head: str
    details: str
    tone: Tone


def gain_conclusion(report: Report, verdict: Verdict) -> Conclusion:
    """Return what becomes, or became, of the cost of the recorded queries."""
    name = PurePath(report.source.path).name
    analyzed = report.command == ANALYZE
    without_index = analyzed and not _creates(report)
    if verdict.gain_ratio <= 0 or (verdict.gain_ratio < _WORTH_SAYING_RATIO and without_index):
        said = _no_gain(report, name) if without_index else _no_faster(verdict, name)
        return Conclusion(said, "", "neutral")
    costs = (
        f"{recorded_workload(report)} cost {format_duration(verdict.cost_before)} before, "
        f"{format_duration(verdict.cost_after)} after ({format_ratio(verdict.gain_ratio)} less)"
        f"{_measured(verdict)}."
    )
    # A dry run of apply-indexes has a gain too, and has changed nothing.
    head = f"{name} {'is now' if report.changes else 'can be'} {_speed(verdict)}."
    return Conclusion(head, costs, "good")


def unrecorded_conclusion(report: Report) -> Conclusion:
    """Return what was found of a database, and not of its queries without a recording."""
    count = len(report.findings)
    found = counted(count, "finding") if count else "Nothing found"
    head = f"{found} in the schema and health of {PurePath(report.source.path).name}."
    return Conclusion(head, _NO_RECORDING, "neutral")


def analyze_again(report: Report) -> str:
    """Return the command that analyzes the same database with a recording."""
    return f"dbtune analyze {shlex.quote(report.source.path)} --queries queries.jsonl"


def migration_conclusion(report: Report) -> Conclusion:
    """Return whether all is moved, in a line; the report has one table at least."""
    tables, rehearsed = report.tables or (), is_rehearsal(report)
    rejected = sum(table.rejected for table in tables)
    rows = sum(table.rows for table in tables) - rejected
    broken = sum(not table.verified for table in tables)
    compared = {table.method for table in tables} - {"none"}
    if not compared:
        said = f"{counted_tables(tables)} made in PostgreSQL, without rows as asked."
        return Conclusion(_rehearsed(said) if rehearsed else said, "", "good")
    if broken:
        return Conclusion(f"{broken} of {len(tables)} tables differ from SQLite.", "", "bad")
    are = "is in" if len(tables) == 1 else "are in"
    if rehearsed:
        are = "was moved to" if len(tables) == 1 else "were moved to"
    said = f"{counted_tables(tables)} with {rows:,} rows {are} PostgreSQL, {_how(compared)}."
    said = _rehearsed(said) if rehearsed else said
    if rejected:
        said += f" {rejected:,} rows were kept back, as asked."
    return Conclusion(said, "", "good")


def is_rehearsal(report: Report) -> bool:
    """Return whether what was moved is gone again, as asked."""
    return REHEARSED in report.notes


def _rehearsed(said: str) -> str:
    return f"Rehearsed, and nothing is kept: {said}"


def counted_tables(tables: tuple[TableOutcome, ...]) -> str:
    """Return their number in words."""
    return counted(len(tables), "table")


def split_action(action: str) -> Action:
    """Return what to do apart from its command, such as "Switch to WAL" and "dbtune enable-wal"."""
    match = _COMMAND.match(action)
    if match is None:
        return Action(action)
    return Action(match["words"] or "Run", match["command"])


def recorded_workload(report: Report) -> str:
    """Return how much was recorded, such as "7,430 calls of 80 query shapes"."""
    calls = counted(sum(shape.count for shape in report.shapes), "call")
    return f"{calls} of {counted(len(report.shapes), 'query shape')}"


def _how(methods: set[str]) -> str:
    if methods <= {"counts"}:
        return "and their number is the same; values were not compared"
    if any("sample" in method for method in methods):
        return "and a sample of them was compared"
    return "each of them compared"


def _creates(report: Report) -> bool:
    return any(finding.code == "missing-index" for finding in report.findings)


def _speed(verdict: Verdict) -> str:
    factor = format_factor(verdict.cost_before, verdict.cost_after)
    if factor is None or verdict.gain_ratio < _WORTH_A_FACTOR_RATIO:
        return f"{format_ratio(verdict.gain_ratio)} cheaper"
    return f"{factor} faster"


def _no_gain(report: Report, name: str) -> str:
    if not report.shapes:
        return f"No query was checked: the recording holds none that {name} can run."
    checked = f"{recorded_workload(report)} checked on {name}"
    if not report.findings:
        return f"Nothing to change: {checked}, and no index gains enough. Use --min-gain to change."
    return f"No new index: {checked}, and none gains enough. Use --min-gain to change."


def _no_faster(verdict: Verdict, name: str) -> str:
    before, after = map(format_duration, (verdict.cost_before, verdict.cost_after))
    return f"{name} is no faster: the recorded queries cost {before} before, {after} after."


def _measured(verdict: Verdict) -> str:
    if verdict.time_before_ns is None or verdict.time_after_ns is None:
        return ""
    before, after = map(format_duration, (verdict.time_before_ns, verdict.time_after_ns))
    return f"; measured on a copy {before} and {after}"
