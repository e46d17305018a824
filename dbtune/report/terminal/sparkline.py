"""Durations as a line of little bars."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.model.latency import LatencyBucket

_BARS = "▁▂▃▄▅▆▇█"
# No space: tables take those away at the ends of a cell, and what is above what would be lost.
_EMPTY = "·"
# Below a microsecond, 1 to 10 µs and so on, from 10 s on.
_BOUNDS_NS = tuple(10**power for power in range(3, 11))


def bars(counts: Sequence[float]) -> str:
    """Return a bar for each count: the greatest is the highest, and what is not 0 shows."""
    most = max(counts, default=0.0)
    return "".join(
        _BARS[min(int(count / most * len(_BARS)), len(_BARS) - 1)] if count > 0 else _EMPTY
        for count in counts
    )


def decades(buckets: tuple[LatencyBucket, ...]) -> str:
    """Return a bar for each power of ten from under 1 µs to 10 s and more, "" for none."""
    if not buckets:
        return ""
    counts = [0.0] * (len(_BOUNDS_NS) + 1)
    for bucket in buckets:
        counts[sum(bound <= bucket.from_ns for bound in _BOUNDS_NS)] += bucket.count
    return bars(counts)
