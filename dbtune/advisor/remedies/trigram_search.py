"""The SQL of a full-text index that answers LIKE '%text%'.

Source: https://www.sqlite.org/fts5.html sections 4.3.4 (trigram) and 4.4.3 (external content)
"""

from __future__ import annotations

from dbtune.advisor.reading.columns import ColumnUse
from dbtune.model.schema import Schema, Table
from dbtune.resources import sql
from dbtune.sqlite.identifiers import quote_identifier, quote_literal

# Names that FTS5 keeps for itself.
_RESERVED = frozenset(("rank", "rowid"))


def create_trigram_search(schema: Schema, columns: tuple[ColumnUse, ...]) -> str | None:
    """Return the statements that build the index on columns of one table.

    None where there can be none: a table without rowids, or a column whose name FTS5 reserves.
    """
    table = columns[0].use.table
    names = [use.column.name for use in columns]
    if table.without_rowid or any(name.lower() in _RESERVED for name in names):
        return None
    search = search_table(schema, table)
    quoted = [quote_identifier(name) for name in names]
    key = table.rowid_alias or "rowid"
    lines = sql("sqlite/create_trigram_search").splitlines()
    template = "\n".join(line for line in lines if not line.startswith("--"))
    return template.format(
        search=quote_identifier(search),
        insert_trigger=quote_identifier(f"{search}_insert"),
        delete_trigger=quote_identifier(f"{search}_delete"),
        update_trigger=quote_identifier(f"{search}_update"),
        table=quote_identifier(table.name),
        columns=", ".join(quoted),
        new=", ".join(f"new.{name}" for name in quoted),
        old=", ".join(f"old.{name}" for name in quoted),
        key=quote_identifier(key),
        content=quote_literal(table.name),
        content_key=quote_literal(key),
    )


def search_condition(schema: Schema, column: ColumnUse) -> str:
    """Return the condition that asks the index instead of the table."""
    search = search_table(schema, column.use.table)
    key = column.use.table.rowid_alias or "rowid"
    return (
        f"{quote_identifier(key)} IN (SELECT rowid FROM {quote_identifier(search)} "
        f"WHERE {quote_identifier(column.column.name)} LIKE ?)"
    )


def search_table(schema: Schema, table: Table) -> str:
    """Return a free name for the full-text table."""
    taken = {t.name.lower() for t in schema.tables} | {v.name.lower() for v in schema.views}
    name = wanted = f"{table.name}_search"
    number = 2
    while name.lower() in taken:
        name = f"{wanted}_{number}"
        number += 1
    return name
