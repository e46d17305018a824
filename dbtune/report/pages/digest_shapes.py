"""The query shapes of a recording: one table of all, and the details of the first of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dbtune.model.digest import Names, QueryDigest, QueryStatistics
from dbtune.model.latency import LatencySummary
from dbtune.model.page import (
    Block,
    Cell,
    Code,
    Details,
    Fact,
    Facts,
    Section,
    Text,
)
from dbtune.report.anchors import anchors
from dbtune.report.pages.cells import (
    UNKNOWN,
    count_cell,
    duration_cell,
    ratio_cell,
    statement_cell,
    statement_in_short,
)
from dbtune.report.pages.item_table import ItemColumn, numbered_table
from dbtune.report.pages.latency_blocks import latency_facts, latency_histogram
from dbtune.report.pages.size_budget import fitting
from dbtune.report.quantities import format_count, format_duration, format_ratio, format_span
from dbtune.report.wording.digest import named, repeated

QueryLinks = Mapping[str, str]
QueryDetails = tuple[tuple[QueryStatistics, Details], ...]

_DETAILS_BYTES = 90_000
_TABLE_BYTES = 300_000


def query_details(digest: QueryDigest) -> QueryDetails:
    """Return the details of the first shapes, in the digest's order, as far as there is room."""
    names = anchors("query", (query.id for query in digest.queries))
    places = enumerate(zip(digest.queries, names, strict=True), start=1)
    details = fitting(
        (_details(place, query, name) for place, (query, name) in places), _DETAILS_BYTES
    )
    return tuple(zip(digest.queries, details, strict=False))


def queries_section(
    digest: QueryDigest, details: QueryDetails, links: QueryLinks
) -> Section | None:
    """Return the table of all shapes that the digest has, and their details."""
    if not digest.queries:
        return None
    shared = "time" if digest.is_timed else "calls"
    caption = f"By {digest.ordered_by}; share: of all {shared}"
    table = numbered_table(caption, _columns(digest, links), digest.queries, _TABLE_BYTES)
    shown = len(table.rows)
    left = digest.shapes - shown
    blocks: list[Block] = [table]
    if left > 0:
        blocks.append(Text((f"And {left:,} more query shapes.",)))
    if len(details) < shown:
        said = f"The details of the other {shown - len(details):,} are in the JSON."
        blocks.append(Text((said,)))
    return Section("queries", "Query shapes", (*blocks, *(found for _, found in details)))


_ShapeColumn = ItemColumn[QueryStatistics]


def _columns(digest: QueryDigest, links: QueryLinks) -> list[_ShapeColumn]:
    columns = [
        _ShapeColumn("id", lambda query: Cell(query.id[:12], links.get(query.id)), "code"),
        _ShapeColumn("query", lambda query: statement_cell(query.template), "code"),
        _ShapeColumn("calls", lambda query: count_cell(query.calls)),
        _ShapeColumn("share", lambda query: ratio_cell(query.share)),
    ]
    if digest.is_timed:
        columns += [
            _ShapeColumn("total", _timed(lambda latency: latency.total_ns)),
            _ShapeColumn("mean", _timed(lambda latency: latency.mean_ns)),
            _ShapeColumn("median", _timed(lambda latency: latency.median_ns)),
            _ShapeColumn("p95", _timed(lambda latency: latency.p95_ns)),
            _ShapeColumn("p99", _timed(lambda latency: latency.p99_ns)),
            _ShapeColumn("max", _timed(lambda latency: latency.max_ns)),
        ]
    if any(query.rows is not None for query in digest.queries):
        columns.append(_ShapeColumn("rows", _rows))
    if any(query.waits is not None for query in digest.queries):
        columns.append(_ShapeColumn("waits", _waits))
    if digest.error_calls:
        columns.append(_ShapeColumn("failed", _failed))
    return columns


def _timed(take: Callable[[LatencySummary], float]) -> Callable[[QueryStatistics], Cell]:
    def cell(query: QueryStatistics) -> Cell:
        return UNKNOWN if query.latency is None else duration_cell(take(query.latency))

    return cell


def _rows(query: QueryStatistics) -> Cell:
    return count_cell(None if query.rows is None else query.rows.total)


def _waits(query: QueryStatistics) -> Cell:
    return duration_cell(None if query.waits is None else query.waits.total_ns)


def _failed(query: QueryStatistics) -> Cell:
    return count_cell(query.error_calls, "bad" if query.error_calls else "neutral")


def _details(place: int, query: QueryStatistics, name: str) -> Details:
    title = f"{place}. {query.id[:12]}: {statement_in_short(query.template)}"
    return Details(title, tuple(_blocks(query)), name)


def _blocks(query: QueryStatistics) -> Iterator[Block]:
    yield Code(query.template)
    if query.latency is not None:
        drawn = latency_histogram(f"How long query {query.id[:12]} takes", query.latency)
        if drawn is not None:
            yield drawn
    yield Facts((*_counts(query), *_places(query)))


def _counts(query: QueryStatistics) -> Iterator[Fact]:
    yield Fact("Calls", format_count(query.calls))
    if query.error_calls:
        yield Fact("Failed", format_count(query.error_calls), named(query.errors), "bad")
    if query.latency is not None and query.latency.max_ns:
        share = f"{format_ratio(query.share)} of the time"
        yield Fact("In all", format_duration(query.latency.total_ns), share)
        yield from latency_facts(query.latency)
    if query.rows is not None and query.rows.calls:
        each = format_count(query.rows.total / query.rows.calls)
        most = format_count(query.rows.max)
        yield Fact("Rows", format_count(query.rows.total), f"{each} a call, {most} at most")
    if query.waits is not None and query.waits.calls:
        mean = format_duration(query.waits.total_ns / query.waits.calls)
        most = format_duration(query.waits.max_ns)
        total = format_duration(query.waits.total_ns)
        yield Fact("Waits for a connection", total, f"{mean} each, {most} at most")


def _places(query: QueryStatistics) -> Iterator[Fact]:
    if query.first_seen is not None:
        yield Fact("Seen", format_span(query.first_seen, query.last_seen))
    for label, names in _named_places(query):
        if names.top:
            yield Fact(label, named(names))
    if query.repeats is not None:
        yield Fact("N+1", repeated(query.repeats), "", "warning")


def _named_places(query: QueryStatistics) -> Iterator[tuple[str, Names]]:
    yield "Routes", query.routes
    yield "Call sites", query.call_sites
    yield "Lazy loads", query.relationships
    if query.databases.distinct > 1:
        yield "Databases", query.databases
