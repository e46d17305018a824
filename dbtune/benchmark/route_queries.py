"""Whether the requests of a route send more queries than they did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbtune.model.comparison import Difference, Outcome
from dbtune.model.workload import RouteQueries

# Half a query a request more on average: at least every second request sends one more.
_LEAST_MORE = 0.5


def compare_routes(
    base: Iterable[RouteQueries], head: Iterable[RouteQueries], max_regress_ratio: float
) -> Iterator[Difference]:
    """Yield what became of the queries a request of each route that both sides recorded."""
    known = {route.route: route for route in base}
    for route in head:
        before = known.get(route.route)
        if before is not None and before.requests and route.requests:
            yield _compare(before, route, max_regress_ratio)


def _compare(base: RouteQueries, head: RouteQueries, limit: float) -> Difference:
    before, after = base.queries / base.requests, head.queries / head.requests
    outcome: Outcome = "unchanged"
    reason = f"{head.requests:,} requests, at most {head.most:,} queries"
    if abs(after - before) >= _LEAST_MORE:
        if after > before * (1 + limit):
            outcome = "regression"
        elif after < before * (1 - limit):
            outcome = "improvement"
    # Another mix of requests moves the mean without any change of the code; the worst of them
    # moves with it only by chance.
    if outcome == "regression" and base.requests != head.requests and head.most <= base.most:
        outcome = "inconclusive"
        reason = (
            f"{base.requests:,} requests in base, {head.requests:,} in head, and at most "
            f"{base.most:,} and {head.most:,} queries: another mix of requests may be why"
        )
    return Difference("queries", outcome, head.route, "", before, after, reason)
