"""n-plus-one: a request sends the same read once for each row of a list.

Source: https://www.sqlite.org/np1queryprob.html (many small queries are cheap in SQLite itself;
what they cost is the application's part of each)
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.remedies.batching import batched_query, leafs_through, looks_up
from dbtune.advisor.rules.worth import MIN_SHARE, cost_share, severity_of
from dbtune.advisor.wording import counted, percent, shown, statement
from dbtune.model.advice import Evidence, Finding
from dbtune.model.workload import QueryShape, RepeatedQuery, Workload
from dbtune.workload.eager_loading import eager_loading, one_for_all

CODE = "n-plus-one"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each repeated read that is 1 % of the calls or of the cost.

    The share of calls counts as much as that of the cost: building, sending and reading back a
    statement costs an application more than a look-up by key costs SQLite. A series whose
    samples differ in their OFFSET only is a loop over pages.
    """
    if facts.workload is None:
        return ()
    measured = {shape.shape.id: shape for shape in facts.shapes}
    found = []
    for repeated in facts.workload.repeated:
        shape = _shape(facts.workload, repeated.shape_id)
        share = _share(facts, repeated, measured.get(repeated.shape_id))
        if shape is not None and share >= MIN_SHARE:
            readings = read_samples(facts, shape)
            if not leafs_through(readings):
                found.append(_finding(facts.workload, repeated, shape, share, readings))
    return tuple(found)


def _share(facts: Facts, repeated: RepeatedQuery, measured: ShapeFacts | None) -> float:
    assert facts.workload is not None
    calls = facts.workload.queries
    of_calls = repeated.calls / calls if calls else 0.0
    if measured is None or not measured.shape.count:
        return of_calls
    of_shape = min(1.0, repeated.calls / measured.shape.count)
    return max(of_calls, of_shape * cost_share(facts, measured))


def _shape(workload: Workload, shape_id: str) -> QueryShape | None:
    return next((shape for shape in workload.shapes if shape.id == shape_id), None)


def _finding(
    workload: Workload,
    repeated: RepeatedQuery,
    shape: QueryShape,
    share: float,
    readings: tuple[Statement, ...],
) -> Finding:
    per_unit = repeated.calls / repeated.requests if repeated.requests else 0.0
    help, command = _fix(workload, repeated, readings)
    return Finding(
        code=CODE,
        severity=severity_of(share),
        subject=shape.id,
        message=(
            f"{_place(repeated)} {_what(repeated)} {per_unit:,.0f} times a {repeated.unit} (at "
            f"most {repeated.worst:,}, in {counted(repeated.requests, repeated.unit)}"
            f"{_time(repeated)}), {percent(share)} of the workload: {statement(shape.template)}"
        ),
        evidence=(
            Evidence("share_ratio", share),
            Evidence("route", repeated.route),
            Evidence("call_site", repeated.call_site),
            Evidence("relationship", repeated.relationship),
            Evidence(f"{repeated.unit}s_count", repeated.requests),
            Evidence("calls_count", repeated.calls),
            Evidence(f"calls_per_{repeated.unit}_count", per_unit),
            Evidence("most_calls_count", repeated.worst),
            Evidence("duration_ns", repeated.duration_ns),
        ),
        help=help,
        command=command,
    )


def _place(repeated: RepeatedQuery) -> str:
    place = f"Route {shown(repeated.route)}" if repeated.route else f"A {repeated.unit}"
    return f"{place} from {shown(repeated.call_site)}" if repeated.call_site else place


def _what(repeated: RepeatedQuery) -> str:
    if repeated.relationship is None:
        return "sends one query"
    return f"loads {shown(repeated.relationship)} row by row,"


def _time(repeated: RepeatedQuery) -> str:
    if repeated.duration_ns is None or not repeated.requests:
        return ""
    each_ms = repeated.duration_ns / repeated.requests / 1e6
    return f", {each_ms:,.1f} ms a {repeated.unit} in the database"


def _fix(
    workload: Workload, repeated: RepeatedQuery, readings: tuple[Statement, ...]
) -> tuple[str, str | None]:
    """Return what to do in words, and the query that does it where it is one."""
    found = looks_up(readings)
    if repeated.relationship is not None:
        finds_one = found[1] if found is not None else None
        others = {other.relationship for other in workload.repeated}
        advice = eager_loading(repeated.relationship, finds_one=finds_one, repeated=others)
        return _sentence(advice), None
    advice = one_for_all(found[0] if found is not None else None)
    frameworks = (
        "In SQLAlchemy add options(selectinload(...)) to the query of the list, in Django "
        "select_related() or prefetch_related()."
    )
    return f"{_sentence(advice)} {frameworks}", batched_query(readings)


def _sentence(advice: str) -> str:
    return f"{advice[0].upper()}{advice[1:]}."
