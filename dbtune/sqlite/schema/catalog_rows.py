"""The rows of SQLite's catalog, as the catalog's PRAGMAs give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbtune.resources import sql
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.identifiers import quote_literal
from dbtune.sqlite.queryable import Queryable
from dbtune.sqlite.schema.declarations import virtual_module

VERSION_TABLE = "dbtune_version"


@dataclass(frozen=True)
class ObjectRow:
    """An object of the schema; `table` is the table that an index or trigger is on."""

    type: str
    name: str
    table: str
    sql: str


@dataclass(frozen=True)
class ColumnRow:
    """A column as PRAGMA table_xinfo lists it; `hidden` is 2 or 3 for a generated one."""

    table: str
    name: str
    declared_type: str
    not_null: bool
    default_sql: str | None
    primary_key_position: int
    hidden: int


@dataclass(frozen=True)
class KeyRow:
    """A key column of an index; `column_id` is -2 for an expression and -1 for the rowid."""

    table: str
    index: str
    unique: bool
    origin: str
    partial: bool
    position: int
    column_id: int
    name: str | None
    descending: bool
    collation: str


@dataclass(frozen=True)
class ForeignKeyRow:
    """A column of a foreign key; `referenced` is None where the primary key is meant."""

    table: str
    id: int
    column: str
    referenced_table: str
    referenced: str | None
    on_update: str
    on_delete: str


@dataclass(frozen=True)
class CatalogRows:
    """All rows of one reading, in the order of creation of their tables.

    `columns` are of tables and views; those SQLite could not prepare have none.
    `shadows` are lower-case names of tables that SQLite lists as belonging to a virtual one.
    """

    objects: tuple[ObjectRow, ...]
    columns: tuple[ColumnRow, ...]
    keys: tuple[KeyRow, ...]
    foreign_keys: tuple[ForeignKeyRow, ...]
    shadows: frozenset[str]


def read_catalog_rows(connection: Queryable) -> CatalogRows:
    """Return the rows of the catalog but SQLite's own objects and dbtune's version table."""
    objects = tuple(
        ObjectRow(*row)
        for row in connection.execute(sql("sqlite/list_objects"))
        if row[2].lower() != VERSION_TABLE
    )
    columns = [_column(row) for row in connection.execute(sql("sqlite/list_columns"))]
    for found in objects:
        if found.type == "view" or virtual_module(found.sql) is not None:
            columns.extend(_columns_of(connection, found.name))
    return CatalogRows(
        objects=objects,
        columns=tuple(columns),
        keys=tuple(_key(row) for row in connection.execute(sql("sqlite/list_index_keys"))),
        foreign_keys=tuple(
            ForeignKeyRow(*row) for row in connection.execute(sql("sqlite/list_foreign_keys"))
        ),
        shadows=_listed_shadows(connection),
    )


def _columns_of(connection: Queryable, name: str) -> tuple[ColumnRow, ...]:
    """Return the columns of a view or virtual table, none where SQLite cannot prepare it."""
    try:
        rows = connection.execute(f"PRAGMA main.table_xinfo({quote_literal(name)})")
        return tuple(_column((name, *row[1:])) for row in rows)
    except failures_of(connection) as error:
        pass_locks_on(error)
        return ()


def _listed_shadows(connection: Queryable) -> frozenset[str]:
    """Return the shadow tables as SQLite lists them since 3.37, none before."""
    try:
        rows = connection.execute("PRAGMA main.table_list")
        return frozenset(row[1].lower() for row in rows if row[2] == "shadow")
    except failures_of(connection) as error:
        pass_locks_on(error)
        return frozenset()


def _column(row: tuple[Any, ...]) -> ColumnRow:
    table, name, declared_type, not_null, default_sql, position, hidden = row
    return ColumnRow(table, name, declared_type, bool(not_null), default_sql, position, hidden)


def _key(row: tuple[Any, ...]) -> KeyRow:
    table, index, unique, origin, partial, position, column_id, name, descending, collation = row
    return KeyRow(
        table=table,
        index=index,
        unique=bool(unique),
        origin=origin,
        partial=bool(partial),
        position=position,
        column_id=column_id,
        name=name,
        descending=bool(descending),
        collation=collation,
    )
