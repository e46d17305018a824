"""What became of the recorded queries on PostgreSQL: how many answer alike, and which do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from dbtune.model.page import (
    Block,
    Cell,
    Code,
    Column,
    Details,
    Fact,
    Facts,
    Section,
    Share,
    ShareChart,
    Table,
    Text,
    Tone,
)
from dbtune.model.query_check import QueryCheck, QueryStatus
from dbtune.report.anchors import anchors
from dbtune.report.pages.cells import count_cell, duration_cell, statement_cell, statement_in_short
from dbtune.report.pages.size_budget import fitting
from dbtune.report.quantities import format_count, format_duration, format_ratio

_DETAILS_BYTES = 80_000
_TABLE_BYTES = 80_000
_WORST_FIRST: tuple[QueryStatus, ...] = (
    *("breaks", "untranslated", "differs", "not-checked", "runs", "same"),
)
_SAID: Mapping[QueryStatus, str] = {
    "same": "give the same rows",
    "runs": "are accepted (explained, not run)",
    "differs": "give other rows",
    "breaks": "break",
    "untranslated": "have no translation",
    "not-checked": "were not tried",
}
_TONES: Mapping[QueryStatus, Tone] = {
    "same": "good",
    "runs": "good",
    "differs": "warning",
    "breaks": "bad",
    "untranslated": "bad",
    "not-checked": "neutral",
}


def outcome_counts(queries: tuple[QueryCheck, ...]) -> str:
    """Return how many came to what, such as "58 give the same rows, 6 give other rows"."""
    counts = Counter(check.status for check in queries)
    ordered = sorted(counts, key=lambda status: -counts[status])
    return ", ".join(f"{counts[status]:,} {_SAID[status]}" for status in ordered)


def queries_section(queries: tuple[QueryCheck, ...] | None) -> Section | None:
    """Return the section, None where no query was tried."""
    if not queries:
        return None
    ordered = sorted(queries, key=lambda check: (_WORST_FIRST.index(check.status), -check.count))
    worth = [check for check in ordered if _needs_work(check)]
    names = anchors("query", (check.shape_id for check in worth))
    details = fitting(map(_details, worth, names), _DETAILS_BYTES)
    links = {check.shape_id: found.anchor for check, found in zip(worth, details, strict=False)}
    rows = fitting((_row(check, links) for check in ordered), _TABLE_BYTES)
    blocks: list[Block] = [_shares(queries), _table(rows)]
    if len(rows) < len(ordered):
        blocks.append(Text((f"And {len(ordered) - len(rows):,} more: they are in the JSON.",)))
    if len(details) < len(worth):
        left = len(worth) - len(details)
        blocks.append(Text((f"The details of {left:,} more are in the JSON.",)))
    return Section("queries", "Recorded queries on PostgreSQL", (*blocks, *details))


def _needs_work(check: QueryCheck) -> bool:
    """Return whether something of it is other than on SQLite."""
    return (
        check.status not in {"same", "runs"}
        or check.needs_index
        or check.unchanged_error is not None
    )


def _shares(queries: tuple[QueryCheck, ...]) -> ShareChart:
    counts = Counter(check.status for check in queries)
    present = sorted((s for s in get_args(QueryStatus) if counts[s]), key=lambda s: -counts[s])
    parts = tuple(
        Share(
            _SAID[status],
            counts[status] / len(queries),
            f"{counts[status]:,} ({format_ratio(counts[status] / len(queries))})",
        )
        for status in present
    )
    said = f"Of {len(queries):,} query shapes, {outcome_counts(queries)}."
    return ShareChart("Recorded query shapes on PostgreSQL", said, parts)


def _table(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    columns = (
        Column("id", "code"),
        Column("query", "code"),
        Column("calls", "number"),
        Column("SQLite", "number"),
        Column("PostgreSQL", "number"),
        Column("outcome"),
        Column("as it is written"),
    )
    return Table("The worst outcome first, then the most called", columns, rows)


def _row(check: QueryCheck, links: Mapping[str, str]) -> tuple[Cell, ...]:
    return (
        Cell(check.shape_id[:12], links.get(check.shape_id)),
        statement_cell(check.text),
        count_cell(check.count),
        duration_cell(None if check.source_ms is None else check.source_ms * 1e6),
        duration_cell(None if check.target_ms is None else check.target_ms * 1e6),
        Cell(check.status, tone=_TONES[check.status], value=_WORST_FIRST.index(check.status)),
        _as_written(check),
    )


def _as_written(check: QueryCheck) -> Cell:
    """Return whether PostgreSQL takes the statement as the application sends it today."""
    if check.unchanged_error is not None:
        return Cell("needs rewriting", tone="warning")
    return Cell("accepted" if check.status in {"same", "runs", "differs"} else "-")


def _details(check: QueryCheck, name: str) -> Details:
    title = f"{check.shape_id[:12]} {_SAID[check.status]}: {statement_in_short(check.text)}"
    return Details(title, tuple(_blocks(check)), name)


def _blocks(check: QueryCheck) -> Iterator[Block]:
    yield Code(check.text)
    yield Facts(tuple(_facts(check)))
    if check.target_sql is not None:
        yield Text(("As it ran on PostgreSQL:",))
        yield Code(check.target_sql)
    if check.exact_sql is not None and check.exact_sql != check.target_sql:
        yield Text(("This gives SQLite's rows on PostgreSQL:",))
        yield Code(check.exact_sql)


def _facts(check: QueryCheck) -> Iterator[Fact]:
    yield Fact("Outcome", check.status, "; ".join(check.causes), _TONES[check.status])
    yield Fact("Calls", format_count(check.count))
    if check.rows is not None:
        yield Fact("Rows", format_count(check.rows))
    for label, time_ms in (("SQLite", check.source_ms), ("PostgreSQL", check.target_ms)):
        if time_ms is not None:
            yield Fact(f"Median time on {label}", format_duration(time_ms * 1e6))
    for reason in check.reasons:
        yield Fact("Found", reason)
    for difference in check.differences:
        yield Fact("Known of the translation", difference)
    if check.unchanged_error is not None:
        yield Fact("As it is written", check.unchanged_error, "", "warning")
    for scan in check.scans:
        instead = f"SQLite uses {scan.source_index}" if scan.source_index else "as SQLite does"
        tone: Tone = "warning" if scan.source_index else "neutral"
        yield Fact(
            "Reads from end to end", f"{scan.table}, {format_count(scan.rows)} rows", instead, tone
        )
