"""The parts of a whole as one bar, with a numbered list of what they are."""

from __future__ import annotations

from itertools import accumulate, count
from math import isfinite

import htpy as h

from dbtune.model.page import Share, ShareChart
from dbtune.report.anchors import checked_anchor
from dbtune.report.plain_text import one_line
from dbtune.report.svg.markup import (
    NARROWEST,
    empty,
    image_of,
    label,
    named,
    percent,
    rect,
    svg,
    text,
    title,
    written,
)
from dbtune.report.svg.text_fit import text_width

_COLORS = 6


def draw_shares(chart: ShareChart, prefix: str) -> str:
    """Return a bar whose parts are numbered below, and the list that the numbers lead to.

    Parts go by number since colours alone would not tell them apart, and repeat after six. A last
    part that leads nowhere where the others do is the rest, and grey.
    """
    if not chart.parts:
        return empty("There are no parts to show.")
    ratios = [_length(part.ratio) for part in chart.parts]
    whole = max(sum(ratios), 1.0)
    widths = [ratio / whole for ratio in ratios]
    looks = _looks(chart.parts)
    drawn = zip(chart.parts, accumulate(widths, initial=0.0), widths, looks, count(1), strict=False)
    listed = zip(chart.parts, looks, count(1), strict=False)
    return written(
        h.div(".chart-shares")[
            svg(**image_of(prefix))[
                named(prefix, chart.title, chart.summary),
                rect(class_="t", width="100%", height="20"),
                [_part(*each) for each in drawn],
            ],
            h.ol[[_item(*each) for each in listed]],
        ]
    )


def _length(ratio: float) -> float:
    return min(max(ratio, 0.0), 1.0) if isfinite(ratio) else 0.0


def _looks(parts: tuple[Share, ...]) -> list[str]:
    looks = [f"s{rank % _COLORS + 1}" for rank in range(len(parts))]
    if parts[0].anchor is not None and parts[-1].anchor is None:
        looks[-1] = "s0"
    return looks


def _part(part: Share, start: float, width: float, look: str, place: int) -> list[h.Element]:
    if not width:
        return []
    shape = rect(class_=look, x=percent(start), width=percent(width), height="20")[
        title[f"{one_line(part.label)}: {one_line(part.text)}"]
    ]
    # On the narrowest screen too, a number may not touch the next one.
    if width * NARROWEST < text_width(str(place)) + 3:
        return [shape]
    return [shape, text(x=percent(start + width / 2), y="33")[str(place)]]


def _item(part: Share, look: str, place: int) -> h.Element:
    name = label(part.label)
    if part.anchor is not None:
        name = h.a(href=f"#{checked_anchor(part.anchor)}")[name]
    return h.li[h.i(class_=look)[str(place)], name, h.b[one_line(part.text)]]
