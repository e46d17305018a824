"""Names, statements and figures as messages show them, however hostile they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbtune.model.schema import Index

# A name or statement in full would push what matters off the screen; both stay recognisable
# at these lengths, and a statement stands in full among the report's query shapes.
_MAX_NAME = 60
_MAX_STATEMENT = 160
_MAX_LISTED = 5

# Plain columns only: with a parenthesis the FROM may be that of a query within.
_SELECTED = re.compile(r"\b(select) (?!distinct)[^()]{6,}? from ", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def shown(name: str) -> str:
    """Return a name for a message: bare if plain, else quoted, on one line and not too long."""
    if _PLAIN.match(name) and len(name) <= _MAX_NAME:
        return name
    return f'"{_shortened(_escaped(name), _MAX_NAME)}"'


def described_index(index: Index) -> str:
    """Return an index by its name, or by the constraint that it is made for."""
    if index.origin == "c":
        return f"index {shown(index.name)}"
    constraint = "PRIMARY KEY" if index.origin == "pk" else "UNIQUE constraint"
    return f"the {constraint} ({', '.join(shown(c.name or '') for c in index.columns)})"


def statement(sql: str) -> str:
    """Return a statement for a message: on one line, shortened where it says least.

    A query is known by its tables and conditions: columns that it selects go first.
    """
    text = _escaped(" ".join(sql.split()))
    if len(text) > _MAX_STATEMENT:
        text = _SELECTED.sub(r"\1 ... from ", text)
    return _shortened(text, _MAX_STATEMENT)


def listed(names: Sequence[str]) -> str:
    """Return names for a message, the first five and how many more."""
    text = ", ".join(shown(name) for name in names[:_MAX_LISTED])
    more = len(names) - _MAX_LISTED
    return f"{text} and {more:,} more" if more > 0 else text


def counted(number: float, noun: str) -> str:
    """Return "1 row" or "12,345 rows"."""
    whole = round(number)
    return f"{whole:,} {noun}" if whole == 1 else f"{whole:,} {noun}s"


def percent(ratio: float) -> str:
    """Return a ratio as "31 %", and "under 1 %" for what is more than nothing."""
    if 0 < ratio < 0.01:
        return "under 1 %"
    return f"{100 * ratio:.0f} %"


def fine_percent(ratio: float) -> str:
    """Return a ratio as "31.4 %", and "under 0.1 %" for what is more than nothing and reads 0 %."""
    if 0 < ratio < 0.0005:
        return "under 0.1 %"
    return f"{100 * ratio:.1f}".removesuffix(".0") + " %"


def megabytes(size_bytes: float) -> str:
    """Return a size as "12.3 MB", from 10 GB as "60.5 GB"."""
    if size_bytes >= 1e10:
        return f"{size_bytes / 1e9:,.1f} GB"
    return f"{size_bytes / 1e6:,.1f} MB"


def _escaped(text: str) -> str:
    # Control and direction characters could move the cursor or reorder the line.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    tail = limit // 4
    return f"{text[: limit - tail - 3]}...{text[-tail:]}"
