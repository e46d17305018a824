"""What a cache would have done, in words, and what that assumes."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import CacheAdvice, CacheOutcome, CacheReplayResult
from dbtune.report.quantities import format_count, format_ratio

_SHOWN_TABLES = 3
_ASSUMES = (
    "Assumes one cache for all processes that keeps every answer from the call that fills it until "
    "its time is over. A hit is stale if a write to a table that the query names was recorded "
    "meanwhile, whether it changed the answer or not, and from when it was sent, not committed. "
    "Views, triggers, and writes that were not recorded are not known."
)


def no_advice(cache: CacheReplayResult) -> str:
    """Return why there is none."""
    seldom = "no query was sent again with the same values often enough"
    return seldom if cache.lookups else "no read with known values to try it on"


def most_saved_ns(advice: CacheAdvice) -> float | None:
    """Return what the best time to live saves, None where no time was recorded."""
    saved = [outcome.saved_ns for outcome in advice.outcomes if outcome.saved_ns is not None]
    return max(saved) if saved else None


def rates(outcome: CacheOutcome) -> str:
    """Return the hits, and after / the part of them that is stale."""
    hits, stale = _percent(outcome.hit_ratio), _percent(outcome.stale_ratio)
    return f"{hits}/{stale} %" if outcome.stale_ratio else f"{hits} %"


def time_to_live(seconds: float) -> str:
    """Return how long entries live, such as 10 s or 5 min."""
    for unit_seconds, unit in ((3600.0, "h"), (60.0, "min")):
        if seconds > unit_seconds and seconds % unit_seconds == 0:
            return f"{seconds / unit_seconds:g} {unit}"
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def cleared_on(advice: CacheAdvice) -> str:
    """Return the tables whose writes make its entries stale, with how many there were."""
    tables = [
        f"{table.name} ({format_count(table.count)})" for table in advice.writes.top[:_SHOWN_TABLES]
    ]
    more = advice.writes.distinct - len(tables)
    return ", ".join(tables) + (f" and {more} more tables" if more > 0 else "")


def remarks(cache: CacheReplayResult) -> Iterator[str]:
    """Yield what the figures assume and leave out."""
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


def _percent(ratio: float) -> str:
    """Return whole percents, of which only 0 is nothing and only 1 is all."""
    return "<1" if 0 < ratio < 0.01 else str(int(ratio * 100 + 1e-9))
