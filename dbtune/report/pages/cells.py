"""Cells of tables: figures in words beside the numbers that they are sorted by."""

from __future__ import annotations

from dbtune.model.page import Cell, Tone
from dbtune.report.quantities import (
    format_change,
    format_count,
    format_duration,
    format_ratio,
    format_size,
)
from dbtune.report.wording.query_text import recognizable

UNKNOWN = Cell("-")
# What a statement is recognised by; the whole one stands in its details.
_STATEMENT_CHARACTERS = 90


def duration_cell(duration_ns: float | None, tone: Tone = "neutral") -> Cell:
    """Return nanoseconds, or that they are not known."""
    if duration_ns is None:
        return UNKNOWN
    return Cell(format_duration(duration_ns), tone=tone, value=duration_ns)


def count_cell(count: float | None, tone: Tone = "neutral") -> Cell:
    """Return a number of things."""
    return UNKNOWN if count is None else Cell(format_count(count), tone=tone, value=count)


def size_cell(size_bytes: float | None) -> Cell:
    """Return bytes."""
    return UNKNOWN if size_bytes is None else Cell(format_size(size_bytes), value=size_bytes)


def ratio_cell(ratio: float | None) -> Cell:
    """Return a share."""
    return UNKNOWN if ratio is None else Cell(format_ratio(ratio), value=ratio)


def change_cell(ratio: float | None, tone: Tone = "neutral") -> Cell:
    """Return what something costs over what it cost before."""
    return UNKNOWN if ratio is None else Cell(format_change(ratio), tone=tone, value=ratio)


def statement_cell(text: str, anchor: str | None = None) -> Cell:
    """Return a statement in short."""
    return Cell(statement_in_short(text), anchor)


def statement_in_short(text: str) -> str:
    """Return a statement on one line, without what it selects, and cut."""
    short = recognizable(text, narrow=False)
    if len(short) <= _STATEMENT_CHARACTERS:
        return short
    cut = short[:_STATEMENT_CHARACTERS]
    # At a word, where that does not cost much of it.
    whole = cut.rpartition(" ")[0]
    return f"{(whole if len(whole) > _STATEMENT_CHARACTERS * 3 // 4 else cut).rstrip()}..."
