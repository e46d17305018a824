"""What reading code needs of a connection, so that it serves both SQLite libraries.

The user's file is opened by Python's sqlite3 only; scratch copies by apsw. Two copies of the
SQLite library in one process must never open the same file: they destroy each other's POSIX
locks (https://www.sqlite.org/howtocorrupt.html section 2.2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol


class Queryable(Protocol):
    """A connection of sqlite3 or apsw: `execute` returns an iterator over tuples."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Iterator[Any]:
        """Run one statement."""
        ...
