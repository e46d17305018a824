"""Indexes, put together from the catalog's rows and their own statements."""

from __future__ import annotations

from typing import Literal, cast

from dbtune.model.schema import Index, IndexColumn
from dbtune.sqlite.schema.catalog_rows import KeyRow
from dbtune.sqlite.schema.declarations import IndexDeclaration, read_index_declaration

_ROWID, _EXPRESSION = -1, -2


def read_index(keys: tuple[KeyRow, ...], sql: str | None) -> Index:
    """Return the index that these key columns, in order, and its CREATE INDEX describe.

    `sql` is None or empty for the index of a constraint.
    """
    first = keys[0]
    told_by_text = first.partial or any(key.column_id == _EXPRESSION for key in keys)
    declaration = read_index_declaration(sql) if sql and told_by_text else IndexDeclaration()
    return Index(
        name=first.index,
        table=first.table,
        unique=first.unique,
        origin=cast(Literal["c", "u", "pk"], first.origin),
        columns=tuple(_column(key, declaration) for key in keys),
        where_sql=declaration.where_sql,
        sql=sql or None,
    )


def _column(key: KeyRow, declaration: IndexDeclaration) -> IndexColumn:
    expression = None
    if key.column_id == _EXPRESSION:
        terms = declaration.terms
        expression = terms[key.position] if key.position < len(terms) else ""
    return IndexColumn(
        name=_name(key),
        expression=expression,
        descending=key.descending,
        collation=key.collation,
    )


def _name(key: KeyRow) -> str | None:
    """Return the column's name, which may be empty; None for an expression."""
    if key.column_id == _EXPRESSION:
        return None
    return "rowid" if key.column_id == _ROWID else key.name or ""
