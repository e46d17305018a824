"""Charts with their title, what one sees in them, and their numbers as text."""

from __future__ import annotations

from collections.abc import Iterator

import htpy as h

from dbtune.model.page import (
    BarChart,
    Code,
    Histogram,
    LineChart,
    PlanStep,
    PlanTree,
    SchemaMap,
    ShareChart,
)
from dbtune.report.html.commands import draw_code
from dbtune.report.html.numbers import numbers_of
from dbtune.report.html.tables import draw_table
from dbtune.report.html.text import show

Chart = BarChart | ShareChart | Histogram | LineChart | PlanTree | SchemaMap


def draw_figure(chart: Chart, place: str) -> h.Element:
    """Return a chart; what is wider than the page scrolls in its own box."""
    return h.figure(id=place)[
        h.figcaption[h.strong[show(chart.title)], h.span[show(chart.summary)]],
        _draw_as_text(chart, place),
    ]


def _draw_as_text(chart: Chart, place: str) -> h.Element:
    if isinstance(chart, PlanTree):
        return h.details[h.summary["As text"], draw_code(Code(_plan_text(chart), "text"))]
    return h.details[h.summary["Numbers"], draw_table(numbers_of(chart), f"{place}-n")]


def _plan_text(tree: PlanTree) -> str:
    if not tree.after:
        return "\n".join(_step_lines(tree.before, ""))
    before, after = _step_lines(tree.before, "  "), _step_lines(tree.after, "  ")
    return "\n".join(("before", *before, "after", *after))


def _step_lines(steps: tuple[PlanStep, ...], indent: str) -> Iterator[str]:
    for step in steps:
        yield indent + show(step.text)
        yield from _step_lines(step.steps, indent + "  ")
