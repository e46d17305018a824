"""Charts drawn and read back as elements, and a chart of each kind."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from dbtune.model.page import (
    Bar,
    BarChart,
    Bin,
    Histogram,
    LineChart,
    MapIndex,
    MapLink,
    MapTable,
    Marker,
    PlanStep,
    PlanTree,
    Point,
    SchemaMap,
    Series,
    Share,
    ShareChart,
)
from dbtune.report.svg.draw_bars import draw_bars
from dbtune.report.svg.draw_histogram import draw_histogram
from dbtune.report.svg.draw_lines import draw_lines
from dbtune.report.svg.draw_plan import draw_plan
from dbtune.report.svg.draw_schema import draw_schema
from dbtune.report.svg.draw_shares import draw_shares

Chart = BarChart | ShareChart | Histogram | LineChart | PlanTree | SchemaMap
Sizes = dict[str, float]


def draw(chart: Chart, prefix: str = "c") -> str:
    """A chart as the page draws it."""
    drawers: dict[type, Callable[..., str]] = {
        BarChart: draw_bars,
        ShareChart: draw_shares,
        Histogram: draw_histogram,
        LineChart: draw_lines,
        PlanTree: draw_plan,
        SchemaMap: draw_schema,
    }
    return drawers[type(chart)](chart, prefix)


def read(chart: Chart, prefix: str = "c") -> Element:
    """A chart as elements; fails where its markup is no XML."""
    return ElementTree.fromstring(f"<div>{draw(chart, prefix)}</div>")


def text_of(element: Element) -> str:
    """All text of an element, tooltips and names for screen readers too."""
    return " ".join(element.itertext())


def looks(element: Element, tag: str, look: str) -> list[Element]:
    """The elements of a tag that have a class, in their order."""
    return [each for each in element.iter(tag) if look in each.get("class", "").split()]


def place(element: Element, name: str) -> float:
    """A number of an element: percent, px, or 0 where it is not given."""
    return float(element.get(name, "0").removesuffix("%"))


def charts_of(words: str = "words", number: float = 3.0) -> tuple[Chart, ...]:
    """A chart of each kind in which every text is `words` and some values are `number`."""
    bars = (Bar(words, number, words, 2.0, words, words, "q-1"), Bar(words, 4.0, words))
    points = (Point(1, 2, words), Point(2, number, words, words), Point(4, 8, words))
    steps = (PlanStep("scan", words, (PlanStep("search", words),)), PlanStep("sort", words))
    indexes = (
        MapIndex(words, words),
        MapIndex(words, words, "new"),
        MapIndex(words, words, "dropped"),
    )
    return (
        BarChart(words, words, words, bars),
        ShareChart(words, words, (Share(words, 0.7, words, "q-1"), Share(words, number, words))),
        Histogram(
            words,
            words,
            (Bin(words, words, number), Bin(words, words, 7)),
            (Marker(words, words, 0, 0.5), Marker(words, words, 1, 0.1)),
        ),
        LineChart(words, words, words, words, (Series(words, points), Series("other", points[:1]))),
        LineChart(words, words, words, words, (Series(words, points),), "log"),
        PlanTree(words, words, steps, steps[:1]),
        SchemaMap(
            words,
            words,
            (MapTable(words, words, indexes), MapTable("child", words)),
            (
                MapLink("child", words, words, False),
                MapLink(words, words, words, True),
                MapLink("child", "elsewhere", words, True),
            ),
        ),
    )
