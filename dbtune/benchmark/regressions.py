"""Which differences between two sides are regressions: pure, from what was measured of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from dbtune.benchmark.route_queries import compare_routes
from dbtune.benchmark.scanned_tables import scanned_tables
from dbtune.model.comparison import (
    METRICS,
    OUTCOMES,
    ComparedSide,
    Comparison,
    Difference,
    MeasuredShape,
    Metric,
    Outcome,
    Side,
    TimeInterval,
    UnmatchedShape,
)

# Counters of quick statements move by a page or a handful of steps for reasons of no weight: a
# longer name in the schema, one level more of a tree. 100 steps or 5 fetches are 1 us.
_LEAST_MORE = {"steps": 100.0, "fetches": 5.0}
# An index that serves reads costs each write to its table so much; 10 us of either is more than
# that, and is what the advisor lets writes lose.
_LEAST_MORE_OF_A_WRITE = {"steps": 800.0, "fetches": 80.0}
# A clock shows less than this now and then for nothing but where the pages lie.
LEAST_MORE_NS = 50_000.0

_OTHER_VALUES = "measured with other statements or values, which take other work"


@dataclass(frozen=True)
class GateLimits:
    """What is compared, and how much more is allowed: 0.1 for ten percent."""

    metrics: tuple[Metric, ...]
    max_regress_ratio: float


def compare(
    base: Side,
    head: Side,
    limits: GateLimits,
    times: Mapping[str, TimeInterval] | None = None,
) -> Comparison:
    """Compare what both sides measured; `times` are intervals by the id of the shape."""
    known = {shape.id: shape for shape in base.shapes}
    new = {shape.id: shape for shape in head.shapes}
    found = list(compare_routes(base.routes, head.routes, limits.max_regress_ratio))
    same_schema = base.schema_sha256 == head.schema_sha256
    scanned = frozenset(name for shape in base.shapes for name in scanned_tables(shape))
    for shape in head.shapes:
        before = known.get(shape.id)
        if before is None:
            found += _new_shape(shape, scanned)
        else:
            time = (times or {}).get(shape.id)
            found += _both_measured(before, shape, limits, time, same_schema=same_schema)
    found += (
        _not_measured(shape) for shape in base.shapes if shape.id in head.not_measured - new.keys()
    )
    chosen = [difference for difference in found if difference.metric in limits.metrics]
    return Comparison(
        _told(base),
        _told(head),
        limits.metrics,
        limits.max_regress_ratio,
        tuple(sorted(chosen, key=_worst_first)),
        only_in_base=_unmatched(base, new.keys()),
        only_in_head=_unmatched(head, known.keys()),
        notes=tuple(_notes(base, head)),
    )


def _told(side: Side) -> ComparedSide:
    return ComparedSide(
        side.name,
        side.size_bytes,
        side.schema_sha256,
        side.sqlite_version,
        len(side.shapes),
        len(side.routes),
        side.database,
    )


def _unmatched(side: Side, others: Set[str]) -> tuple[UnmatchedShape, ...]:
    return tuple(
        UnmatchedShape(shape.id, shape.text, shape.kind, shape.count)
        for shape in side.shapes
        if shape.id not in others
    )


def _worst_first(difference: Difference) -> tuple[int, int, float, str]:
    return (
        OUTCOMES.index(difference.outcome),
        METRICS.index(difference.metric),
        -(difference.ratio or 0.0),
        difference.subject,
    )


def _both_measured(
    base: MeasuredShape,
    head: MeasuredShape,
    limits: GateLimits,
    time: TimeInterval | None,
    *,
    same_schema: bool,
) -> Iterator[Difference]:
    if same_statements(base, head):
        yield _counter("steps", base, head, base.steps, head.steps, limits)
        yield _counter("fetches", base, head, base.fetches, head.fetches, limits)
    else:
        yield _difference("steps", "inconclusive", head, _OTHER_VALUES, base.steps, head.steps)
        yield _difference(
            "fetches", "inconclusive", head, _OTHER_VALUES, base.fetches, head.fetches
        )
    yield _scans(base, head, same_schema=same_schema)
    yield _plans(base, head)
    if time is not None:
        yield _time(head, time, limits)


def same_statements(base: MeasuredShape, head: MeasuredShape) -> bool:
    """Return whether both measured the same; so it is taken to be where nobody noted what."""
    digests = {base.samples_digest, head.samples_digest} - {None}
    return len(digests) < 2


def _counter(
    metric: Metric,
    base: MeasuredShape,
    head: MeasuredShape,
    before: float | None,
    after: float | None,
    limits: GateLimits,
) -> Difference:
    if before is None or after is None:
        lacking = "base" if before is None else "head"
        reason = f"{lacking} has no count of them: an older dbtune wrote it"
        return _difference(metric, "inconclusive", head, reason, before, after)
    if base.stopped:
        reason = "base was stopped before its end, and takes more than what was counted"
        return _difference(metric, "inconclusive", head, reason, before, after)
    outcome: Outcome = "unchanged"
    least = _LEAST_MORE_OF_A_WRITE if head.kind == "write" else _LEAST_MORE
    if abs(after - before) >= least[metric]:
        if after > before * (1 + limits.max_regress_ratio):
            outcome = "regression"
        elif after < before * (1 - limits.max_regress_ratio):
            outcome = "improvement"
    return _difference(metric, outcome, head, "", before, after)


def _is_worse(base: MeasuredShape, head: MeasuredShape) -> bool:
    """Return whether head does more of anything, or nobody can tell."""
    pairs = ((base.steps, head.steps), (base.fetches, head.fetches))
    return any(before is None or after is None or after > before for before, after in pairs)


def _scans(base: MeasuredShape, head: MeasuredShape, *, same_schema: bool) -> Difference:
    # A scan of few rows that became one of many is not a new one: steps tell of it.
    before, after = scanned_tables(base, least_steps=0), scanned_tables(head, least_steps=0)
    new = [name for name in scanned_tables(head) if name not in before]
    gone = [name for name in scanned_tables(base) if name not in after]
    same = same_statements(base, head)
    if new and (_is_worse(base, head) or not same):
        reason = f"now reads {_listed(new)} from end to end"
        if not same and same_schema:
            # A pattern that begins otherwise, or a value that a partial index leaves out.
            return _difference("scans", "inconclusive", head, f"{reason}; {_OTHER_VALUES}")
        return _difference("scans", "regression", head, reason)
    if gone and not new:
        reason = f"no longer reads {_listed(gone)} from end to end"
        return _difference("scans", "improvement", head, reason)
    return _difference("scans", "unchanged", head, "")


def _plans(base: MeasuredShape, head: MeasuredShape) -> Difference:
    if base.plan == head.plan:
        return _difference("plans", "unchanged", head, "")
    reason = f"was: {_in_line(base.plan)}; is: {_in_line(head.plan)}"
    if not same_statements(base, head):
        return _difference("plans", "inconclusive", head, f"{reason}; {_OTHER_VALUES}")
    if _is_worse(base, head):
        return _difference("plans", "regression", head, reason)
    return _difference("plans", "unchanged", head, f"{reason}; it takes no more work")


def _time(head: MeasuredShape, time: TimeInterval, limits: GateLimits) -> Difference:
    outcome, reason = _judge_time(time, limits.max_regress_ratio)
    return Difference("time", outcome, head.id, head.text, time.base_ns, time.head_ns, reason, time)


def _judge_time(time: TimeInterval, limit: float) -> tuple[Outcome, str]:
    if time.low is None or time.high is None:
        return "inconclusive", f"only {time.pairs} pairs of runs, too few for an interval"
    seen = f"{time.pairs} pairs of runs, ratio {time.low:.2f} to {time.high:.2f}"
    if abs(time.head_ns - time.base_ns) < LEAST_MORE_NS:
        return "unchanged", f"{seen}; a difference under {LEAST_MORE_NS / 1000:.0f} us"
    if 1 - limit <= time.ratio <= 1 + limit:
        return "unchanged", seen
    if time.low <= 1 <= time.high:
        return "inconclusive", f"{seen}; it may as well be none"
    return ("regression" if time.ratio > 1 else "improvement"), seen


def _new_shape(head: MeasuredShape, scanned: frozenset[str]) -> Iterator[Difference]:
    """Yield what a query that base does not send does worse: read what nothing read whole."""
    tables = scanned_tables(head)
    new = [name for name in tables if name not in scanned]
    if new:
        reason = f"a new query, and the first to read {_listed(new)} from end to end"
        yield _difference("scans", "regression", head, reason)
    elif tables:
        reason = f"a new query that reads {_listed(tables)} from end to end, as others did"
        yield _difference("scans", "unchanged", head, reason)


def _not_measured(base: MeasuredShape) -> Difference:
    reason = "measured of base only; head's report says why under not_analyzed"
    return _difference("steps", "inconclusive", base, reason, base.steps, None)


def _difference(
    metric: Metric,
    outcome: Outcome,
    shape: MeasuredShape,
    reason: str,
    base: float | None = None,
    head: float | None = None,
) -> Difference:
    return Difference(metric, outcome, shape.id, shape.text, base, head, reason)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _in_line(plan: tuple[str, ...]) -> str:
    return " > ".join(step.strip() for step in plan) or "no plan"


def _notes(base: Side, head: Side) -> Iterator[str]:
    if base.sqlite_version != head.sqlite_version:
        yield (
            f"base was measured with SQLite {base.sqlite_version}, head with "
            f"{head.sqlite_version}: another planner may be why counters differ"
        )
    if base.schema_sha256 != head.schema_sha256:
        yield "the schemas differ: some differences may be meant"
    elif base.size_bytes != head.size_bytes:
        yield (
            f"the databases differ in size ({base.size_bytes:,} and {head.size_bytes:,} bytes): "
            "more rows take more work"
        )
    if bool(base.routes) != bool(head.routes):
        lacking = base if head.routes else head
        yield f"{lacking.name} knows no routes: queries a request were not compared"
