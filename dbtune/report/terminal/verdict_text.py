"""The first lines of a report: how much faster, and the three things to do."""

from __future__ import annotations

from dbtune.model.advice import Report, Verdict
from dbtune.report.plain_text import wrap_text
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.command_text import command_lines
from dbtune.report.wording.conclusion import (
    ANALYZE,
    HOW_TO_RECORD,
    RECORD,
    analyze_again,
    gain_conclusion,
    split_action,
    unrecorded_conclusion,
)

_ACTIONS = 3


def verdict_lines(report: Report, width: int, colors: Colors) -> list[str]:
    """Return the verdict and the commands of its actions."""
    if report.verdict is None:
        return _without_recording(report, width, colors) if report.command == ANALYZE else []
    lines = _gain(report, report.verdict, width, colors)
    for number, action in enumerate(report.verdict.actions[:_ACTIONS], start=1):
        lines += ["", *_action(number, action, width, colors)]
    return lines


def _gain(report: Report, verdict: Verdict, width: int, colors: Colors) -> list[str]:
    said = gain_conclusion(report, verdict)
    style = colors.good if said.tone == "good" else colors.bold
    details = wrap_text(said.details, width) if said.details else []
    return [*map(style, wrap_text(said.head, width)), *details]


def _action(number: int, action: str, width: int, colors: Colors) -> list[str]:
    parts = split_action(action)
    lines = wrap_text(f"{number}. {parts.text}", width, "  ", "     ")
    if not parts.command:
        return lines
    return lines + [colors.command(x) for x in command_lines(parts.command, width, "     ")]


def _without_recording(report: Report, width: int, colors: Colors) -> list[str]:
    said = unrecorded_conclusion(report)
    lines = [colors.bold(line) for line in wrap_text(said.head, width)]
    lines += wrap_text(f"{said.details} {HOW_TO_RECORD}", width)
    for command in (RECORD, analyze_again(report)):
        lines += [colors.command(line) for line in command_lines(command, width, "  ")]
    return lines
