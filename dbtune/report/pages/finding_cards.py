"""Findings as cards: evidence in units, what explains an index, the line behind it, the command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.advice import SEVERITIES, Finding, Report, ShapeReport
from dbtune.model.explanation import IndexExplanation
from dbtune.model.page import (
    Block,
    Cell,
    Column,
    Fact,
    FindingCard,
    FindingList,
    Section,
    Table,
    Text,
)
from dbtune.report.anchors import anchors
from dbtune.report.pages.size_budget import estimated_bytes, fitting
from dbtune.report.quantities import format_ratio
from dbtune.report.wording.call_sites import finding_call_site
from dbtune.report.wording.explanation import (
    change_of_plan,
    change_of_work,
    dearest_write,
    write_cost,
)
from dbtune.report.wording.findings import (
    evidence_pairs,
    evidence_plans,
    finding_commands,
    is_sql,
)

SECTION = "findings"
# With more of them a page would not open at once.
_MOST_BYTES = 140_000
_CALL_SITE = "call_site"


def findings_section(report: Report, room_bytes: int = _MOST_BYTES) -> Section | None:
    """Return all findings, the worst first, as far as there is room for them."""
    if not report.findings:
        return None
    ordered = sorted(report.findings, key=lambda found: SEVERITIES.index(found.severity))
    room = min(room_bytes, _MOST_BYTES)
    cards = _cards(ordered, report)
    # Most of the room is for those that are told in full; the others are named all the same.
    shown = fitting(cards, room if estimated_bytes(cards) <= room else room * 2 // 3)
    blocks = [FindingList(shown), *_in_short(cards[len(shown) :], room // 3)]
    title = "Findings that were acted on" if report.changes else "Findings"
    return Section(SECTION, title, tuple(blocks))


def _in_short(cards: tuple[FindingCard, ...], room_bytes: int) -> Iterator[Block]:
    """Yield a table of the findings that there is no room for in full, and how many are left."""
    if not cards:
        return
    rows = fitting((_short_row(card) for card in cards), room_bytes)
    columns = (Column("subject", "code"), Column("finding", "code"), Column("severity"))
    yield Table("More findings, no worse than these; the JSON has all of each", columns, rows)
    if len(rows) < len(cards):
        yield Text((f"And {len(cards) - len(rows):,} more: they are in the JSON.",))


def _short_row(card: FindingCard) -> tuple[Cell, ...]:
    severity = Cell(card.severity, value=SEVERITIES.index(card.severity))
    return Cell(card.subject), Cell(card.code), severity


def counted_findings(findings: tuple[Finding, ...]) -> str:
    """Return how many there are of each severity, such as "6 high, 24 medium"."""
    severities = [finding.severity for finding in findings]
    counts = ((severities.count(severity), severity) for severity in SEVERITIES)
    return ", ".join(f"{count:,} {severity}" for count, severity in counts if count)


def _cards(findings: list[Finding], report: Report) -> tuple[FindingCard, ...]:
    names = anchors("finding", (f"{finding.code} {finding.subject}" for finding in findings))
    explanations = {explanation.name: explanation for explanation in report.explanations}
    shapes = {shape.id: shape for shape in report.shapes}
    return tuple(
        _card(
            name,
            finding,
            report.source.path,
            finding_call_site(finding, shapes),
            tuple(_explained(finding, explanations, shapes)),
        )
        for name, finding in zip(names, findings, strict=True)
    )


def _card(
    name: str, finding: Finding, database: str, site: str, explained: tuple[Fact, ...]
) -> FindingCard:
    commands = tuple(finding_commands(finding, database))
    # One command is copied at a time: where dbtune does it, the SQL is what it will do.
    shell = tuple(command for command in commands if not is_sql(command))
    statements = tuple(command for command in commands if is_sql(command)) if shell else ()
    sql = tuple(Fact("SQL", statement) for statement in statements)
    return FindingCard(
        anchor=name,
        code=finding.code,
        severity=finding.severity,
        subject=finding.subject,
        message=finding.message,
        evidence=(*_facts(finding, site), *explained, *sql),
        help=finding.help,
        command="\n".join(shell or commands),
        call_site=site,
        language="shell" if shell else "sql",
    )


def _facts(finding: Finding, site: str) -> Iterator[Fact]:
    told = tuple(item for item in finding.evidence if not (site and item.name == _CALL_SITE))
    for label, value in evidence_pairs(told):
        yield Fact(label, value)
    for plan in evidence_plans(told):
        yield Fact("plan", " > ".join(step.strip() for step in plan))


def _explained(
    finding: Finding,
    explanations: Mapping[str, IndexExplanation],
    shapes: Mapping[str, ShapeReport],
) -> Iterator[Fact]:
    """Yield what becomes of the dearest query of a new index, what writes pay, and its rival."""
    explanation = explanations.get(finding.subject)
    if explanation is None or finding.code != "missing-index":
        return
    helped = next((shapes[name] for name in explanation.shapes if name in shapes), None)
    if helped is not None:
        share = f"{format_ratio(helped.share)} of the recording's cost"
        yield Fact(f"query {helped.id[:6]}", change_of_plan(helped), share)
        yield Fact("its work", change_of_work(helped))
    write = dearest_write(explanation.writes)
    if write is not None:
        yield Fact("write", write_cost(write))
    if explanation.runner_up is not None:
        yield Fact("runner-up", explanation.runner_up.reason)
