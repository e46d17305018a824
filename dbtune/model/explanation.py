"""Why an index is recommended, and why a query shape gets no help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

# How an index that could stand in another's place differs from it: the first of its keys, more
# keys, the same keys in another order, an existing index with keys added, another condition,
# other keys; or no index in its place at all.
RivalKind = Literal[
    "narrower", "wider", "other-order", "existing-widened", "condition", "other", "no-index"
]

# Why an index that was looked at is not recommended; "recommended" where it is.
TriedOutcome = Literal[
    "recommended",
    "no-gain",
    "gain-under-minimum",
    "too-large",
    "costs-writes",
    "slows-a-write",
    "over-budget",
    "failed-proof",
    "not-chosen",
]
TRIED_OUTCOMES: tuple[TriedOutcome, ...] = get_args(TriedOutcome)

UnhelpedReason = Literal[
    "needs-no-search",
    "already-optimal",
    "existing-index",
    "small-table",
    "cannot-use-index",
    "reads-everything",
    "statistics",
    "gain-under-minimum",
    "too-large",
    "costs-writes",
    "slows-a-write",
    "over-budget",
    "failed-proof",
    "not-chosen",
    "too-cheap",
    "no-usable-index",
]
UNHELPED_REASONS: tuple[UnhelpedReason, ...] = get_args(UnhelpedReason)

NotAnalyzedReason = Literal["cannot-be-prepared", "no-time", "temporary-table", "no-rows-touched"]


@dataclass(frozen=True)
class WriteEffect:
    """What one index costs one recorded write: ns of the cost model for one execution."""

    shape_id: str
    count: float
    cost_without: float
    cost_with: float


@dataclass(frozen=True)
class RunnerUp:
    """The best of what could stand in a recommended index's place, and why it lost.

    `sql` is None where that is no index. `cost_ratio` is what the queries that either of the two
    serves cost with it over what they cost with the recommended one, reads and writes together.
    """

    kind: RivalKind
    sql: str | None
    size_bytes: int
    cost_ratio: float
    reason: str


@dataclass(frozen=True)
class IndexExplanation:
    """What speaks for a recommended index, and against it.

    `shapes` are ids of the shapes whose plans use it, the dearest first; `share` is their part of
    the recording's cost as it is. `estimated` where time did not suffice to measure without it.
    """

    name: str
    sql: str
    shapes: tuple[str, ...]
    share: float
    size_bytes: int
    write_cost_ratio: float | None
    writes: tuple[WriteEffect, ...]
    runner_up: RunnerUp | None = None
    estimated: bool = False


@dataclass(frozen=True)
class TriedIndex:
    """An index that was built and looked at for a shape.

    `gain_ratio` is the part of the shape's cost that it saves: a recommended one's is what comes
    back without it, another's what it would save beside the recommended ones.
    """

    sql: str
    size_bytes: int
    gain_ratio: float
    outcome: TriedOutcome


@dataclass(frozen=True)
class Unhelped:
    """Why no recommended index serves a shape; `message` says it in words, with the figures."""

    reason: UnhelpedReason
    message: str


@dataclass(frozen=True)
class NotAnalyzed:
    """A recorded shape that nothing was measured of, and why."""

    id: str
    text: str
    count: float
    reason: NotAnalyzedReason
    message: str
