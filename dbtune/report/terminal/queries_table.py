"""The table of a digest: a query shape a line, in as many columns as the terminal has room for."""

from __future__ import annotations

from collections.abc import Callable

from dbtune.model.digest import QueryDigest, QueryStatistics
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_count, format_duration, format_ratio
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.sparkline import decades
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.query_text import recognizable

UNKNOWN = "-"
_NARROW = 76
_WIDE = 100
_WIDEST = 140
_SHORT_ID = 6
_NARROWEST_COLUMNS = ("calls", "total", "share", "mean")
_NARROW_COLUMNS = ("calls", "total", "share", "mean", "p95")
_WIDE_COLUMNS = ("calls", "total", "share", "mean", "p95", "p99", "max")
_ALL_COLUMNS = (
    *("calls", "total", "share", "min", "mean", "median", "stdev", "p95", "p99", "max", "rows"),
    "histogram",
)


def query_table(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    """Return the shapes in their order, with what that is by among the columns."""
    if not digest.queries:
        return []
    columns = _columns(digest, width)
    rows = [
        [
            str(place),
            printable(query.id if width >= _WIDEST else query.id[:_SHORT_ID]),
            *(_CELLS[column](query) for column in columns),
        ]
        for place, query in enumerate(digest.queries, start=1)
    ]
    texts = [recognizable(query.template, narrow=width < _WIDE) for query in digest.queries]
    title = "Queries"
    first, *rest = wrap_text(f"{title} {_explained(digest, columns)}", width)
    more = digest.shapes - len(digest.queries)
    return [
        colors.bold(title) + first[len(title) :],
        *rest,
        *draw_table(["#", "id", *columns, "query"], rows, texts, width, colors),
        *([colors.dim(f"and {more:,} more: see --limit")] if more else []),
    ]


def _columns(digest: QueryDigest, width: int) -> tuple[str, ...]:
    columns: tuple[str, ...] = _ALL_COLUMNS if width >= _WIDEST else _WIDE_COLUMNS
    columns = _NARROW_COLUMNS if width < _WIDE else columns
    columns = _NARROWEST_COLUMNS if width < _NARROW else columns
    if not digest.is_timed:
        known = {"calls", "share", "rows", digest.ordered_by}
        columns = tuple(column for column in _ALL_COLUMNS if column in known)
    if digest.ordered_by not in columns:
        columns = (*columns, digest.ordered_by)
    if digest.error_calls and width >= _WIDE:
        columns = (*columns, "errors")
    return columns


def _explained(digest: QueryDigest, columns: tuple[str, ...]) -> str:
    shared = "time" if digest.is_timed else "calls"
    text = f"by {digest.ordered_by}; share: of all {shared}"
    if "histogram" in columns:
        text += "; histogram: a bar for each power of ten, from below 1 µs to above 10 s"
    return text


def _duration(name: str) -> Callable[[QueryStatistics], str]:
    def cell(query: QueryStatistics) -> str:
        if query.latency is None:
            return UNKNOWN
        return format_duration(float(getattr(query.latency, name)))

    return cell


_CELLS: dict[str, Callable[[QueryStatistics], str]] = {
    "calls": lambda query: format_count(query.calls),
    "share": lambda query: format_ratio(query.share),
    "rows": lambda query: UNKNOWN if query.rows is None else format_count(query.rows.total),
    "wait": lambda query: UNKNOWN if query.waits is None else format_duration(query.waits.total_ns),
    "errors": lambda query: format_count(query.error_calls) if query.error_calls else "",
    "histogram": lambda query: decades(query.latency.buckets if query.latency else ()),
    **{
        name: _duration(f"{name}_ns")
        for name in ("total", "min", "mean", "median", "stdev", "p95", "p99", "max")
    },
}
