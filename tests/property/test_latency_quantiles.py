"""Durations in buckets: what is told of them beside what sorting all of them tells."""

from __future__ import annotations

import math
import pickle
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.latency import RELATIVE_ERROR, LatencyHistogram, LatencySummary

DURATIONS = st.lists(
    st.one_of(st.integers(0, 300), st.integers(0, 10**7), st.integers(0, 2**53)), min_size=1
)


def summary_of(durations: list[int]) -> LatencySummary:
    """Return the summary of durations."""
    summary = filled(durations).summary()
    assert summary is not None
    return summary


def filled(durations: list[int]) -> LatencyHistogram:
    """Return a histogram that took each duration once."""
    histogram = LatencyHistogram()
    for duration in durations:
        histogram.add(duration)
    return histogram


def at_rank(durations: list[int], part: float) -> int:
    """Return the duration that `part` of all do not exceed, by sorting them."""
    return sorted(durations)[max(0, math.ceil(part * len(durations) * (1 - 1e-12)) - 1)]


@given(DURATIONS)
def test_quantiles_are_within_the_promised_error(durations: list[int]) -> None:
    """The median, p95 and p99 are off by 1/128 at most."""
    summary = summary_of(durations)
    for part, found in ((0.5, summary.median_ns), (0.95, summary.p95_ns), (0.99, summary.p99_ns)):
        exact = at_rank(durations, part)
        assert abs(found - exact) <= exact * RELATIVE_ERROR


@given(DURATIONS)
def test_the_rest_is_exact(durations: list[int]) -> None:
    """Count, extremes, mean and deviation are those of the durations themselves."""
    summary = summary_of(durations)
    assert (summary.count, summary.min_ns, summary.max_ns) == (
        len(durations),
        min(durations),
        max(durations),
    )
    assert summary.mean_ns == pytest.approx(statistics.fmean(durations), rel=1e-9)
    spread = max(durations) - min(durations)
    exact = statistics.pstdev(durations)
    assert summary.stdev_ns == pytest.approx(exact, rel=1e-6, abs=spread * 1e-6)


@given(DURATIONS, DURATIONS)
def test_merged_histograms_say_what_one_would(first: list[int], second: list[int]) -> None:
    """Wherever the durations were taken, and after a way through a pipe."""
    merged = filled(first)
    merged.merge(pickle.loads(pickle.dumps(filled(second))))
    merged.merge(LatencyHistogram())
    found, expected = merged.summary(), summary_of(first + second)
    assert found is not None
    assert (found.median_ns, found.p95_ns, found.p99_ns) == (
        expected.median_ns,
        expected.p95_ns,
        expected.p99_ns,
    )
    assert found.buckets == expected.buckets
    assert found.mean_ns == pytest.approx(expected.mean_ns, rel=1e-9)
    spread = expected.max_ns - expected.min_ns
    assert found.stdev_ns == pytest.approx(expected.stdev_ns, rel=1e-6, abs=spread * 1e-6)


@given(DURATIONS)
def test_buckets_to_draw_hold_every_duration(durations: list[int]) -> None:
    """They follow one another without a gap; the extremes lie in the first and the last."""
    buckets = summary_of(durations).buckets
    assert sum(bucket.count for bucket in buckets) == len(durations)
    for bucket, following in pairwise(buckets):
        assert bucket.below_ns == following.from_ns
    assert buckets[0].from_ns <= min(durations) < buckets[0].below_ns
    assert buckets[-1].from_ns <= max(durations) < buckets[-1].below_ns


@given(DURATIONS, st.integers(2, 9))
def test_a_weight_counts_as_often_as_it_says(durations: list[int], weight: int) -> None:
    """One of weight n is n durations."""
    weighted = LatencyHistogram()
    for duration in durations:
        weighted.add(duration, float(weight))
    found, expected = weighted.summary(), summary_of(durations * weight)
    assert found is not None
    assert found.buckets == expected.buckets
    assert (found.count, found.p95_ns) == (expected.count, expected.p95_ns)


def test_nothing_is_said_of_no_durations() -> None:
    """There is no summary, and a quantile is 0."""
    empty = LatencyHistogram()
    empty.merge(LatencyHistogram())
    assert empty.summary() is None
    assert empty.quantile_ns(0.5) == 0.0


def test_long_durations_that_hardly_differ_keep_their_deviation() -> None:
    """An hour and a nanosecond more: half a nanosecond of deviation."""
    hour = 3_600_000_000_000
    assert summary_of([hour, hour + 1] * 1000).stdev_ns == pytest.approx(0.5)


def test_the_number_of_durations_takes_no_room() -> None:
    """From a microsecond to a second there are about twenty doublings of 64 buckets."""
    histogram = filled([10**3 + number * 50_021 % 10**9 for number in range(50_000)])
    assert len(histogram) <= 64 * 21
