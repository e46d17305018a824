"""Collations of the application, stood in for so that SQLite reads tables that are ordered by them.

A scan of a WITHOUT ROWID table compares nothing, but SQLite prepares it only where the collation
of its key is known (https://www.sqlite.org/c3ref/collation_needed.html). The stand-in must not be
used to search or sort: its order is not the one that the table is stored in.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from dbtune.sqlite.identifiers import unquote_identifier

BUILT_IN = frozenset({"BINARY", "NOCASE", "RTRIM"})
_COLLATE = re.compile(r"""\bCOLLATE\s+("(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\]|'[^']+'|\w+)""", re.I)


def add_stand_in_collations(connection: sqlite3.Connection) -> None:
    """Let a connection know all collations that its schema names. Reads the schema."""
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql LIKE '%COLLATE%'")
    statements = [
        text.decode("utf-8", "replace") if isinstance(text, bytes) else text for (text,) in rows
    ]
    for name in {name for text in statements for name in collation_names(text)}:
        connection.create_collation(name, _by_characters)


def collation_names(sql: str) -> Iterator[str]:
    """Yield the collations that a statement names and SQLite does not have itself."""
    for match in _COLLATE.finditer(sql):
        name = unquote_identifier(match[1])
        if name.upper() not in BUILT_IN:
            yield name


def _by_characters(one: str, other: str) -> int:
    return (one > other) - (one < other)
