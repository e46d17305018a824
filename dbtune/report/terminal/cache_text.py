"""What a cache would have done on a recording, as a table and what it assumes."""

from __future__ import annotations

from dbtune.model.digest import CacheAdvice, CacheReplayResult
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_count, format_duration
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.cache import (
    cleared_on,
    most_saved_ns,
    no_advice,
    rates,
    remarks,
    time_to_live,
)
from dbtune.report.wording.query_text import recognizable

_WIDE = 100
_SHORT_ID = 6
_MOST_ROWS = 10


def cache_lines(
    cache: CacheReplayResult | None, width: int, prose: int, colors: Colors
) -> list[str]:
    """Return which queries a cache would have answered, [] where nothing of it is known."""
    if cache is None:
        return []
    return [
        *_table(cache, width, colors),
        *(line for text in remarks(cache) for line in wrap_text(text, prose, "  ", "  ")),
    ]


def _table(cache: CacheReplayResult, width: int, colors: Colors) -> list[str]:
    title = "Cache"
    if not cache.advice:
        told = f"{title}: {no_advice(cache)}"
        first, *rest = wrap_text(told, width)
        return [colors.bold(title) + first[len(title) :], *rest]
    shown = cache.advice[:_MOST_ROWS]
    text = f"{title} by how long its entries live: hits, and after / the part of them that is stale"
    first, *rest = wrap_text(text, width)
    more = len(cache.advice) - len(shown)
    return [
        colors.bold(title) + first[len(title) :],
        *rest,
        *draw_table(
            ["id", "reads", "saves", *map(time_to_live, cache.ttls_seconds), "query"],
            [_row(advice, cache.ttls_seconds, width) for advice in shown],
            [recognizable(advice.template, narrow=width < _WIDE) for advice in shown],
            width,
            colors,
        ),
        *([colors.dim(f"and {more:,} more: see --json")] if more else []),
        *(
            line
            for advice in shown
            if advice.writes.top
            for line in wrap_text(_cleared(advice), min(width, _WIDE), "  ", "    ")
        ),
    ]


def _row(advice: CacheAdvice, ttls_seconds: tuple[float, ...], width: int) -> list[str]:
    outcomes = {outcome.ttl_seconds: rates(outcome) for outcome in advice.outcomes}
    saved_ns = most_saved_ns(advice)
    return [
        printable(advice.shape_id if width >= _WIDE else advice.shape_id[:_SHORT_ID]),
        format_count(advice.lookups),
        "-" if saved_ns is None else format_duration(saved_ns),
        *(outcomes.get(ttl, "-") for ttl in ttls_seconds),
    ]


def _cleared(advice: CacheAdvice) -> str:
    return f"{advice.shape_id[:_SHORT_ID]}: clear it on writes to {cleared_on(advice)}"
