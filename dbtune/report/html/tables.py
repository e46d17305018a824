"""Tables that scroll within their own box, so that the page never scrolls sideways."""

from __future__ import annotations

import htpy as h

from dbtune.model.page import Cell, Column, Table
from dbtune.report.html.text import checked_anchor, show

# As many rows as about fill a screen; longer tables scroll under their own heading.
_ROWS_IN_FULL = 30


def draw_table(table: Table, place: str) -> h.Element:
    """Return a table with its caption; `place` becomes the id that names its box."""
    name = f"{place}-caption"
    long = len(table.rows) > _ROWS_IN_FULL
    return h.div(
        f"#{place}.scroll" + (".long" if long else ""),
        role="region",
        tabindex="0",
        aria_labelledby=name,
    )[
        h.table[
            h.caption(id=name)[show(table.caption)],
            h.thead[h.tr[(_draw_heading(column) for column in table.columns)]],
            h.tbody[(h.tr[_draw_row(table.columns, row)] for row in table.rows)],
        ]
    ]


def _draw_heading(column: Column) -> h.Element:
    number = "n" if column.kind == "number" else None
    return h.th(scope="col", class_=number)[show(column.title)]


def _draw_row(columns: tuple[Column, ...], row: tuple[Cell, ...]) -> list[h.Element]:
    return [
        _draw_cell(column, cell, is_name=place == 0)
        for place, (column, cell) in enumerate(zip(columns, row, strict=True))
    ]


def _draw_cell(column: Column, cell: Cell, *, is_name: bool) -> h.Element:
    tone = None if cell.tone == "neutral" else cell.tone
    classes = " ".join(filter(None, (_kind_class(column), tone))) or None
    value = None if cell.value is None else f"{cell.value:.6g}"
    text = show(cell.text)
    content = text if cell.anchor is None else h.a(href=f"#{checked_anchor(cell.anchor)}")[text]
    if is_name:
        return h.th(scope="row", class_=classes, data_v=value)[content]
    return h.td(class_=classes, data_v=value)[content]


def _kind_class(column: Column) -> str | None:
    return {"number": "n", "code": "c", "text": None}[column.kind]
