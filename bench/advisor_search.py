"""The long search on one workload: its pool built once, its best sets found and rebuilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor_long_search import Found, LongSearch
from advisor_measure import Built, fresh_copy, prepare
from advisor_search_costs import SearchCosts
from advisor_search_pool import Candidates, SearchPool, build_pool, read_candidates
from advisor_session import Advised, Session

SEARCHED = "long search"
ALL_CANDIDATES = "all candidates"
SEED = 4
_PAGES = 1.002


@dataclass(frozen=True)
class Searched:
    """The best set found within so many bytes, as predicted in the pool and as rebuilt.

    `predicted_s` and `predicted_bytes` are what dbtune's own advice costs and takes in the pool.
    """

    built: Built
    found: Found
    pool_indexes: int
    pool_bytes: int
    predicted_s: float
    predicted_bytes: int


def candidates(session: Session) -> Candidates:
    """Return dbtune's candidates on this workload, and what its prefilter leaves of them."""
    with fresh_copy(session.bench.database, session.scratch) as connection:
        return read_candidates(connection, session.workload)


def search(
    session: Session, seconds: Mapping[int, float], *, prefiltered: bool = False
) -> tuple[Searched, ...]:
    """Search for the cheapest set within each of these numbers of bytes, for so many seconds.

    With `prefiltered` the pool has only the candidates that dbtune's prefilter lets survive.
    A set may be a few pages larger: what is built beside others does not get the same number.
    """
    advices = (session.dbtune, session.union, session.whole)
    proposed = candidates(session)
    every = proposed.survivors if prefiltered else proposed.every
    found: list[tuple[str, Found, tuple[str, ...]]] = []
    with fresh_copy(session.bench.database, session.scratch) as connection:
        subjects = prepare(connection, session.workload)
        proposals = [sql for advised in advices for sql in advised.ddl]
        pool = build_pool(connection, subjects, (*proposals, *every))
        costs = SearchCosts(pool)
        ours = _start(pool, costs, session.dbtune)
        predicted_s, predicted_bytes = costs.exact(ours) / 1e9, costs.size(ours)
        for limit, budget in seconds.items():
            starts = {advised.name: _start(pool, costs, advised) for advised in advices}
            best = LongSearch(costs, round(limit * _PAGES), budget, SEED).run(starts)
            members = costs.members(best.mask)
            found.append(
                (
                    f"{SEARCHED}, {limit / 1e6:.0f} MB",
                    best,
                    tuple(pool.ddl[costs.names[n]] for n in members),
                )
            )
        indexes, size = len(pool.ddl), sum(pool.sizes.values())
    return tuple(
        Searched(session.measure(name, ddl), best, indexes, size, predicted_s, predicted_bytes)
        for name, best, ddl in found
    )


def _start(pool: SearchPool, costs: SearchCosts, advised: Advised) -> int:
    return costs.mask(pool.names_of(advised.ddl))
