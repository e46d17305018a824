"""Whether runs by turns show that one side takes longer, on a machine that is never quiet."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import median

from dbtune.model.comparison import TimeInterval


def time_interval(pairs: Sequence[tuple[float, float]], confidence: float) -> TimeInterval:
    """Return how many times base's time head takes, from pairs of (base, head) in ns.

    The interval is that of the median of the pairs' ratios and asks nothing of how noise is
    distributed: it lies between two of the ratios in order, as many in from both ends as the
    binomial distribution allows. It is never wider than asked for, and missing where even the
    whole range of so few pairs is too sure a thing to promise.
    Source: https://en.wikipedia.org/wiki/Order_statistic#Confidence_intervals_for_quantiles
    """
    ratios = sorted(head / base for base, head in pairs)
    outside = _left_out(len(ratios), confidence)
    return TimeInterval(
        base_ns=median(base for base, _ in pairs),
        head_ns=median(head for _, head in pairs),
        ratio=median(ratios),
        low=None if outside is None else ratios[outside],
        high=None if outside is None else ratios[-1 - outside],
        pairs=len(ratios),
    )


def least_pairs(confidence: float) -> int:
    """Return how many pairs it takes for an interval of that confidence."""
    pairs = 1
    while _left_out(pairs, confidence) is None:
        pairs += 1
    return pairs


def _left_out(pairs: int, confidence: float) -> int | None:
    """Return how many ratios at each end lie outside of the interval; None for none at all."""
    # The median lies below the k-th of n values with the chance of fewer than k heads in n throws.
    missed, outside = 0.0, None
    for smaller in range(pairs // 2):
        missed += 2 * comb(pairs, smaller) / 2**pairs
        if missed > 1 - confidence:
            break
        outside = smaller
    return outside
