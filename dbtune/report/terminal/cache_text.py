"""What a cache would have done on a recording, as a table and what it assumes."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import CacheAdvice, CacheOutcome, CacheReplayResult
from dbtune.report.quantities import format_count, format_duration, format_ratio
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.query_text import recognizable
from dbtune.report.terminal.text import printable, wrap_text
from dbtune.report.terminal.text_table import draw_table

_WIDE = 100
_SHORT_ID = 6
_MOST_ROWS = 10
_SHOWN_TABLES = 3
_ASSUMES = (
    "Assumes one cache for all processes that keeps every answer from the call that fills it until "
    "its time is over. A hit is stale if a write to a table that the query names was recorded "
    "meanwhile, whether it changed the answer or not, and from when it was sent, not committed. "
    "Views, triggers, and writes that were not recorded are not known."
)


def cache_lines(
    cache: CacheReplayResult | None, width: int, prose: int, colors: Colors
) -> list[str]:
    """Return which queries a cache would have answered, [] where nothing of it is known."""
    if cache is None:
        return []
    return [
        *_table(cache, width, colors),
        *(line for text in _remarks(cache) for line in wrap_text(text, prose, "  ", "  ")),
    ]


def _table(cache: CacheReplayResult, width: int, colors: Colors) -> list[str]:
    title = "Cache"
    if not cache.advice:
        seldom = "no query was sent again with the same values often enough"
        told = f"{title}: {seldom if cache.lookups else 'no read with known values to try it on'}"
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
            ["id", "reads", "saves", *map(_ttl, cache.ttls_seconds), "query"],
            [_row(advice, width) for advice in shown],
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


def _row(advice: CacheAdvice, width: int) -> list[str]:
    saved = [outcome.saved_ns for outcome in advice.outcomes if outcome.saved_ns is not None]
    return [
        printable(advice.shape_id if width >= _WIDE else advice.shape_id[:_SHORT_ID]),
        format_count(advice.lookups),
        format_duration(max(saved)) if saved else "-",
        *map(_rates, advice.outcomes),
    ]


def _rates(outcome: CacheOutcome) -> str:
    hits, stale = _percent(outcome.hit_ratio), _percent(outcome.stale_ratio)
    return f"{hits}/{stale} %" if outcome.stale_ratio else f"{hits} %"


def _percent(ratio: float) -> str:
    """Return whole percents, of which only 0 is nothing and only 1 is all."""
    return "<1" if 0 < ratio < 0.01 else str(int(ratio * 100 + 1e-9))


def _ttl(seconds: float) -> str:
    for unit_seconds, unit in ((3600.0, "h"), (60.0, "min")):
        if seconds > unit_seconds and seconds % unit_seconds == 0:
            return f"{seconds / unit_seconds:g} {unit}"
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def _cleared(advice: CacheAdvice) -> str:
    tables = [
        f"{table.name} ({format_count(table.count)})" for table in advice.writes.top[:_SHOWN_TABLES]
    ]
    more = advice.writes.distinct - len(tables)
    told = ", ".join(tables) + (f" and {more} more tables" if more > 0 else "")
    return f"{advice.shape_id[:_SHORT_ID]}: clear it on writes to {told}"


def _remarks(cache: CacheReplayResult) -> Iterator[str]:
    if cache.advice:
        yield _ASSUMES
    if cache.unknown_calls:
        yield (
            "Not in it are reads whose values were not recorded, nor a digest of them: "
            f"{format_count(cache.unknown_calls)}."
        )
    if cache.sampled_ratio < 1:
        yield (
            f"Of too many different values {format_ratio(cache.sampled_ratio)} were followed to "
            "the end, drawn by their hash; the rates are estimates."
        )
