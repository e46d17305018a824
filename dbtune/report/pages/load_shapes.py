"""The query shapes of a load test that took the most time, on its first and last configuration."""

from __future__ import annotations

from collections.abc import Mapping

from dbtune.model.load import LoadReport, LoadRun, ShapeLoad
from dbtune.model.page import Bar, BarChart, Block, Cell, Column, Section, Table, Text
from dbtune.report.pages.cells import (
    UNKNOWN,
    count_cell,
    duration_cell,
    statement_cell,
    statement_in_short,
)
from dbtune.report.quantities import format_change, format_duration, format_factor

_BARS = 15
_ROWS = 100


def shapes_section(report: LoadReport) -> Section | None:
    """Return the shapes at the highest load, None where nothing was sent."""
    if not report.runs:
        return None
    runs = [run for run in report.runs if run.rate == report.runs[-1].rate]
    before, after = runs[0], runs[-1]
    if not before.shapes:
        return None
    others = {shape.shape_id: shape for shape in after.shapes} if after is not before else {}
    which = before.config if after is before else f"{before.config} -> {after.config}"
    blocks: list[Block] = []
    timed = [shape for shape in before.shapes if shape.latency is not None]
    if timed:
        blocks.append(_bars(timed[:_BARS], others, which, before))
    blocks.append(_table(before.shapes[:_ROWS], others, which))
    left = len(before.shapes) - _ROWS
    if left > 0:
        blocks.append(Text((f"And {left:,} more: they are in the JSON.",)))
    return Section("queries", "Query shapes at the highest load", tuple(blocks))


def _bars(
    shapes: list[ShapeLoad], others: Mapping[str, ShapeLoad], which: str, run: LoadRun
) -> BarChart:
    bars = tuple(_bar(shape, others.get(shape.shape_id)) for shape in shapes)
    return BarChart(
        "Mean time of one call, of those that took the most in all",
        f"{which}, {run.rate.words}; on the connection, without waiting for one.",
        "mean time",
        bars,
    )


def _bar(shape: ShapeLoad, other: ShapeLoad | None) -> Bar:
    before = shape.latency.mean_ns if shape.latency else 0.0
    after = other.latency.mean_ns if other and other.latency else None
    return Bar(
        f"{shape.shape_id[:6]} {statement_in_short(shape.text)}",
        before,
        format_duration(before),
        after,
        "" if after is None else format_duration(after),
        _change(before, after),
    )


def _change(before: float, after: float | None) -> str:
    if after is None or not before:
        return ""
    factor = format_factor(before, after) if before >= 2 * after else None
    return f"{factor} faster" if factor else format_change(after / before)


def _table(shapes: tuple[ShapeLoad, ...], others: Mapping[str, ShapeLoad], which: str) -> Table:
    times = ["p50 before", "p99 before", "p50 after", "p99 after"] if others else ["p50", "p99"]
    titles = ["calls", "failed", *times]
    columns = (
        Column("id", "code"),
        Column("query", "code"),
        *(Column(title, "number") for title in titles),
    )
    rows = tuple(
        (
            Cell(shape.shape_id[:12]),
            statement_cell(shape.text),
            count_cell(shape.calls),
            count_cell(shape.failures.total, "bad" if shape.failures.total else "neutral"),
            *_times(shape),
            *(_times(others.get(shape.shape_id)) if others else ()),
        )
        for shape in shapes
    )
    return Table(f"That took the most time, {which}", columns, rows)


def _times(shape: ShapeLoad | None) -> tuple[Cell, Cell]:
    if shape is None or shape.latency is None:
        return UNKNOWN, UNKNOWN
    return duration_cell(shape.latency.median_ns), duration_cell(shape.latency.p99_ns)
