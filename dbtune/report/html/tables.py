"""Tables that scroll within their own box, so that the page never scrolls sideways."""

from __future__ import annotations

import htpy as h

from dbtune.model.page import Cell, Column, Table
from dbtune.report.html.links import draw_linked
from dbtune.report.html.text import show

# As many rows as about fill a screen; longer tables scroll under their own heading.
_ROWS_IN_FULL = 30


# Up to so many letters a column is not broken into lines; beyond, it gets room for a sentence.
_SHORT = 28


def draw_table(table: Table, place: str) -> h.Element:
    """Return a table with its caption; `place` becomes the id that names its box."""
    name = f"{place}-caption"
    long = len(table.rows) > _ROWS_IN_FULL
    looks = tuple(_look(table, number) for number in range(len(table.columns)))
    return h.div(
        ".scroll" + (".long" if long else ""), role="region", tabindex="0", aria_labelledby=name
    )[
        h.table[
            h.caption(id=name)[show(table.caption)],
            h.thead[h.tr[(_draw_heading(column) for column in table.columns)]],
            h.tbody[(h.tr[_draw_row(row, looks)] for row in table.rows)],
        ]
    ]


def _look(table: Table, number: int) -> str:
    """Return the class of a column's cells, by its kind and its longest text."""
    kind = table.columns[number].kind
    longest = max((len(row[number].text) for row in table.rows), default=0)
    if kind == "number":
        return "n"
    if kind == "code":
        return "k" if longest <= _SHORT else "c"
    return "" if longest <= _SHORT else "l"


def _draw_heading(column: Column) -> h.Element:
    number = "n" if column.kind == "number" else None
    return h.th(scope="col", class_=number)[show(column.title)]


def _draw_row(row: tuple[Cell, ...], looks: tuple[str, ...]) -> list[h.Element]:
    return [
        _draw_cell(cell, look, is_name=number == 0)
        for number, (cell, look) in enumerate(zip(row, looks, strict=True))
    ]


def _draw_cell(cell: Cell, look: str, *, is_name: bool) -> h.Element:
    tone = None if cell.tone == "neutral" else cell.tone
    attributes = {
        "scope": "row" if is_name else None,
        "class": " ".join(filter(None, (look, tone))) or None,
        "data-v": None if cell.value is None else f"{cell.value:.6g}",
    }
    return (h.th if is_name else h.td)(attributes)[draw_linked(cell)]
