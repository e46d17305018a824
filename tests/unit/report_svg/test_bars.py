"""Bars: lengths in proportion, values at their ends, small ones said to be small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.page import Bar, BarChart
from tests.unit.report_svg.drawn import looks, place, read, text_of

POSITIVE = st.floats(min_value=0.5, max_value=1000)


def chart(*bars: Bar) -> BarChart:
    """Bars of milliseconds."""
    return BarChart("Cost", "The dearest first.", "ms a run", bars)


@given(before=st.lists(POSITIVE, min_size=1, max_size=8), after=POSITIVE)
def test_lengths_are_in_the_ratio_of_values(before: list[float], after: float) -> None:
    """One scale from zero holds for all bars of a chart, before and after."""
    root = read(chart(*(Bar("q", value, "v", after, "w") for value in before)))
    longest = max(*before, after)
    firsts, seconds = looks(root, "rect", "b"), looks(root, "rect", "a")
    full = max(place(each, "width") for each in firsts + seconds)
    for rect, value in zip(firsts, before, strict=True):
        assert place(rect, "width") == pytest.approx(full * value / longest, abs=0.11)
    for rect in seconds:
        assert place(rect, "width") == pytest.approx(full * after / longest, abs=0.11)


def test_values_and_the_factor_stand_beside_the_bars() -> None:
    """Each value begins where its bar ends; what changed stands beside the label."""
    root = read(chart(Bar("SELECT 1", 61, "61 ms", 1, "1.0 ms", "61x")))
    ends = [place(each, "width") for each in root.iter("rect")]
    assert [place(each, "x") for each in root.iter("text")] == ends
    assert [each.text for each in root.iter("text")] == ["61 ms", "1.0 ms"]
    assert [each.text for each in root.iter("b")] == ["61x"]


def test_the_longest_bar_leaves_room_for_its_value() -> None:
    """On the narrowest chart, 300 px, the text after the longest bar is still inside."""
    root = read(chart(Bar("q", 5, "1,234.5 ms")))
    (bar,) = root.iter("rect")
    assert place(bar, "width") / 100 * 300 + len("1,234.5 ms") * 6.2 < 300


@pytest.mark.parametrize(("value", "said"), [(1e-9, True), (1.0, False), (0.0, False)])
def test_a_bar_below_a_pixel_is_drawn_and_said_to_be_shorter(value: float, said: bool) -> None:
    """What is tiny is seen, nothing is not, and the first is not passed off as to scale."""
    root = read(chart(Bar("q", 100.0, "100 ms", value, "v")))
    assert len(list(root.iter("rect"))) == (2 if value else 1)
    assert all(place(each, "width") > 0 for each in root.iter("rect"))
    assert ("shorter" in text_of(root)) is said


def test_one_value_a_bar_needs_no_legend() -> None:
    """Before and after are explained only where there are both."""
    alone = text_of(read(chart(Bar("ix", 1, "1 ms"))))
    pair = text_of(read(chart(Bar("ix", 1, "1 ms", 2, "2 ms"))))
    assert "before" not in alone
    assert "before" in pair
    assert "ms a run" in alone


def test_a_long_label_is_cut_with_the_whole_in_its_tooltip() -> None:
    """A statement of 2,000 characters takes a line or two, and loses nothing."""
    statement = "SELECT " + "x, " * 700
    (label,) = looks(read(chart(Bar(statement, 1, "1 ms"))), "span", "cl")
    assert (label.text or "").endswith("...")
    assert len(label.text or "") <= 160
    assert label.get("title") == statement.strip()


def test_a_label_links_to_what_it_names() -> None:
    """A bar with an anchor leads to its place on the page."""
    (link,) = read(chart(Bar("q", 1, "1 ms", anchor="query-1"))).iter("a")
    assert link.get("href") == "#query-1"
    assert text_of(link) == "q"


def test_an_anchor_that_could_break_out_is_refused() -> None:
    """Anchors are made of letters, digits and dashes; any other is a bug."""
    with pytest.raises(ValueError, match="anchor"):
        read(chart(Bar("q", 1, "1 ms", anchor='x" onclick="y')))
