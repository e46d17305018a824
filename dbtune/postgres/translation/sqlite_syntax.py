"""SQLite's SQL as syntax trees in which nothing is rewritten or guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite

from dbtune.postgres.translation.scope import affinity_of
from dbtune.sqlite.placeholders import placeholder_marks
from dbtune.sqlite.tokens import Token, tokenize
from dbtune.sqlite.unreadable import UNREADABLE

# Lists of thousands of values take sqlglot seconds.
MAX_TEXT = 200_000

_PREFIX = "dbtune_"


class UnreadableSql(Exception):
    """A text that sqlglot cannot read; the message says why."""


@dataclass(frozen=True)
class ParsedSql:
    """A syntax tree whose placeholders are `:dbtune_N`, and how each number was spelled.

    `marks` has an entry a number from 1, None for one that `?5` jumps over.
    """

    tree: exp.Expr
    marks: tuple[str | None, ...]


class _SourceSQLite(SQLite):
    """Reads functions as they are written: their meaning is looked up in functions.py."""

    class Parser(SQLite.Parser):  # type: ignore[misc,valid-type]  # built by a metaclass
        """Keeps CAST, CASE, EXISTS and CURRENT_* as grammar; all else is a function call."""

        FUNCTIONS: ClassVar[dict[str, object]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, object]] = {
            "CAST": SQLite.Parser.FUNCTION_PARSERS["CAST"]
        }
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, object]] = {
            "CASE": SQLite.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]
        }
        NO_PAREN_FUNCTIONS: ClassVar[dict[object, object]] = {
            kind: node
            for kind, node in SQLite.Parser.NO_PAREN_FUNCTIONS.items()
            if kind.name in {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"}
        }
        SUBQUERY_PREDICATES: ClassVar[dict[object, object]] = {
            kind: node
            for kind, node in SQLite.Parser.SUBQUERY_PREDICATES.items()
            if kind.name == "EXISTS"
        }

        def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
            """Keep the path of `->` as it is."""
            return path

    def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
        """Keep the path of `->` as it is; sqlglot would write `'x'` as `'$.x'`."""
        return path


def parse_expression(sql: str) -> ParsedSql:
    """Return the tree of one expression. Raises UnreadableSql."""
    parsed = parse_statement(f"SELECT {sql}")
    select = parsed.tree
    plain = isinstance(select, exp.Select) and len(select.expressions) == 1
    extra = {key for key, value in select.args.items() if value} - {"expressions"}
    if not plain or extra or isinstance(select.expressions[0], exp.Alias):
        raise UnreadableSql("it is not one expression")
    return ParsedSql(select.expressions[0], parsed.marks)


def parse_statement(sql: str) -> ParsedSql:
    """Return the tree of one statement. Raises UnreadableSql."""
    if len(sql) > MAX_TEXT:
        raise UnreadableSql(f"it is longer than {MAX_TEXT} characters")
    text, marks = _prepared(sql)
    try:
        trees = [tree for tree in sqlglot.parse(text, read=_SourceSQLite) if tree is not None]
    except UNREADABLE as error:
        raise UnreadableSql(_first_line(error)) from error
    if len(trees) != 1:
        raise UnreadableSql("it is not one statement")
    return ParsedSql(trees[0], marks)


def placeholder_number(node: exp.Expr) -> int | None:
    """Return the number of a placeholder that `parse_statement` made, None for another node."""
    name = str(node.this)
    return int(name[len(_PREFIX) :]) if name.startswith(_PREFIX) else None


def _prepared(sql: str) -> tuple[str, tuple[str | None, ...]]:
    """Return the text with what sqlglot would misread in another spelling.

    Placeholders become `:dbtune_N`, numbers plain decimals, and a type in CAST the name of its
    affinity, which is all it means. Source: https://www.sqlite.org/lang_expr.html#varparam
    """
    tokens = tuple(tokenize(sql))
    types = dict(_cast_types(tokens))
    pieces: list[str] = []
    numbers = {mark.token.start: mark.number for mark in placeholder_marks(sql)}
    spelled: dict[int, str] = {}
    end = highest = 0
    for token in tokens:
        if token.start < end:
            continue
        stop = token.end
        if token.start in types:
            stop = types[token.start]
            text = affinity_of(sql[token.start : stop]).upper()
        elif token.kind == "number":
            text = _number(token)
        elif token.kind == "placeholder":
            number = numbers[token.start]
            highest = max(highest, number)
            spelled.setdefault(number, token.text)
            text = f":{_PREFIX}{number}"
        else:
            continue
        pieces += [sql[end : token.start], text]
        end = stop
    marks = tuple(spelled.get(number) for number in range(1, highest + 1))
    return "".join(pieces) + sql[end:], marks


def _cast_types(tokens: tuple[Token, ...]) -> Iterator[tuple[int, int]]:
    """Yield where each type named by CAST starts and ends."""
    # One entry an open parenthesis: whether CAST opened it, and where its type begins.
    opened: list[tuple[bool, int | None]] = []
    for previous, token in pairwise((None, *tokens, None)):
        if token is None:
            return
        if previous is not None and previous.is_word("AS") and opened and opened[-1][0]:
            opened[-1] = (True, token.start)
        if token.kind == "symbol" and token.text == "(":
            opened.append((previous is not None and previous.is_word("CAST"), None))
        elif token.kind == "symbol" and token.text == ")" and opened:
            start = opened.pop()[1]
            if start is not None and start < token.start:
                yield start, token.start


def _number(token: Token) -> str:
    text = token.text.replace("_", "")
    if text[:2].lower() != "0x":
        return text
    value = int(text, 16)
    # SQLite reads 16 digits as 64 bits with a sign.
    return str(value - (1 << 64)) if (1 << 63) <= value < (1 << 64) else str(value)


def _first_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it nests too deep"
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
