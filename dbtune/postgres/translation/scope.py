"""What names mean in an expression that is translated: columns as planned, by SQLite's names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dbtune.model.transfer import ColumnPlan, TablePlan

Affinity = Literal["integer", "real", "numeric", "text", "blob"]

# https://www.sqlite.org/lang_createtable.html#rowid
ROWID_NAMES = frozenset({"rowid", "oid", "_rowid_"})


@dataclass(frozen=True)
class Scope:
    """A table as expressions see it; found by SQLite's names, ASCII case folded.

    `source` and `target` are the table's names. `keys` are its primary key and unique
    constraints, each a tuple of target column names with the primary key first where there is
    one: what ON CONFLICT may name. `rowid` is the source name of the column that is the rowid.
    """

    source: str = ""
    target: str = ""
    columns: tuple[ColumnPlan, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    has_primary_key: bool = False
    rowid: str | None = None

    def column(self, name: str) -> ColumnPlan | None:
        """Return a column by its name in SQLite, None where there is none; the rowid too."""
        folded = fold(name)
        for column in self.columns:
            if fold(column.source) == folded:
                return column
        if folded in ROWID_NAMES and self.rowid is not None:
            return self.column(self.rowid)
        return None


def table_scope(table: TablePlan) -> Scope:
    """Return what expressions see of a planned table."""
    keys = (table.primary_key,) if table.primary_key else ()
    unique = tuple(
        tuple(key[1:-1].replace('""', '"') for key in index.keys)
        for index in table.indexes
        if index.unique and index.where_sql is None and all(map(_is_column, index.keys))
    )
    return Scope(
        source=table.source,
        target=table.target,
        columns=table.columns,
        keys=keys + unique,
        has_primary_key=bool(keys),
        rowid=_rowid_column(table),
    )


def affinity_of(declared_type: str) -> Affinity:
    """Return the affinity of a declared type.

    Source: https://www.sqlite.org/datatype3.html#determination_of_column_affinity
    """
    upper = declared_type.upper()
    if "INT" in upper:
        return "integer"
    if any(part in upper for part in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if "BLOB" in upper or not upper.strip():
        return "blob"
    if any(part in upper for part in ("REAL", "FLOA", "DOUB")):
        return "real"
    return "numeric"


def fold(name: str) -> str:
    """Return a name as SQLite compares names: ASCII letters in lower case, others as they are."""
    return name.lower() if name.isascii() else re.sub(r"[A-Z]", lambda m: m[0].lower(), name)


def _rowid_column(table: TablePlan) -> str | None:
    """Return the column that is the rowid: the identity, whose name then stands in rowid_sql."""
    return next((column.source for column in table.columns if column.identity), None)


def _is_column(key: str) -> bool:
    return re.fullmatch(r'"(?:[^"]|"")+"', key) is not None
