"""ANALYZE on a scratch copy, leaving the statistics that the application's library would see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache

import apsw

from dbtune.sqlite.identifiers import quote_identifier


def analyze(
    connection: apsw.Connection, tables: Iterable[str] | None = None, *, rows: int = 0
) -> None:
    """Analyse the tables named, or the whole copy where None; at most so many `rows` of an index.

    The samples of STAT4 go again where the SQLite that Python is linked with has none: with them
    the planner sees which values are frequent, and avoids an index that an application without
    them would take (a search measured 10 times slower through it).
    """
    connection.execute(f"PRAGMA analysis_limit = {rows}")
    if tables is None:
        connection.execute("ANALYZE")
    for table in tables or ():
        connection.execute(f"ANALYZE {quote_identifier(table)}")
    present = "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4'"
    if not application_has_samples() and list(connection.execute(present)):
        connection.execute("DELETE FROM sqlite_stat4")
    # An application meets the statistics when it opens the file. In the connection that ran
    # ANALYZE some of them stay as they were, and plans with them (a scan for a skip-scan).
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA writable_schema = RESET")


@cache
def application_has_samples() -> bool:
    """Return whether the SQLite that Python is linked with keeps and reads sqlite_stat4."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    return "ENABLE_STAT4" in options
