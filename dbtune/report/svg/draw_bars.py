"""Bars from zero, before above after, each with its value at its end."""

from __future__ import annotations

from math import isfinite

import htpy as h

from dbtune.model.page import Bar, BarChart
from dbtune.report.anchors import checked_anchor
from dbtune.report.plain_text import one_line
from dbtune.report.svg.markup import (
    NARROWEST,
    empty,
    label,
    percent,
    rect,
    svg,
    text,
    title,
    written,
)
from dbtune.report.svg.text_fit import fit_text, text_width

_ROW = 15
# Of the narrowest chart, at most this much is kept for values at the ends of bars.
_WIDEST_VALUE = 0.5
# A note up to this many px stands beside its label, even where that is narrow.
_LONG_NOTE = 90.0


def draw_bars(chart: BarChart, prefix: str) -> str:
    """Return a list with a row a bar: its label as text, under it the bars as an image.

    Lengths are in proportion, from zero, over all bars of the chart. What would be shorter than
    a pixel is drawn as one, and a note says so.
    """
    if not chart.bars:
        return empty("Nothing was measured.")
    scale = _Scale(chart.bars)
    rows = [_row(bar, scale, f"{prefix}-{rank}") for rank, bar in enumerate(chart.bars)]
    return written(
        h.div(".chart-bars")[
            _legend(chart),
            h.ul[rows],
            scale.hides_something
            and h.p(".chart-note")["Bars as thin as a line are shorter still."],
        ]
    )


class _Scale:
    """How long a value is drawn, in parts of the chart's width."""

    def __init__(self, bars: tuple[Bar, ...]) -> None:
        values = [_length(value) for bar in bars for value in (bar.before, bar.after)]
        texts = [one_line(words) for bar in bars for words in (bar.text_before, bar.text_after)]
        self._longest = max(values) or 1.0
        widest = max(text_width(words) for words in texts) + 8
        self.room = min(widest / NARROWEST, _WIDEST_VALUE)
        self.hides_something = any(0 < value / self._longest < 1 / NARROWEST for value in values)

    def ratio(self, value: float | None) -> float:
        """Return 0 for nothing, else at least what one percent point's tenth is."""
        part = _length(value) / self._longest
        return max(part * (1 - self.room), 0.001) if part else 0.0


def _length(value: float | None) -> float:
    return value if value is not None and isfinite(value) and value > 0 else 0.0


def _row(bar: Bar, scale: _Scale, prefix: str) -> h.Element:
    name = label(bar.label)
    if bar.anchor is not None:
        name = h.a(href=f"#{checked_anchor(bar.anchor)}")[name]
    return h.li[
        name,
        _note(one_line(bar.note)),
        _bars(bar, scale, prefix),
    ]


def _note(words: str) -> h.Element | None:
    if not words:
        return None
    return h.b(class_="long" if text_width(words) > _LONG_NOTE else None)[words]


def _bars(bar: Bar, scale: _Scale, prefix: str) -> h.Element:
    pair = bar.after is not None
    before, after = one_line(bar.text_before), one_line(bar.text_after)
    said = f"before {before}, after {after}" if pair else before
    return svg(role="img", aria_labelledby=prefix, class_="two" if pair else "one")[
        title(id=prefix)[f"{one_line(bar.label)}: {said}"],
        _bar("b" if pair else "a", 0, scale.ratio(bar.before), before, scale.room),
        pair and _bar("a", _ROW, scale.ratio(bar.after), after, scale.room),
    ]


def _bar(look: str, top: int, ratio: float, words: str, room: float) -> list[h.Element]:
    value = text(x=percent(ratio), dx="6", y=str(top + 11))[fit_text(words, room * NARROWEST)]
    if not ratio:
        return [value]
    return [rect(class_=look, y=str(top + 2), width=percent(ratio), height="10"), value]


def _legend(chart: BarChart) -> h.Element | None:
    pair = any(bar.after is not None for bar in chart.bars)
    unit = one_line(chart.unit)
    if not pair:
        return h.p(".chart-key")[unit] if unit else None
    return h.p(".chart-key")[h.i(".b"), "before ", h.i(".a"), "after", unit and h.span[unit]]
