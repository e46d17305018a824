"""The ids of a page's parts: letters, digits and dashes, and never the same one twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from dbtune.model.page import (
    Bar,
    BarChart,
    Block,
    Cell,
    Details,
    FindingList,
    Section,
    Share,
    ShareChart,
    Table,
)

_NOT_ALLOWED = re.compile(r"[^a-z0-9]+")
_MOST_CHARACTERS = 40
_Linked = TypeVar("_Linked", Cell, Bar, Share)


def anchor(text: str) -> str:
    """Return a text as an anchor; two texts may have the same one, and "" stands for none."""
    return _NOT_ALLOWED.sub("-", text.lower())[:_MOST_CHARACTERS].strip("-")


def anchors(prefix: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return an anchor for each text, of which no two are the same; `prefix` is an anchor."""
    taken: set[str] = set()
    found = []
    for text in texts:
        wanted = "-".join(part for part in (prefix, anchor(text)) if part)
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name)
        found.append(name)
    return tuple(found)


def within(section: Section, prefix: str) -> Section:
    """Return a section whose anchors, and the links to them, begin with a prefix."""
    blocks = tuple(_block(block, prefix) for block in section.blocks)
    return replace(section, anchor=f"{prefix}-{section.anchor}", blocks=blocks)


def _block(block: Block, prefix: str) -> Block:
    if isinstance(block, Table):
        return replace(block, rows=tuple(_row(row, prefix) for row in block.rows))
    if isinstance(block, FindingList):
        cards = tuple(replace(c, anchor=f"{prefix}-{c.anchor}") for c in block.items)
        return replace(block, items=cards)
    if isinstance(block, BarChart):
        return replace(block, bars=tuple(_moved(bar, prefix) for bar in block.bars))
    if isinstance(block, ShareChart):
        return replace(block, parts=tuple(_moved(part, prefix) for part in block.parts))
    if isinstance(block, Details):
        inner = tuple(_block(part, prefix) for part in block.blocks)
        name = f"{prefix}-{block.anchor}" if block.anchor else ""
        return replace(block, blocks=inner, anchor=name)
    return block


def _row(row: tuple[Cell, ...], prefix: str) -> tuple[Cell, ...]:
    return tuple(_moved(cell, prefix) for cell in row)


def _moved(linked: _Linked, prefix: str) -> _Linked:
    if linked.anchor is None:
        return linked
    return replace(linked, anchor=f"{prefix}-{linked.anchor}")
