"""Which route the statements of a trace belong to, told by a span that ends after theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.model.workload import RecordedQuery
from dbtune.workload.importers.spans import Span

# A request's own span is written last, some seconds after its statements at most. Statements of
# traces without such a span wait in vain, and memory is to stay flat.
_WAITING_STATEMENTS = 20_000
_ROUTES_KEPT = 10_000


class TraceRoutes:
    """Holds statements back until the route of their trace is known."""

    def __init__(self, *, most: int = _WAITING_STATEMENTS) -> None:
        self._most = most
        self._waiting: dict[str, list[RecordedQuery]] = {}
        self._count = 0
        self._routes: dict[str, str | None] = {}

    def take(self, span: Span) -> Iterator[RecordedQuery]:
        """Take one span and yield what need not wait any longer."""
        trace_id = span.trace_id
        if trace_id is None:
            if span.query is not None:
                yield _routed(span.query, span.route)
            return
        if span.query is not None and trace_id in self._routes:
            yield _routed(span.query, self._routes[trace_id])
        elif span.query is not None:
            self._waiting.setdefault(trace_id, []).append(span.query)
            self._count += 1
        if span.route is not None or span.is_root:
            yield from self._release(trace_id, span.route)
        while self._count > self._most:
            yield from self._release(next(iter(self._waiting)), None)

    def finish(self) -> Iterator[RecordedQuery]:
        """Yield what still waits, without a route."""
        for queries in self._waiting.values():
            yield from queries
        self._waiting.clear()
        self._count = 0

    def _release(self, trace_id: str, route: str | None) -> Iterator[RecordedQuery]:
        if route is not None or trace_id not in self._routes:
            self._routes[trace_id] = route
        while len(self._routes) > _ROUTES_KEPT:
            del self._routes[next(iter(self._routes))]
        queries = self._waiting.pop(trace_id, [])
        self._count -= len(queries)
        for query in queries:
            yield _routed(query, route)


def _routed(query: RecordedQuery, route: str | None) -> RecordedQuery:
    return replace(query, route=route or query.route)
