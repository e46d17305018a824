"""The first lines of a report: how much faster, and the three things to do."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath

from dbtune.model.advice import Report, Verdict
from dbtune.report.quantities import (
    format_count,
    format_duration,
    format_factor,
    format_ratio,
)
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.command_text import command_lines
from dbtune.report.terminal.text import wrap_text

_ACTIONS = 3
# Other commands tell what they did, with the same figures.
_ANALYZE = "analyze"
# Below this a gain is noise: nobody would notice it.
_WORTH_SAYING_RATIO = 0.01
# Below this a factor would read 1.0x or 1.1x.
_WORTH_A_FACTOR_RATIO = 0.1
_COMMAND = re.compile(r"^(?P<words>.*?)(?:[:,]|\swith|\srun)?\s*`?(?P<command>dbtune .+?)`?\.?$")
_HOW_TO_RECORD = (
    "No recording given, so no query was checked. Record your application as you start it, use "
    "it, and analyze again; docs/reference/recording.md has other ways:"
)
_RECORD = "dbtune record -o queries.jsonl -- python app.py"


def verdict_lines(report: Report, width: int, colors: Colors) -> list[str]:
    """Return the verdict and the commands of its actions."""
    if report.verdict is None:
        return _without_recording(report, width, colors) if report.command == _ANALYZE else []
    lines = _gain(report, report.verdict, width, colors)
    for number, action in enumerate(report.verdict.actions[:_ACTIONS], start=1):
        lines += ["", *_action(number, action, width, colors)]
    return lines


def _gain(report: Report, verdict: Verdict, width: int, colors: Colors) -> list[str]:
    name = PurePath(report.source.path).name
    analyzed = report.command == _ANALYZE
    without_index = analyzed and not _creates(report)
    if verdict.gain_ratio <= 0 or (verdict.gain_ratio < _WORTH_SAYING_RATIO and without_index):
        said = _no_gain(report, name) if without_index else _no_faster(verdict, name)
        return [colors.bold(line) for line in wrap_text(said, width)]
    head = f"{name} {'can be' if analyzed else 'is now'} {_speed(verdict)}."
    costs = (
        f"{_workload(report)} cost {format_duration(verdict.cost_before)} before, "
        f"{format_duration(verdict.cost_after)} after ({format_ratio(verdict.gain_ratio)} less)"
        f"{_measured(verdict)}."
    )
    return [colors.good(line) for line in wrap_text(head, width)] + wrap_text(costs, width)


def _creates(report: Report) -> bool:
    return any(finding.code == "missing-index" for finding in report.findings)


def _speed(verdict: Verdict) -> str:
    factor = format_factor(verdict.cost_before, verdict.cost_after)
    if factor is None or verdict.gain_ratio < _WORTH_A_FACTOR_RATIO:
        return f"{format_ratio(verdict.gain_ratio)} cheaper"
    return f"{factor} faster"


def _no_gain(report: Report, name: str) -> str:
    checked = f"{_workload(report)} checked on {name}"
    if not report.findings:
        return f"Nothing to change: {checked}, and no index gains enough. Use --min-gain to change."
    return f"No new index: {checked}, and none gains enough. Use --min-gain to change."


def _no_faster(verdict: Verdict, name: str) -> str:
    before, after = map(format_duration, (verdict.cost_before, verdict.cost_after))
    return f"{name} is no faster: the recorded queries cost {before} before, {after} after."


def _workload(report: Report) -> str:
    calls = format_count(sum(shape.count for shape in report.shapes))
    shapes = len(report.shapes)
    return f"{calls} calls of {format_count(shapes)} query shape{'s' if shapes != 1 else ''}"


def _measured(verdict: Verdict) -> str:
    if verdict.time_before_ns is None or verdict.time_after_ns is None:
        return ""
    before, after = map(format_duration, (verdict.time_before_ns, verdict.time_after_ns))
    return f"; measured on a copy {before} and {after}"


def _action(number: int, action: str, width: int, colors: Colors) -> list[str]:
    match = _COMMAND.match(action)
    if match is None:
        return wrap_text(f"{number}. {action}", width, "  ", "     ")
    words = match["words"] or "Run"
    lines = wrap_text(f"{number}. {words}", width, "  ", "     ")
    return lines + [colors.command(x) for x in command_lines(match["command"], width, "     ")]


def _without_recording(report: Report, width: int, colors: Colors) -> list[str]:
    name = PurePath(report.source.path).name
    count = len(report.findings)
    found = f"{count} finding{'s' if count != 1 else ''}" if count else "Nothing found"
    lines = [
        colors.bold(line)
        for line in wrap_text(f"{found} in the schema and health of {name}.", width)
    ]
    again = f"dbtune analyze {shlex.quote(report.source.path)} --queries queries.jsonl"
    lines += wrap_text(_HOW_TO_RECORD, width)
    for command in (_RECORD, again):
        lines += [colors.command(line) for line in command_lines(command, width, "  ")]
    return lines
