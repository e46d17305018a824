"""What the lines of EXPLAIN QUERY PLAN say about a table, matched by names known beforehand.

A table's name may hold spaces, so a line cannot be split into words; SQLite before 3.36 prints
"SCAN TABLE bookings AS b" where later versions print "SCAN b".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TEMP_SORT = re.compile(r"USE TEMP B-TREE FOR (.+)")
_AUTOMATIC = re.compile(r" USING AUTOMATIC (?:PARTIAL )?(?:COVERING )?INDEX \((.*)\)", re.DOTALL)

# What may follow a table's name in a step.
_ENDINGS = (" USING ", " VIRTUAL TABLE ", " LEFT-JOIN", " EXISTS")


@dataclass(frozen=True)
class PlannedUse:
    """A table under the alias by which a statement and its plan call it."""

    alias: str
    table: str


def is_scanned(steps: tuple[str, ...], use: PlannedUse) -> bool:
    """Return whether the plan reads all rows of the table, or all entries of one index."""
    return any("VIRTUAL TABLE" not in rest for rest in _after(steps, "SCAN", use))


def automatic_index_columns(steps: tuple[str, ...], use: PlannedUse) -> tuple[str, ...]:
    """Return the columns of the index that every run builds on the table; empty if none."""
    for rest in _after(steps, "SEARCH", use):
        match = _AUTOMATIC.match(rest)
        if match:
            return tuple(_compared_columns(match.group(1)))
    return ()


def is_searched_by(steps: tuple[str, ...], use: PlannedUse, column: str) -> bool:
    """Return whether the plan looks rows of the table up by equality on the column."""
    folded = column.lower()
    for rest in _after(steps, "SEARCH", use):
        inside = rest[rest.find("(") + 1 : rest.rfind(")")]
        if folded in (name.lower() for name in _compared_columns(inside)):
            return True
    return False


def temporary_sorts(steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the plan sorts in a temporary B-tree for, such as "ORDER BY"."""
    found = (_TEMP_SORT.search(step) for step in steps)
    return tuple(match.group(1).strip() for match in found if match)


def _after(steps: tuple[str, ...], verb: str, use: PlannedUse) -> Iterator[str]:
    """Yield what follows the table's name in the steps of that verb on it."""
    names = {use.alias.lower(), f"table {use.table} as {use.alias}".lower()}
    if use.alias.lower() == use.table.lower():
        names.add(f"table {use.table}".lower())
    for step in steps:
        text = step.strip()
        if not text.startswith(f"{verb} "):
            continue
        text = text[len(verb) + 1 :]
        for name in names:
            rest = text[len(name) :]
            if text.lower().startswith(name) and (not rest or rest.startswith(_ENDINGS)):
                yield rest


def _compared_columns(inside: str) -> Iterator[str]:
    for part in inside.split(" AND "):
        if part.endswith("=?"):
            yield part[:-2]
