"""Virtual columns that a function of the application computes: nobody else can read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from dbtune.model.schema import Column, Table
from dbtune.model.transfer import ColumnProfile, FormCount, StorageCounts, TableProfile
from dbtune.postgres.held_values import UNREADABLE
from dbtune.sqlite.identifiers import quote_identifier


def readable_part(connection: sqlite3.Connection, table: Table) -> Table:
    """Return the table without its unreadable columns."""
    columns = tuple(c for c in table.columns if not c.generated or _can_read(connection, table, c))
    return replace(table, columns=columns)


def without_unreadable(table: Table, profile: TableProfile) -> tuple[Table, TableProfile]:
    """Return a table and its profile without the columns that the profile knows as unreadable."""
    known = tuple(c for c in profile.columns if all(p.form != UNREADABLE for p in c.problems))
    names = {column.column for column in known}
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns), replace(profile, columns=known)


def with_unreadable(
    table: Table, rows: int, columns: Iterable[ColumnProfile]
) -> tuple[ColumnProfile, ...]:
    """Return profiles in the table's order, with the problem for columns that have none."""
    found = {column.column: column for column in columns}
    problem = FormCount(UNREADABLE, rows, "", "all rows")
    return tuple(
        found.get(column.name)
        or ColumnProfile(column.name, StorageCounts(nulls=rows), problems=(problem,))
        for column in table.columns
    )


def _can_read(connection: sqlite3.Connection, table: Table, column: Column) -> bool:
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    try:
        connection.execute(f"SELECT {name} FROM {source} LIMIT 0").close()
    except sqlite3.OperationalError as error:
        if "function" in str(error):
            return False
        raise
    return True
