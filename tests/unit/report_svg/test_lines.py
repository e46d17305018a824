"""Curves: points where their values are, told apart without colours."""

from __future__ import annotations

from itertools import pairwise
from math import nan

import pytest

from dbtune.model.page import LineChart, Point, Series
from tests.unit.report_svg.drawn import looks, place, read, text_of


def series(name: str, *values: float) -> Series:
    """A curve over 1, 2, 3 ..."""
    return Series(name, tuple(Point(x, y, f"{y} a second") for x, y in enumerate(values, 1)))


def chart(*curves: Series, log: bool = False) -> LineChart:
    """Curves of requests over clients."""
    return LineChart("Load", "s", "clients", "requests", curves, "log" if log else "linear")


def test_points_stand_at_their_values() -> None:
    """Height is in proportion from zero, distance across even."""
    uses = list(looks(read(chart(series("a", 0, 50, 100))), "g", "s1")[0].iter("use"))
    heights = [place(each, "y") for each in uses]
    assert heights == [214, 119, 24]
    across = [place(each, "x") for each in uses]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.11)


def test_equal_factors_are_equal_steps_on_a_logarithmic_axis() -> None:
    """1, 10 and 100 are evenly apart, and what is not above zero stands at the bottom."""
    uses = list(looks(read(chart(series("a", 1, 10, 100, 0), log=True)), "g", "s1")[0].iter("use"))
    assert [place(each, "y") for each in uses] == [214, 119, 24, 214]


def test_curves_differ_in_shape_and_dash_and_are_named() -> None:
    """Six curves have six shapes; the seventh shares its look with the first, not its name."""
    curves = [series(f"curve {rank}", rank, rank * 10) for rank in range(7)]
    root = read(chart(*curves))
    shapes = [each.get("d") for each in root.iter("path")]
    assert len(shapes) == len(set(shapes)) == 6
    assert [text_of(each).split(" ")[-1] for each in root.iter("li")] == list("0123456")


def test_a_point_that_was_not_measured_interrupts_its_curve() -> None:
    """No line is drawn across what is not known."""
    (curve,) = looks(read(chart(series("a", 1, 2, nan, 4, 5))), "g", "s1")
    assert len(list(curve.iter("line"))) == 2
    assert len(list(curve.iter("use"))) == 4


def test_one_point_is_a_point() -> None:
    """A load test with one number of clients has an axis and a value."""
    root = read(chart(series("a", 42)))
    (curve,) = looks(root, "g", "s1")
    assert not list(curve.iter("line"))
    assert "42 a second" in text_of(curve)


def test_names_keep_apart() -> None:
    """Two curves that end at one place are named by the legend, not on top of each other."""
    root = read(chart(series("one", 1, 100), series("two", 1, 100), series("low", 1, 10)))
    names = looks(root, "text", "nm")
    assert "low" in [each.text for each in names]
    heights = sorted(place(each, "y") for each in names)
    assert all(upper - lower >= 13 for lower, upper in pairwise(heights))


def test_one_gap_holds_one_name() -> None:
    """Between a curve that falls to its end and one that rises to it there is room for one."""
    root = read(chart(series("falls", 100, 58), series("rises", 10, 42)))
    assert [each.text for each in looks(root, "text", "nm")] == ["falls"]


def test_a_place_on_the_axis_goes_by_its_words() -> None:
    """A date stands below its point instead of the number that it is."""
    points = tuple(Point(rank, rank, "v", f"Nov {rank}") for rank in (1, 2, 3))
    texts = [each.text for each in read(chart(Series("a", points))).iter("text")]
    assert {"Nov 1", "Nov 2", "Nov 3"} <= set(texts)


def test_a_long_history_is_drawn_without_a_shape_a_point() -> None:
    """Beyond some dozens, shapes would hide the curve."""
    (curve,) = looks(read(chart(series("a", *map(float, range(200))))), "g", "s1")
    assert len(list(curve.iter("line"))) == 199
    assert len(list(curve.iter("use"))) == 1
