"""What a run judges: its findings, or what got worse from one side to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.advice import Finding, Report, Severity, ShapeReport
from dbtune.model.comparison import Comparison, Difference
from dbtune.model.run import Run
from dbtune.report.checks.call_site import parse_call_site, relative_path
from dbtune.report.checks.problem import Check, Judgement, Level, Problem
from dbtune.report.wording.call_sites import finding_call_site, finding_shapes
from dbtune.report.wording.findings import finding_commands
from dbtune.report.wording.query_text import abbreviated

_LEVELS: dict[Severity, Level] = {
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_FINDINGS_PAGE = "docs/reference/findings.md"
_MIGRATION_PAGE = "docs/reference/migration-findings.md"
_COMPARISON_PAGE = "docs/how-to/compare.md"


def judge(run: Run, folder: str) -> Judgement | None:
    """Return what a run judges, or None for one that measures and judges nothing.

    Files are told relative to `folder`, an absolute path with slashes.
    """
    if isinstance(run, Report):
        return Judgement(
            run.command,
            relative_path(run.source.path, folder),
            run.created_at,
            run.dbtune_version,
            _FINDINGS_PAGE if run.tables is None else _MIGRATION_PAGE,
            problems_of(run, folder),
            (*_queries(run), *_tables(run)),
        )
    if isinstance(run, Comparison):
        return Judgement(
            "compare",
            relative_path(run.head.database or run.head.name, folder),
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
        shapes = {shape.id: shape for shape in run.shapes}
        found = (_problem(finding, run.source.path, shapes, folder) for finding in run.findings)
        return (*found, *_different_tables(run))
    return ()


def _problem(
    finding: Finding, database: str, shapes: Mapping[str, ShapeReport], folder: str
) -> Problem:
    # The SQL of a change comes before the command that makes it.
    command = tuple(finding_commands(finding, database))[-1:]
    place = parse_call_site(finding_call_site(finding, shapes), folder)
    file, line = place or (None, None)
    return Problem(
        finding.code,
        _LEVELS[finding.severity],
        finding.subject,
        finding.message,
        finding.help,
        "".join(command),
        file,
        line,
    )


def _different_tables(report: Report) -> Iterator[Problem]:
    """Yield the tables of a migration that differ, where no finding says in what."""
    told = tuple(
        finding.subject for finding in report.findings if finding.code.startswith("verification-")
    )
    for table in report.tables or ():
        named = (table.source, f"{table.source}.")
        if table.verified or table.method == "none":
            continue
        if not any(subject == named[0] or subject.startswith(named[1]) for subject in told):
            message = f"{table.source} is not the same in SQLite and in PostgreSQL."
            yield Problem("verification-differs", "error", table.source, message)


def _queries(report: Report) -> Iterator[Check]:
    """Yield the recorded queries that no finding of weight is about."""
    found = () if report.changes else report.findings
    weighty = (finding for finding in found if _LEVELS[finding.severity] != "note")
    named = frozenset(name for finding in weighty for name in finding_shapes(finding))
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
        "See all about one query with:",
        "dbtune analyze DB --queries RECORDING --explain ID",
    )


def _compared(comparison: Comparison) -> Iterator[Check]:
    for found in (*comparison.of("improvement"), *comparison.of("unchanged")):
        yield Check(found.metric, f"{found.subject} {abbreviated(found.text)}".strip())
