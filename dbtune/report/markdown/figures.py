"""Charts as what they are drawn from: small tables, bars of text, trees of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.page import (
    BarChart,
    Histogram,
    LineChart,
    MapTable,
    PlanStep,
    PlanTree,
    SchemaMap,
    ShareChart,
)
from dbtune.report.markdown.escape import code_block, code_cell, prose
from dbtune.report.markdown.pipe_table import Align, folded, pipe_table

Figure = BarChart | ShareChart | Histogram | LineChart | PlanTree | SchemaMap
_BAR = "\u2588"
_LONGEST_BAR = 20
_MARKS = {"search": "SEARCH", "scan": "SCAN", "sort": "SORT", "group": "", "other": ""}


def draw_figure(figure: Figure) -> str:
    """Return a chart as Markdown: what one sees in a sentence, then its numbers."""
    match figure:
        case BarChart():
            return _captioned(figure.title, figure.summary, _bars(figure))
        case ShareChart():
            return _captioned(figure.title, figure.summary, _shares(figure))
        case Histogram():
            return _captioned(figure.title, figure.summary, _histogram(figure))
        case LineChart():
            return folded(figure.title, f"{prose(figure.summary)}\n\n{_lines(figure)}")
        case PlanTree():
            return folded(figure.title, f"{prose(figure.summary)}\n\n{_plan(figure)}")
        case SchemaMap():
            return folded(figure.title, f"{prose(figure.summary)}\n\n{_schema(figure)}")


def _captioned(title: str, summary: str, table: str) -> str:
    said = f"**{prose(title)}**" + (f" {prose(summary)}" if summary else "")
    return f"{said}\n\n{table}"


def _bars(chart: BarChart) -> str:
    compared = any(bar.after is not None for bar in chart.bars)
    noted = any(bar.note for bar in chart.bars)
    headers = ["", "before" if compared else prose(chart.unit)]
    headers += ["after"] * compared + [""] * noted
    rows = [
        [prose(bar.label), prose(bar.text_before)]
        + [prose(bar.text_after)] * compared
        + [prose(bar.note)] * noted
        for bar in chart.bars
    ]
    numbers: list[Align] = ["right"] * (len(headers) - 1)
    return pipe_table(headers, rows, ["left", *numbers])


def _shares(chart: ShareChart) -> str:
    rows = [[prose(part.label), prose(part.text), _bar(part.ratio, 1.0)] for part in chart.parts]
    return pipe_table(["", "share", ""], rows, ("left", "right"))


def _histogram(chart: Histogram) -> str:
    most = max((found.count for found in chart.bins), default=0.0)
    rows = [
        [
            prose(f"{found.from_text} to {found.below_text}"),
            f"{found.count:,.0f}",
            _bar(found.count, most),
        ]
        for found in chart.bins
    ]
    table = pipe_table(["", "count", ""], rows, ("left", "right"))
    marked = ", ".join(f"{marker.label} {marker.text}" for marker in chart.markers)
    return f"{table}\n\n{prose(marked)}" if marked else table


def _bar(value: float, most: float) -> str:
    return _BAR * max(1, round(value / most * _LONGEST_BAR)) if value > 0 and most > 0 else ""


def _lines(chart: LineChart) -> str:
    """A row for each x; a curve that has no point there leaves its cell empty."""
    places = sorted({point.x for series in chart.series for point in series.points})
    found = [{point.x: point.text for point in series.points} for series in chart.series]
    rows = [[f"{place:,g}", *(prose(texts.get(place, "")) for texts in found)] for place in places]
    headers = [prose(chart.x_label), *(prose(series.name) for series in chart.series)]
    align: list[Align] = ["right"] * len(headers)
    table = pipe_table(headers, rows, align)
    return f"{prose(chart.y_label)}:\n\n{table}"


def _plan(tree: PlanTree) -> str:
    lines = ["Before:", *_steps(tree.before, "  ")]
    if tree.after:
        lines += ["After:", *_steps(tree.after, "  ")]
    return code_block("\n".join(lines), "text")


def _steps(steps: Sequence[PlanStep], indent: str) -> Iterator[str]:
    for step in steps:
        mark = _MARKS[step.kind]
        # Words say what a step does where SQLite's own begin with it.
        said = step.text if step.text.upper().startswith(mark) else f"{mark.lower()}: {step.text}"
        yield f"{indent}- {' '.join(said.split())}"
        yield from _steps(step.steps, f"{indent}  ")


def _schema(schema: SchemaMap) -> str:
    rows = [[code_cell(table.name), prose(table.rows), _indexes(table)] for table in schema.tables]
    parts = [pipe_table(["table", "rows", "indexes"], rows, ("left", "right"))]
    if schema.links:
        keys = [
            [
                code_cell(link.child),
                code_cell(link.columns),
                code_cell(link.parent),
                "yes" if link.indexed else "no",
            ]
            for link in schema.links
        ]
        parts.append(pipe_table(["table", "foreign key", "refers to", "indexed"], keys))
    return "\n\n".join(parts)


def _indexes(table: MapTable) -> str:
    return "<br>".join(
        code_cell(f"{index.name} ({index.keys})")
        + ("" if index.state == "existing" else f" **{index.state}**")
        for index in table.indexes
    )
