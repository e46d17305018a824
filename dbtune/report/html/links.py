"""Links to other pages of the same server: relative, and never with a scheme."""

from __future__ import annotations

import re

import htpy as h

from dbtune.model.page import Cell, Link
from dbtune.report.anchors import checked_anchor
from dbtune.report.html.text import show
from dbtune.report.plain_text import printable

# Without a colon there is no scheme, without "//" no host.
_HREF = re.compile(r"(\.\./)*([a-z0-9-]+/)*[a-z0-9-]*")


def checked_href(href: str) -> str:
    """Return a link that leads to a page of the same server.

    Raises ValueError for any other, which is a bug of who made the page.
    """
    if not href or not _HREF.fullmatch(href):
        raise ValueError(f'"{printable(href)}" is no relative link of a-z, 0-9, - and /')
    return href


def draw_linked(cell: Cell) -> h.Element | str:
    """Return a cell's text, within a link where it leads somewhere."""
    text = show(cell.text)
    if cell.href is not None:
        return h.a(href=checked_href(cell.href))[text]
    return text if cell.anchor is None else h.a(href=f"#{checked_anchor(cell.anchor)}")[text]


def draw_trail(trail: tuple[Link, ...]) -> h.Element:
    """Return the way up to the pages above."""
    links = ((h.a(href=checked_href(link.href))[show(link.text)], " / ") for link in trail)
    return h.p(".trail")[links]
