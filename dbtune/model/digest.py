"""What a recording says of its queries: how often, how long, from where; what a cache gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.latency import LatencySummary
from dbtune.model.workload import BrokenLine, StatementKind

QueryOrder = Literal["total", "calls", "mean", "p95", "p99", "max", "rows", "wait"]


@dataclass(frozen=True)
class NamedCount:
    """How many calls came from, or went to, something with a name."""

    name: str
    count: float


@dataclass(frozen=True)
class Names:
    """The names with the most calls, and how many names there are: 101 for more than a hundred."""

    top: tuple[NamedCount, ...]
    distinct: int


@dataclass(frozen=True)
class RowCounts:
    """Rows returned or written by the `calls` of which it was recorded."""

    calls: float
    total: float
    max: int


@dataclass(frozen=True)
class PoolWaits:
    """How long the application was kept waiting for a connection before these calls."""

    calls: float
    total_ns: float
    max_ns: int


@dataclass(frozen=True)
class QueryRepeats:
    """Calls of one shape within one request: the most, and in how many it came 5 times or more."""

    worst: int
    requests: int


@dataclass(frozen=True)
class QueryStatistics:
    """One query shape in a recording.

    `calls` are executions, those not sampled included. What was not recorded is None: `latency`,
    `rows`, `waits`, `first_seen` and `last_seen`, ISO 8601, the earliest and the latest whatever
    their order in the recording. `latency` covers the calls with a duration. `share` is that of
    the digest's time, or of its calls where no time was recorded.
    """

    id: str
    template: str
    kind: StatementKind
    calls: float
    share: float
    latency: LatencySummary | None
    rows: RowCounts | None
    waits: PoolWaits | None
    errors: Names
    error_calls: float
    first_seen: str | None
    last_seen: str | None
    routes: Names
    call_sites: Names
    databases: Names
    relationships: Names
    repeats: QueryRepeats | None


@dataclass(frozen=True)
class CacheOutcome:
    """What a cache would have done whose entries live for `ttl_seconds`.

    `stale_ratio` is the part of the hits that came after a write to a table that the query names.
    `saved_ns` is the time of the hits that were not, None where no time was recorded.
    """

    ttl_seconds: float
    hit_ratio: float
    stale_ratio: float
    saved_ns: float | None


@dataclass(frozen=True)
class CacheAdvice:
    """A shape that was asked for with the same values again and again.

    `lookups` are its calls whose values are known. `writes` are the recorded writes to tables that
    it names: what a cache of it would have to be told of.
    """

    shape_id: str
    template: str
    lookups: float
    outcomes: tuple[CacheOutcome, ...]
    writes: Names


@dataclass(frozen=True)
class CacheReplayResult:
    """What became of all reads under each time to live, the shape that gains most first.

    `sampled_ratio` is the part of all different values that was followed. `unknown_calls` are
    reads whose values, or whose time, were not recorded.
    """

    ttls_seconds: tuple[float, ...]
    advice: tuple[CacheAdvice, ...]
    lookups: float
    unknown_calls: float
    sampled_ratio: float


@dataclass(frozen=True)
class QueryDigest:
    """A recording as `dbtune queries` tells it.

    `queries` are in the order asked for by `by`; `ordered_by` is what they are in, which is
    "calls" where the other was not recorded. `shapes` counts all of them, those left out by
    `limit` too. `statements` were read and `kept` by the filters.
    """

    created_at: str
    dbtune_version: str
    sources: tuple[str, ...]
    by: QueryOrder
    ordered_by: QueryOrder
    route: str | None
    database: str | None
    since: str | None
    statements: int
    kept: int
    calls: float
    error_calls: float
    shapes: int
    latency: LatencySummary | None
    started_at: str | None
    ended_at: str | None
    databases: Names
    queries: tuple[QueryStatistics, ...]
    cache: CacheReplayResult | None
    broken: tuple[BrokenLine, ...]
    broken_count: int
    notes: tuple[str, ...]

    @property
    def is_timed(self) -> bool:
        """True if durations above 0 were recorded: some logs have whole milliseconds only."""
        return self.latency is not None and self.latency.total_ns > 0
