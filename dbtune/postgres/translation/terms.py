"""A translated part of an expression: its SQL, its type, and what SQLite would see in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dbtune.model.transfer import ColumnPlan
from dbtune.model.workload import SqlValue
from dbtune.postgres.translation.scope import Affinity, affinity_of

# PostgreSQL's type in kinds; "any" is a placeholder whose type its surroundings decide, "other" a
# type of an existing table that dbtune would not choose itself.
Kind = Literal[
    "integer",
    "double",
    "numeric",
    "boolean",
    "text",
    "bytes",
    "timestamp",
    "timestamptz",
    "date",
    "time",
    "uuid",
    "json",
    "jsonb",
    "null",
    "any",
    "other",
]

NUMBERS: frozenset[Kind] = frozenset({"integer", "double", "numeric"})
MOMENTS: frozenset[Kind] = frozenset({"timestamp", "timestamptz", "date", "time"})

# How tightly PostgreSQL binds: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
OR, AND, NOT, IS, COMPARISON, RANGE, OTHER, SUM, PRODUCT, POWER, SIGN, COLLATE, CAST, ATOM = range(
    14
)

_TYPES: dict[str, Kind] = {
    "smallint": "integer",
    "integer": "integer",
    "int": "integer",
    "bigint": "integer",
    "real": "double",
    "double precision": "double",
    "numeric": "numeric",
    "decimal": "numeric",
    "boolean": "boolean",
    "text": "text",
    "citext": "text",
    "varchar": "text",
    "character varying": "text",
    "character": "text",
    "char": "text",
    "bytea": "bytes",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
    "timestamptz": "timestamptz",
    "timestamp with time zone": "timestamptz",
    "date": "date",
    "time": "time",
    "time without time zone": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
}

# What a kind is called in a cast.
TYPE_NAMES: dict[Kind, str] = {
    "integer": "bigint",
    "double": "double precision",
    "numeric": "numeric",
    "boolean": "boolean",
    "text": "text",
    "bytes": "bytea",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "date": "date",
    "time": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "jsonb",
}


@dataclass(frozen=True)
class Constant:
    """A value known while translating, told apart from an unknown one."""

    value: SqlValue


@dataclass(frozen=True)
class Instant:
    """A date or time that SQLite computes as text: a naive timestamp in UTC, and how it reads.

    `sql` binds as tightly as `level` says. `is_now` marks the current moment, cut to nothing.
    """

    sql: str
    level: int
    form: Literal["date", "datetime", "time", "other"]
    is_now: bool = False


@dataclass(frozen=True)
class Term:
    """SQL of PostgreSQL and what is known of it.

    `level` is how tightly its outermost operator binds. `column` is set where it is nothing but
    a column. `affinity` is SQLite's, None where an expression has none, and `collation` the one
    SQLite compares with, `explicit_collation` telling that COLLATE set it. `constant` is set for
    literals; `placeholder` is the parameter's number while its type is open, and `bound` the value
    of a parameter whose type is settled. `instant` is set for text that is a date.
    `extracted` marks a jsonb value that stands for the SQL value SQLite takes out of a document.
    `numeric_text` marks text that always reads as a number, such as strftime('%Y', ...).
    """

    sql: str
    kind: Kind
    level: int = ATOM
    column: ColumnPlan | None = None
    affinity: Affinity | None = None
    collation: str | None = None
    explicit_collation: bool = False
    constant: Constant | None = None
    placeholder: int | None = None
    bound: Constant | None = None
    instant: Instant | None = None
    extracted: bool = False
    numeric_text: bool = False
    never_null: bool = False

    def at(self, level: int) -> str:
        """Return the SQL, in parentheses where it would bind less tightly than `level`."""
        return self.sql if self.level >= level else f"({self.sql})"

    @property
    def is_citext(self) -> bool:
        """True where PostgreSQL itself compares without regard to case."""
        return self.column is not None and self.column.pg_type == "citext"


def kind_of_type(pg_type: str) -> Kind:
    """Return the kind of a type as DDL writes it, "other" for one that dbtune does not choose."""
    plain = re.sub(r"\s*\([^)]*\)", "", pg_type.lower()).strip()
    return _TYPES.get(plain, "other")


def column_term(column: ColumnPlan, sql: str) -> Term:
    """Return the term of a column that SQL calls `sql`."""
    return Term(
        sql=sql,
        kind=kind_of_type(column.pg_type),
        column=column,
        affinity=affinity_of(column.declared_type),
        collation=column.collation.upper(),
        never_null=column.not_null,
    )


def cast(term: Term, kind: Kind) -> Term:
    """Return a term cast to another kind, as PostgreSQL casts."""
    return Term(
        f"{term.at(CAST)}::{TYPE_NAMES[kind]}", kind, level=CAST, never_null=term.never_null
    )


def quote_text(value: str) -> str:
    """Return text as a literal; standard_conforming_strings is on."""
    return "'" + value.replace("'", "''") + "'"


def quote_bytes(value: bytes) -> str:
    """Return bytes as a literal of type bytea."""
    return f"'\\x{value.hex()}'::bytea"
