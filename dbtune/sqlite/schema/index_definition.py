"""Whether two indexes are the same one, whatever they are called and however they are written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from dbtune.model.schema import Index, IndexColumn, Schema
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.tokens import tokenize, unquote_name


@dataclass(frozen=True)
class IndexDefinition:
    """A CREATE INDEX statement as this SQLite reads it on a database's own table.

    `index` is None where this SQLite cannot create it there: `unknown` then names the table or
    column that the database does not have, and is None for any other reason (a function of the
    application's, say).
    """

    sql: str
    index: Index | None = None
    unknown: str | None = None


def read_definition(sql: str, table_name: str, schema: Schema) -> IndexDefinition:
    """Return what a CREATE INDEX statement on a table of the schema defines.

    SQLite itself reads it, on an empty copy of the table in memory.
    """
    table = schema.table(table_name)
    if table is None:
        return IndexDefinition(sql, unknown=f'no table "{table_name}"')
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            connection.execute(table.sql)
            connection.execute(sql)
        except sqlite3.Error as error:
            return IndexDefinition(sql, unknown=_unknown_column(str(error), table.name))
        found = next(index for index in read_schema(connection).indexes if index.origin == "c")
    # SQLite takes a name in double quotes that is no column for a string.
    quoted = [c.expression for c in found.columns if c.expression and c.expression[0] == '"']
    if quoted:
        return IndexDefinition(sql, unknown=f"no column {quoted[0]} in {table.name}")
    return IndexDefinition(sql, index=found)


def defines(definition: IndexDefinition, index: Index) -> bool:
    """Return whether an index has the definition's table, keys, uniqueness and condition."""
    if definition.index is None:
        return index.sql is not None and _words(index.sql) == _words(definition.sql)
    return _shape(definition.index) == _shape(index)


def _unknown_column(message: str, table: str) -> str | None:
    if "no such column" in message or "has no column" in message:
        return f"no column {message.rsplit(' ', 1)[-1]} in {table}"
    return None


def _shape(index: Index) -> tuple[object, ...]:
    return (
        index.table.lower(),
        index.unique,
        tuple(_key(column) for column in index.columns),
        _words(index.where_sql or ""),
    )


def _key(column: IndexColumn) -> tuple[object, ...]:
    named = (column.name or "").lower() or _words(column.expression or "")
    return (named, column.descending, column.collation.lower())


def _words(sql: str) -> tuple[str, ...]:
    """Return the tokens of a text without quotes, white space and differences of case."""
    return tuple(
        unquote_name(token).lower() if token.kind in {"word", "name"} else token.text
        for token in tokenize(sql)
    )
