"""The objects of a schema of PostgreSQL as its catalog has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import psycopg
from psycopg import sql as compose
from psycopg.rows import class_row

from dbtune.resources import sql

Connection = psycopg.Connection[Any]
Found = TypeVar("Found")


@dataclass(frozen=True)
class FoundColumn:
    """A column of a table; `generated` is '' (no), 's' (stored) or 'v' (virtual)."""

    table_name: str
    column_name: str
    pg_type: str
    not_null: bool
    has_default: bool
    is_identity: bool
    generated: str
    sequence_name: str | None


@dataclass(frozen=True)
class FoundConstraint:
    """A constraint; `kind` is 'p' (primary key), 'u', 'c' (CHECK) or 'f' (foreign key)."""

    table_name: str
    constraint_name: str
    kind: str
    columns: list[str]
    validated: bool
    deferrable: bool
    initially_deferred: bool
    referenced_table: str | None
    referenced_columns: list[str]
    on_update: str | None
    on_delete: str | None


@dataclass(frozen=True)
class FoundIndex:
    """An index; `columns` has None for an expression, `options` bits 1 DESC and 2 NULLS FIRST."""

    table_name: str
    index_name: str
    is_unique: bool
    is_valid: bool
    is_partial: bool
    method: str
    columns: list[str | None]
    options: list[int]


@dataclass(frozen=True)
class TargetObjects:
    """All objects of one schema."""

    columns: tuple[FoundColumn, ...]
    constraints: tuple[FoundConstraint, ...]
    indexes: tuple[FoundIndex, ...]
    views: frozenset[str]

    def columns_of(self, table: str) -> tuple[FoundColumn, ...]:
        """Return a table's columns in order, none where it is not there."""
        return self._columns_by_table.get(table, ())

    def constraint(self, table: str, name: str, kind: str) -> FoundConstraint | None:
        """Return a constraint of this kind, None where there is none."""
        return self._constraints_by_name.get((table, name, kind))

    def index(self, table: str, name: str) -> FoundIndex | None:
        """Return an index, None where there is none."""
        return self._indexes_by_name.get((table, name))

    @cached_property
    def _columns_by_table(self) -> Mapping[str, tuple[FoundColumn, ...]]:
        found: dict[str, tuple[FoundColumn, ...]] = {}
        for column in self.columns:
            found[column.table_name] = (*found.get(column.table_name, ()), column)
        return found

    @cached_property
    def _constraints_by_name(self) -> Mapping[tuple[str, str, str], FoundConstraint]:
        return {(c.table_name, c.constraint_name, c.kind): c for c in self.constraints}

    @cached_property
    def _indexes_by_name(self) -> Mapping[tuple[str, str], FoundIndex]:
        return {(index.table_name, index.index_name): index for index in self.indexes}


def read_target_objects(connection: Connection, schema: str) -> TargetObjects:
    """Return the tables, constraints, indexes and views of a schema; reads the catalog only."""
    rows = connection.execute(sql("postgres/verify_views").encode(), {"schema": schema}).fetchall()
    return TargetObjects(
        columns=_read(connection, schema, "postgres/verify_columns", FoundColumn),
        constraints=_read(connection, schema, "postgres/verify_constraints", FoundConstraint),
        indexes=_read(connection, schema, "postgres/verify_indexes", FoundIndex),
        views=frozenset(str(row[0]) for row in rows),
    )


def next_value(connection: Connection, schema: str, sequence: str) -> int:
    """Return the value that a sequence gives next."""
    query = compose.SQL("SELECT last_value, is_called FROM {}").format(
        compose.Identifier(schema, sequence)
    )
    row = connection.execute(query).fetchone()
    assert row is not None  # a sequence is a relation of one row
    return int(row[0]) + (1 if row[1] else 0)


def _read(connection: Connection, schema: str, name: str, kind: type[Found]) -> tuple[Found, ...]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return tuple(cursor.execute(sql(name).encode(), {"schema": schema}).fetchall())
