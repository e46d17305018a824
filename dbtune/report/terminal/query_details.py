"""All that a digest knows of one query shape, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import QueryStatistics
from dbtune.model.latency import LatencySummary
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_count, format_duration, format_ratio, format_span
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.sparkline import bars
from dbtune.report.wording.counted import counted
from dbtune.report.wording.digest import named, repeated
from dbtune.report.wording.query_text import abbreviated

_INDENT = "   "
_NO_BREAK = "\u00a0"
_STATEMENT_CHARACTERS = 600


def detail_lines(place: int, query: QueryStatistics, width: int, colors: Colors) -> list[str]:
    """Return a query's figures, where it comes from, and its statement without values."""
    lines = [f"{colors.bold(f'{place}. {printable(query.id)}')}"]
    lines += wrap_text(_cut(abbreviated(query.template)), width, _INDENT)
    for text in _facts(query):
        lines += wrap_figures(text, width, _INDENT, _INDENT + "  ")
    if query.repeats is not None:
        lines += [colors.command(line) for line in wrap_text(_repeated(query), width, _INDENT)]
    return lines


def wrap_figures(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """Return text as lines in which a number and its unit stay together."""
    return [line.replace(_NO_BREAK, " ") for line in wrap_text(text, width, indent, hanging)]


def latency_text(latency: LatencySummary) -> str:
    """Return the figures of durations, to be put into lines by `wrap_figures`."""
    return " · ".join(
        f"{name} {format_duration(value)}".replace(" ", _NO_BREAK)
        for name, value in latency.figures
    )


def histogram_text(latency: LatencySummary) -> str:
    """Return bars in steps of 1, 2 and 5 between the durations they reach from and to.

    There is one bucket at least.
    """
    buckets = latency.buckets
    drawn = bars([bucket.count for bucket in buckets])
    low, high = format_duration(buckets[0].from_ns), format_duration(buckets[-1].below_ns)
    return f"{low} {drawn} {high}"


def _facts(query: QueryStatistics) -> Iterator[str]:
    calls = counted(query.calls, "call")
    if query.error_calls:
        calls += f", {format_count(query.error_calls)} failed: {named(query.errors)}"
    if query.latency is None or not query.latency.max_ns:
        yield calls
    else:
        total = format_duration(query.latency.total_ns)
        yield f"{calls} · {total} in all ({format_ratio(query.share)} of the time)"
        yield latency_text(query.latency)
        if query.latency.buckets:
            yield f"histogram {histogram_text(query.latency)}"
    if query.rows is not None and query.rows.calls:
        each = format_count(query.rows.total / query.rows.calls)
        most = format_count(query.rows.max)
        yield f"rows {format_count(query.rows.total)}, {each} a call, {most} at most"
    if query.waits is not None and query.waits.calls:
        mean = format_duration(query.waits.total_ns / query.waits.calls)
        most = format_duration(query.waits.max_ns)
        total = format_duration(query.waits.total_ns)
        yield f"waits for a connection {total}, {mean} each, {most} at most"
    if query.first_seen is not None:
        yield f"seen {format_span(query.first_seen, query.last_seen)}"
    for name, names in (
        ("routes", query.routes),
        ("call sites", query.call_sites),
        ("lazy loads", query.relationships),
        ("databases", query.databases if query.databases.distinct > 1 else None),
    ):
        if names is not None and names.top:
            yield f"{name}: {named(names)}"


def _repeated(query: QueryStatistics) -> str:
    assert query.repeats is not None
    return f"N+1: {repeated(query.repeats)}"


def _cut(text: str) -> str:
    if len(text) <= _STATEMENT_CHARACTERS:
        return text
    return text[:_STATEMENT_CHARACTERS] + "..."
