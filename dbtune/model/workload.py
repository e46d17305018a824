"""What an application sends: recorded statements, their shapes, and how requests use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Union

SqlValue = Union[None, int, float, str, bytes]  # noqa: UP007 - evaluated at run time on 3.10
Parameters = Union[tuple[SqlValue, ...], Mapping[str, SqlValue], None]  # noqa: UP007
StatementKind = Literal["read", "write", "other"]


@dataclass(frozen=True)
class RecordedQuery:
    """One line of a recording. Fields are named as in docs/reference/recording.md.

    `parameters` is None where no value was recorded; `masked` is True where the recording
    holds only types and lengths. `count` is executions, those that were not sampled
    included; `recorded_count` is without those, None where it is the same. `duration_ns` is the
    time of one; `wait_ns` is how long the pool kept the application waiting for its connection.
    `namespace` is the database file, `relationship` the ORM's ("Chef.bookings") where a lazy load
    sent it. `values_digest` is equal for equal values, of this recording only.
    """

    text: str
    parameters: Parameters = None
    masked: bool = False
    count: float = 1.0
    duration_ns: int | None = None
    rows: int | None = None
    error: str | None = None
    timestamp: str | None = None
    request_id: str | None = None
    route: str | None = None
    file_path: str | None = None
    line_number: int | None = None
    transaction_id: str | None = None
    recorded_count: float | None = None
    wait_ns: int | None = None
    namespace: str | None = None
    relationship: str | None = None
    values_digest: str | None = None


@dataclass(frozen=True)
class Sample:
    """One concrete statement of a shape with its values; `drawn` where the values were invented."""

    text: str
    parameters: Parameters = None
    drawn: bool = False


@dataclass(frozen=True)
class QueryShape:
    """Statements that differ only in literals, white space, case and list lengths.

    `id` is the first 12 hex digits of the fingerprint. `count` is executions, `duration_ns` their
    sum where recorded. `samples` are up to 5 distinct statements; `needs_values` is True where
    the statement has placeholders but the recording held no values for them.
    """

    id: str
    template: str
    kind: StatementKind
    count: float
    duration_ns: int | None
    samples: tuple[Sample, ...]
    needs_values: bool = False
    call_sites: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComparedValues:
    """Values that recorded statements compare columns of one name, in lower case, with."""

    column: str
    values: tuple[SqlValue, ...]


@dataclass(frozen=True)
class RepeatedQuery:
    """A read of one shape sent many times within one request: the N+1 pattern.

    `requests` counts the requests in which it came 5 times or more; `calls` is the sum of its
    calls in those, `duration_ns` that of their times where known; `worst` is the most in one
    request. Where requests have no ids, `unit` says that transactions stand in for them.
    """

    shape_id: str
    route: str | None
    call_site: str | None
    requests: int
    calls: int
    worst: int
    unit: Literal["request", "transaction"] = "request"
    relationship: str | None = None
    duration_ns: int | None = None


@dataclass(frozen=True)
class SmallTransactions:
    """Single-row writes committed one by one within one request."""

    shape_id: str
    route: str | None
    requests: int
    calls: int
    worst: int


@dataclass(frozen=True)
class RouteQueries:
    """What the requests of one route sent: reads and writes of all of them, and of the worst.

    `squares` is the sum of the squares of each request's, None where it was not noted.
    """

    route: str
    requests: int
    queries: int
    most: int
    squares: int | None = None


@dataclass(frozen=True)
class BrokenLine:
    """A line of a recording that could not be read: where, and why."""

    source: str
    line: int
    reason: str


@dataclass(frozen=True)
class Workload:
    """A recording, digested.

    `statements` counts what was read, `started_at`/`ended_at` are the earliest and latest
    timestamps as ISO 8601 text, None where the recording has none. `sqlite_version` is the
    application's, from the recording's header. `dropped_shapes` counts shapes left out because
    there were too many, `dropped_count` their executions. `reads_without_unit` are executions of
    reads of which neither the request nor the transaction is known. `lost_statements` are those
    that the recorder says it could not write; `other_databases` those whose statements, in number
    `other_statements`, were left aside.
    """

    shapes: tuple[QueryShape, ...]
    statements: int
    repeated: tuple[RepeatedQuery, ...] = ()
    small_transactions: tuple[SmallTransactions, ...] = ()
    broken: tuple[BrokenLine, ...] = ()
    broken_count: int = 0
    sqlite_version: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    sources: tuple[str, ...] = ()
    dropped_shapes: int = 0
    dropped_count: float = 0.0
    routes: tuple[RouteQueries, ...] = ()
    reads_without_unit: float = 0.0
    lost_statements: int = 0
    other_databases: tuple[str, ...] = ()
    other_statements: int = 0

    @property
    def queries(self) -> float:
        """Executions of reads and writes: BEGIN, COMMIT, PRAGMA and the like are no queries."""
        return sum(shape.count for shape in self.shapes if shape.kind != "other")


@dataclass(frozen=True)
class Plan:
    """The lines of EXPLAIN QUERY PLAN in order, each indented by two spaces a level."""

    steps: tuple[str, ...]
