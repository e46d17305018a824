"""SQLite's rules of type affinity and collation, as far as they decide about an index.

Source: https://www.sqlite.org/datatype3.html sections 3, 4.2 and 7.1, and, for what the planner
makes of them, trials with SQLite 3.40 and 3.54 (a literal or parameter has no affinity, so
`text_column = 5` uses its index; `text_column = integer_column` cannot).
"""

from __future__ import annotations

from typing import Literal

Affinity = Literal["integer", "real", "numeric", "text", "blob"]

_NUMERIC: frozenset[Affinity | None] = frozenset(("integer", "real", "numeric"))


def affinity_of(declared_type: str, *, strict: bool = False) -> Affinity:
    """Return the affinity of a column declared so.

    Source: https://www.sqlite.org/datatype3.html#determination_of_column_affinity
    """
    declared = declared_type.upper()
    if strict and declared == "ANY":
        return "blob"
    if "INT" in declared:
        return "integer"
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if not declared or "BLOB" in declared:
        return "blob"
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return "real"
    return "numeric"


def can_use_index(column: Affinity, other: Affinity | None) -> bool:
    """Return whether a comparison can look the column up in an index.

    A number on the other side turns text into numbers before comparing, and an index over text
    is in another order than the numbers are. Anything without affinity is turned instead.
    """
    return column in _NUMERIC or other not in _NUMERIC


def is_numeric(affinity: Affinity | None) -> bool:
    """Return whether the affinity is one of numbers."""
    return affinity in _NUMERIC
