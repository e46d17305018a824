"""many-small-transactions: a request commits single rows one by one.

Source: https://www.sqlite.org/faq.html#q19
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules.worth import MIN_SHARE
from dbtune.advisor.wording import counted, percent, shown, statement
from dbtune.model.advice import Evidence, Finding, Severity
from dbtune.model.workload import SmallTransactions

CODE = "many-small-transactions"

# A commit on a disk that tells the truth takes 5 to 20 ms under a rollback journal: from 20 a
# request wait for it more than for anything else, and fewer are felt only if they come often.
_MANY_IN_A_REQUEST = 20
_MEDIUM_IN_A_REQUEST = 50


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each write that requests commit row by row."""
    if facts.workload is None:
        return ()
    shapes = {shape.id: shape for shape in facts.workload.shapes}
    total = facts.workload.queries
    found = []
    for small in facts.workload.small_transactions:
        shape = shapes.get(small.shape_id)
        share = small.calls / total if total else 0.0
        if shape is None or (share < MIN_SHARE and small.worst < _MANY_IN_A_REQUEST):
            continue
        found.append(_finding(facts, small, shape.template, share))
    return tuple(found)


def _finding(facts: Facts, small: SmallTransactions, template: str, share: float) -> Finding:
    place = f"Route {shown(small.route)}" if small.route else "A request"
    per_request = small.calls / small.requests if small.requests else 0.0
    return Finding(
        code=CODE,
        severity=_severity(small),
        subject=small.shape_id,
        message=(
            f"{place} commits {per_request:,.0f} single-row writes a request (at most "
            f"{small.worst:,}, in {counted(small.requests, 'request')}), {percent(share)} of the "
            f"statements, each waiting for the disk: {statement(template)}"
        ),
        evidence=(
            Evidence("share_ratio", share),
            Evidence("route", small.route),
            Evidence("requests_count", small.requests),
            Evidence("calls_count", small.calls),
            Evidence("most_calls_count", small.worst),
            Evidence("journal_mode", facts.health.journal_mode),
        ),
        help=(
            "Put the writes of one request into one transaction: BEGIN IMMEDIATE, all rows (in "
            "Python executemany), COMMIT; in SQLAlchemy one session.commit() at the end."
        ),
        command=f"BEGIN IMMEDIATE; {template}; ...; COMMIT;",
    )


def _severity(small: SmallTransactions) -> Severity:
    return "medium" if small.worst >= _MEDIUM_IN_A_REQUEST else "low"
