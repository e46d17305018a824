"""The interval of a ratio of times, from runs by turns."""

from __future__ import annotations

import random
from math import exp

import pytest

from dbtune.benchmark.paired_times import least_pairs, time_interval


def test_the_interval_lies_between_ratios_in_order() -> None:
    """Of 15 pairs at 95 %: the 4th from both ends, as tables of the sign test have it."""
    pairs = [(100.0, 100.0 + n) for n in range(1, 16)]
    found = time_interval(pairs, 0.95)
    assert (found.low, found.ratio, found.high) == (1.04, 1.08, 1.12)
    assert (found.base_ns, found.head_ns, found.pairs) == (100.0, 108.0, 15)


@pytest.mark.parametrize(("confidence", "pairs"), [(0.5, 2), (0.95, 6), (0.99, 8), (0.9999, 15)])
def test_too_few_pairs_have_no_interval(confidence: float, pairs: int) -> None:
    """With one pair fewer than it takes, nothing is promised."""
    assert least_pairs(confidence) == pairs
    enough = time_interval([(1.0, 1.0)] * pairs, confidence)
    lacking = time_interval([(1.0, 1.0)] * (pairs - 1), confidence)
    assert (enough.low, lacking.low, lacking.high) == (1.0, None, None)


def test_noise_alone_is_rarely_taken_for_a_difference() -> None:
    """Of 1,000 comparisons of the same thing, with noise of 30 %, one in a hundred may miss."""
    chance = random.Random(7)

    def noisy() -> float:
        return 1e6 * exp(abs(chance.gauss(0, 0.3)))

    found = [time_interval([(noisy(), noisy()) for _ in range(30)], 0.99) for _ in range(1000)]
    missed = sum(1 for f in found if f.low is None or f.high is None or not f.low <= 1 <= f.high)
    assert 0 < missed <= 15
