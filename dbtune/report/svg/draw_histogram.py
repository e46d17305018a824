"""How many there are of each size, with the median and its like marked above."""

from __future__ import annotations

from math import isfinite

import htpy as h

from dbtune.model.page import Bin, Histogram, Marker
from dbtune.report.svg.axis_labels import choose_labels
from dbtune.report.svg.marker_lanes import Flag, place_flags
from dbtune.report.svg.markup import (
    NARROWEST,
    empty,
    image_of,
    line,
    named,
    number,
    percent,
    rect,
    svg,
    text,
    title,
    written,
)
from dbtune.report.svg.text_fit import fit_text, text_width
from dbtune.report.terminal.text import one_line

_HEIGHT = 130
_LANE = 16
_AXIS = 22
_WIDEST_FLAG = 140


def draw_histogram(chart: Histogram, prefix: str) -> str:
    """Return bins of equal width, whose heights are in proportion to their counts."""
    if not chart.bins:
        return empty("Nothing was measured.")
    places = [(marker.place + marker.fraction) / len(chart.bins) for marker in chart.markers]
    flags = _flags(chart.markers, places)
    top = max((flag.lane + 1 for flag in flags), default=0) * _LANE
    base = top + _HEIGHT
    return written(
        h.div(".chart-hist")[
            svg(height=str(base + _AXIS), **image_of(prefix))[
                named(prefix, chart.title, chart.summary),
                _bins(chart.bins, base),
                line(class_="x", x2="100%", y1=str(base), y2=str(base)),
                _bounds(chart.bins, base + 15),
                [
                    _mark(*each, top, base)
                    for each in zip(chart.markers, flags, places, strict=True)
                ],
            ]
        ]
    )


def _count(count: float) -> float:
    return count if isfinite(count) and count > 0 else 0.0


def _bins(bins: tuple[Bin, ...], base: int) -> list[h.Element]:
    most = max(_count(each.count) for each in bins) or 1.0
    width = percent(1 / len(bins))
    return [
        rect(
            class_="s",
            x=percent(rank / len(bins)),
            y=number(base - _count(each.count) / most * _HEIGHT),
            width=width,
            height=number(_count(each.count) / most * _HEIGHT),
        )[title[_said(each)]]
        for rank, each in enumerate(bins)
        if _count(each.count)
    ]


def _said(each: Bin) -> str:
    return f"{one_line(each.from_text)} to {one_line(each.below_text)}: {each.count:,.6g}"


def _bounds(bins: tuple[Bin, ...], y: int) -> list[h.Element]:
    texts = [each.from_text for each in bins] + [bins[-1].below_text]
    places = tuple(
        (rank / len(bins), fit_text(one_line(words), NARROWEST / 2))
        for rank, words in enumerate(texts)
    )
    return [
        text(class_=each.anchor[0], x=percent(each.ratio), y=str(y))[each.text]
        for each in choose_labels(places)
    ]


def _flags(markers: tuple[Marker, ...], places: list[float]) -> tuple[Flag, ...]:
    widths = [text_width(_words(marker)) + 8 for marker in markers]
    spots = tuple((place * NARROWEST, width) for place, width in zip(places, widths, strict=True))
    return place_flags(spots, NARROWEST)


def _words(marker: Marker) -> str:
    return fit_text(f"{one_line(marker.label)} {one_line(marker.text)}", _WIDEST_FLAG)


def _mark(marker: Marker, flag: Flag, place: float, top: int, base: int) -> list[h.Element]:
    lower = top - flag.lane * _LANE
    x = percent(min(max(place, 0.0), 1.0))
    return [
        line(class_="m", x1=x, x2=x, y1=str(lower - 13), y2=str(base)),
        text(
            class_="s" if flag.rightward else "e",
            x=x,
            dx="4" if flag.rightward else "-4",
            y=str(lower - 4),
        )[_words(marker)],
    ]
