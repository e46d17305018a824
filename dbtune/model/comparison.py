"""What changed between two measurements of an application: of its queries, or of its database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from dbtune.model.workload import RouteQueries, StatementKind

# queries: sent by a request of a route; scans: tables read from end to end; plans: how SQLite goes
# about a statement; steps and fetches: of its virtual machine, and of pages; time: by a clock.
Metric = Literal["queries", "scans", "plans", "steps", "fetches", "time"]
METRICS: tuple[Metric, ...] = get_args(Metric)
# The same on every run with the same data, statements and version of SQLite.
COUNTERS: tuple[Metric, ...] = tuple(metric for metric in METRICS if metric != "time")

Outcome = Literal["regression", "inconclusive", "improvement", "unchanged"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class MeasuredShape:
    """What one execution of a query shape takes; None for a counter that was not taken.

    `samples_digest` differs where other statements or values were measured, and is None where
    nobody noted which. `stopped` where it was not run to its end, and takes at least so much.
    """

    id: str
    text: str
    kind: StatementKind
    count: float
    steps: float | None
    fetches: float | None
    plan: tuple[str, ...]
    samples_digest: str | None = None
    stopped: bool = False


@dataclass(frozen=True)
class Side:
    """One of two things to compare: a report, or a database. `name` is its file.

    `not_measured` are ids of shapes that were sent, and of which nothing was measured. `database`
    is the file that was measured.
    """

    name: str
    size_bytes: int
    schema_sha256: str
    sqlite_version: str
    shapes: tuple[MeasuredShape, ...]
    routes: tuple[RouteQueries, ...] = ()
    not_measured: frozenset[str] = frozenset()
    database: str = ""


@dataclass(frozen=True)
class ComparedSide:
    """What a comparison tells of a side: how many `shapes` and `routes` it has, and not which.

    `database` is "" where a dbtune compared that did not note it yet.
    """

    name: str
    size_bytes: int
    schema_sha256: str
    sqlite_version: str
    shapes: int
    routes: int
    database: str = ""


@dataclass(frozen=True)
class UnmatchedShape:
    """A query shape that one side alone has measured."""

    id: str
    text: str
    kind: StatementKind
    count: float


@dataclass(frozen=True)
class TimeInterval:
    """Head's time over base's, of runs by turns: the median of the pairs, and its interval.

    `base_ns` and `head_ns` are the medians of each. `low` and `high` are None where there were too
    few pairs for an interval of the confidence asked for.
    """

    base_ns: float
    head_ns: float
    ratio: float
    low: float | None
    high: float | None
    pairs: int


@dataclass(frozen=True)
class Difference:
    """One metric of one query shape or route, on both sides.

    `subject` is the shape's id or the route, `text` a statement of the shape. `base` and `head`
    are steps, fetches, queries a request or ns; None for scans and plans. `reason` says in words
    what was found, and for "inconclusive" why it says nothing.
    """

    metric: Metric
    outcome: Outcome
    subject: str
    text: str
    base: float | None
    head: float | None
    reason: str
    interval: TimeInterval | None = None

    @property
    def ratio(self) -> float | None:
        """Head over base; None where one of them is unknown, or base is next to zero."""
        if self.interval is not None:
            return self.interval.ratio
        ratio = self.head / self.base if self.base and self.head is not None else math.inf
        return ratio if math.isfinite(ratio) else None


@dataclass(frozen=True)
class Comparison:
    """Two sides compared by some metrics, the worst differences first.

    A difference of at most `max_regress_ratio`, such as 0.1, is no regression. `only_in_base` and
    `only_in_head` are shapes that one side alone has measured. When and by what they were compared
    is "" until a command says so.
    """

    base: ComparedSide
    head: ComparedSide
    metrics: tuple[Metric, ...]
    max_regress_ratio: float
    differences: tuple[Difference, ...]
    only_in_base: tuple[UnmatchedShape, ...] = ()
    only_in_head: tuple[UnmatchedShape, ...] = ()
    notes: tuple[str, ...] = ()
    created_at: str = ""
    dbtune_version: str = ""

    def of(self, outcome: Outcome) -> tuple[Difference, ...]:
        """Return the differences with this outcome, in order."""
        return tuple(found for found in self.differences if found.outcome == outcome)

    @property
    def regressed(self) -> bool:
        """Whether head is worse than base by more than is allowed."""
        return bool(self.of("regression"))
