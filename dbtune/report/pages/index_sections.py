"""Indexes: how large the new ones are and what each serves, the proposed ones, those there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dbtune.model.advice import ConsideredIndex, Finding, Report
from dbtune.model.explanation import IndexExplanation
from dbtune.model.overview import IndexOverview, TableOverview
from dbtune.model.page import (
    Bar,
    BarChart,
    Block,
    Cell,
    Column,
    Details,
    Fact,
    Facts,
    Section,
    Table,
    Text,
)
from dbtune.report.pages.cells import change_cell, count_cell, ratio_cell, size_cell
from dbtune.report.pages.size_budget import fitting
from dbtune.report.quantities import format_count, format_ratio, format_size
from dbtune.report.wording.counted import counted
from dbtune.report.wording.explanation import ESTIMATED_WRITES

# What a page has room for; the JSON has all of them.
_BARS = 20
_TABLE_BYTES = 24_000
_GAIN = "gain_ratio"
# What an index is recommended for that no query gets faster by.
_GUARDS = "keeps SQLite from a slower plan"


def index_section(report: Report, links: Mapping[str, str]) -> Section | None:
    """Return the section, None for a report that knows of no index; `links` are to shapes by id."""
    blocks = [
        *_new(report, links),
        *_considered(report.considered, links),
        *_existing(report.overview),
    ]
    return Section("indexes", "Indexes", tuple(blocks)) if blocks else None


def _new(report: Report, links: Mapping[str, str]) -> Iterator[Block]:
    explained = report.explanations
    if not explained:
        return
    size = format_size(sum(index.size_bytes for index in explained))
    count = counted(len(explained), "new index", "new indexes")
    largest = sorted(explained, key=lambda index: (-index.size_bytes, index.name))[:_BARS]
    yield BarChart(
        "Size of the new indexes",
        f"{count} with {size} in all; the largest is {largest[0].name}.",
        "size",
        tuple(
            Bar(index.name, index.size_bytes, format_size(index.size_bytes), note=_serving(index))
            for index in largest
        ),
    )
    gains = {found.subject: _gain(found) for found in report.findings}
    rows = [_new_row(index, gains.get(index.name), links) for index in explained]
    yield from _table(
        "New indexes, what each serves and what it costs writes to its table",
        (
            Column("index", "code"),
            Column("on", "code"),
            Column("size", "number"),
            Column("serves"),
            Column("gain", "number"),
            Column("writes", "number"),
        ),
        rows,
    )
    yield from _rivals(explained)
    estimated = [index.name for index in explained if index.estimated]
    if estimated:
        yield Text((f"{', '.join(estimated)}: {ESTIMATED_WRITES}.",))


def _new_row(
    index: IndexExplanation, gain: float | None, links: Mapping[str, str]
) -> tuple[Cell, ...]:
    return (
        Cell(index.name),
        Cell(index.sql.partition(" ON ")[2]),
        size_cell(index.size_bytes),
        _serves(index.shapes, links) if index.shapes else Cell(_GUARDS, value=0),
        ratio_cell(gain),
        change_cell(index.write_cost_ratio),
    )


def _rivals(explained: tuple[IndexExplanation, ...]) -> Iterator[Block]:
    """Yield what else could stand in each index's place, behind a line to open."""
    facts = (
        Fact(index.name, index.runner_up.reason)
        for index in explained
        if index.runner_up is not None
    )
    told = fitting(facts, _TABLE_BYTES)
    if told:
        yield Details("Runners-up, and why each lost", (Facts(told),))


def _serving(index: IndexExplanation) -> str:
    if not index.shapes:
        return _GUARDS
    return f"serves {counted(len(index.shapes), 'query shape')}"


def _serves(shapes: tuple[str, ...], links: Mapping[str, str]) -> Cell:
    """Return the shapes by their short ids, leading to the first whose details are there."""
    anchor = next((links[shape] for shape in shapes if shape in links), None)
    return Cell(", ".join(shape[:6] for shape in shapes) or "-", anchor, value=len(shapes))


def _gain(finding: Finding) -> float | None:
    found = (item.value for item in finding.evidence if item.name == _GAIN)
    return next((float(value) for value in found if isinstance(value, int | float)), None)


def _considered(indexes: tuple[ConsideredIndex, ...], links: Mapping[str, str]) -> Iterator[Block]:
    if not indexes:
        return
    used = sum(1 for index in indexes if index.used_by)
    ordered = sorted(indexes, key=lambda index: (-index.gain_ratio, index.name))
    rows = [
        (
            Cell(index.name),
            Cell(index.sql.partition(" ON ")[2]),
            ratio_cell(index.gain_ratio),
            _serves(index.used_by, links) if index.used_by else Cell("unused", value=0),
            size_cell(index.size_bytes),
            change_cell(index.write_cost_ratio),
            Cell(index.note),
        )
        for index in ordered
    ]
    yield from _table(
        f"Proposed indexes, {used} of {len(indexes)} used; "
        "gain: what the workload loses without it",
        (
            Column("index", "code"),
            Column("on", "code"),
            Column("gain", "number"),
            Column("serves"),
            Column("size", "number"),
            Column("writes", "number"),
            Column("note"),
        ),
        rows,
    )


def _existing(tables: tuple[TableOverview, ...]) -> Iterator[Block]:
    rows = [_existing_row(table, index) for table in tables for index in table.indexes]
    if not rows:
        return
    known = sum(index.size_bytes or 0 for table in tables for index in table.indexes)
    yield from _table(
        f"Indexes that are there, {format_size(known)} in all",
        (
            Column("index", "code"),
            Column("on", "code"),
            Column("size", "number"),
            Column("rows of the table", "number"),
            Column("kind"),
        ),
        rows,
    )


def _existing_row(table: TableOverview, index: IndexOverview) -> tuple[Cell, ...]:
    kind = "constraint" if index.constraint else "unique" if index.unique else "index"
    return (
        Cell(index.name),
        Cell(f"{table.name} ({index_keys(index.terms, index.where)})"),
        size_cell(index.size_bytes),
        count_cell(table.rows),
        Cell(kind),
    )


def index_keys(terms: tuple[str, ...], where: str | None) -> str:
    """Return an index's keys as SQL, with its condition."""
    keys = ", ".join(terms)
    return keys if where is None else f"{keys} WHERE {where}"


def _table(
    caption: str, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]]
) -> Iterator[Block]:
    shown = fitting(rows, _TABLE_BYTES)
    yield Table(caption, columns, shown)
    left = len(rows) - len(shown)
    if left:
        part = format_ratio(left / len(rows))
        yield Text((f"And {format_count(left)} more ({part}): they are in the JSON.",))
