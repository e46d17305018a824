"""Indexes as comparable keys, whether they exist or are only recommended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.identity import Same
from dbtune.advisor.reading.words import words, words_of
from dbtune.model.advice import IndexSpec
from dbtune.model.schema import ForeignKey, Index, IndexColumn, Table
from dbtune.sqlite.schema.index_ddl import index_name
from dbtune.sqlite.tokens import tokenize, unquote_name


@dataclass(frozen=True)
class Key:
    """One key: a column's name in lower case or an expression's words, direction, collation."""

    name: str
    descending: bool
    collation: str

    @property
    def reversed(self) -> Key:
        """The key as a backward scan sees it."""
        return Key(self.name, not self.descending, self.collation)


@dataclass(frozen=True)
class Keys:
    """What an index is over: its keys in order and its partial condition, normalised."""

    keys: tuple[Key, ...]
    where: str

    def begins(self, longer: Keys) -> bool:
        """Return whether the longer index can stand in, scanned forward or backward."""
        prefix = longer.keys[: len(self.keys)]
        if self.where != longer.where or len(self.keys) >= len(longer.keys):
            return False
        return prefix in (self.keys, tuple(key.reversed for key in self.keys))

    def serves(self, foreign_key: ForeignKey) -> bool:
        """Return whether child rows of the foreign key are found by these keys."""
        wanted = {name.lower() for name in foreign_key.columns}
        first = {key.name for key in self.keys[: len(wanted)]}
        # SQLite knows that a row found by equality is not NULL.
        never_null = {words(f"{name} {test}") for name in wanted for test in _NOT_NULL}
        return first == wanted and (not self.where or self.where in never_null)


_NOT_NULL = ("IS NOT NULL", "NOTNULL", "NOT NULL")


def keys_of(index: Index) -> Keys:
    """Return the keys of an existing index."""
    return Keys(tuple(_key(column) for column in index.columns), words(index.where_sql or ""))


def keys_of_spec(spec: IndexSpec, table: Table) -> Keys:
    """Return the keys of a recommended index on the table."""
    return Keys(tuple(_spec_key(term, table) for term in spec.terms), words(spec.where or ""))


def keys_on(facts: Facts, table: Table) -> tuple[Keys, ...]:
    """Return the keys of all indexes on a table, those recommended included."""
    return (*(keys_of(index) for index in table.indexes), *new_keys_on(facts, table))


def new_keys_on(facts: Facts, table: Table) -> tuple[Keys, ...]:
    """Return the keys of the recommended indexes on a table."""
    folded = table.name.lower()
    return tuple(
        keys_of_spec(spec, table) for spec in facts.new_indexes if spec.table.lower() == folded
    )


def is_served(foreign_key: ForeignKey, table: Table, indexes: Collection[Keys]) -> bool:
    """Return whether a foreign key's child rows are found without reading the whole table."""
    if table.rowid_alias is not None and table.rowid_alias.lower() in (
        name.lower() for name in foreign_key.columns
    ):
        return True
    return any(keys.serves(foreign_key) for keys in indexes)


def free_name(facts: Facts, spec: IndexSpec) -> str:
    """Return a name for a further index: neither in the file nor among the recommended ones."""
    return index_name(spec, _taken_names(Same(facts)))


@lru_cache(maxsize=4)
def _taken_names(facts: Same[Facts]) -> frozenset[str]:
    schema = facts.value.schema
    taken = {index.name.lower() for index in schema.indexes}
    taken.update(table.name.lower() for table in schema.tables)
    taken.update(view.name.lower() for view in schema.views)
    for recommended in facts.value.new_indexes:
        taken.add(index_name(recommended, taken).lower())
    return frozenset(taken)


def _key(column: IndexColumn) -> Key:
    name = column.name.lower() if column.name is not None else words(column.expression or "")
    return Key(name, column.descending, column.collation.upper())


def _spec_key(term: str, table: Table) -> Key:
    tokens = list(tokenize(term))
    descending = bool(tokens) and tokens[-1].is_word("DESC")
    if tokens and tokens[-1].is_word("ASC", "DESC"):
        tokens.pop()
    collation = ""
    if len(tokens) > 2 and tokens[-2].is_word("COLLATE"):
        collation = unquote_name(tokens[-1])
        tokens = tokens[:-2]
    name = words_of(tokens)
    declared = next((c.collation for c in table.columns if c.name.lower() == name), "BINARY")
    return Key(name, descending, (collation or declared).upper())
