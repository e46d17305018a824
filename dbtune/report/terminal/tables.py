"""Tables of a report: the query shapes, and the indexes that somebody proposed."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.model.advice import ConsideredIndex, ShapeReport
from dbtune.model.query_check import QueryCheck
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import (
    format_change,
    format_count,
    format_duration,
    format_ratio,
    format_size,
)
from dbtune.report.shape_lookup import ranked
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.query_text import recognizable

# More rows than this nobody reads; the rest is in the JSON document.
_MAX_SHAPES = 25
_WIDE = 100
_SHORT_ID = 6
_WORST_FIRST = ("breaks", "untranslated", "differs", "not-checked", "runs", "same")


def shape_lines(shapes: tuple[ShapeReport, ...], width: int, colors: Colors) -> list[str]:
    """Return the query shapes by their share of the cost, with the cost of one call."""
    if not shapes:
        return []
    ordered = ranked(shapes)
    shown = ordered[:_MAX_SHAPES]
    timed = width >= _WIDE and any(shape.time_before_ns is not None for shape in shown)
    headers = ["#", "id", "calls", "share", "before", "after"]
    headers += ["time before", "time after"] * timed
    rows = [
        [str(place), *_shape_cells(shape, timed, width)]
        for place, shape in enumerate(shown, start=1)
    ]
    texts = [recognizable(shape.text, narrow=width < _WIDE) for shape in shown]
    lines = draw_table([*headers, "query"], rows, texts, width, colors)
    title = "Query shapes"
    first, *rest = wrap_text(f"{title} by share of the cost; before and after: one call", width)
    return [
        colors.bold(title) + first[len(title) :],
        *rest,
        *lines,
        *_rest(ordered[_MAX_SHAPES:], colors),
    ]


def query_lines(queries: tuple[QueryCheck, ...] | None, width: int, colors: Colors) -> list[str]:
    """Return recorded queries on both databases: the worst outcome first, then the most called."""
    if not queries:
        return []
    ordered = sorted(queries, key=lambda check: (_WORST_FIRST.index(check.status), -check.count))
    shown = ordered[:_MAX_SHAPES]
    rows = [
        [
            printable(check.shape_id[:_SHORT_ID]),
            format_count(check.count),
            "" if check.source_ms is None else format_duration(check.source_ms * 1e6),
            "" if check.target_ms is None else format_duration(check.target_ms * 1e6),
            check.status,
        ]
        for check in shown
    ]
    texts = [recognizable(check.text, narrow=width < _WIDE) for check in shown]
    headers = ["id", "calls", "SQLite", "PostgreSQL", "outcome", "query"]
    more = len(ordered) - len(shown)
    rest = [colors.dim(f"and {more:,} more: see --json")] if more else []
    title = "Recorded queries on PostgreSQL"
    return [colors.bold(title), *draw_table(headers, rows, texts, width, colors), *rest]


def considered_lines(indexes: tuple[ConsideredIndex, ...], width: int, colors: Colors) -> list[str]:
    """Return the proposed indexes, the most useful first, and what each would cost."""
    if not indexes:
        return []
    ordered = sorted(indexes, key=lambda index: (-index.gain_ratio, index.name))
    headers = ["gain", "queries", "size", "writes", "index"]
    rows = [_considered_cells(index) for index in ordered]
    texts = [_considered_text(index) for index in ordered]
    used = sum(1 for index in indexes if index.used_by)
    title = "Proposed indexes"
    first, *rest = wrap_text(
        f"{title}, {used} of {len(indexes)} used; gain: what the workload loses without it", width
    )
    return [
        colors.bold(title) + first[len(title) :],
        *rest,
        *draw_table(headers, rows, texts, width, colors),
    ]


def _shape_cells(shape: ShapeReport, timed: bool, width: int) -> list[str]:
    cells = [
        printable(shape.id) if width >= _WIDE else printable(shape.id[:_SHORT_ID]),
        format_count(shape.count),
        format_ratio(shape.share),
        format_duration(shape.cost_before),
        format_duration(shape.cost_after),
    ]
    times = (shape.time_before_ns, shape.time_after_ns) if timed else ()
    return cells + ["" if time is None else format_duration(time) for time in times]


def _considered_cells(index: ConsideredIndex) -> list[str]:
    return [
        format_ratio(index.gain_ratio),
        format_count(len(index.used_by)) if index.used_by else "unused",
        format_size(index.size_bytes),
        format_change(index.write_cost_ratio),
    ]


def _considered_text(index: ConsideredIndex) -> str:
    name = printable(index.name)
    return f"{name}: {printable(index.note)}" if index.note else name


def _rest(shapes: Sequence[ShapeReport], colors: Colors) -> list[str]:
    if not shapes:
        return []
    share = format_ratio(sum(shape.share for shape in shapes))
    return [colors.dim(f"and {len(shapes):,} more with {share} of the cost: see --json")]
