"""The parts of a whole as one bar, with a numbered list of what they are."""

from __future__ import annotations

from itertools import accumulate, count
from math import isfinite

import htpy as h

from dbtune.model.page import Share, ShareChart
from dbtune.report.html.text import checked_anchor
from dbtune.report.svg.markup import (
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
from dbtune.report.terminal.text import one_line

_COLORS = 6
# Below this a number under its part would touch the next one, on the narrowest screen.
_NUMBERED_FROM = 0.05


def draw_shares(chart: ShareChart, prefix: str) -> str:
    """Return a bar whose parts are numbered below, and the list that the numbers lead to.

    Parts go by number since colours alone would not tell them apart, and repeat after six.
    """
    if not chart.parts:
        return empty("There are no parts to show.")
    ratios = [_length(part.ratio) for part in chart.parts]
    whole = max(sum(ratios), 1.0)
    widths = [ratio / whole for ratio in ratios]
    starts = [0.0, *accumulate(widths)]
    return written(
        h.div(".chart-shares")[
            svg(**image_of(prefix))[
                named(prefix, chart.title, chart.summary),
                rect(class_="t", width="100%", height="20"),
                [_part(*each) for each in zip(chart.parts, starts, widths, count(), strict=False)],
            ],
            h.ol[[_item(part, rank) for rank, part in enumerate(chart.parts)]],
        ]
    )


def _length(ratio: float) -> float:
    return min(max(ratio, 0.0), 1.0) if isfinite(ratio) else 0.0


def _color(rank: int) -> str:
    return f"s{rank % _COLORS + 1}"


def _part(part: Share, start: float, width: float, rank: int) -> list[h.Element]:
    if not width:
        return []
    shape = rect(class_=_color(rank), x=percent(start), width=percent(width), height="20")[
        title[f"{one_line(part.label)}: {one_line(part.text)}"]
    ]
    if width < _NUMBERED_FROM:
        return [shape]
    return [shape, text(x=percent(start + width / 2), y="33")[str(rank + 1)]]


def _item(part: Share, rank: int) -> h.Element:
    name = label(part.label)
    if part.anchor is not None:
        name = h.a(href=f"#{checked_anchor(part.anchor)}")[name]
    return h.li[h.i(class_=_color(rank))[str(rank + 1)], name, h.b[one_line(part.text)]]
