"""Key terms of an index as PostgreSQL writes them, with SQLite's collation and order of NULLs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.model.schema import Index, IndexColumn
from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.postgres.objects.typed_expressions import immutable_expression
from dbtune.postgres.translation.expressions import TranslationOptions

# Types whose values may be long; all others are far from the limit of a key.
_VARIABLE = frozenset({"text", "varchar", "citext", "bytea", "json", "jsonb", "numeric"})
_TEXTUAL = frozenset({"text", "varchar", "citext"})

# A page of 8,192 bytes takes three keys; with the header of an index entry and of each value.
# Source: BTMaxItemSize in https://github.com/postgres/postgres (2,704), IndexTupleData.
_LONGEST_KEY_BYTES = 2704
_ENTRY_BYTES = 16
_VALUE_BYTES = 8
MOST_KEYS = 32  # INDEX_MAX_KEYS


@dataclass(frozen=True)
class Key:
    """One term of an index.

    `sql` is the bare term, without direction; `order` is what follows it. `column` is set where
    the term is nothing but that column. `folded` names the collation that the term imitates
    ("NOCASE", "RTRIM"), `foreign` one of the application that it does not. `text_sql` is an
    expression as text, None where it has none that an index may hold.
    """

    sql: str
    order: str = ""
    column: ColumnPlan | None = None
    folded: str | None = None
    foreign: str | None = None
    text_sql: str | None = None
    differences: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """True for a column without a function around it, as a constraint needs it."""
        return self.column is not None and self.folded is None

    @property
    def ordered(self) -> str:
        """The term with its direction, as CREATE INDEX takes it."""
        return f"{self.sql}{self.order}"


def read_keys(
    planned: PlannedTable, index: Index, options: TranslationOptions
) -> tuple[Key, ...] | str:
    """Return the terms of an index, or in words why one of them does not translate."""
    if len(index.columns) > MOST_KEYS:
        return f"it has {len(index.columns)} keys, and PostgreSQL takes {MOST_KEYS}"
    keys: list[Key] = []
    for term in index.columns:
        key = (
            _column_key(planned, term)
            if term.name is not None
            else _expression_key(planned, term, options)
        )
        if isinstance(key, str):
            return key
        keys.append(key)
    return tuple(keys)


def key_limit_exceeded(keys: tuple[Key, ...], longest_bytes: int) -> bool:
    """Return whether an index of these keys could hold an entry that PostgreSQL refuses.

    `longest_bytes` is the longest key that was found; 0 stands for none near the limit.
    """
    if not longest_bytes:
        return False
    return longest_bytes + _ENTRY_BYTES + _VALUE_BYTES * len(keys) > _LONGEST_KEY_BYTES


def may_be_long(column: ColumnPlan) -> bool:
    """Return whether the type of a column has values of any length."""
    return plain_type(column) in _VARIABLE


def near_limit(columns: tuple[ColumnPlan, ...]) -> bool:
    """Return whether the longest values of columns together come near the limit of a key."""
    longest = sum(column.longest_bytes for column in columns if may_be_long(column))
    return longest + _ENTRY_BYTES + _VALUE_BYTES * len(columns) > _LONGEST_KEY_BYTES


def hashed(key: Key) -> Key | None:
    """Return a term that is equal where the values are and short; None where there is none.

    MD5 is enough to tell values apart that nobody makes collide on purpose, and the only hash
    of text that PostgreSQL allows in an index.
    """
    column = key.column
    if column is None:
        return None if key.text_sql is None else Key(f"md5({key.text_sql})", folded="hash")
    kind = plain_type(column)
    if kind == "bytea":
        return Key(f"sha256({key.sql})", folded="hash")
    if kind not in _TEXTUAL | {"json", "jsonb"}:
        return None
    text = key.sql if kind == "text" else f"{key.sql}::text"
    return Key(f"md5(lower({text}))" if kind == "citext" else f"md5({text})", folded="hash")


def plain_type(column: ColumnPlan) -> str:
    """Return a column's type without its limits."""
    return column.pg_type.partition("(")[0].strip()


def _column_key(planned: PlannedTable, term: IndexColumn) -> Key | str:
    column = planned.column(term.name or "")
    if column is None:
        return f'"{term.name}" is no column of the table'
    collation = term.collation.upper()
    name = quote_name(column.target)
    order = _order(term)
    if column.pg_type == "json":  # which PostgreSQL does not compare
        return Key(f"({name}::text)", order, column, folded="json")
    if plain_type(column) not in _TEXTUAL:
        return Key(name, order, column)
    is_citext = column.pg_type == "citext"
    if collation == "BINARY":
        # Unique without case would refuse what SQLite takes.
        exact = is_citext and column.collation.upper() == "NOCASE"
        return (
            Key(f"({name}::text)", order, column, "BINARY") if exact else Key(name, order, column)
        )
    if collation == "NOCASE":
        if is_citext:
            return Key(name, order, column)
        return Key(f'lower({name} COLLATE "C")', order, column, "NOCASE")
    if collation == "RTRIM":
        text = f"{name}::text" if is_citext else name
        return Key(f"rtrim({text})", order, column, "RTRIM")
    return Key(name, order, column, foreign=term.collation)


def _expression_key(
    planned: PlannedTable, term: IndexColumn, options: TranslationOptions
) -> Key | str:
    translation = immutable_expression(f"{term.expression}\n", planned.scope, options)
    if translation.sql is None:
        return "; ".join(translation.problems)
    own = _same_column(planned, translation.sql)
    if own is not None:
        return _column_key(planned, replace(term, name=own.source, expression=None))
    text = immutable_expression(f"CAST(({term.expression}\n) AS TEXT)", planned.scope, options)
    collation, sql = term.collation.upper(), translation.sql
    # A constant such as typeof(column) has no type of its own.
    typed = f"{sql}::text" if sql.startswith("'") and sql.endswith("'") else sql
    key = Key(f"({typed})", _order(term), text_sql=text.sql, differences=translation.differences)
    if collation == "BINARY":
        return key
    if text.sql is None or collation not in {"NOCASE", "RTRIM"}:
        return replace(key, foreign=term.collation)
    folded = f'lower(({text.sql}) COLLATE "C")' if collation == "NOCASE" else f"rtrim({text.sql})"
    return replace(key, sql=folded, folded=collation, text_sql=folded)


def _same_column(planned: PlannedTable, sql: str) -> ColumnPlan | None:
    """Return the column that an expression is, of which PostgreSQL makes a plain key.

    It drops a cast to the type that the column has, so `CAST(id AS INTEGER)` is no expression.
    """
    for column in planned.columns:
        name = quote_name(column.target)
        if sql in {name, f"{name}::{column.pg_type}"}:
            return column
    return None


def _order(term: IndexColumn) -> str:
    """Return the direction of a key.

    NULLs stay where PostgreSQL puts them, although SQLite has them below all values: the
    application's own ORDER BY will be PostgreSQL's there, and only an index of the same order of
    NULLs serves it.
    """
    return " DESC" if term.descending else ""
