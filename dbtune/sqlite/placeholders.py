"""The placeholders of a statement, and values for them as both SQLite libraries take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from dbtune.model.workload import Parameters, SqlValue
from dbtune.sqlite.tokens import Token, tokenize

Values = tuple[SqlValue, ...] | dict[str, SqlValue]

# A number far beyond SQLite's own limit (32,766) fails there, with SQLite's message.
_MOST = 250_000

# A statement is explained under one set of indexes after the other, and its text stays the same.
_STATEMENTS = 512


@dataclass(frozen=True)
class BoundStatement:
    """A statement and the values to execute it with."""

    text: str
    values: Values


@dataclass(frozen=True)
class Mark:
    """A placeholder in a statement, and the number of the parameter it stands for, from 1."""

    token: Token
    number: int

    @property
    def name(self) -> str | None:
        """The name without its sigil, None for `?` and `?5`."""
        return None if self.token.text[0] == "?" else self.token.text[1:]


def bind(sql: str, parameters: Parameters) -> BoundStatement:
    """Return a statement with its values, NULL for each where `parameters` is None.

    Mixtures of `?`, `?5` and names become names throughout: from Python 3.14 on sqlite3 takes a
    sequence for plain `?` only. What has no value is left for the library to complain about.
    """
    marks = placeholder_marks(sql)
    by_name = isinstance(parameters, Mapping)
    plain = all(mark.token.text == "?" for mark in marks) and not by_name
    named = all(mark.name is not None for mark in marks) and (by_name or parameters is None)
    if plain or named:
        return BoundStatement(sql, bindings(sql, parameters))
    values: dict[str, SqlValue] = {}
    for mark in marks:
        values.update(_value(mark, parameters))
    return BoundStatement(_renamed(sql, marks), values)


def bindings(sql: str, parameters: Parameters) -> Values:
    """Return parameters as they are, NULL for each where there are none.

    For callers that cannot change the text; `bind` serves every mixture of placeholders.
    """
    if parameters is None:
        return null_parameters(sql)
    return dict(parameters) if isinstance(parameters, Mapping) else tuple(parameters)


def placeholder_names(sql: str) -> tuple[str | None, ...]:
    """Return the name of each parameter in the order of its number; None where it has none.

    Numbers are those of `placeholder_marks`.
    """
    marks = placeholder_marks(sql)
    named = {mark.number: mark.name for mark in marks if mark.name is not None}
    count = max((mark.number for mark in marks), default=0)
    return tuple(named.get(number) for number in range(1, count + 1))


def rewrite_placeholders(sql: str, write: Callable[[Mark], str]) -> str:
    """Return the statement with what `write` returns in the place of each placeholder."""
    return _written(sql, placeholder_marks(sql), write)


def null_parameters(sql: str) -> Values:
    """Return NULL for each placeholder of a statement whose text stays as it is."""
    names = placeholder_names(sql)
    if names and None not in names:
        return {name: None for name in names if name is not None}
    return (None,) * len(names)


@lru_cache(maxsize=_STATEMENTS)
def placeholder_marks(sql: str) -> tuple[Mark, ...]:
    """Return the placeholders of a statement in the order of its text, numbered as SQLite does.

    `?` takes the next number, `?5` is number 5, and a name that comes again is the same
    parameter. Source: https://www.sqlite.org/lang_expr.html#varparam
    """
    marks: list[Mark] = []
    numbers: dict[str, int] = {}
    highest = 0
    for token in tokenize(sql):
        if token.kind != "placeholder":
            continue
        if token.text == "?":
            number = highest + 1
        elif token.text[0] == "?":
            number = min(int(token.text[1:9]), _MOST)
        else:
            # The sigil is part of the name: `:a` and `@a` are two parameters.
            number = numbers.setdefault(token.text, highest + 1)
        highest = max(highest, number)
        marks.append(Mark(token, number))
    return tuple(marks)


def _key(mark: Mark) -> str:
    return mark.name or f"dbtune_{mark.number}"


def _value(mark: Mark, parameters: Parameters) -> dict[str, SqlValue]:
    """Return the value of a placeholder under its name, nothing where there is none."""
    if parameters is None:
        return {_key(mark): None}
    if isinstance(parameters, Mapping):
        given = mark.name or str(mark.number)
        return {_key(mark): parameters[given]} if given in parameters else {}
    place = mark.number - 1
    return {_key(mark): parameters[place]} if place < len(parameters) else {}


def _renamed(sql: str, marks: tuple[Mark, ...]) -> str:
    """Return the statement with a name for each placeholder that has none."""
    return _written(sql, marks, lambda mark: mark.token.text if mark.name else f":{_key(mark)}")


def _written(sql: str, marks: tuple[Mark, ...], write: Callable[[Mark], str]) -> str:
    parts = []
    end = 0
    for mark in marks:
        parts += [sql[end : mark.token.start], write(mark)]
        end = mark.token.end
    return "".join((*parts, sql[end:]))
