"""How long things took: any number of durations in a few hundred buckets, and their quantiles.

Its own code, as of the libraries `hdrhistogram` takes 37 kB a histogram and there is one for each
query shape, and `ddsketch` takes 2.6 times as long for each duration and knows no deviation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# 64 buckets for each doubling: a quantile is off by 1/128 at most, as in an HDR histogram
# (https://hdrhistogram.github.io/HdrHistogram/). A bit more halves the error and doubles the room.
_BITS = 7
_EXACT_BELOW = 1 << _BITS
RELATIVE_ERROR = 1 / _EXACT_BELOW

# Steps that people read at a glance, from a microsecond on.
_STEPS = (1, 2, 5)
_LEAST_BOUND_NS = 1_000


@dataclass(frozen=True)
class LatencyBucket:
    """So many durations from `from_ns` up to, and without, `below_ns`."""

    from_ns: int
    below_ns: int
    count: float


@dataclass(frozen=True)
class LatencySummary:
    """What there is to say of durations, in nanoseconds.

    `count` is not whole where a recording was sampled. `stdev_ns` is that of the whole population.
    The median, p95 and p99 are off by 0.8 % at most; the rest is exact. `buckets` are in order
    without a gap, in steps of 1, 2 and 5 from a microsecond on.
    """

    count: float
    min_ns: int
    mean_ns: float
    median_ns: float
    stdev_ns: float
    p95_ns: float
    p99_ns: float
    max_ns: int
    buckets: tuple[LatencyBucket, ...]

    @property
    def total_ns(self) -> float:
        """The sum of all durations."""
        return self.mean_ns * self.count

    @property
    def figures(self) -> tuple[tuple[str, float], ...]:
        """What people read of it, as (name, nanoseconds) in the order in which they read it."""
        return (
            ("min", self.min_ns),
            ("mean", self.mean_ns),
            ("median", self.median_ns),
            ("stdev", self.stdev_ns),
            ("p95", self.p95_ns),
            ("p99", self.p99_ns),
            ("max", self.max_ns),
        )


class LatencyHistogram:
    """Takes durations one by one; what it holds depends on their spread and not on their number.

    Histograms of threads and processes are merged; one can be pickled.
    """

    __slots__ = ("_buckets", "_count", "_deviation", "_max", "_min", "_origin", "_squares")

    def __init__(self) -> None:
        self._buckets: dict[int, float] = {}
        self._count = 0.0
        self._min = 0
        self._max = 0
        # Sums are of what lies beyond the first duration: without that the squares of long
        # durations that hardly differ would leave nothing of their deviation.
        self._origin = 0
        self._deviation = 0.0
        self._squares = 0.0

    def __len__(self) -> int:
        """Return the number of buckets in use, which is what it takes of memory."""
        return len(self._buckets)

    @property
    def count(self) -> float:
        """The durations so far, each as often as its weight says."""
        return self._count

    @property
    def total_ns(self) -> float:
        """The sum of all durations."""
        return self._origin * self._count + self._deviation

    def add(self, duration_ns: int, weight: float = 1.0) -> None:
        """Take a duration, from 0 on, that stands for `weight` such."""
        if self._count:
            if duration_ns < self._min:
                self._min = duration_ns
            elif duration_ns > self._max:
                self._max = duration_ns
        else:
            self._min = self._max = self._origin = duration_ns
        beyond = duration_ns - self._origin
        weighted = beyond * weight
        self._count += weight
        self._deviation += weighted
        self._squares += weighted * beyond
        shift = duration_ns.bit_length() - _BITS
        key = duration_ns if shift <= 0 else (shift << _BITS) + (duration_ns >> shift)
        buckets = self._buckets
        buckets[key] = buckets.get(key, 0.0) + weight

    def merge(self, other: LatencyHistogram) -> None:
        """Take all that another histogram holds; the other stays as it is."""
        if not other._count:
            return
        if not self._count:
            self._origin, self._min, self._max = other._origin, other._min, other._max
        moved = other._origin - self._origin
        self._squares += (
            other._squares + 2 * moved * other._deviation + moved * moved * other._count
        )
        self._deviation += other._deviation + moved * other._count
        self._count += other._count
        self._min, self._max = min(self._min, other._min), max(self._max, other._max)
        for key, weight in other._buckets.items():
            self._buckets[key] = self._buckets.get(key, 0.0) + weight

    def quantile_ns(self, part: float) -> float:
        """Return the duration that `part` of all do not exceed; 0.0 where there is none."""
        if not self._buckets:
            return 0.0
        ordered = sorted(self._buckets)
        wanted = part * self._count
        reached = 0.0
        found = ordered[-1]
        for key in ordered:
            reached += self._buckets[key]
            # Sums of weights such as 1/0.3 end a little beside what they should be.
            if reached >= wanted * (1 - 1e-12):
                found = key
                break
        low, high = _bounds(found)
        return min(max((low + high - 1) / 2, self._min), self._max)

    def summary(self) -> LatencySummary | None:
        """Return what there is to say, None where no duration was taken."""
        if not self._count:
            return None
        mean_beyond = self._deviation / self._count
        variance = self._squares / self._count - mean_beyond * mean_beyond
        return LatencySummary(
            count=self._count,
            min_ns=self._min,
            mean_ns=self._origin + mean_beyond,
            median_ns=self.quantile_ns(0.5),
            stdev_ns=math.sqrt(max(0.0, variance)),
            p95_ns=self.quantile_ns(0.95),
            p99_ns=self.quantile_ns(0.99),
            max_ns=self._max,
            buckets=self._drawn(),
        )

    def _drawn(self) -> tuple[LatencyBucket, ...]:
        bounds = _readable_bounds(self._min, self._max)
        counts = [0.0] * (len(bounds) - 1)
        place = 0
        for key in sorted(self._buckets):
            low, high = _bounds(key)
            middle = min(max((low + high - 1) // 2, self._min), self._max)
            while middle >= bounds[place + 1]:
                place += 1
            counts[place] += self._buckets[key]
        return tuple(map(LatencyBucket, bounds, bounds[1:], counts))


def _bounds(key: int) -> tuple[int, int]:
    """Return the least duration of a bucket and the least above it."""
    if key < _EXACT_BELOW:
        return key, key + 1
    shift = key >> _BITS
    low = (key & (_EXACT_BELOW - 1)) << shift
    return low, low + (1 << shift)


def _readable_bounds(least_ns: int, most_ns: int) -> list[int]:
    """Return bounds in steps of 1, 2 and 5 around both, the first at or below the least."""
    bounds = [0]
    scale = _LEAST_BOUND_NS
    while bounds[-1] <= most_ns:
        bounds += [scale * step for step in _STEPS]
        scale *= 10
    first = max(place for place, bound in enumerate(bounds) if bound <= least_ns)
    last = min(place for place, bound in enumerate(bounds) if bound > most_ns)
    return bounds[first : last + 1]
