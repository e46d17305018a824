"""Indexes as people name them, orders(user_id, created_at), and existing ones as specs."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.advice import IndexSpec
from dbtune.model.schema import Index, IndexColumn, Schema, Table
from dbtune.sqlite.identifiers import quote_identifier


def index_on(spec: IndexSpec) -> str:
    """Return the table and keys of an index, with its condition."""
    where = f" WHERE {spec.where}" if spec.where else ""
    return f"{spec.table}({', '.join(spec.terms)}){where}"


def existing_specs(schema: Schema) -> Iterator[tuple[str, IndexSpec]]:
    """Yield the indexes of a schema by name, those of constraints included."""
    for table in schema.tables:
        for index in table.indexes:
            yield index.name, _spec(index, table)


def _spec(index: Index, table: Table) -> IndexSpec:
    own = {column.name.lower(): column.collation.upper() for column in table.columns}
    terms = tuple(_term(column, own) for column in index.columns)
    return IndexSpec(table.name, terms, index.where_sql, index.unique)


def _term(column: IndexColumn, own: dict[str, str]) -> str:
    if column.name is None:
        text, collation = column.expression or "", "BINARY"
    else:
        text = quote_identifier(column.name)
        collation = own.get(column.name.lower(), "BINARY")
    if column.collation.upper() != collation:
        text += f" COLLATE {quote_identifier(column.collation)}"
    return f"{text} DESC" if column.descending else text
