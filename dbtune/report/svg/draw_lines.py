"""Curves over one axis, told apart by dashes and by the shapes of their points."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf

import htpy as h

from dbtune.model.page import LineChart, Point, Series
from dbtune.report.plain_text import one_line
from dbtune.report.svg.axis_labels import choose_labels
from dbtune.report.svg.markup import (
    NARROWEST,
    defs,
    empty,
    g,
    image_of,
    line,
    named,
    number,
    path,
    percent,
    svg,
    text,
    title,
    use,
    written,
)
from dbtune.report.svg.scale import Scale, has_place, scale_across, scale_up, tick_texts
from dbtune.report.svg.text_fit import fit_text, text_width

_TOP = 24
_HEIGHT = 190
_AXIS = 40
_END = 0.03
_COLORS = 6
# Points further apart than a few px are worth a shape; the others are worth their curve.
_SHAPED_UP_TO = 40
_WIDEST_NAME = 150
# Between the ends of two curves there is room for one name, and a little air.
_APART = 26.0
_FLAT = 6.0
# A circle, a square, a triangle, a diamond, a cross, a triangle on its tip.
_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.5-3.5h7v7h-7z",
    "M0-4.5 4.5 3.5h-9z",
    "M0-5 5 0 0 5-5 0z",
    "M-4-4 4 4M4-4-4 4",
    "M0 4.5 4.5-3.5h-9z",
)


@dataclass(frozen=True)
class _Frame:
    """The two axes, and how much of the width the labels of the upright one take."""

    across: Scale
    up: Scale
    margin: float

    def x(self, value: float) -> float:
        return self.margin + self.across.ratio(value) * (1 - self.margin - _END)

    def y(self, value: float) -> float:
        return _TOP + (1 - self.up.ratio(value)) * _HEIGHT


def draw_lines(chart: LineChart, prefix: str) -> str:
    """Return the curves with their axes; the shapes of points repeat after six.

    A point without a place, such as one that is not a number, interrupts its curve. On a
    logarithmic axis, what is not above zero stands at the bottom.
    """
    points = [point for each in chart.series for point in each.points if _is_drawn(point)]
    if not points:
        return empty("Nothing was measured.")
    frame = _frame(chart, points)
    return written(
        h.div(".chart-lines")[
            _legend(chart.series, prefix),
            svg(height=str(_TOP + _HEIGHT + _AXIS), **image_of(prefix))[
                named(prefix, chart.title, chart.summary),
                defs[[_shape(rank, prefix) for rank in range(min(len(chart.series), _COLORS))]],
                _axes(chart, frame, points),
                [_curve(each, frame, rank, prefix) for rank, each in enumerate(chart.series)],
                _names(chart.series, frame),
            ],
        ]
    )


def _is_drawn(point: Point) -> bool:
    return has_place(point.x) and has_place(point.y)


def _frame(chart: LineChart, points: list[Point]) -> _Frame:
    up = scale_up(tuple(point.y for point in points), chart.scale == "log")
    widest = max(map(text_width, tick_texts(up))) + 10
    return _Frame(scale_across(tuple(point.x for point in points)), up, widest / NARROWEST)


def _color(rank: int) -> str:
    return f"s{rank % _COLORS + 1}"


def _shape(rank: int, prefix: str) -> h.Element:
    return path(id=f"{prefix}-p{rank + 1}", d=_SHAPES[rank])


def _legend(series: tuple[Series, ...], prefix: str) -> h.Element | None:
    if len(series) < 2:
        return None
    return h.ul(".chart-key")[[_key(each, rank, prefix) for rank, each in enumerate(series)]]


def _key(each: Series, rank: int, prefix: str) -> h.Element:
    return h.li[
        svg(class_=_color(rank), aria_hidden="true")[
            line(x2="32", y1="7", y2="7"),
            use(href=f"#{prefix}-p{rank % _COLORS + 1}", x="16", y="7"),
        ],
        one_line(each.name),
    ]


def _axes(chart: LineChart, frame: _Frame, points: list[Point]) -> list[h.Node]:
    base = _TOP + _HEIGHT
    note = ", log scale"
    across = one_line(chart.x_label) + (note if frame.across.log else "")
    up = one_line(chart.y_label) + (note if frame.up.log else "")
    return [
        [
            _rung(tick, words, frame)
            for tick, words in zip(frame.up.ticks, tick_texts(frame.up), strict=True)
        ],
        text(class_="h", y="11")[fit_text(up, NARROWEST)],
        [
            text(class_=each.anchor[0], x=percent(each.ratio), y=str(base + 16))[each.text]
            for each in choose_labels(_places(frame, points))
        ],
        text(class_="h e", x="100%", y=str(base + 34))[fit_text(across, NARROWEST)],
    ]


def _rung(tick: float, words: str, frame: _Frame) -> list[h.Element]:
    y = frame.y(tick)
    look = "x" if tick == frame.up.low else "r"
    return [
        line(class_=look, x1=percent(frame.margin), x2="100%", y1=number(y), y2=number(y)),
        text(class_="e", x=percent(frame.margin), dx="-6", y=number(y + 4))[words],
    ]


def _places(frame: _Frame, points: list[Point]) -> tuple[tuple[float, str], ...]:
    """Return each x that has a point, by its own words where it has some."""
    own = {point.x: point.x_text for point in points if point.x_text}
    values = frame.across.ticks
    texts = dict(zip(values, tick_texts(frame.across), strict=True))
    return tuple(
        (frame.x(value), fit_text(one_line(own.get(value, texts[value])), NARROWEST / 3))
        for value in values
    )


def _curve(each: Series, frame: _Frame, rank: int, prefix: str) -> h.Element:
    lines = [
        line(
            x1=percent(frame.x(one.x)),
            y1=number(frame.y(one.y)),
            x2=percent(frame.x(other.x)),
            y2=number(frame.y(other.y)),
        )
        for one, other in pairwise(each.points)
        if _is_drawn(one) and _is_drawn(other)
    ]
    drawn = [point for point in each.points if _is_drawn(point)]
    shaped = drawn if len(drawn) <= _SHAPED_UP_TO else drawn[-1:]
    shape = f"#{prefix}-p{rank % _COLORS + 1}"
    return g(class_=_color(rank))[
        lines,
        [
            use(href=shape, x=percent(frame.x(point.x)), y=number(frame.y(point.y)))[
                title[f"{one_line(each.name)}: {one_line(point.text)}"]
            ]
            for point in shaped
        ],
    ]


def _names(series: tuple[Series, ...], frame: _Frame) -> list[h.Element]:
    """Return the names of curves at their ends, except where curves end too near to each other."""
    ends = sorted(
        ((*_end_of(each, frame), each.name) for each in series if any(map(_is_drawn, each.points))),
        key=lambda end: end[1],
    )
    free_from = -inf
    names = []
    for (x, y, rise, name), (_, below, _, _) in pairwise([*ends, (0.0, inf, 0.0, "")]):
        # The curve itself comes from below where it rises, and from above where it falls.
        if y - free_from >= _APART and rise > -_FLAT:
            names.append(_name(name, x, y - 9))
            free_from = y
        elif below - y >= _APART and rise < _FLAT and y < _TOP + _HEIGHT - 18:
            names.append(_name(name, x, y + 17))
            free_from = y + 17
        else:
            free_from = y
    return names


def _end_of(each: Series, frame: _Frame) -> tuple[float, float, float]:
    """Return where a curve ends, and how many px it rises on its last stretch."""
    drawn = [point for point in each.points if _is_drawn(point)]
    y = frame.y(drawn[-1].y)
    return frame.x(drawn[-1].x), y, frame.y(drawn[-2:][0].y) - y


def _name(words: str, x: float, y: float) -> h.Element:
    shown = fit_text(one_line(words), _WIDEST_NAME)
    leftward = x * NARROWEST + text_width(shown) > NARROWEST
    return text(class_="nm e" if leftward else "nm", x=percent(x), y=number(y))[shown]
