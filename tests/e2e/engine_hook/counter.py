"""What the hook's tests ask of a connection and of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine

MakeEngine = Callable[..., Engine]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


ENDLESS_ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def pragma(connection: Connection, name: str) -> object:
    """Return a pragma's value on a connection."""
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def values(database: Path) -> list[int]:
    """Return what is committed."""
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM counter ORDER BY value")]


def can_write(other: sqlite3.Connection) -> bool:
    """Tell whether the write lock is free."""
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    other.rollback()
    return True
