"""Stand-ins for an application's own functions and collations, so that plans can be made.

Without them SQLite refuses to prepare a statement that names one, and to touch a table whose
CHECK, generated column or index calls one. A stub orders bytes or returns NULL, so nothing that
is measured with one is trusted, and one that is evaluated for a CREATE INDEX ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

import apsw

from dbtune.model.schema import Index, Table
from dbtune.sqlite.schema.constraints import read_constraints
from dbtune.sqlite.tokens import Token, inside_first_parentheses, tokenize, unquote_name

_BUILT_IN = frozenset({"BINARY", "NOCASE", "RTRIM"})
_MISSING_FUNCTION = re.compile(r"no such function: (.+)")
_USED_AS_AGGREGATE = re.compile(
    r"(.+)\(\) may not be used as a window function"
    r"|(?:FILTER|ORDER BY) may not be used with non-aggregate (.+)\(\)",
    re.DOTALL,
)
# What an expression may follow. A word before a word and a parenthesis is otherwise a column
# before its type, `price DECIMAL(10, 2)`, or what a list of columns is of.
_BEFORE_A_CALL = (
    *("ALL", "AND", "AS", "BETWEEN", "BY", "CASE", "DISTINCT", "ELSE", "ESCAPE", "GLOB"),
    *("HAVING", "IN", "IS", "LIKE", "LIMIT", "MATCH", "NOT", "NULL", "OFFSET", "OR"),
    *("REGEXP", "RETURNING", "SELECT", "SET", "THEN", "VALUES", "WHEN", "WHERE"),
)
# Key words before a parenthesis that call nothing.
_NO_CALL = (
    *("CAST", "CHECK", "EXISTS", "FILTER", "KEY", "OVER", "RAISE", "UNIQUE", "USING", "WINDOW"),
    *_BEFORE_A_CALL,
)
# Table-valued functions that SQLite lists only once they are used.
_LATER_MODULES = frozenset({"json_each", "json_tree", "jsonb_each", "jsonb_tree"})
# SQLite calls a function of that name for these.
_OPERATORS = ("REGEXP",)


@dataclass(frozen=True)
class StubFunction:
    """A function to stand in for; `aggregate` where statements use it as one, or over a window."""

    name: str
    aggregate: bool = False


def add_stubs(connection: apsw.Connection, functions: Iterable[StubFunction] = ()) -> None:
    """Let the connection accept any collation that the library lacks, and these functions."""
    building = _Building()

    def compare(left: str, right: str) -> int:
        building.refuse("a collation")
        return (left > right) - (left < right)

    def on_collation(needed: apsw.Connection, name: str) -> None:
        # In a UTF-16 database SQLite asks for NOCASE too, before it makes it of its own.
        if name.upper() not in _BUILT_IN:
            needed.create_collation(name, compare)
            needed.exec_trace = building.notice

    def null(*arguments: object) -> None:
        building.refuse("a function")

    connection.collation_needed(on_collation)
    for function in functions:
        connection.exec_trace = building.notice
        if function.aggregate:
            # Over a window means everywhere an aggregate may stand.
            connection.create_window_function(function.name, _NoValue)
        else:
            # INNOCUOUS: a schema that calls it cannot be read under trusted_schema=OFF otherwise.
            # SQLite's own match() takes two arguments, and fails outside virtual tables.
            connection.create_scalar_function(
                function.name,
                null,
                2 if function.name == "match" else -1,
                deterministic=True,
                flags=apsw.SQLITE_INNOCUOUS,
            )


class _Building:
    """Knows whether the statement that runs is a CREATE, which no stub may take part in."""

    def __init__(self) -> None:
        self._creates = False

    def notice(self, cursor: apsw.Cursor, sql: str, parameters: Any) -> bool:
        self._creates = sql.lstrip()[:6].upper() == "CREATE"
        return True

    def refuse(self, what: str) -> None:
        if self._creates:
            raise apsw.SQLError(
                f"{what} of the application's own is part of the index, and dbtune does not have it"
            )


class _NoValue:
    """An aggregate of nothing."""

    def step(self, *arguments: object) -> None: ...

    def inverse(self, *arguments: object) -> None: ...

    def value(self) -> None:
        return None

    def final(self) -> None:
        return None


def schema_functions(connection: apsw.Connection) -> tuple[StubFunction, ...]:
    """Return the functions that the schema calls and the library does not have.

    SQLite reads such a schema, but not a table, view or trigger of which they are part.
    """
    rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    own = {name for (sql,) in rows for name in _own_calls(str(sql))}
    return tuple(StubFunction(name) for name in sorted(own))


@cache
def _of_the_library() -> frozenset[str]:
    """Return what the library brings, in lower case; a connection's own list holds its stubs."""
    with closing(apsw.Connection(":memory:")) as connection:
        rows = connection.execute(
            "SELECT lower(name) FROM pragma_function_list"
            " UNION SELECT lower(name) FROM pragma_module_list"
        )
        return frozenset(str(name) for (name,) in rows) | _LATER_MODULES


def stub_collations(connection: apsw.Connection) -> tuple[str, ...]:
    """Return the collations that stand-ins were needed for."""
    rows = connection.execute("SELECT name FROM pragma_collation_list ORDER BY name")
    return tuple(str(name) for (name,) in rows if name.upper() not in _BUILT_IN)


def needs_the_application(index: Index, table: Table) -> bool:
    """Return whether only the application can build an index: with its function or collation.

    Dropped by anybody else it could not be built again.
    """
    made = {
        column.lower()
        for column, expression in _generated(table)
        if any(True for _ in _own_calls(expression))
    }
    return any(
        column.collation.upper() not in _BUILT_IN or (column.name or "").lower() in made
        for column in index.columns
    ) or any(True for _ in _own_calls(index.sql or ""))


def _generated(table: Table) -> Iterator[tuple[str, str]]:
    if any(column.generated for column in table.columns):
        for made in read_constraints(table.sql).generated:
            yield made.column, f"({made.sql})"


def _own_calls(sql: str) -> Iterator[str]:
    return (n for n in _called(sql) if n not in _of_the_library() and n[:7] != "pragma_")


def missing_function(error: apsw.Error) -> str | None:
    """Return the name of the function that a statement could not be prepared without."""
    match = _MISSING_FUNCTION.search(str(error))
    return match.group(1) if match else None


def used_as_aggregate(error: apsw.Error) -> str | None:
    """Return the name of the function that a statement uses as an aggregate, which it is not."""
    match = _USED_AS_AGGREGATE.search(str(error))
    return (match.group(1) or match.group(2)) if match else None


def _called(sql: str) -> Iterator[str]:
    """Yield the names that a CREATE statement calls as functions, in lower case."""
    tokens = tuple(tokenize(sql))
    for place in range(2, len(tokens)):
        token = tokens[place]
        if token.text == "(" and _is_call(tokens, place - 1):
            yield unquote_name(tokens[place - 1]).lower()
        elif token.is_word(*_OPERATORS):
            yield token.text.lower()


def _is_call(tokens: Sequence[Token], place: int) -> bool:
    before, name = tokens[place - 1], tokens[place]
    if name.kind not in {"word", "name"} or name.is_word(*_NO_CALL):
        return False
    called = before.is_word(*_BEFORE_A_CALL) or (
        before.kind == "symbol" and before.text not in ".)"
    )
    return called and not _is_common_table(tokens[place + 1 :])


def _is_common_table(tokens: Sequence[Token]) -> bool:
    """Return whether parentheses are followed by AS (: `WITH a(x) AS (...), b(y) AS (...)`."""
    _, rest = inside_first_parentheses(tokens)
    if len(rest) < 2 or not rest[0].is_word("AS"):
        return False
    return rest[1].text == "(" or rest[1].is_word("NOT", "MATERIALIZED")
