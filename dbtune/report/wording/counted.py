"""A number of things in words: 1 query, 1,234 queries."""

from __future__ import annotations

from dbtune.report.quantities import format_count


def counted(number: float, noun: str, nouns: str = "") -> str:
    """Return the number with its noun; `nouns` where more of them are not called so with an s."""
    return f"{format_count(number)} {noun if number == 1 else nouns or f'{noun}s'}"
