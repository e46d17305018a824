"""How many there are of each size, with the median and its like marked above."""

from __future__ import annotations

from math import isfinite

import htpy as h

from dbtune.model.page import Bin, Histogram, Marker
from dbtune.report.plain_text import one_line
from dbtune.report.quantities import format_count
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

_HEIGHT = 130
_LANE = 16
_AXIS = 22
_WIDEST_FLAG = 140


def draw_histogram(chart: Histogram, prefix: str) -> str:
    """Return bins of equal width, whose heights are in proportion to their counts.

    A bin that holds anything is at least a pixel high. The line on top is the height of the most.
    """
    if not chart.bins:
        return empty("Nothing was measured.")
    places = [_place(marker, len(chart.bins)) for marker in chart.markers]
    flags = _flags(chart.markers, places)
    lanes = max((flag.lane + 1 for flag in flags), default=0) * _LANE
    top = lanes + _LANE
    base = top + _HEIGHT
    marks = zip(chart.markers, flags, places, strict=True)
    return written(
        h.div(".chart-hist")[
            svg(height=str(base + _AXIS), **image_of(prefix))[
                named(prefix, chart.title, chart.summary),
                _bins(chart.bins, top),
                line(class_="x", x2="100%", y1=str(base), y2=str(base)),
                _bounds(chart.bins, base + 15),
                [_mark(*each, lanes, base) for each in marks],
            ]
        ]
    )


def _place(marker: Marker, count: int) -> float:
    place = (marker.place + marker.fraction) / count
    return min(max(place, 0.0), 1.0) if isfinite(place) else 0.0


def _count(each: Bin) -> float:
    return each.count if isfinite(each.count) and each.count > 0 else 0.0


def _bins(bins: tuple[Bin, ...], top: int) -> list[h.Element]:
    most = max(map(_count, bins))
    width = percent(1 / len(bins))
    return [
        line(class_="r", x2="100%", y1=str(top), y2=str(top)),
        text(y=str(top - 4))[format_count(most)],
        *[
            _bin(each, percent(rank / len(bins)), width, max(_count(each) / most * _HEIGHT, 1), top)
            for rank, each in enumerate(bins)
            if _count(each)
        ],
    ]


def _bin(each: Bin, x: str, width: str, height: float, top: int) -> h.Element:
    said = f"{one_line(each.from_text)} to {one_line(each.below_text)}: {format_count(each.count)}"
    y = number(top + _HEIGHT - height)
    return rect(class_="s", x=x, y=y, width=width, height=number(height))[title[said]]


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


def _mark(marker: Marker, flag: Flag, place: float, lanes: int, base: int) -> list[h.Element]:
    lower = lanes - flag.lane * _LANE
    x = percent(place)
    return [
        line(class_="m", x1=x, x2=x, y1=str(lower - 13), y2=str(base)),
        text(
            class_="s" if flag.rightward else "e",
            x=x,
            dx="4" if flag.rightward else "-4",
            y=str(lower - 4),
        )[_words(marker)],
    ]
