"""Findings as text: grouped by severity, each with its proof, help and command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dbtune.model.advice import SEVERITIES, Evidence, Finding, Report, Severity
from dbtune.report.plain_text import display_width, printable, wrap_text
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.command_text import command_lines
from dbtune.report.terminal.explanation_text import index_lines
from dbtune.report.wording.findings import evidence_pairs, evidence_plans, finding_commands

_INDENT = "    "
_SEPARATOR = " · "
# A longer value reads better on a line of its own than between two others.
_SHORT_VALUE = 30
# Of one kind, this many are told in full; more of the same would hide what comes after.
_IN_FULL = 3


def findings_lines(report: Report, width: int, colors: Colors) -> Iterator[list[str]]:
    """Yield a section for each severity that has findings, the worst first.

    Help that was already given for the same code is not repeated. From the fourth of a code on,
    unless it is high, a finding is its subject, its own evidence and command alone; not so after a
    migration, where each says what is different from now on.
    """
    brief = report.tables is None
    layout = _Layout(report.source.path, width, colors, brief, report)
    yield from _sections(report.findings, layout)


def finding_sections(
    findings: tuple[Finding, ...], database: str, width: int, colors: Colors
) -> Iterator[list[str]]:
    """Yield a section for each severity that has findings, each told in full."""
    yield from _sections(findings, _Layout(database, width, colors, brief=False))


def _sections(findings: tuple[Finding, ...], layout: _Layout) -> Iterator[list[str]]:
    for severity in SEVERITIES:
        found = [finding for finding in findings if finding.severity == severity]
        if found:
            yield layout.section(severity, found)


class _Layout:
    """Draws findings one after the other, and knows what it said already."""

    def __init__(
        self,
        database: str,
        width: int,
        colors: Colors,
        brief: bool,
        report: Report | None = None,
    ) -> None:
        self._database = database
        self._is_brief = brief
        self._width = width
        self._colors = colors
        self._shapes = report.shapes if report is not None else ()
        explanations = report.explanations if report is not None else ()
        self._explanations = {explanation.name: explanation for explanation in explanations}
        self._helped: set[tuple[str, str]] = set()

    def section(self, severity: Severity, findings: list[Finding]) -> list[str]:
        """Return a severity's heading and findings."""
        heading = f"{severity.upper()} ({len(findings)})"
        lines = [self._colors.severity(severity, heading)]
        told: Counter[str] = Counter()
        same = {code: _shared(code, findings) for code in {each.code for each in findings}}
        for finding in findings:
            told[finding.code] += 1
            more = told[finding.code] > _IN_FULL
            brief = self._is_brief and more and severity != "high"
            shown = self._brief(finding, same[finding.code]) if brief else self._full(finding)
            lines += ["", *shown]
        return lines

    def _full(self, finding: Finding) -> list[str]:
        lines = _heading(finding, self._width, self._colors)
        lines += wrap_text(finding.message, self._width, _INDENT)
        lines += self._evidence(finding.evidence) + self._explanation(finding)
        if (finding.code, finding.help) not in self._helped:
            self._helped.add((finding.code, finding.help))
            lines += wrap_text(finding.help, self._width, _INDENT)
        return lines + self._commands(finding)

    def _brief(self, finding: Finding, shared: frozenset[Evidence]) -> list[str]:
        own = tuple(each for each in finding.evidence if each not in shared)
        lines = _heading(finding, self._width, self._colors) + self._evidence(own)
        return lines + self._explanation(finding, brief=True) + self._commands(finding)

    def _evidence(self, evidence: tuple[Evidence, ...]) -> list[str]:
        return [self._colors.dim(line) for line in _evidence_lines(evidence, self._width)]

    def _explanation(self, finding: Finding, *, brief: bool = False) -> list[str]:
        found = self._explanations.get(finding.subject)
        if found is None or finding.code != "missing-index":
            return []
        lines = list(index_lines(found, self._shapes, self._width, _INDENT, brief=brief))
        return [self._colors.dim(line) for line in lines] if brief else lines

    def _commands(self, finding: Finding) -> list[str]:
        return [
            self._colors.command(line)
            for command in finding_commands(finding, self._database)
            for line in command_lines(command, self._width, _INDENT)
        ]


def _shared(code: str, findings: list[Finding]) -> frozenset[Evidence]:
    """Return the evidence that all findings of a code have: said once, it is known of the rest."""
    every = [frozenset(each.evidence) for each in findings if each.code == code]
    return frozenset.intersection(*every)


def _heading(finding: Finding, width: int, colors: Colors) -> list[str]:
    code, subject = printable(finding.code), finding.subject
    one_line = f"  {code}  {printable(subject)}"
    if display_width(one_line) <= width:
        return [f"  {colors.bold(code)}  {printable(subject)}"]
    return [f"  {colors.bold(code)}", *wrap_text(subject, width, _INDENT)]


def _evidence_lines(evidence: tuple[Evidence, ...], width: int) -> list[str]:
    short, long = [], []
    for label, value in evidence_pairs(evidence):
        text = f"{label} {value}"
        if display_width(printable(value)) <= _SHORT_VALUE:
            short.append(printable(text))
        else:
            long += wrap_text(f"{label}: {value}", width, _INDENT, _INDENT + "  ")
    for plan in evidence_plans(evidence):
        long += _plan_lines(plan, width)
    return _joined(short, width) + long


def _plan_lines(plan: tuple[str, ...], width: int) -> list[str]:
    """A plan is read step by step, the inner ones indented as SQLite has them."""
    lines = [f"{_INDENT}plan"]
    for step in plan:
        indent = _INDENT + "  " + " " * (len(step) - len(step.lstrip()))
        lines += wrap_text(step.strip(), width, indent, indent + "  ")
    return lines


def _joined(parts: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and display_width(lines[-1] + _SEPARATOR + part) <= width:
            lines[-1] += _SEPARATOR + part
        else:
            lines.append(_INDENT + part)
    return lines
