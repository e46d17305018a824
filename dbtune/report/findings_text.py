"""Findings as text: grouped by severity, each with its proof, help and command."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.advice import SEVERITIES, Evidence, Finding, Severity
from dbtune.report.colors import Colors
from dbtune.report.command_text import command_lines, is_sql
from dbtune.report.quantities import evidence_label, format_evidence
from dbtune.report.text import display_width, printable, wrap_text

_INDENT = "    "
_SEPARATOR = " · "
# A longer value reads better on a line of its own than between two others.
_SHORT_VALUE = 24


def findings_lines(
    findings: tuple[Finding, ...], width: int, colors: Colors
) -> Iterator[list[str]]:
    """Yield a section for each severity that has findings, the worst first.

    Help that was already given for the same code is not repeated.
    """
    helped: set[tuple[str, str]] = set()
    for severity in SEVERITIES:
        found = [finding for finding in findings if finding.severity == severity]
        if found:
            yield _section(severity, found, helped, width, colors)


def _section(
    severity: Severity,
    findings: list[Finding],
    helped: set[tuple[str, str]],
    width: int,
    colors: Colors,
) -> list[str]:
    lines = [colors.severity(severity, f"{severity.upper()} ({len(findings)})")]
    for finding in findings:
        with_help = (finding.code, finding.help) not in helped
        helped.add((finding.code, finding.help))
        lines += ["", *_finding(finding, with_help, width, colors)]
    return lines


def _finding(finding: Finding, with_help: bool, width: int, colors: Colors) -> list[str]:
    lines = _heading(finding, width, colors)
    lines += wrap_text(finding.message, width, _INDENT)
    lines += [colors.dim(line) for line in _evidence_lines(finding.evidence, width)]
    if with_help:
        lines += wrap_text(finding.help, width, _INDENT)
    for command in _commands(finding):
        lines += [colors.command(line) for line in command_lines(command, width, _INDENT)]
    return lines


def _heading(finding: Finding, width: int, colors: Colors) -> list[str]:
    code, subject = printable(finding.code), finding.subject
    one_line = f"  {code}  {printable(subject)}"
    if display_width(one_line) <= width:
        return [f"  {colors.bold(code)}  {printable(subject)}"]
    return [f"  {colors.bold(code)}", *wrap_text(subject, width, _INDENT)]


def _commands(finding: Finding) -> list[str]:
    """The SQL of the change, then the command that does it; one of them where they are one."""
    command = [] if finding.command is None else [finding.command]
    if finding.change is None or (command and is_sql(command[0])):
        return command
    return [*finding.change.up, *command]


def _evidence_lines(evidence: tuple[Evidence, ...], width: int) -> list[str]:
    short, long = [], []
    for label, value in _merged(evidence):
        text = f"{label} {value}"
        if display_width(printable(value)) <= _SHORT_VALUE:
            short.append(printable(text))
        else:
            long += wrap_text(f"{label}: {value}", width, _INDENT, _INDENT + "  ")
    return _joined(short, width) + long


def _merged(evidence: tuple[Evidence, ...]) -> Iterator[tuple[str, str]]:
    """Yield labels and values, with X_before and X_after as one: X 1.2 s -> 3.4 ms."""
    values = {item.name: item.value for item in evidence}
    for item in evidence:
        partner = item.name.replace("_before", "_after", 1)
        if "_before" in item.name and partner in values:
            before = format_evidence(item.name, item.value)
            after = format_evidence(partner, values[partner])
            yield evidence_label(item.name.replace("_before", "", 1)), f"{before} -> {after}"
        elif "_after" not in item.name or item.name.replace("_after", "_before", 1) not in values:
            yield evidence_label(item.name), format_evidence(item.name, item.value)


def _joined(parts: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and display_width(lines[-1] + _SEPARATOR + part) <= width:
            lines[-1] += _SEPARATOR + part
        else:
            lines.append(_INDENT + part)
    return lines
