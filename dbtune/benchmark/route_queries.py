"""Whether the requests of a route send more queries than they did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import sqrt

from dbtune.model.comparison import Difference, Outcome
from dbtune.model.workload import RouteQueries

# Half a query a request more on average: at least every second request sends one more.
_LEAST_MORE = 0.5
# Of fewer requests one cannot know how far others would be from them.
_LEAST_REQUESTS = 5
# How many deviations a normal value exceeds once in ten thousand times.
_DEVIATIONS = 3.72


def compare_routes(
    base: Iterable[RouteQueries], head: Iterable[RouteQueries], max_regress_ratio: float
) -> Iterator[Difference]:
    """Yield what became of the queries a request of each route that both sides recorded."""
    known = {route.route: route for route in base if route.requests}
    pairs = [
        (known[route.route], route) for route in head if route.requests and route.route in known
    ]
    equal = sum(before.requests == after.requests for before, after in pairs)
    # The same requests were recorded, as by tests, where as many came of most routes. Of another
    # mix a few routes have as many by chance.
    for before, after in pairs:
        is_same = before.requests == after.requests and 2 * equal >= len(pairs)
        yield _compare(before, after, max_regress_ratio, is_same=is_same)


def _compare(base: RouteQueries, head: RouteQueries, limit: float, *, is_same: bool) -> Difference:
    before, after = base.queries / base.requests, head.queries / head.requests
    outcome: Outcome = "unchanged"
    reason = f"{head.requests:,} requests, at most {head.most:,} queries"
    if abs(after - before) >= _LEAST_MORE:
        if after > before * (1 + limit):
            outcome = "regression"
        elif after < before * (1 - limit):
            outcome = "improvement"
    # Another mix of requests moves the mean without any change of the code.
    if outcome == "regression" and not is_same and not _is_sure(base, head):
        outcome = "inconclusive"
        reason = (
            f"{base.requests:,} requests in base, {head.requests:,} in head, and at most "
            f"{base.most:,} and {head.most:,} queries: another mix of requests may be why"
        )
    return Difference("queries", outcome, head.route, "", before, after, reason)


def _is_sure(base: RouteQueries, head: RouteQueries) -> bool:
    """Return whether head's requests send more than chance makes of another mix of the same ones.

    Where a report does not tell how far they spread, whether the worst of them sends more.
    """
    if base.squares is None or head.squares is None:
        return head.most > base.most
    least = min(base.requests, head.requests)
    if least < _LEAST_REQUESTS or head.most <= base.most:
        return False
    more = head.queries / head.requests - base.queries / base.requests
    return more > _deviations(least - 1) * sqrt(_error(base) + _error(head))


def _error(route: RouteQueries) -> float:
    """Return the variance of the mean of a route's queries a request."""
    assert route.squares is not None
    spread = route.squares - route.queries * route.queries / route.requests
    return max(0.0, spread) / (route.requests - 1) / route.requests


def _deviations(freedom: int) -> float:
    """Return what Student's t exceeds as seldom, which is further out for few requests.

    Source: https://en.wikipedia.org/wiki/Cornish%E2%80%93Fisher_expansion
    """
    z = _DEVIATIONS
    first = (z**3 + z) / (4 * freedom)
    return z + first + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom * freedom)
