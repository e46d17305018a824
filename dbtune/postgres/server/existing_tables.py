"""Tables that an application made on the target before its data came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from psycopg import sql as compose
from psycopg.rows import class_row

from dbtune.postgres.server.migration_state import Connection
from dbtune.resources import sql


@dataclass(frozen=True)
class ExistingColumn:
    """A column as PostgreSQL has it; `sequence` is the qualified name of the one it draws from."""

    table_name: str
    column_name: str
    pg_type: str
    not_null: bool
    has_default: bool
    generated: bool
    sequence: str | None


@dataclass(frozen=True)
class ExistingForeignKey:
    """A foreign key between two tables of the schema."""

    constraint_name: str
    table_name: str
    referenced_table: str
    deferrable: bool


@dataclass(frozen=True)
class ExistingTable:
    """A table as PostgreSQL has it, its columns in order. `rows` is 0 or 1: empty or not."""

    name: str
    columns: tuple[ExistingColumn, ...]
    rows: int

    def column(self, name: str) -> ExistingColumn | None:
        """Return a column by its exact name, None where there is none."""
        return next((c for c in self.columns if c.column_name == name), None)


def read_existing_tables(connection: Connection, schema: str) -> tuple[ExistingTable, ...]:
    """Return the tables of a schema with their columns."""
    with connection.cursor(row_factory=class_row(ExistingColumn)) as cursor:
        columns = cursor.execute(
            sql("postgres/table_columns").encode(), {"schema": schema}
        ).fetchall()
    return tuple(
        ExistingTable(name, tuple(own), _has_rows(connection, schema, name))
        for name, own in groupby(columns, key=lambda column: column.table_name)
    )


def read_existing_foreign_keys(
    connection: Connection, schema: str
) -> tuple[ExistingForeignKey, ...]:
    """Return the foreign keys between a schema's tables."""
    with connection.cursor(row_factory=class_row(ExistingForeignKey)) as cursor:
        query = sql("postgres/foreign_keys_between").encode()
        return tuple(cursor.execute(query, {"schema": schema}).fetchall())


def insertion_order(
    tables: Iterable[str], keys: Iterable[ExistingForeignKey]
) -> tuple[tuple[str, ...], tuple[ExistingForeignKey, ...]]:
    """Return tables with parents first, and the keys that no order satisfies.

    Those are on circles, or refer to the table itself, and have to be checked at the end.
    """
    waiting = sorted(tables)
    keys = tuple(key for key in keys if key.table_name in waiting)
    order: list[str] = []
    late: list[ExistingForeignKey] = [k for k in keys if k.table_name == k.referenced_table]
    while waiting:
        ready = [name for name in waiting if not _open_parents(name, keys, waiting)]
        if not ready:
            # The table with the fewest parents left goes first, and those keys wait for the end.
            first = min(waiting, key=lambda name: (len(_open_parents(name, keys, waiting)), name))
            late += _open_parents(first, keys, waiting)
            ready = [first]
        order += ready
        waiting = [name for name in waiting if name not in ready]
    return tuple(order), tuple(late)


def _open_parents(
    table: str, keys: Iterable[ExistingForeignKey], waiting: list[str]
) -> list[ExistingForeignKey]:
    return [
        key
        for key in keys
        if key.table_name == table != key.referenced_table and key.referenced_table in waiting
    ]


def _has_rows(connection: Connection, schema: str, table: str) -> int:
    query = compose.SQL("SELECT EXISTS (SELECT 1 FROM {})::integer").format(
        compose.Identifier(schema, table)
    )
    row = connection.execute(query).fetchone()
    return int(str(row[0])) if row else 0
