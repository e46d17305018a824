"""How a message names a row of SQLite, and how SQL finds it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dbtune.model.schema import Table
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.row_identity import rowid_expression

_EXAMPLE_CHARACTERS = 60


@dataclass(frozen=True)
class RowNames:
    """What identifies rows of a table: its rowid, or the columns of its primary key.

    Both are empty for a table whose columns hide all names of the rowid.
    """

    rowid: str | None
    key: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """SQL terms to select of each row: a rowid, or the key's values as SQL literals."""
        if self.rowid is not None:
            return (self.rowid,)
        return tuple(f"quote({quote_identifier(name)})" for name in self.key)

    def name(self, values: Sequence[Any]) -> str:
        """Return a row's name for a message: "rowid 2", "code = 'a', n = 3"."""
        if self.rowid is not None:
            return f"rowid {values[0]}"
        if not self.key:
            return "a row without a name"
        pairs = zip(self.key, values, strict=True)
        return ", ".join(f"{column} = {example_text(value)}" for column, value in pairs)

    def condition(self, rows: Iterable[Sequence[Any]]) -> str | None:
        """Return the SQL condition that holds for these rows, None where nothing names them."""
        if self.rowid is not None:
            return f"{self.rowid} IN ({', '.join(str(int(row[0])) for row in rows)})"
        if not self.key:
            return None
        try:
            listed = ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
        except UnicodeDecodeError:
            return None  # a key that is no UTF-8 cannot be written as SQL
        # A collation of the application is not there, and a key's values are compared as they are.
        columns = ", ".join(f"{quote_identifier(name)} COLLATE BINARY" for name in self.key)
        return f"({columns}) IN (VALUES {listed})"


def row_names(table: Table) -> RowNames:
    """Return how a table's rows are named."""
    rowid = rowid_expression(table)
    return RowNames(rowid, () if rowid is not None else table.primary_key)


def example_text(value: Any) -> str:
    """Return a value for a message, in at most 60 characters and without control characters."""
    if isinstance(value, bytes):
        text = value[: 4 * _EXAMPLE_CHARACTERS].decode(errors="backslashreplace")
    else:
        text = str(value).replace("inf", "Infinity") if isinstance(value, float) else str(value)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= _EXAMPLE_CHARACTERS else shown[: _EXAMPLE_CHARACTERS - 1] + "…"


def _literal(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
