"""Sections whose anchors, and the links to them, hold beside those of other pages."""

from __future__ import annotations

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

_Linked = TypeVar("_Linked", Cell, Bar, Share)


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
