"""How SQL names the rowid of a table."""

from __future__ import annotations

from dbtune.model.schema import Table
from dbtune.sqlite.identifiers import quote_identifier

_ROWID_NAMES = ("rowid", "_rowid_", "oid")


def rowid_expression(table: Table) -> str | None:
    """Return the rowid's name as SQL; None for WITHOUT ROWID, or where columns hide all its names.

    Source: https://www.sqlite.org/lang_createtable.html#rowid
    """
    if table.without_rowid or table.kind == "virtual":
        return None
    if table.rowid_alias is not None:
        return quote_identifier(table.rowid_alias)
    hidden = {column.name.lower() for column in table.columns}
    return next((name for name in _ROWID_NAMES if name not in hidden), None)
