"""What a cache would have answered, by how long its entries live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.digest import CacheAdvice, CacheReplayResult
from dbtune.model.page import Block, Bullets, Cell, Column, Section, Table, Text
from dbtune.report.pages.cells import count_cell, duration_cell, statement_cell
from dbtune.report.wording.cache import (
    cleared_on,
    most_saved_ns,
    no_advice,
    rates,
    remarks,
    time_to_live,
)

_ROWS = 25


def cache_section(cache: CacheReplayResult | None, links: Mapping[str, str]) -> Section | None:
    """Return the section, None where nothing of it is known; `links` are to queries by id."""
    return None if cache is None else Section("cache", "Cache", tuple(_blocks(cache, links)))


def _blocks(cache: CacheReplayResult, links: Mapping[str, str]) -> Iterator[Block]:
    if not cache.advice:
        yield Text((f"{no_advice(cache).capitalize()}.",))
    else:
        shown = cache.advice[:_ROWS]
        yield Table(
            "Hits by how long entries live, and after / the part of them that is stale",
            (
                Column("id", "code"),
                Column("query", "code"),
                Column("reads", "number"),
                Column("saves", "number"),
                *(Column(time_to_live(ttl), "number") for ttl in cache.ttls_seconds),
                Column("clear it on writes to"),
            ),
            tuple(_row(advice, len(cache.ttls_seconds), links) for advice in shown),
        )
        if len(shown) < len(cache.advice):
            left = len(cache.advice) - len(shown)
            yield Text((f"And {left:,} more: they are in the JSON.",))
    said = tuple(remarks(cache))
    if said:
        yield Bullets(said)


def _row(advice: CacheAdvice, ttls: int, links: Mapping[str, str]) -> tuple[Cell, ...]:
    hits = [Cell(rates(outcome), value=outcome.hit_ratio) for outcome in advice.outcomes[:ttls]]
    # A document by hand may lack some; a row has a cell for each column all the same.
    hits += [Cell("-")] * (ttls - len(hits))
    return (
        Cell(advice.shape_id[:12], links.get(advice.shape_id)),
        statement_cell(advice.template),
        count_cell(advice.lookups),
        duration_cell(most_saved_ns(advice)),
        *hits,
        Cell(cleared_on(advice) or "-"),
    )
