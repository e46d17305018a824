"""The columns of a table on PostgreSQL as they are, and how verification reads them.

The types come from the server's catalog, never from the plan: a column of another type than
planned is a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.string import ByteaBinaryLoader

from dbtune.model.transfer import ColumnPlan, Difference, TablePlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.verification.canonical import StoredKind, comparable
from dbtune.resources import sql

Target = psycopg.Connection[Any]

_KINDS: Mapping[str, StoredKind] = {
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
    "float4": "double",
    "float8": "double",
    "numeric": "numeric",
    "bool": "boolean",
    "text": "text",
    "varchar": "text",
    "bpchar": "text",
    "citext": "text",
    "bytea": "bytes",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
    "date": "date",
    "time": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
}
# Read under another type, whose bytes are the value; none of these casts loses anything.
_CASTS = {
    "int2": "bigint",
    "int4": "bigint",
    "float4": "double precision",
    "numeric": "text",
    "citext": "text",
    "json": "text",
    "jsonb": "text",
}
# Sent as the bytes that are compared, without an object of Python made of them.
_RAW = ("text", "varchar", "bpchar", "float8", "timestamp", "timestamptz", "date", "time", "uuid")


@dataclass(frozen=True)
class TargetColumn:
    """A column of the plan that the target has, and how its values are read there."""

    plan: ColumnPlan
    kind: StoredKind
    read_sql: str


@dataclass(frozen=True)
class TargetTable:
    """What of a table can be compared; `differences` say what cannot."""

    columns: tuple[TargetColumn, ...]
    differences: tuple[Difference, ...] = ()


def read_target_table(connection: Target, schema: str, table: TablePlan) -> TargetTable:
    """Return the columns that can be compared, those of the plan in its order."""
    query = sql("postgres/column_kinds").encode()
    rows = connection.execute(query, {"schema": schema, "table": table.target}).fetchall()
    if not rows:
        missing = Difference(table.source, "", None, "object", f"table {table.target}", "no table")
        return TargetTable((), (missing,))
    types = {name: ("enum" if form == "e" else kind) for name, kind, form in rows}
    columns, differences = [], []
    for plan in table.columns:
        stored = types.get(plan.target)
        kind = "text" if stored == "enum" else _KINDS.get(stored or "")
        if kind is None or not comparable(plan.conversion, kind):
            differences.append(_unlike(table, plan, stored))
        else:
            columns.append(TargetColumn(plan, kind, _read_sql(plan.target, stored or "")))
    return TargetTable(tuple(columns), tuple(differences))


def raw_cursor(connection: Target) -> psycopg.Cursor[Any]:
    """Return a cursor whose binary results are what `canonical.target_converter` takes."""
    cursor = connection.cursor()
    _register_raw_loaders(cursor)
    return cursor


def raw_server_cursor(connection: Target, name: str) -> psycopg.ServerCursor[Any]:
    """Return such a cursor that is kept on the server; it needs a transaction."""
    cursor = connection.cursor(name)
    _register_raw_loaders(cursor)
    return cursor


def _register_raw_loaders(cursor: psycopg.Cursor[Any] | psycopg.ServerCursor[Any]) -> None:
    for name in _RAW:
        cursor.adapters.register_loader(name, ByteaBinaryLoader)


def _read_sql(name: str, stored: str) -> str:
    quoted = quote_name(name)
    cast = "text" if stored == "enum" else _CASTS.get(stored)
    return quoted if cast is None else f"{quoted}::{cast}"


def _unlike(table: TablePlan, plan: ColumnPlan, stored: str | None) -> Difference:
    return Difference(
        table=table.source,
        row="",
        column=plan.source,
        kind="object",
        source=f"column {plan.target} {plan.pg_type}",
        target="no such column" if stored is None else f"type {stored}",
    )
