"""Virtual columns that a function of the application computes: nobody else can read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dbtune.model.advice import Finding
from dbtune.model.schema import Column, Schema, Table
from dbtune.model.transfer import ColumnProfile, FormCount, StorageCounts, TableProfile
from dbtune.sqlite.identifiers import quote_identifier

# The problem by which a profile marks such a column.
_UNREADABLE = "unreadable"


def readable_part(connection: sqlite3.Connection, table: Table) -> Table:
    """Return the table without its unreadable columns."""
    columns = tuple(c for c in table.columns if not c.generated or _can_read(connection, table, c))
    return replace(table, columns=columns)


def without_unreadable(table: Table, profile: TableProfile) -> tuple[Table, TableProfile]:
    """Return a table and its profile without the columns that the profile knows as unreadable."""
    known = tuple(c for c in profile.columns if all(p.form != _UNREADABLE for p in c.problems))
    names = {column.column for column in known}
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns), replace(profile, columns=known)


def with_unreadable(
    table: Table, rows: int, columns: Iterable[ColumnProfile]
) -> tuple[ColumnProfile, ...]:
    """Return profiles in the table's order, with the problem for columns that have none."""
    found = {column.column: column for column in columns}
    problem = FormCount(_UNREADABLE, rows, "", "all rows")
    return tuple(
        found.get(column.name)
        or ColumnProfile(column.name, StorageCounts(nulls=rows), problems=(problem,))
        for column in table.columns
    )


def leave_out_unreadable(
    schema: Schema, profiles: Mapping[str, TableProfile]
) -> tuple[Schema, Mapping[str, TableProfile], tuple[Finding, ...]]:
    """Return schema and profiles without unreadable columns, and a finding for each of them.

    Nothing that is stored is lost with them: SQLite holds no value of a virtual column.
    """
    tables, kept, findings = [], dict(profiles), []
    for table in schema.tables:
        profile = profiles.get(table.name)
        if profile is None:
            tables.append(table)
            continue
        readable, kept[table.name] = without_unreadable(table, profile)
        tables.append(readable)
        names = {column.name for column in readable.columns}
        findings += [_left_out(table, c) for c in table.columns if c.name not in names]
    return replace(schema, tables=tuple(tables)), kept, tuple(findings)


def _left_out(table: Table, column: Column) -> Finding:
    return Finding(
        code="virtual-column-left-out",
        severity="high",
        subject=f"{table.name}.{column.name}",
        message=f"{table.name}.{column.name} is a virtual column, computed by a function that only "
        "the application has. SQLite stores no value of it, so PostgreSQL gets no such column.",
        help="make it STORED in SQLite to have its values moved, or compute it on PostgreSQL",
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
