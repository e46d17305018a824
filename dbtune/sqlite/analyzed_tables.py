"""Which tables get new statistics when indexes are created."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.sqlite.queryable import Queryable

_ORDINARY = (
    "SELECT name FROM sqlite_master"
    " WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND name NOT IN (SELECT s.name FROM sqlite_master AS s JOIN sqlite_master AS v"
    " ON v.sql LIKE 'CREATE VIRTUAL%' AND s.name LIKE v.name || '\\_%' ESCAPE '\\')"
    " ORDER BY name"
)


def tables_to_analyze(connection: Queryable, touched: Iterable[str]) -> tuple[str, ...]:
    """Return the tables to analyse once there are new indexes on those `touched`.

    In a database that was never analysed, all ordinary ones: beside tables with statistics the
    planner takes the others for what they are not (TPC-H's queries cost 1.3 times as much).
    """
    tables = tuple(dict.fromkeys(touched))
    if not tables or has_statistics(connection):
        return tables
    return tuple(name for (name,) in connection.execute(_ORDINARY))


def has_statistics(connection: Queryable) -> bool:
    """Return whether ANALYZE ever left something."""
    table = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"
    if not list(connection.execute(table)):
        return False
    return bool(list(connection.execute("SELECT 1 FROM sqlite_stat1 LIMIT 1")))
