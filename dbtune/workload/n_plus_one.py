"""What one request does again and again: the same read, or a commit for each row."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from dbtune.model.workload import RepeatedQuery, RouteQueries, SmallTransactions
from dbtune.workload.repeated_reads import ReadSeries, Shape

# Below five a loop over a handful of rows would be reported; N+1 series start at a page's length.
LEAST_REPEATS = 5
# Requests overlap as far as there are workers; one that has been quiet for a thousand others is
# over. The second limit holds for a job that runs for hours under one id.
MAX_OPEN_REQUESTS = 1_000
MAX_OPEN_ENTRIES = 200_000
MAX_FOUND = 10_000

# In front of a transaction's name, so that it is no request's.
_TRANSACTION = "transaction "

Unit = Literal["request", "transaction"]
_KeyT = TypeVar("_KeyT", bound=tuple[object, ...])


class Sent(Protocol):
    """What matters here of a statement that was sent."""

    @property
    def route(self) -> str | None:
        """The page it was sent for."""
        ...

    @property
    def rows(self) -> int | None:
        """Rows written, None or -1 where they are not known."""
        ...

    @property
    def transaction_id(self) -> str | int | None:
        """What it was committed with."""
        ...

    @property
    def timestamp(self) -> str | int | float | None:
        """When it was sent."""
        ...

    @property
    def relationship(self) -> str | None:
        """The ORM's relationship whose lazy load sent it."""
        ...


@dataclass(slots=True)
class _Request:
    """An open request: calls of each read at each place, and writes of each transaction.

    Where requests have no ids, a transaction stands in for one, of which only reads count.
    """

    unit: Unit = "request"
    route: str | None = None
    reads: dict[tuple[str, str | None], ReadSeries] = field(default_factory=dict)
    commits: dict[str, float] = field(default_factory=dict)
    transactions: dict[str, tuple[str, float]] = field(default_factory=dict)
    begun: int = 0
    is_begun: bool = False
    queries: float = 0.0

    @property
    def entries(self) -> int:
        return 1 + len(self.reads) + len(self.commits) + len(self.transactions)


@dataclass
class _Found:
    """Requests in which a pattern came often enough."""

    requests: int = 0
    calls: float = 0.0
    worst: float = 0.0
    squares: float = 0.0
    duration_ns: float | None = None
    relationship: str | None = None

    def add(self, calls: float) -> None:
        self.requests += 1
        self.calls += calls
        self.worst = max(self.worst, calls)
        self.squares += calls * calls

    def add_series(self, series: ReadSeries) -> None:
        self.add(series.calls)
        self.relationship = self.relationship or series.relationship
        if series.duration_ns is not None:
            self.duration_ns = (self.duration_ns or 0.0) + series.duration_ns


class RequestTracker:
    """Follows requests through a recording in which they interleave; memory is bounded.

    A request whose statements stop for long enough is closed and counted; should it come back,
    it counts as another. `min_repeats` is from how many calls on a read is a repeated one.
    """

    def __init__(self, min_repeats: int = LEAST_REPEATS) -> None:
        self._min_repeats = min_repeats
        self._without_unit = 0.0
        self._open: OrderedDict[str, _Request] = OrderedDict()
        self._latest_id: str | None = None
        self._latest = _Request()
        self._entries = 0
        self._repeated: dict[tuple[str, str | None, str | None, Unit], _Found] = {}
        self._commits: dict[tuple[str, str | None], _Found] = {}
        self._routes: dict[str, _Found] = {}

    def add(
        self,
        query: Sent,
        shape: Shape,
        request_id: str | None,
        *,
        calls: float,
        duration_ns: float | None,
        site: str | None,
        many_rows: bool,
    ) -> None:
        """Take a statement sent so often from one place, `duration_ns` each time.

        `many_rows` as its VALUES and IN lists say.
        """
        if request_id is None:
            if shape.kind == "read" and not many_rows:
                self._add_to_transaction(query, shape, site, calls=calls, duration_ns=duration_ns)
            return
        request = self._latest if request_id == self._latest_id else self._enter(request_id)
        if not request.route:
            request.route = query.route
        if shape.kind == "read":
            request.queries += calls
            if not many_rows:
                key = (shape.id, site)
                series = request.reads.get(key)
                if series is not None:
                    series.add(calls, duration_ns, query.timestamp, query.relationship)
                    return
                request.reads[key] = _begin_series(query, shape, calls, duration_ns)
                self._entries += 1
        elif shape.kind == "write":
            request.queries += calls
            before = len(request.commits) + len(request.transactions)
            # Its rows are those of all its executions.
            rows = query.rows
            is_single = not many_rows and (rows is None or rows <= 1 or rows <= calls)
            _add_write(request, query.transaction_id, shape.id, calls if is_single else 0.0)
            self._entries += len(request.commits) + len(request.transactions) - before
        else:
            _follow_transaction(request, shape.template)
        if self._entries > MAX_OPEN_ENTRIES or len(self._open) > MAX_OPEN_REQUESTS:
            self._close_oldest()

    def _add_to_transaction(
        self,
        query: Sent,
        shape: Shape,
        site: str | None,
        *,
        calls: float,
        duration_ns: float | None,
    ) -> None:
        if query.transaction_id is None:
            self._without_unit += calls
            return
        unit = self._enter(f"{_TRANSACTION}{query.transaction_id}", "transaction")
        series = unit.reads.get((shape.id, site))
        if series is not None:
            series.add(calls, duration_ns, query.timestamp, query.relationship)
            return
        unit.reads[shape.id, site] = _begin_series(query, shape, calls, duration_ns)
        self._entries += 1
        self._close_oldest()

    def _enter(self, request_id: str, unit: Unit = "request") -> _Request:
        """Return the request, which is the latest from now on."""
        request = self._open.get(request_id)
        if request is None:
            request = self._open[request_id] = _Request(unit)
            self._entries += 1
        else:
            self._open.move_to_end(request_id)
        self._latest_id, self._latest = request_id, request
        return request

    def _close_oldest(self) -> None:
        while len(self._open) > MAX_OPEN_REQUESTS or self._entries > MAX_OPEN_ENTRIES:
            name, request = self._open.popitem(last=False)
            self._close(request)
            if name == self._latest_id:
                self._latest_id = None

    def finish(self) -> tuple[tuple[RepeatedQuery, ...], tuple[SmallTransactions, ...]]:
        """Close all requests and return what was found, the most calls first."""
        while self._open:
            self._close(self._open.popitem(last=False)[1])
        self._latest_id = None
        repeated = [
            RepeatedQuery(
                shape,
                route,
                site,
                found.requests,
                round(found.calls),
                int(found.worst),
                unit=unit,
                relationship=found.relationship,
                duration_ns=None if found.duration_ns is None else round(found.duration_ns),
            )
            for (shape, route, site, unit), found in _most_first(self._repeated)
        ]
        commits = [
            SmallTransactions(shape, route, found.requests, round(found.calls), int(found.worst))
            for (shape, route), found in _most_first(self._commits)
        ]
        return tuple(repeated), tuple(commits)

    @property
    def without_unit(self) -> float:
        """Reads of which neither request nor transaction is known: no series is found in them."""
        return self._without_unit

    def routes(self) -> tuple[RouteQueries, ...]:
        """Return what the requests closed so far sent, by route in the order of their names."""
        return tuple(
            RouteQueries(
                route, found.requests, round(found.calls), int(found.worst), round(found.squares)
            )
            for route, found in sorted(self._routes.items())
        )

    def _close(self, request: _Request) -> None:
        self._entries -= request.entries
        is_request = request.unit == "request"
        if (
            is_request
            and request.route
            and (request.route in self._routes or len(self._routes) < MAX_FOUND)
        ):
            self._routes.setdefault(request.route, _Found()).add(request.queries)
        for (shape, site), series in request.reads.items():
            if series.calls >= self._min_repeats and series.is_repetition:
                found = _find(self._repeated, (shape, request.route, site, request.unit))
                if found is not None:
                    found.add_series(series)
        commits = request.commits
        for shape, writes in request.transactions.values():
            if writes == 1:
                commits[shape] = commits.get(shape, 0.0) + 1
        for shape, calls in commits.items():
            if calls >= LEAST_REPEATS:
                committed = _find(self._commits, (shape, request.route))
                if committed is not None:
                    committed.add(calls)


def _begin_series(query: Sent, shape: Shape, calls: float, duration_ns: float | None) -> ReadSeries:
    at = query.timestamp
    spent_ns = None if duration_ns is None else duration_ns * calls
    return ReadSeries(shape, query.relationship, at, at, calls, spent_ns)


def _add_write(request: _Request, named: str | int | None, shape: str, single_rows: float) -> None:
    """Count a write; `single_rows` is how often it wrote one row, 0.0 for a write of many."""
    transaction = None if named is None else str(named)
    if transaction is None and request.is_begun:
        transaction = f"BEGIN {request.begun}"
    if transaction is not None:
        first, writes = request.transactions.get(transaction, (shape, 0.0))
        request.transactions[transaction] = (first, writes + (single_rows or 2.0))
    elif single_rows:
        # No transaction was recorded and none begun: each write commits on its own.
        request.commits[shape] = request.commits.get(shape, 0.0) + single_rows


def _follow_transaction(request: _Request, template: str) -> None:
    words = template.split(None, 2)
    verb = words[0] if words else ""
    if verb == "begin":
        request.begun += 1
        request.is_begun = True
    elif verb in {"commit", "end"} or (verb == "rollback" and " to " not in f"{template} "):
        request.is_begun = False


def _find(found: dict[_KeyT, _Found], key: _KeyT) -> _Found | None:
    """Return what was found of a pattern so far, None where there are too many others."""
    if key not in found and len(found) >= MAX_FOUND:
        return None
    return found.setdefault(key, _Found())


def _most_first(found: dict[_KeyT, _Found]) -> list[tuple[_KeyT, _Found]]:
    return sorted(found.items(), key=lambda item: (-item[1].calls, str(item[0])))
