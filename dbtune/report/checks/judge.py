"""What a run judges: its findings, or what got worse from one side to the other."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.advice import Finding, Report, Severity
from dbtune.model.comparison import Comparison, Difference
from dbtune.model.run import Run
from dbtune.report.checks.call_site import parse_call_site
from dbtune.report.checks.problem import Check, Judgement, Level, Problem
from dbtune.report.terminal.query_text import abbreviated

_LEVELS: dict[Severity, Level] = {
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_FINDINGS_PAGE = "docs/reference/findings.md"
_MIGRATION_PAGE = "docs/how-to/migration.md"
_COMPARISON_PAGE = "docs/how-to/compare.md"
_SHAPE_EVIDENCE = frozenset({"queries", "query_shapes", "shapes"})


def judge(run: Run, name: str, folder: str) -> Judgement | None:
    """Return what a run judges, or None for one that measures and judges nothing.

    `name` is its file. Files of the application are told relative to `folder`, an absolute path.
    """
    if isinstance(run, Report):
        return Judgement(
            name,
            run.command,
            run.source.path,
            run.created_at,
            run.dbtune_version,
            _FINDINGS_PAGE if run.tables is None else _MIGRATION_PAGE,
            problems_of(run, folder),
            (*_queries(run), *_tables(run)),
        )
    if isinstance(run, Comparison):
        return Judgement(
            name,
            "compare",
            run.head.database or run.head.name,
            run.created_at,
            run.dbtune_version,
            _COMPARISON_PAGE,
            problems_of(run, folder),
            tuple(_compared(run)),
        )
    return None


def problems_of(run: Run, folder: str) -> tuple[Problem, ...]:
    """Return what is wrong by a run's own judgement, in its order; nothing for other runs.

    A difference of which nothing is known is a note.
    """
    if isinstance(run, Comparison):
        differences = (*run.of("regression"), *run.of("inconclusive"))
        return tuple(_regression(difference) for difference in differences)
    # What a command that changes a database found, it has mended.
    if isinstance(run, Report) and not run.changes:
        return tuple(_problem(finding, folder) for finding in run.findings)
    return ()


def _problem(finding: Finding, folder: str) -> Problem:
    values = {item.name: item.value for item in finding.evidence}
    site = values.get("call_site")
    file, line = (parse_call_site(site, folder) if isinstance(site, str) else None) or (None, None)
    return Problem(
        finding.code,
        _LEVELS[finding.severity],
        finding.subject,
        finding.message,
        f"{finding.help} {finding.command or ''}".strip(),
        file,
        line,
    )


def _queries(report: Report) -> Iterator[Check]:
    """Yield the recorded queries that no finding of weight is about."""
    found = () if report.changes else report.findings
    named = frozenset(name for finding in found for name in _shapes_of(finding))
    for shape in report.shapes:
        if shape.id not in named:
            yield Check("query", f"{shape.id} {abbreviated(shape.text)}")
    for check in report.queries or ():
        if check.shape_id not in named:
            known = check.status != "not-checked"
            reason = "" if known else "; ".join(check.reasons) or "nothing of it could be tried"
            yield Check("query", f"{check.shape_id} {abbreviated(check.text)}", known, reason)
    for left in report.not_analyzed:
        yield Check("query", f"{left.id} {abbreviated(left.text)}", False, left.message)


def _shapes_of(finding: Finding) -> Iterator[str]:
    if _LEVELS[finding.severity] == "note":
        return
    yield finding.subject
    for item in finding.evidence:
        if item.name in _SHAPE_EVIDENCE and isinstance(item.value, tuple):
            yield from item.value


def _tables(report: Report) -> Iterator[Check]:
    """Yield the tables of a migration that were compared and are the same, or were not compared."""
    for table in report.tables or ():
        if table.verified:
            yield Check("table", table.source)
        elif table.method == "none":
            yield Check("table", table.source, False, "its rows were not compared")


def _regression(found: Difference) -> Problem:
    about = f"{found.subject} {abbreviated(found.text)}".strip()
    return Problem(
        f"{found.outcome}-{found.metric}",
        "error" if found.outcome == "regression" else "note",
        found.subject,
        f"{about}: {found.reason}",
        "All about one query: dbtune analyze DB --queries RECORDING --explain ID.",
    )


def _compared(comparison: Comparison) -> Iterator[Check]:
    for found in (*comparison.of("improvement"), *comparison.of("unchanged")):
        yield Check(found.metric, f"{found.subject} {abbreviated(found.text)}".strip())
