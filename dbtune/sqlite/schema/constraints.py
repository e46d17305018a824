"""The constraints of a CREATE TABLE statement, as far as no PRAGMA tells them.

Source: https://www.sqlite.org/lang_createtable.html and parse.y, which also takes table
constraints without commas between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Union

from dbtune.sqlite.tokens import (
    Token,
    inside_first_parentheses,
    split_at_commas,
    text_of,
    tokenize,
    unquote_name,
)

_TABLE_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


@dataclass(frozen=True)
class KeyText:
    """A PRIMARY KEY or UNIQUE constraint; `name` is None without CONSTRAINT."""

    columns: tuple[str, ...]
    primary: bool
    name: str | None = None


@dataclass(frozen=True)
class CheckText:
    """A CHECK; `column` is the one whose definition it stands in, None for the table's own."""

    sql: str
    column: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class ForeignKeyText:
    """A foreign key's clauses that PRAGMA foreign_key_list does not return."""

    columns: tuple[str, ...]
    referenced_table: str
    name: str | None = None
    deferrable: bool = False
    initially_deferred: bool = False


@dataclass(frozen=True)
class GeneratedText:
    """The expression of a generated column; VIRTUAL where not `stored`."""

    column: str
    sql: str
    stored: bool


@dataclass(frozen=True)
class ConflictText:
    """An ON CONFLICT clause: of what ("UNIQUE", "NOT NULL", ...), on which columns, the action."""

    constraint: str
    columns: tuple[str, ...]
    action: str


@dataclass(frozen=True)
class TableConstraints:
    """All of a table's constraints, each kind in the order of the statement."""

    keys: tuple[KeyText, ...] = ()
    checks: tuple[CheckText, ...] = ()
    foreign_keys: tuple[ForeignKeyText, ...] = ()
    generated: tuple[GeneratedText, ...] = ()
    conflicts: tuple[ConflictText, ...] = ()
    autoincrement: bool = False


@dataclass(frozen=True)
class _Group:
    """What stands between a pair of parentheses."""

    tokens: tuple[Token, ...]


_Item = Union[Token, _Group]  # noqa: UP007  # Python 3.10 evaluates it


@dataclass
class _Reading:
    """What has been read of one statement so far, and the constraint that clauses belong to."""

    sql: str
    keys: list[KeyText] = field(default_factory=list)
    checks: list[CheckText] = field(default_factory=list)
    foreign_keys: list[ForeignKeyText] = field(default_factory=list)
    generated: list[GeneratedText] = field(default_factory=list)
    conflicts: list[ConflictText] = field(default_factory=list)
    autoincrement: bool = False
    column: str | None = None
    name: str | None = None
    last: tuple[str, tuple[str, ...]] = ("", ())

    def own_columns(self, following: _Item | None) -> tuple[str, ...]:
        """Return the columns in parentheses, or the one that is being defined."""
        if isinstance(following, _Group):
            return _column_names(following.tokens)
        return (self.column,) if self.column is not None else ()

    def take_name(self) -> str | None:
        """Return the name that CONSTRAINT gave to the constraint now read, once."""
        name, self.name = self.name, None
        return name


def read_constraints(sql: str) -> TableConstraints:
    """Return the constraints of a CREATE TABLE statement; never fails on any text."""
    body, _ = inside_first_parentheses(tuple(tokenize(sql)))
    reading = _Reading(sql)
    for definition in split_at_commas(body):
        if definition:
            _read_definition(reading, definition)
    return TableConstraints(
        keys=tuple(reading.keys),
        checks=tuple(reading.checks),
        foreign_keys=tuple(reading.foreign_keys),
        generated=tuple(reading.generated),
        conflicts=tuple(reading.conflicts),
        autoincrement=reading.autoincrement,
    )


def _read_definition(reading: _Reading, definition: tuple[Token, ...]) -> None:
    of_table = definition[0].is_word(*_TABLE_CONSTRAINTS)
    reading.column = None if of_table else unquote_name(definition[0])
    reading.name = None
    items = tuple(_items(definition if of_table else definition[1:]))
    position = 0
    while position < len(items):
        position += _read_clause(reading, items[position:])


def _read_clause(reading: _Reading, items: tuple[_Item, ...]) -> int:
    """Read the clause that items begin with; return how many items it takes."""
    first, following = items[0], items[1] if len(items) > 1 else None
    if not isinstance(first, Token) or first.kind != "word":
        return 1
    word = first.text.upper()
    if word == "CONSTRAINT" and isinstance(following, Token):
        reading.name = unquote_name(following)
    elif word in {"PRIMARY", "UNIQUE"}:
        return _read_key(reading, items, primary=word == "PRIMARY")
    elif word == "CHECK" and isinstance(following, _Group):
        sql = text_of(reading.sql, following.tokens)
        reading.checks.append(CheckText(sql, reading.column, reading.take_name()))
        reading.last = ("CHECK", reading.own_columns(None))
    elif word == "NOT" and _is_word(following, "NULL"):
        reading.last = ("NOT NULL", reading.own_columns(None))
        reading.name = None
    elif word in {"DEFERRABLE", "INITIALLY", "NOT"}:
        return _read_deferral(reading, items)
    elif word == "AUTOINCREMENT":
        reading.autoincrement = True
        return 1
    elif word == "AS" and isinstance(following, _Group):
        _read_generated(reading, items)
    elif word == "DEFAULT":
        return _default_length(items)
    elif word == "REFERENCES" and isinstance(following, Token):
        _read_reference(reading, unquote_name(following), reading.own_columns(None))
    elif word == "FOREIGN":
        return _read_foreign_key(reading, items)
    elif word == "ON":
        return _read_on(reading, items)
    else:
        return 1
    return 2


def _read_key(reading: _Reading, items: tuple[_Item, ...], *, primary: bool) -> int:
    length = 2 if primary else 1
    following = items[length] if len(items) > length else None
    columns = reading.own_columns(following)
    reading.keys.append(KeyText(columns, primary, reading.take_name()))
    reading.last = ("PRIMARY KEY" if primary else "UNIQUE", columns)
    if isinstance(following, _Group):
        words = {token.text.upper() for token in following.tokens if token.kind == "word"}
        reading.autoincrement |= "AUTOINCREMENT" in words
        return length + 1
    return length


def _read_foreign_key(reading: _Reading, items: tuple[_Item, ...]) -> int:
    """Read FOREIGN KEY (...) REFERENCES parent; the other clauses are read as of a column."""
    group, parent = next((i for i in items if isinstance(i, _Group)), None), None
    for position, item in enumerate(items):
        if _is_word(item, "REFERENCES") and position + 1 < len(items):
            parent = items[position + 1]
            break
    if group is None or not isinstance(parent, Token):
        return 1
    _read_reference(reading, unquote_name(parent), _column_names(group.tokens))
    return position + 2


def _read_reference(reading: _Reading, parent: str, columns: tuple[str, ...]) -> None:
    reading.foreign_keys.append(ForeignKeyText(columns, parent, reading.take_name()))
    reading.last = ("FOREIGN KEY", columns)


def _read_deferral(reading: _Reading, items: tuple[_Item, ...]) -> int:
    """Read [NOT] DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE], which is of the last foreign key."""
    words = [item.text.upper() if isinstance(item, Token) else "" for item in items[:4]]
    negated = words[0] == "NOT"
    start = 1 if negated else 0
    if words[start : start + 1] != ["DEFERRABLE"] or not reading.foreign_keys:
        return 1
    initially = words[start + 1 : start + 2] == ["INITIALLY"]
    deferred = initially and words[start + 2 : start + 3] == ["DEFERRED"]
    last = reading.foreign_keys[-1]
    reading.foreign_keys[-1] = ForeignKeyText(
        last.columns, last.referenced_table, last.name, not negated, deferred and not negated
    )
    return start + (3 if initially else 1)


def _read_generated(reading: _Reading, items: tuple[_Item, ...]) -> None:
    group = items[1]
    if isinstance(group, _Group) and reading.column is not None:
        stored = len(items) > 2 and _is_word(items[2], "STORED")
        reading.generated.append(
            GeneratedText(reading.column, text_of(reading.sql, group.tokens), stored)
        )


def _read_on(reading: _Reading, items: tuple[_Item, ...]) -> int:
    """Read ON CONFLICT action, or pass over ON DELETE | UPDATE | INSERT action."""
    words = [item.text.upper() if isinstance(item, Token) else "" for item in items[:4]]
    if words[1:2] == ["CONFLICT"] and len(words) > 2:
        constraint, columns = reading.last
        reading.conflicts.append(ConflictText(constraint, columns, words[2]))
        return 3
    # SET NULL and SET DEFAULT are no constraints of the column.
    return 4 if words[2:3] in (["SET"], ["NO"]) else 3


def _default_length(items: tuple[_Item, ...]) -> int:
    signed = len(items) > 1 and isinstance(items[1], Token) and items[1].text in {"+", "-"}
    return 3 if signed else 2


def _items(tokens: Iterable[Token]) -> Iterator[_Item]:
    """Yield tokens, with all between a pair of outer parentheses as one item."""
    depth = 0
    inner: list[Token] = []
    for token in tokens:
        opens, closes = token.text == "(", token.text == ")"
        if depth and not (closes and depth == 1):
            inner.append(token)
        elif not opens and not closes:
            yield token
        if opens:
            depth += 1
        elif closes and depth:
            depth -= 1
            if not depth:
                yield _Group(tuple(inner))
                inner = []


def _column_names(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    return tuple(unquote_name(part[0]) for part in split_at_commas(tokens) if part)


def _is_word(item: _Item | None, word: str) -> bool:
    return isinstance(item, Token) and item.is_word(word)
