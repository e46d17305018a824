"""What a SQLite file declares: tables, columns, indexes, keys, views and triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TableKind = Literal["table", "virtual", "shadow"]

_LOWER_ASCII = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


def fold_name(name: str) -> str:
    """Return a name in the form in which SQLite compares names: A to Z alone lose their case.

    Python's `lower` would make one name of the two tables É and é.
    """
    return name.translate(_LOWER_ASCII)


@dataclass(frozen=True)
class Column:
    """One column. `primary_key_position` counts from 1, and is 0 outside the primary key."""

    name: str
    declared_type: str
    not_null: bool
    default_sql: str | None
    primary_key_position: int
    generated: bool
    collation: str = "BINARY"


@dataclass(frozen=True)
class IndexColumn:
    """One key of an index; `name` is None for an expression, whose SQL is then `expression`."""

    name: str | None
    expression: str | None
    descending: bool
    collation: str


@dataclass(frozen=True)
class Index:
    """An index. `origin` is "c" (CREATE INDEX), "u" (UNIQUE) or "pk"; both without `sql`."""

    name: str
    table: str
    unique: bool
    origin: Literal["c", "u", "pk"]
    columns: tuple[IndexColumn, ...]
    where_sql: str | None
    sql: str | None

    @property
    def enforces_constraint(self) -> bool:
        """True where dropping the index would allow rows that are refused today."""
        return self.unique or self.origin != "c"


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; `referenced_columns` is resolved to the primary key where not declared."""

    table: str
    columns: tuple[str, ...]
    referenced_table: str
    referenced_columns: tuple[str, ...]
    on_update: str
    on_delete: str


@dataclass(frozen=True)
class Table:
    """A table. `rowid_alias` names the INTEGER PRIMARY KEY column that is the rowid, if any."""

    name: str
    kind: TableKind
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
    foreign_keys: tuple[ForeignKey, ...]
    without_rowid: bool
    strict: bool
    rowid_alias: str | None
    sql: str

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the primary key's columns in key order; empty where none is declared."""
        keyed = sorted((c.primary_key_position, c.name) for c in self.columns)
        return tuple(name for position, name in keyed if position)


@dataclass(frozen=True)
class View:
    """A view; `columns` is empty where SQLite cannot prepare it (a missing table, say)."""

    name: str
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Trigger:
    """A trigger on a table or view."""

    name: str
    table: str
    sql: str


@dataclass(frozen=True)
class Schema:
    """All objects of a database but SQLite's own and `dbtune_version`.

    `sha256` is over type, name and SQL of the objects, independent of their order:
    a report made for one schema is refused for another.
    """

    tables: tuple[Table, ...]
    views: tuple[View, ...]
    triggers: tuple[Trigger, ...]
    sha256: str

    def table(self, name: str) -> Table | None:
        """Return the table of that name as SQLite compares names (ASCII case folded), or None."""
        folded = fold_name(name)
        return next((t for t in self.tables if fold_name(t.name) == folded), None)

    @property
    def indexes(self) -> tuple[Index, ...]:
        """All indexes of all tables, in the order of the tables."""
        return tuple(index for table in self.tables for index in table.indexes)


@dataclass(frozen=True)
class TableStatistics:
    """Size of one table. `exact` is False where the rows were estimated from a sample or stat1."""

    table: str
    rows: int
    exact: bool
    size_bytes: int | None
    stat1_rows: int | None


@dataclass(frozen=True)
class IndexStatistics:
    """Size of one index in bytes, and its sqlite_stat1 line where ANALYZE has run."""

    index: str
    table: str
    size_bytes: int | None
    stat1: str | None


@dataclass(frozen=True)
class Statistics:
    """Sizes of a database's tables and indexes."""

    tables: tuple[TableStatistics, ...]
    indexes: tuple[IndexStatistics, ...]

    def rows(self, table: str) -> int:
        """Rows of a table, 0 where unknown."""
        folded = table.lower()
        return next((t.rows for t in self.tables if t.table.lower() == folded), 0)


@dataclass(frozen=True)
class FileHealth:
    """What the file's header, pragmas and checks say; counts are pages unless named otherwise.

    `integrity_errors` are the lines of quick_check other than "ok";
    `foreign_key_violations` are (table, rowid or None, referenced table) of at most 1,000 rows.
    `fragmentation_ratio` is the share of table pages out of order, None where dbstat is missing.
    `not_checked` says in words which checks were left out, and why.
    """

    size_bytes: int
    wal_bytes: int
    page_size_bytes: int
    page_count: int
    freelist_count: int
    journal_mode: str
    auto_vacuum: int
    encoding: str
    integrity_errors: tuple[str, ...]
    foreign_key_violations: tuple[tuple[str, int | None, str], ...]
    fragmentation_ratio: float | None
    sqlite_version: str
    not_checked: tuple[str, ...] = ()
