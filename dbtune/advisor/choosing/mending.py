"""Mending a choice that makes some read slower, by what helps most instead of by what is to blame.

The planner of the application's SQLite may take an index for a query that was faster without it.
To leave the index out can cost more than it saves; sometimes one more index leads it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.advisor.choosing.pool_search import PoolSearch
from dbtune.advisor.choosing.pool_trial import PoolTrial, TrialVerdict
from dbtune.advisor.time_limit import Stop

_MAX_ROUNDS = 3
# Of the indexes that could come, so many are tried: those that the search rates best.
_MOST_COMING = 3
_LEAST_IMPROVEMENT = 0.0005
_TOLERANCE = 0.02


def mend(
    search: PoolSearch,
    trial: PoolTrial,
    names: frozenset[str],
    banned: frozenset[str],
    stop: Stop,
) -> tuple[tuple[str, ...], TrialVerdict]:
    """Return a set that starts from `names`, in the order of creation, and its verdict.

    Of the sets tried it is the one of the least burden; none has a `banned` index.
    """
    best = _ordered(search, names)
    verdict = trial.verdict(best)
    for _ in range(_MAX_ROUNDS):
        if stop():
            break
        tried = []
        for order in _alternatives(search, frozenset(best), verdict, banned):
            if stop():
                break
            tried.append((order, trial.verdict(order)))
        better = min(tried, key=lambda option: _value(search, *option), default=None)
        # What is idle goes even where that costs a little.
        ratio = 1 + _TOLERANCE if verdict.idle else 1 - _LEAST_IMPROVEMENT
        if better is None or _value(search, *better) >= ratio * _value(search, best, verdict):
            break
        best, verdict = better
    search.oracle.arrange(best)
    return best, verdict


def _value(search: PoolSearch, names: tuple[str, ...], verdict: TrialVerdict) -> float:
    return verdict.burden_ns * search.selection.price(frozenset(names))


def _alternatives(
    search: PoolSearch, names: frozenset[str], verdict: TrialVerdict, banned: frozenset[str]
) -> Iterator[tuple[str, ...]]:
    """Yield sets without what is idle, or with one index less or more for the read harmed most.

    Or with none at all, where there is harm.
    """
    if verdict.idle:
        yield _ordered(search, names - verdict.idle)
        return
    for number, used in verdict.harmed[:1]:
        for name in sorted(used):
            if search.selection.fits(names - {name}):
                yield _ordered(search, names - {name})
        rate = search.selection.rating(names)
        coming = [
            name
            for name, helped in search.helps.items()
            if number in helped and name not in names | banned
        ]
        coming.sort(key=lambda name: (rate(frozenset(), frozenset({name})), name))
        for name in coming[:_MOST_COMING]:
            if search.selection.fits(names | {name}):
                yield _ordered(search, names | {name})
    if verdict.harmed and len(names) > 1:
        yield ()


def _ordered(search: PoolSearch, names: frozenset[str]) -> tuple[str, ...]:
    """Return names in the order of creation: the dearest to lose first."""
    loss = {name: search.selection.loss_ns(names, name) for name in sorted(names)}
    return tuple(sorted(names, key=lambda name: (-loss[name], name)))
