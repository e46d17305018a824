"""A digest of a recording as a page: which queries it holds, and where the time goes."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import NamedCount, Names, QueryDigest, QueryStatistics
from dbtune.model.page import (
    Action,
    Block,
    Bullets,
    Cell,
    Column,
    Command,
    Commands,
    Fact,
    Page,
    Section,
    ShareChart,
    Table,
    Text,
)
from dbtune.report.pages.cache_section import cache_section
from dbtune.report.pages.cells import count_cell, ratio_cell, statement_in_short
from dbtune.report.pages.digest_shapes import QueryLinks, queries_section, query_details
from dbtune.report.pages.item_table import share, share_chart
from dbtune.report.pages.latency_blocks import latency_histogram
from dbtune.report.pages.state_sections import notes_section
from dbtune.report.quantities import (
    format_count,
    format_duration,
    format_moment,
    format_ratio,
    format_span,
)
from dbtune.report.wording.digest import analyze_command, not_read, summary

_SHARES = 10
_REPEATS = 40


def digest_page(digest: QueryDigest) -> Page:
    """Return the page of a digest."""
    details = query_details(digest)
    links = {query.id: found.anchor for query, found in reversed(details)}
    analyze = analyze_command(digest)
    actions = (Action("Find out which indexes would help, and what mends an N+1", analyze),)
    sections = (
        _time_section(digest, links),
        queries_section(digest, details, links),
        _repeats_section(digest, links),
        _databases_section(digest),
        cache_section(digest.cache, links),
        _not_read_section(digest),
        notes_section(digest.notes),
        _next_section(analyze),
    )
    return Page(
        title=f"dbtune queries: {', '.join(digest.sources[:3])}",
        verdict=_verdict(digest),
        tone="warning" if digest.error_calls else "neutral",
        figures=tuple(_figures(digest)),
        actions=actions if analyze else (),
        sections=tuple(section for section in sections if section is not None),
        footer=tuple(_footer(digest)),
    )


def _verdict(digest: QueryDigest) -> str:
    said = f"{summary(digest)}."
    if not digest.queries or not digest.is_timed:
        return said
    # Not always the first in order, which may be by calls or rows.
    first = max(digest.queries, key=lambda query: query.share)
    part = format_ratio(first.share)
    return f"{said} {part} of the time goes to one of them: {statement_in_short(first.template)}"


def _figures(digest: QueryDigest) -> Iterator[Fact]:
    yield Fact("Calls", format_count(digest.calls), f"of {digest.shapes:,} query shapes")
    if digest.latency is not None and digest.is_timed:
        latency = digest.latency
        yield Fact("Time in the database", format_duration(latency.total_ns))
        yield Fact("Median", format_duration(latency.median_ns))
        yield Fact("p95", format_duration(latency.p95_ns))
        yield Fact("p99", format_duration(latency.p99_ns))
    if digest.error_calls:
        yield Fact("Failed", format_count(digest.error_calls), "calls", "bad")
    asked = (("route", digest.route), ("database", digest.database), ("since", digest.since))
    only = " and ".join(f"{word} {value}" for word, value in asked if value is not None)
    if only:
        kept = f"{digest.kept:,} of {digest.statements:,} statements"
        yield Fact("Only", only, kept)


def _footer(digest: QueryDigest) -> Iterator[str]:
    if digest.started_at is not None:
        yield f"recorded {format_span(digest.started_at, digest.ended_at)}"
    yield f"dbtune {digest.dbtune_version}"
    yield format_moment(digest.created_at)


def _time_section(digest: QueryDigest, links: QueryLinks) -> Section | None:
    blocks: list[Block] = []
    if digest.queries and any(query.share for query in digest.queries):
        blocks.append(_shares(digest, links))
    if digest.latency is not None:
        drawn = latency_histogram("How long calls take", digest.latency)
        blocks += [drawn] if drawn is not None else []
    return Section("time", "Where the time goes", tuple(blocks)) if blocks else None


def _shares(digest: QueryDigest, links: QueryLinks) -> ShareChart:
    ordered = sorted(digest.queries, key=lambda query: (-query.share, query.id))
    named = ordered[:_SHARES]
    told = sum(query.share for query in named)
    what = "time" if digest.is_timed else "calls"
    return share_chart(
        f"Share of the {what}",
        f"The first {len(named)} of {digest.shapes:,} query shapes: {format_ratio(told)}.",
        [share(_label(query), query.share, links.get(query.id)) for query in named],
        digest.shapes - len(named),
        max(1 - told, 0.0),
    )


def _label(query: QueryStatistics) -> str:
    return f"{query.id[:6]} {statement_in_short(query.template)}"


def _repeats_section(digest: QueryDigest, links: QueryLinks) -> Section | None:
    """Return the queries sent many times within one request, the N+1 pattern."""
    repeated = [query for query in digest.queries if query.repeats is not None]
    rows = tuple(
        (
            Cell(query.id[:12], links.get(query.id)),
            Cell(statement_in_short(query.template)),
            count_cell(query.repeats.worst),
            count_cell(query.repeats.requests),
            Cell(_first(query.call_sites)),
            Cell(_first(query.relationships)),
        )
        for query in repeated[:_REPEATS]
        if query.repeats is not None
    )
    if not rows:
        return None
    columns = (
        Column("id", "code"),
        Column("query", "code"),
        Column("at most a request", "number"),
        Column("requests with 5 or more", "number"),
        Column("call site", "code"),
        Column("lazy load", "code"),
    )
    left = len(repeated) - len(rows)
    more = f" {left:,} more are among the query shapes." if left else ""
    said = Text((f"dbtune analyze names the line and the fix of each.{more}",))
    table = Table("Sent again and again within one request", columns, rows)
    return Section("repeats", "N+1: repeated within a request", (said, table))


def _first(names: Names) -> str:
    top: NamedCount | None = next(iter(names.top), None)
    if top is None:
        return "-"
    more = names.distinct - 1
    return f"{top.name} and {more:,} more" if more > 0 else top.name


def _databases_section(digest: QueryDigest) -> Section | None:
    """Return the databases where there are several: what one needs is not what another does."""
    if digest.databases.distinct < 2:
        return None
    rows = tuple(
        (
            Cell(database.name),
            count_cell(database.count),
            ratio_cell(database.count / digest.calls if digest.calls else None),
        )
        for database in digest.databases.top
    )
    columns = (Column("database", "code"), Column("calls", "number"), Column("share", "number"))
    table = Table("Calls to each database", columns, rows)
    left = digest.databases.distinct - len(rows)
    more = (Text((f"And {left:,} more.",)),) if left > 0 else ()
    return Section("databases", "Databases", (table, *more))


def _not_read_section(digest: QueryDigest) -> Section | None:
    items = tuple(not_read(digest))
    return Section("not-checked", "Not read", (Bullets(items),)) if items else None


def _next_section(analyze: str) -> Section | None:
    if not analyze:
        return None
    command = Command("Find out which indexes would help, and what mends an N+1", analyze)
    return Section("next", "Next", (Commands((command,)),))
