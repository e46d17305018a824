"""When a finding is worth a line: shares of the workload's cost, and small tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.wording import percent, statement
from dbtune.model.advice import Evidence, Severity
from dbtune.model.schema import Table

# Reading a table of this size whole takes some 0.1 ms from a few dozen pages. Lower, and
# findings come for look-up tables nobody waits for; higher, and they miss tables that are read
# whole thousands of times a minute.
SMALL_TABLE_ROWS = 1_000

# Shares of the workload's cost. Under 1 % nobody would notice a fix; from 5 % it is among the
# first things to do; from 25 % it dominates.
MIN_SHARE = 0.01
MEDIUM_SHARE = 0.05
HIGH_SHARE = 0.25


@dataclass(frozen=True)
class CostlyShape:
    """A query shape and what of its cost the recommended indexes leave.

    `share` is that cost as a share of the workload's cost today, `share_left` of all that the
    recommendations leave. The first decides how severe a finding is, the second whether it is
    one: what is small today may be most of what is left.
    """

    facts: ShapeFacts
    share: float
    share_left: float

    @property
    def id(self) -> str:
        """Id of the query shape."""
        return self.facts.shape.id

    @property
    def described(self) -> str:
        """The query and its share, as messages end."""
        left = ""
        if percent(self.share_left) != percent(self.share):
            left = f", {percent(self.share_left)} of what the recommended indexes leave"
        template = statement(self.facts.shape.template)
        return f"the query is {percent(self.share)} of the workload's cost{left}: {template}"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What every finding about a query shape is ranked and explained by."""
        return (
            Evidence("share_ratio", self.share),
            Evidence("share_left_ratio", self.share_left),
            Evidence("cost_ns", _left(self.facts)),
            Evidence("calls_count", self.facts.shape.count),
        )


def costly_shapes(facts: Facts) -> Iterator[CostlyShape]:
    """Yield the shapes that are at least 1 % of the cost that is left, the costliest first."""
    total = sum(_left(shape) for shape in facts.shapes)
    if total <= 0:
        return
    for shape in sorted(facts.shapes, key=_left, reverse=True):
        share_left = _left(shape) / total
        if share_left < MIN_SHARE:
            return
        if shape.error is None:
            yield CostlyShape(shape, cost_share(facts, shape), share_left)


def cost_share(facts: Facts, shape: ShapeFacts) -> float:
    """Return what is left of a shape's cost as a share of the workload's cost today."""
    today = sum(s.shape.count * s.cost_before_ns for s in facts.shapes)
    return min(1.0, _left(shape) / today) if today > 0 else 0.0


def severity_of(share: float) -> Severity:
    """Return the severity of something that costs this share of the workload."""
    if share >= HIGH_SHARE:
        return "high"
    return "medium" if share >= MEDIUM_SHARE else "low"


def is_small(facts: Facts, table: Table) -> bool:
    """Return whether no index on the table would be noticed."""
    return facts.statistics.rows(table.name) < SMALL_TABLE_ROWS


def _left(shape: ShapeFacts) -> float:
    return shape.shape.count * shape.cost_after_ns
