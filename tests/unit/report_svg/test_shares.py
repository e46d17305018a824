"""Shares: one bar whose parts are as wide as what they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.page import Share, ShareChart
from tests.unit.report_svg.drawn import looks, place, read, text_of


def chart(*ratios: float) -> ShareChart:
    """Parts called by their place."""
    parts = tuple(Share(f"part {rank}", ratio, f"{ratio:.0%}") for rank, ratio in enumerate(ratios))
    return ShareChart("Share", "The first is the largest.", parts)


@given(st.lists(st.floats(min_value=0.002, max_value=1), min_size=1, max_size=12))
def test_parts_lie_side_by_side_by_their_ratios(ratios: list[float]) -> None:
    """Each begins where the one before ends; together they never leave the bar."""
    whole = max(sum(ratios), 1)
    rects = list(read(chart(*ratios)).iter("rect"))[1:]
    start = 0.0
    for rect, ratio in zip(rects, ratios, strict=True):
        assert place(rect, "x") == pytest.approx(start, abs=0.11)
        assert place(rect, "width") == pytest.approx(ratio / whole * 100, abs=0.11)
        start += ratio / whole * 100
    assert start <= 100.01


def test_what_is_not_named_stays_blank() -> None:
    """Parts of less than the whole leave the track behind them in sight."""
    rects = list(read(chart(0.25, 0.25)).iter("rect"))
    assert place(rects[0], "width") == 100
    assert [place(each, "width") for each in rects[1:]] == [25, 25]


def test_numbers_lead_from_the_bar_to_the_list() -> None:
    """Colours repeat after six, numbers do not; they are left out where two would touch."""
    root = read(chart(*[0.12] * 8, 0.001))
    assert [each.text for each in root.iter("text")] == list("12345678")
    assert [each.text for each in root.iter("i")] == list("123456789")
    assert "part 8" in text_of(root)


def test_the_rest_is_told_from_the_parts() -> None:
    """A last part that leads nowhere is not one thing, and has no thing's colour."""
    parts = (Share("q", 0.6, "60 %", "q-1"), Share("the other 9", 0.4, "40 %"))
    root = read(ShareChart("t", "s", parts))
    assert len(looks(root, "rect", "s0")) == 1
    assert len(looks(root, "i", "s0")) == 1
