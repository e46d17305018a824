"""Tables of many things of one kind, and what part of a whole the first of them are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from dbtune.model.page import Cell, Column, Share, ShareChart, Table
from dbtune.report.pages.size_budget import fitting
from dbtune.report.quantities import format_ratio

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class ItemColumn(Generic[_Item]):
    """A column, and what stands in it of each item."""

    title: str
    cell: Callable[[_Item], Cell]
    kind: Literal["text", "number", "code"] = "number"


def numbered_table(
    caption: str,
    columns: Sequence[ItemColumn[_Item]],
    items: Sequence[_Item],
    room_bytes: int,
) -> Table:
    """Return a row for each of the first items, as many as there is room for, with its place."""
    rows = (
        (Cell(f"{place}", value=place), *(column.cell(item) for column in columns))
        for place, item in enumerate(items, start=1)
    )
    titles = (Column(column.title, column.kind) for column in columns)
    return Table(caption, (Column("#", "number"), *titles), fitting(rows, room_bytes))


def share(label: str, ratio: float, anchor: str | None = None) -> Share:
    """Return a part of a whole; sums of floats may be a little beyond it."""
    return Share(label, min(max(ratio, 0.0), 1.0), format_ratio(ratio), anchor)


def share_chart(
    title: str, summary: str, named: Sequence[Share], others: int, left_ratio: float
) -> ShareChart:
    """Return the parts that have names, and as one the `others` that make up what is left."""
    rest = (share(f"the other {others:,}", left_ratio),) if others > 0 else ()
    return ShareChart(title, summary, (*named, *rest))
