"""Axes: round ticks around all values, from zero, whatever the values are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.report.svg.scale import scale_across, scale_up, tick_texts

VALUES = st.lists(st.floats(min_value=1e-9, max_value=1e15), min_size=1, max_size=20)


@given(VALUES)
def test_a_linear_axis_begins_at_zero_and_holds_all_values(values: list[float]) -> None:
    """Three to six even steps, the last at or above the largest value."""
    scale = scale_up(tuple(values), log=False)
    assert scale.ticks[0] == scale.low == 0
    assert scale.high >= max(values) * (1 - 1e-6)
    assert 3 <= len(scale.ticks) <= 7
    assert scale.ratio(scale.high) == 1


@given(VALUES)
def test_a_logarithmic_axis_holds_all_values(values: list[float]) -> None:
    """Powers of ten around the smallest and the largest; equal steps are equal factors."""
    scale = scale_up(tuple(values), log=True)
    assert scale.low <= min(values) * (1 + 1e-6)
    assert scale.high >= max(values) * (1 - 1e-6)
    assert 2 <= len(scale.ticks) <= 8
    low, high = scale.ratio(scale.low * 10), scale.ratio(scale.high / 10)
    assert low == pytest.approx(1 - high)


@pytest.mark.parametrize(
    ("values", "log", "texts"),
    [
        ((9.0,), False, ("0", "2", "4", "6", "8", "10")),
        ((0.0003,), False, ("0", "0.0001", "0.0002", "0.0003")),
        ((4_000.0,), False, ("0", "1,000", "2,000", "3,000", "4,000")),
        ((41_000.0,), False, ("0", "10k", "20k", "30k", "40k", "50k")),
        ((2.5e9,), False, ("0", "0.5G", "1G", "1.5G", "2G", "2.5G")),
        ((3.0, 20_000.0), True, ("1", "10", "100", "1k", "10k", "100k")),
        ((2.0, 3.0), True, ("1", "2", "5", "10")),
        ((0.0, 0.0), False, ("0", "1")),
        ((0.0, 0.0), True, ("0", "1")),
    ],
)
def test_ticks_are_short_and_round(
    values: tuple[float, ...], log: bool, texts: tuple[str, ...]
) -> None:
    """What stands at an axis is read at a glance."""
    assert tick_texts(scale_up(values, log)) == texts


@pytest.mark.parametrize(
    ("values", "log"),
    [
        ((1.0, 2.0, 4.0, 8.0, 16.0, 32.0), True),
        ((1.0, 2.0, 3.0, 4.0), False),
        ((0.0, 1.0, 2.0, 64.0), False),
        ((1.0, 100.0), False),
    ],
)
def test_doubled_numbers_of_clients_are_spread_evenly(values: tuple[float, ...], log: bool) -> None:
    """The axis across turns logarithmic where most values would crowd at its start."""
    scale = scale_across(values)
    assert scale.log is log
    assert scale.ratio(values[0]) == 0
    assert scale.ratio(values[-1]) == 1


def test_one_place_is_in_the_middle() -> None:
    """An axis without an extent has a point, not a division by zero."""
    assert scale_across((5.0,)).ratio(5.0) == 0.5
