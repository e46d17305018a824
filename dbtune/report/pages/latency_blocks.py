"""Durations as a histogram with its median, p95 and p99, and as figures."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.latency import LatencyBucket, LatencySummary
from dbtune.model.page import Bin, Fact, Histogram, Marker
from dbtune.report.quantities import format_duration


def latency_histogram(title: str, latency: LatencySummary, of: str = "calls") -> Histogram | None:
    """Return the distribution of so many `of` something, None where there is none to draw."""
    buckets = latency.buckets
    if not buckets or not latency.max_ns:
        return None
    median, p95 = format_duration(latency.median_ns), format_duration(latency.p95_ns)
    most = format_duration(latency.max_ns)
    return Histogram(
        title,
        f"Half of the {of} take at most {median}, 95 % at most {p95}, the longest {most}.",
        tuple(
            Bin(format_duration(bucket.from_ns), format_duration(bucket.below_ns), bucket.count)
            for bucket in buckets
        ),
        tuple(_markers(latency)),
    )


def latency_facts(latency: LatencySummary) -> Iterator[Fact]:
    """Yield the figures of durations, as the terminal has them."""
    for name, value in latency.figures:
        yield Fact(name, format_duration(value))


def _markers(latency: LatencySummary) -> Iterator[Marker]:
    for label, value in (
        ("median", latency.median_ns),
        ("p95", latency.p95_ns),
        ("p99", latency.p99_ns),
    ):
        place = _place(latency.buckets, value)
        bucket = latency.buckets[place]
        width = bucket.below_ns - bucket.from_ns
        part = (value - bucket.from_ns) / width if width > 0 else 0.0
        yield Marker(label, format_duration(value), place, min(max(part, 0.0), 1.0))


def _place(buckets: tuple[LatencyBucket, ...], value_ns: float) -> int:
    """Return the bucket that holds a duration; a value beyond the last is drawn at its end."""
    found = (place for place, bucket in enumerate(buckets) if value_ns < bucket.below_ns)
    return next(found, len(buckets) - 1)
