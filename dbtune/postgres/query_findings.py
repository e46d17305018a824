"""What a check of recorded queries says, as findings; the subject is the shape's id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.advice import Evidence, Finding, Severity
from dbtune.model.query_check import QueryCheck

_HARMLESS = frozenset({"ties in any order", "limit without order", "rounding"})
_LONGEST_TEXT = 500


def query_findings(checks: Sequence[QueryCheck]) -> tuple[Finding, ...]:
    """Return a finding for each statement that breaks, changes, or wants an index."""
    return tuple(finding for check in checks for finding in _findings(check))


def _findings(check: QueryCheck) -> Iterator[Finding]:
    if check.status in {"breaks", "untranslated"}:
        yield _breaks(check)
    elif check.status == "differs":
        yield _differs(check)
    if check.unchanged_error is not None and check.status not in {"breaks", "untranslated"}:
        yield _must_change(check)
    if check.needs_index:
        yield _needs_index(check)


def _breaks(check: QueryCheck) -> Finding:
    code = "query-breaks" if check.status == "breaks" else "query-not-translated"
    return Finding(
        code=code,
        severity="high",
        subject=check.shape_id,
        message=f"PostgreSQL cannot run it: {'; '.join(check.reasons)}",
        evidence=_evidence(check),
        help="write the statement anew for PostgreSQL before the move",
        command=check.target_sql,
    )


def _differs(check: QueryCheck) -> Finding:
    severity: Severity = "low" if check.causes and set(check.causes) <= _HARMLESS else "medium"
    return Finding(
        code="query-rows-differ",
        severity=severity,
        subject=check.shape_id,
        message=f"it gives other rows on PostgreSQL ({', '.join(check.causes)}): "
        + "; ".join(check.reasons),
        evidence=_evidence(check),
        help="send the statement below, which gives SQLite's rows"
        if check.exact_sql is not None
        else "make sure that the application does not rely on it",
        command=check.exact_sql,
    )


def _must_change(check: QueryCheck) -> Finding:
    return Finding(
        code="query-must-change",
        severity="low",
        subject=check.shape_id,
        message=f"PostgreSQL refuses it as the application sends it: {check.unchanged_error}",
        evidence=_evidence(check),
        help="an ORM writes it for PostgreSQL by itself; by hand, send the statement below",
        command=check.target_sql,
    )


def _needs_index(check: QueryCheck) -> Finding:
    scans = [scan for scan in check.scans if scan.source_index is not None]
    told = "; ".join(
        f"{scan.table} ({scan.rows:,} rows; SQLite searches it by {scan.source_index})"
        for scan in scans
    )
    return Finding(
        code="query-needs-index",
        severity="medium",
        subject=check.shape_id,
        message=f"PostgreSQL reads a whole table for it: {told}",
        evidence=_evidence(check),
        help="create an index on PostgreSQL that serves it, then look at its plan again",
    )


def _evidence(check: QueryCheck) -> tuple[Evidence, ...]:
    text = check.text if len(check.text) <= _LONGEST_TEXT else check.text[:_LONGEST_TEXT] + " …"
    found = [Evidence("text", text), Evidence("count", check.count)]
    if check.source_ms is not None and check.target_ms is not None:
        found += [
            Evidence("source_ms", check.source_ms),
            Evidence("target_ms", check.target_ms),
        ]
    if check.differences:
        found.append(Evidence("differences", check.differences))
    return tuple(found)
