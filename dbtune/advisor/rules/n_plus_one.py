"""n-plus-one: a request sends the same read once for each row of a list.

Source: https://www.sqlite.org/np1queryprob.html (many small queries are cheap in SQLite itself;
what they cost is the application's part of each)
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.rules.batching import batched_query
from dbtune.advisor.rules.predicates import read_samples
from dbtune.advisor.rules.wording import counted, percent, shown, statement
from dbtune.advisor.rules.worth import MIN_SHARE, cost_share, severity_of
from dbtune.model.advice import Evidence, Finding
from dbtune.model.workload import QueryShape, RepeatedQuery, Workload

CODE = "n-plus-one"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each repeated read that is 1 % of the calls or of the cost.

    The share of calls counts as much as that of the cost: building, sending and reading back a
    statement costs an application more than a look-up by key costs SQLite.
    """
    if facts.workload is None:
        return ()
    measured = {shape.shape.id: shape for shape in facts.shapes}
    found = []
    for repeated in facts.workload.repeated:
        shape = _shape(facts.workload, repeated.shape_id)
        share = _share(facts, repeated, measured.get(repeated.shape_id))
        if shape is not None and share >= MIN_SHARE:
            found.append(_finding(facts, repeated, shape, share))
    return tuple(found)


def _share(facts: Facts, repeated: RepeatedQuery, measured: ShapeFacts | None) -> float:
    assert facts.workload is not None
    calls = sum(shape.count for shape in facts.workload.shapes)
    of_calls = repeated.calls / calls if calls else 0.0
    if measured is None or not measured.shape.count:
        return of_calls
    of_shape = min(1.0, repeated.calls / measured.shape.count)
    return max(of_calls, of_shape * cost_share(facts, measured))


def _shape(workload: Workload, shape_id: str) -> QueryShape | None:
    return next((shape for shape in workload.shapes if shape.id == shape_id), None)


def _finding(facts: Facts, repeated: RepeatedQuery, shape: QueryShape, share: float) -> Finding:
    per_request = repeated.calls / repeated.requests if repeated.requests else 0.0
    readings = read_samples(facts, shape)
    rewritten = batched_query(readings)
    place = f"route {shown(repeated.route)}" if repeated.route else "a request"
    site = f" from {shown(repeated.call_site)}" if repeated.call_site else ""
    return Finding(
        code=CODE,
        severity=severity_of(share),
        subject=shape.id,
        message=(
            f"{place}{site} sends one query {per_request:,.0f} times a request (at most "
            f"{repeated.worst:,}, in {counted(repeated.requests, 'request')}), "
            f"{percent(share)} of the workload: {statement(shape.template)}"
        ),
        evidence=(
            Evidence("share_ratio", share),
            Evidence("route", repeated.route),
            Evidence("call_site", repeated.call_site),
            Evidence("requests_count", repeated.requests),
            Evidence("calls_count", repeated.calls),
            Evidence("calls_per_request_count", per_request),
            Evidence("most_calls_count", repeated.worst),
        ),
        help=(
            "Ask for all rows at once: join them to the list, or collect the keys and use IN. In "
            "SQLAlchemy add options(selectinload(...)) to the query of the list, in Django "
            "select_related() or prefetch_related()."
        ),
        command=rewritten,
    )
