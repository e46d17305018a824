"""The statements that build a table again, WITHOUT ROWID or as it is; pure.

The order is that of https://www.sqlite.org/lang_altertable.html#otheralter.
"""

from __future__ import annotations

from dbtune.model.schema import Schema, Table
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.tokens import Token, inside_first_parentheses, tokenize

_NEW = "dbtune_rebuilt"


def rebuild_steps(schema: Schema, table: Table, *, without_rowid: bool) -> tuple[str, ...] | None:
    """Return one statement an entry, with the table's rows in the order of its primary key.

    None where the CREATE TABLE is not as expected. The caller turns foreign keys off before and
    the old way of renaming on, or views and keys of other tables would follow the name.
    """
    create = _create(table.sql, without_rowid=without_rowid)
    if create is None:
        return None
    name = quote_identifier(table.name)
    columns = ", ".join(quote_identifier(c.name) for c in table.columns if not c.generated)
    keys = ", ".join(quote_identifier(key) for key in table.primary_key)
    again = [index.sql for index in table.indexes if index.sql]
    fired = [t.sql for t in schema.triggers if t.table.lower() == table.name.lower()]
    return (
        create,
        f"INSERT INTO {_NEW} ({columns}) SELECT {columns} FROM {name} ORDER BY {keys}",
        f"DROP TABLE {name}",
        f"ALTER TABLE {_NEW} RENAME TO {name}",
        *again,
        *fired,
    )


def _create(sql: str, *, without_rowid: bool) -> str | None:
    """Return CREATE TABLE under the new name, with or without the option at its end."""
    tokens = tuple(tokenize(sql))
    start = next((i for i, token in enumerate(tokens) if token.text == "("), None)
    if start is None or start < 2 or tokens[start - 1].kind not in {"word", "name", "string"}:
        return None
    _, options = inside_first_parentheses(tokens)
    if not without_rowid:
        return f"CREATE TABLE {_NEW} {sql[tokens[start].start :]}"
    end = options[0].start if options else len(sql)
    return f"CREATE TABLE {_NEW} {sql[tokens[start].start : end].rstrip()} {_with(options)}"


def _with(options: tuple[Token, ...]) -> str:
    words = "".join(token.text if token.text == "," else f" {token.text}" for token in options)
    return f"{words.strip()}, WITHOUT ROWID" if options else "WITHOUT ROWID"
