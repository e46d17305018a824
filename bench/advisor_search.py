"""The long search on one workload: its pool built, its best set found and rebuilt."""

from __future__ import annotations

from dataclasses import dataclass

from advisor_long_search import Found, LongSearch
from advisor_measure import Built, fresh_copy, prepare
from advisor_search_costs import SearchCosts
from advisor_search_pool import Candidates, build_pool, read_candidates
from advisor_session import Session

SEARCHED = "long search"
ALL_CANDIDATES = "all candidates"
SEED = 4


@dataclass(frozen=True)
class Searched:
    """The best set found within so many bytes, as predicted in the pool and as rebuilt."""

    built: Built
    found: Found
    pool_indexes: int
    pool_bytes: int
    dbtune_in_pool_s: float


def candidates(session: Session) -> Candidates:
    """Return dbtune's candidates on this workload, and what its prefilter leaves of them."""
    with fresh_copy(session.bench.database, session.scratch) as connection:
        return read_candidates(connection, session.workload)


def search(session: Session, seconds: float) -> Searched:
    """Search for so long for the cheapest set that takes no more bytes than dbtune's advice."""
    ours = session.built(session.dbtune)
    proposals = {
        advised.name: advised.ddl for advised in (session.dbtune, session.union, session.whole)
    }
    every = candidates(session).every
    with fresh_copy(session.bench.database, session.scratch) as connection:
        subjects = prepare(connection, session.workload)
        statements = [sql for ddl in proposals.values() for sql in ddl]
        pool = build_pool(connection, subjects, (*statements, *every))
        costs = SearchCosts(pool)
        starts = {name: costs.mask(pool.names_of(ddl)) for name, ddl in proposals.items()}
        limit = max(ours.size_bytes, costs.size(starts[session.dbtune.name]))
        in_pool = costs.exact(starts[session.dbtune.name]) / 1e9
        found = LongSearch(costs, limit, seconds, SEED).run(starts)
        ddl = [pool.ddl[costs.names[number]] for number in costs.members(found.mask)]
        indexes, size = len(pool.ddl), sum(pool.sizes.values())
    return Searched(session.measure(SEARCHED, ddl), found, indexes, size, in_pool)
