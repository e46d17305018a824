"""What only the text of a CREATE statement says, and no PRAGMA does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from dbtune.sqlite.tokens import (
    Token,
    inside_first_parentheses,
    split_at_commas,
    text_of,
    tokenize,
    unquote_name,
)

# SQLite stores a statement's beginning in this form, whatever the user wrote.
_VIRTUAL = "CREATE VIRTUAL TABLE "
# Without one of them there is nothing to read, which spares most tables their tokens.
_TELLING_WORDS = ("WITHOUT", "STRICT", "COLLATE")
_TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


@dataclass(frozen=True)
class TableDeclaration:
    """`collations` are pairs of lower-case column name and the collation declared for it."""

    without_rowid: bool = False
    strict: bool = False
    collations: tuple[tuple[str, str], ...] = ()

    def collation(self, column: str) -> str:
        """Return the collation that comparisons of a column use."""
        folded = column.lower()
        return next((name for key, name in self.collations if key == folded), "BINARY")


@dataclass(frozen=True)
class IndexDeclaration:
    """The key terms of an index as written, without collation and direction, and its condition."""

    terms: tuple[str, ...] = ()
    where_sql: str | None = None


def read_table_declaration(sql: str) -> TableDeclaration:
    """Return what a CREATE TABLE statement says of its rowid, strictness and collations."""
    upper = sql.upper()
    if not any(word in upper for word in _TELLING_WORDS):
        return TableDeclaration()
    body, options = inside_first_parentheses(tuple(tokenize(sql)))
    words = {token.text.upper() for token in options if token.kind == "word"}
    return TableDeclaration(
        without_rowid="WITHOUT" in words,
        strict="STRICT" in words,
        collations=_collations(body) if "COLLATE" in upper else (),
    )


def read_index_declaration(sql: str) -> IndexDeclaration:
    """Return the terms and the condition of a CREATE INDEX statement."""
    tokens = tuple(tokenize(sql))
    on = next((i for i, token in enumerate(tokens) if token.is_word("ON")), len(tokens))
    keys, rest = inside_first_parentheses(tokens[on:])
    condition = rest[1:] if rest and rest[0].is_word("WHERE") else ()
    condition = tuple(token for token in condition if token.text != ";")
    return IndexDeclaration(
        terms=tuple(text_of(sql, _bare_term(term)) for term in split_at_commas(keys)),
        where_sql=text_of(sql, condition) or None,
    )


def virtual_module(sql: str) -> str | None:
    """Return the module of a CREATE VIRTUAL TABLE statement in lower case, None for others."""
    if not sql.startswith(_VIRTUAL):
        return None
    tokens = tuple(tokenize(sql))
    using = next((i for i, token in enumerate(tokens) if token.is_word("USING")), len(tokens))
    following = tokens[using + 1 : using + 2]
    return unquote_name(following[0]).lower() if following else ""


def _collations(body: tuple[Token, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for definition in split_at_commas(body):
        if not definition or definition[0].is_word(*_TABLE_CONSTRAINTS):
            continue
        collation = _collation(definition)
        if collation is not None:
            found.append((unquote_name(definition[0]).lower(), collation))
    return tuple(found)


def _collation(definition: tuple[Token, ...]) -> str | None:
    """Return the collation named outside parentheses, the last one as in SQLite."""
    depth = 0
    collation = None
    for token, following in pairwise(definition):
        if token.kind == "symbol":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif not depth and token.is_word("COLLATE"):
            collation = unquote_name(following)
    return collation


def _bare_term(term: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return an index term without its direction and collation."""
    if term and term[-1].is_word("ASC", "DESC"):
        term = term[:-1]
    if len(term) > 2 and term[-2].is_word("COLLATE"):
        term = term[:-2]
    return term
