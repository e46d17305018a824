"""The query shapes of a report: what they cost before and after, drawn and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbtune.model.advice import Report, ShapeReport
from dbtune.model.page import (
    Bar,
    BarChart,
    Block,
    Cell,
    Section,
    ShareChart,
    Table,
    Text,
)
from dbtune.report.pages.cells import (
    UNKNOWN,
    count_cell,
    duration_cell,
    ratio_cell,
    statement_cell,
    statement_in_short,
)
from dbtune.report.pages.item_table import ItemColumn, numbered_table, share, share_chart
from dbtune.report.pages.shape_details import ShapeDetails
from dbtune.report.quantities import format_count, format_duration, format_factor, format_ratio
from dbtune.report.shape_lookup import ranked

_BARS = 20
_SHARES = 10
# Some 500 rows with statements in short.
_TABLE_BYTES = 300_000
_SHORT_ID = 6


def cost_section(report: Report, links: Mapping[str, str]) -> Section | None:
    """Return what the dearest shapes cost, and their shares; `links` are to details by id."""
    if not report.shapes:
        return None
    title = "Cost before and after" if _changes(report.shapes) else "Cost"
    return Section("cost", title, tuple(_charts(ranked(report.shapes), links)))


def shapes_section(
    report: Report, details: ShapeDetails, links: Mapping[str, str]
) -> Section | None:
    """Return all shapes in a table, with the details of some."""
    if not report.shapes:
        return None
    shapes = ranked(report.shapes)
    table, rest = _table(shapes, links)
    blocks: list[Block] = [table, *rest]
    left = len(shapes) - len(details)
    if left:
        blocks.append(Text((f"The plans of the other {left:,} are in the JSON.",)))
    blocks += [found for _, found in details]
    return Section("queries", "Query shapes", tuple(blocks))


def _charts(shapes: tuple[ShapeReport, ...], links: Mapping[str, str]) -> list[Block]:
    changes = _changes(shapes)
    dearest = sorted(shapes, key=lambda shape: (-_total(shape), shape.id))
    shown, rest = dearest[:_BARS], dearest[_BARS:]
    blocks: list[Block] = [
        BarChart(
            f"The {len(shown)} dearest query shapes" if rest else "All query shapes",
            _summary(shown, changes=changes),
            "cost of all calls",
            tuple(_bar(shape, links, changes=changes) for shape in shown),
        )
    ]
    if rest:
        before, after = (
            format_duration(sum(shape.count * cost(shape) for shape in rest))
            for cost in (_before, _after)
        )
        cost = f"{before} before and {after} after" if changes else before
        blocks.append(Text((f"The other {len(rest):,} cost {cost}, all together.",)))
    if sum(shape.share for shape in shapes):
        blocks.append(_shares(shapes, links, changes=changes))
    return blocks


def _changes(shapes: Sequence[ShapeReport]) -> bool:
    return any(shape.cost_after != shape.cost_before for shape in shapes)


def _summary(shown: Sequence[ShapeReport], *, changes: bool) -> str:
    first = shown[0]
    total_before, total_after = (
        format_duration(first.count * cost(first)) for cost in (_before, _after)
    )
    said = f"All recorded calls together, by the cost model. The dearest is {first.id[:_SHORT_ID]}"
    if not changes:
        return f"{said}: {total_before}."
    cheaper = sum(shape.cost_after < shape.cost_before for shape in shown)
    costs = f"{total_before} before, {total_after} after"
    return f"{said}: {costs}; {cheaper} of {len(shown)} get cheaper."


def _bar(shape: ShapeReport, links: Mapping[str, str], *, changes: bool) -> Bar:
    before, after = shape.count * shape.cost_before, shape.count * shape.cost_after
    bar = Bar(_label(shape), before, format_duration(before), anchor=links.get(shape.id))
    if not changes:
        return bar
    factor = format_factor(before, after)
    note = f"{factor} less" if factor else ""
    return replace(bar, after=after, text_after=format_duration(after), note=note)


def _shares(
    shapes: tuple[ShapeReport, ...], links: Mapping[str, str], *, changes: bool
) -> ShareChart:
    named, rest = shapes[:_SHARES], shapes[_SHARES:]
    told = format_ratio(sum(shape.share for shape in named))
    return share_chart(
        "Share of the cost before" if changes else "Share of the cost",
        f"The first {len(named)} of {len(shapes):,} query shapes make up {told} of it.",
        [share(_label(shape), shape.share, links.get(shape.id)) for shape in named],
        len(rest),
        sum(shape.share for shape in rest),
    )


def _label(shape: ShapeReport) -> str:
    return f"{shape.id[:_SHORT_ID]} {statement_in_short(shape.text)}"


_ShapeColumn = ItemColumn[ShapeReport]


def _columns(shapes: tuple[ShapeReport, ...], links: Mapping[str, str]) -> list[_ShapeColumn]:
    columns = [
        _ShapeColumn("id", lambda shape: Cell(shape.id[:12], links.get(shape.id)), "code"),
        _ShapeColumn("query", lambda shape: statement_cell(shape.text), "code"),
        _ShapeColumn("calls", lambda shape: count_cell(shape.count)),
        _ShapeColumn("share", lambda shape: ratio_cell(shape.share)),
        _ShapeColumn("before", lambda shape: duration_cell(shape.cost_before)),
        _ShapeColumn("after", lambda shape: duration_cell(shape.cost_after)),
        _ShapeColumn("faster", _factor),
    ]
    if any(shape.time_before_ns is not None for shape in shapes):
        columns += [
            _ShapeColumn("time before", lambda shape: duration_cell(shape.time_before_ns)),
            _ShapeColumn("time after", lambda shape: duration_cell(shape.time_after_ns)),
        ]
    if any(shape.served_by for shape in shapes):
        columns.append(
            _ShapeColumn("new index", lambda shape: Cell(", ".join(shape.served_by)), "code")
        )
    return columns


def _table(
    shapes: tuple[ShapeReport, ...], links: Mapping[str, str]
) -> tuple[Table, tuple[Text, ...]]:
    caption = "By share of the cost; before and after: one call"
    table = numbered_table(caption, _columns(shapes, links), shapes, _TABLE_BYTES)
    left = shapes[len(table.rows) :]
    if not left:
        return table, ()
    share = format_ratio(sum(shape.share for shape in left))
    said = f"And {format_count(len(left))} more with {share} of the cost: they are in the JSON."
    return table, (Text((said,)),)


def _factor(shape: ShapeReport) -> Cell:
    text = format_factor(shape.cost_before, shape.cost_after)
    if text is None:
        return UNKNOWN
    return Cell(text, tone="good", value=shape.cost_before / shape.cost_after)


def _total(shape: ShapeReport) -> float:
    return shape.count * shape.cost_before


def _before(shape: ShapeReport) -> float:
    return shape.cost_before


def _after(shape: ShapeReport) -> float:
    return shape.cost_after
