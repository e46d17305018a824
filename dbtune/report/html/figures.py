"""Charts with their title, what one sees in them, and their numbers as text."""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from dbtune.model.page import (
    BarChart,
    Histogram,
    LineChart,
    PlanTree,
    SchemaMap,
    ShareChart,
)
from dbtune.report.html.numbers import numbers_of
from dbtune.report.html.tables import draw_table
from dbtune.report.html.text import show
from dbtune.report.svg.draw_bars import draw_bars
from dbtune.report.svg.draw_histogram import draw_histogram
from dbtune.report.svg.draw_lines import draw_lines
from dbtune.report.svg.draw_plan import draw_plan
from dbtune.report.svg.draw_schema import draw_schema
from dbtune.report.svg.draw_shares import draw_shares

Chart = BarChart | ShareChart | Histogram | LineChart | PlanTree | SchemaMap


def draw_figure(chart: Chart, place: str) -> h.Element:
    """Return a chart above its numbers; a plan is text already, and has none."""
    return h.figure[
        h.figcaption[h.strong[show(chart.title)], h.span[show(chart.summary)]],
        _draw_box(chart, place),
        None
        if isinstance(chart, PlanTree)
        else h.details[h.summary["Numbers"], draw_table(numbers_of(chart), f"{place}-n")],
    ]


def _draw_box(chart: Chart, place: str) -> h.Node:
    # Markup of our own, whose texts are escaped where it is made.
    drawing = Markup(_draw(chart, place))
    if not isinstance(chart, SchemaMap):
        return drawing
    # A map keeps its size: what is wider than the page scrolls, by keys too.
    return h.div(".drawing", role="region", tabindex="0", aria_label=show(chart.title))[drawing]


def _draw(chart: Chart, place: str) -> str:
    match chart:
        case BarChart():
            return draw_bars(chart, place)
        case ShareChart():
            return draw_shares(chart, place)
        case PlanTree():
            return draw_plan(chart, place)
        case Histogram():
            return draw_histogram(chart, place)
        case LineChart():
            return draw_lines(chart, place)
        case SchemaMap():
            return draw_schema(chart, place)
