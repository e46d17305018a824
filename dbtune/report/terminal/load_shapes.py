"""The query shapes of a load test: those that took the most time, before and after."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.load import LoadReport, LoadRun, ShapeLoad
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_count, format_duration
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.query_text import recognizable

_MOST_SHAPES = 10
_WIDE = 120
_SHORT_ID = 6


def shape_section(report: LoadReport, width: int, colors: Colors) -> list[str]:
    """Return the table for the highest rate: the first configuration beside the last one."""
    if not report.runs:
        return []
    rate = report.runs[-1].rate
    runs = [run for run in report.runs if run.rate == rate]
    before, after = runs[0], runs[-1]
    if not before.shapes:
        return []
    headers = [*_headers(before, after), "query"]
    shapes = before.shapes[:_MOST_SHAPES]
    rows = [list(_cells(shape, before, after, width)) for shape in shapes]
    texts = [recognizable(shape.text, narrow=width < _WIDE) for shape in shapes]
    title = "Query shapes"
    which = before.config if after is before else f"{before.config} -> {after.config}"
    first, *rest = wrap_text(
        f"{title} that took the most time, {which}, at the highest load", width
    )
    lines = draw_table(headers, rows, texts, width, colors)
    return [colors.bold(title) + first[len(title) :], *rest, *lines]


def _headers(before: LoadRun, after: LoadRun) -> list[str]:
    titles = ["id", "calls", "failed", "p50", "p99"]
    return titles if after is before else [*titles, "p50 ->", "p99 ->"]


def _cells(shape: ShapeLoad, before: LoadRun, after: LoadRun, width: int) -> Iterator[str]:
    yield printable(shape.shape_id if width >= _WIDE else shape.shape_id[:_SHORT_ID])
    yield format_count(shape.calls)
    yield format_count(shape.failures.total)
    yield from _times(shape)
    if after is not before:
        yield from _times(next((s for s in after.shapes if s.shape_id == shape.shape_id), None))


def _times(shape: ShapeLoad | None) -> tuple[str, str]:
    if shape is None or shape.latency is None:
        return "-", "-"
    return format_duration(shape.latency.median_ns), format_duration(shape.latency.p99_ns)
