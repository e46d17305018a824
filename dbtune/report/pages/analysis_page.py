"""The report of analyze, apply-indexes, enable-wal or rollback as a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from dbtune.model.advice import AppliedChange, Report
from dbtune.model.page import Action, Fact, Page, Section, Tone
from dbtune.report.pages.finding_cards import counted_findings, findings_section
from dbtune.report.pages.index_sections import index_section
from dbtune.report.pages.next_commands import next_commands, next_section
from dbtune.report.pages.schema_section import routes_section, schema_section
from dbtune.report.pages.shape_details import links_to, shape_details
from dbtune.report.pages.shape_sections import cost_section, shapes_section
from dbtune.report.pages.state_sections import (
    changes_section,
    environment_section,
    health_section,
    notes_section,
    open_section,
)
from dbtune.report.quantities import format_duration, format_factor, format_ratio, format_size
from dbtune.report.wording.conclusion import (
    ANALYZE,
    RECORD,
    Conclusion,
    analyze_again,
    gain_conclusion,
    recorded_workload,
    split_action,
    unrecorded_conclusion,
)
from dbtune.report.wording.counted import counted
from dbtune.report.wording.explanation import change_of
from dbtune.report.wording.origin import origin

_ACTIONS = 3
_ENABLE_WAL = "enable-wal"
_UNCHANGED = "nothing was changed"
# Nobody should make a damaged file faster before it is mended.
_DAMAGED = "The file is damaged: mend that first, as the finding integrity-error says."
_HOOK = (
    "Set up the application's connections with dbtune.install(engine), or the lines of "
    "dbtune help hook: without BEGIN IMMEDIATE and a busy timeout more writes fail under WAL "
    "than before"
)
# How dbtune marks its own revisions among those of an application.
_OWN_PREFIX = "dbtune: "
# Below what mail and chat programs take, and browsers open at once, with all that is around it.
_PAGE_BYTES = 370_000
# A row of the table of all shapes, about.
_SHAPE_ROW_BYTES = 590


def analysis_page(report: Report, name: str = "") -> Page:
    """Return the page; `name` is the report's file, "" where it has none."""
    verdict, tone = analysis_verdict(report)
    return Page(
        title=f"dbtune {report.command}: {PurePath(report.source.path).name}",
        verdict=verdict,
        tone=tone,
        figures=tuple(_figures(report)),
        actions=_actions(report, name),
        sections=tuple(section for section in _sections(report, name) if section is not None),
        footer=origin(report),
    )


def analysis_verdict(report: Report) -> tuple[str, Tone]:
    """Return the verdict of the page and its tone."""
    said = _conclusion(report)
    return _verdict(report, said), _tone(report, said)


def _conclusion(report: Report) -> Conclusion:
    if report.verdict is not None:
        return gain_conclusion(report, report.verdict)
    if report.command == ANALYZE:
        return unrecorded_conclusion(report)
    if report.changes:
        return Conclusion(" ".join(map(_done, report.changes)), "", "good")
    head = f"{PurePath(report.source.path).name}: {_UNCHANGED}."
    return Conclusion(head, _why_unchanged(report), "neutral")


def _why_unchanged(report: Report) -> str:
    told = (note for note in report.notes if note not in _other_notes(report))
    why = "; ".join(
        note.removeprefix(f"{_UNCHANGED}: ").removesuffix(f": {_UNCHANGED}").rstrip(".")
        for note in told
    )
    return f"{why[:1].upper()}{why[1:]}." if why else ""


def _other_notes(report: Report) -> tuple[str, ...]:
    """Return what the verdict does not say already."""
    if report.verdict is not None or report.command == ANALYZE or report.changes:
        return report.notes
    return tuple(note for note in report.notes[1:] if not note.startswith(_UNCHANGED))


def _done(change: AppliedChange) -> str:
    """Return what a revision did, such as "Applied: enable WAL (revision d52343269022)."."""
    said = "Applied" if change.direction == "up" else "Undone"
    return f"{said}: {change.reason.removeprefix(_OWN_PREFIX)} (revision {change.revision})."


def _verdict(report: Report, said: Conclusion) -> str:
    """Return the sentence alone where figures stand below it for what it rests on."""
    details = "" if report.verdict is not None else said.details
    damaged = _DAMAGED if _is_damaged(report) else ""
    return " ".join(part for part in (damaged, said.head, details) if part)


def _is_damaged(report: Report) -> bool:
    return any(finding.code == "integrity-error" for finding in report.findings)


def _tone(report: Report, said: Conclusion) -> Tone:
    """Return what it says of the database: what could be faster is no good news yet."""
    if report.command != ANALYZE and report.changes != ():
        return said.tone
    severities = {finding.severity for finding in report.findings}
    if _is_damaged(report):
        return "bad"
    if severities & {"high", "medium"}:
        return "warning"
    # Of a database that nothing was looked for in, nothing found says little.
    return "neutral" if severities or report.command != ANALYZE else "good"


def _figures(report: Report) -> Iterator[Fact]:
    verdict = report.verdict
    if verdict is not None and verdict.cost_before:
        factor = format_factor(verdict.cost_before, verdict.cost_after)
        costs = _change(verdict.cost_before, verdict.cost_after)
        gained = f"{format_ratio(verdict.gain_ratio)} less" if verdict.gain_ratio > 0 else ""
        note = ", ".join(part for part in (factor and f"{factor} faster", gained) if part)
        yield Fact("Cost of the recording", costs, note, "good" if gained else "neutral")
        if verdict.time_before_ns is not None and verdict.time_after_ns is not None:
            times = _change(verdict.time_before_ns, verdict.time_after_ns)
            yield Fact("Measured on a copy", times)
    if report.shapes:
        calls, shapes = recorded_workload(report).split(" of ")
        yield Fact("Recorded", calls, shapes)
    if report.findings:
        yield _counted(report)
    if report.explanations:
        size = format_size(sum(index.size_bytes for index in report.explanations))
        yield Fact("New indexes", f"{len(report.explanations):,}", size)
    if report.changes:
        statements = sum(len(change.statements) for change in report.changes)
        words = counted(statements, "statement")
        yield Fact("Changes", f"{len(report.changes):,}", words)
    yield Fact("Database", format_size(report.source.size_bytes))


def _change(before_ns: float, after_ns: float) -> str:
    if before_ns == after_ns:
        return format_duration(before_ns)
    return change_of(format_duration, before_ns, after_ns)


def _counted(report: Report) -> Fact:
    label = "Findings acted on" if report.changes else "Findings"
    high = any(finding.severity == "high" for finding in report.findings)
    tone: Tone = "bad" if high and not report.changes else "neutral"
    return Fact(label, f"{len(report.findings):,}", counted_findings(report.findings), tone)


def _actions(report: Report, name: str) -> tuple[Action, ...]:
    if report.verdict is not None and report.verdict.actions:
        return tuple(map(split_action, report.verdict.actions[:_ACTIONS]))
    if report.verdict is None and report.command == ANALYZE:
        return (
            Action("Record your application while it is used", RECORD),
            Action("Analyze again, with the recording", analyze_again(report)),
        )
    after = (Action(_HOOK),) if report.command == _ENABLE_WAL and report.changes else ()
    commands = next_commands(report, name) if report.changes is not None else ()
    return (*after, *(Action(command.purpose, command.text) for command in commands))[:_ACTIONS]


def _sections(report: Report, name: str) -> Iterator[Section | None]:
    # Room goes to the table of all shapes first, then to findings, then to details of shapes.
    room = _PAGE_BYTES - min(len(report.shapes) * _SHAPE_ROW_BYTES, _PAGE_BYTES * 4 // 5)
    details = shape_details(report, room * 3 // 8)
    links = links_to(details)
    yield cost_section(report, links)
    yield changes_section(report)
    yield findings_section(report, room * 5 // 8)
    yield shapes_section(report, details, links)
    yield index_section(report, links)
    yield schema_section(report)
    yield routes_section(report.routes)
    yield health_section(report.health, changed=bool(report.changes))
    yield open_section(report.not_checked, report.not_analyzed)
    yield notes_section(_other_notes(report))
    yield next_section(report, name)
    yield environment_section(report.environment, report.source)
