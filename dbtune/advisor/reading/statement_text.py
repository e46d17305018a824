"""One recorded statement as a syntax tree, with its placeholders numbered and their values.

Parsing never fails: what sqlglot cannot read is None, and the rules are silent about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from dbtune.advisor.reading.words import words
from dbtune.advisor.statements.dialect import VerbatimSQLite, to_sql
from dbtune.model.workload import Parameters, SqlValue
from dbtune.sqlite.tokens import tokenize
from dbtune.sqlite.unreadable import UNREADABLE

# Lists of thousands of values take sqlglot seconds and tell a rule nothing.
_MAX_TEXT = 50_000

# A name and the dot behind it, in words set apart by spaces.
_ALIAS = re.compile(r"(?:(?<= )|\A)[^ ]+ \. ")

_OWN_NAME = "dbtune_value_"
_OWN_MARK = re.compile(rf":{_OWN_NAME}(\d+)")

# Forms of SQLite that sqlglot does not know, and what rules may read them as.
_REPLACE = re.compile(r"\A\s*REPLACE\s+INTO\b", re.IGNORECASE)
_UPDATE_OR = re.compile(
    r"\A\s*UPDATE\s+OR\s+(?:ABORT|FAIL|IGNORE|REPLACE|ROLLBACK)\b", re.IGNORECASE
)


# sqlglot prints CAST(a AS NUMERIC) as REAL and CAST(a AS DATE) as DATE(a): of the types it knows
# these are the ones that it prints with their affinity.
_PRINTED_TYPES = frozenset(
    """
    BIGINT BINARY BLOB CHAR DOUBLE FLOAT INT MEDIUMINT NCHAR NVARCHAR SMALLINT TEXT TINYINT
    VARBINARY VARCHAR
    """.split()
)


@dataclass(frozen=True)
class ParsedText:
    """A syntax tree whose placeholders are numbered, and how each number was spelled.

    The tree is shared: copy it before changing it. `words` is the text as written, normalised.
    """

    tree: exp.Expr
    marks: tuple[str, ...]
    words: str

    def restored(self, tree: exp.Expr) -> str | None:
        """Print a tree made of this one with the application's own placeholders.

        None where sqlglot would print something that means something else.
        """
        types = {str(cast.to.this.name) for cast in tree.find_all(exp.Cast)}
        if not types <= _PRINTED_TYPES:
            return None
        return _OWN_MARK.sub(lambda m: self.marks[int(m.group(1)) - 1], to_sql(tree))

    def spells(self, sql: str) -> bool:
        """Return whether an expression, without aliases, stands so in the text.

        SQLite uses an index on an expression only where the spelling is the same, and sqlglot
        prints some things otherwise: `a ->> 'x'` as `a ->> '$.x'`.
        """
        return f" {words(sql)} " in f" {self.words} "


@lru_cache(maxsize=1024)
def parse(text: str) -> ParsedText | None:
    """Return the statement as a tree, or None where it is too long or cannot be read."""
    if len(text) > _MAX_TEXT:
        return None
    numbered, marks = _number_placeholders(text)
    numbered = _REPLACE.sub("INSERT OR REPLACE INTO", numbered, count=1)
    numbered = _UPDATE_OR.sub("UPDATE", numbered, count=1)
    try:
        trees = sqlglot.parse(numbered, read=VerbatimSQLite)
    except UNREADABLE:
        return None
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(found) != 1 or isinstance(found[0], exp.Command):
        return None
    for node in found[0].walk():
        node.pop_comments()  # they would be printed into indexes and rewritten queries
    return ParsedText(found[0], marks, _ALIAS.sub("", words(text)))


def placeholder_number(node: exp.Expr) -> int | None:
    """Return the number of a placeholder of a parsed tree, or None for any other node."""
    if isinstance(node, exp.Placeholder) and node.name.startswith(_OWN_NAME):
        return int(node.name[len(_OWN_NAME) :])
    return None


def bound_value(
    marks: tuple[str, ...], number: int, parameters: Parameters
) -> tuple[SqlValue, ...]:
    """Return the value bound to a placeholder as a tuple of one; empty where none is known."""
    if isinstance(parameters, Mapping):
        mark = marks[number - 1]
        for key in (mark[1:], mark, str(number)):
            if key in parameters:
                return (parameters[key],)
        return ()
    if parameters is not None and number <= len(parameters):
        return (parameters[number - 1],)
    return ()


def _number_placeholders(text: str) -> tuple[str, tuple[str, ...]]:
    """Rename each placeholder after the number by which SQLite binds it.

    Source: https://www.sqlite.org/lang_expr.html#parameters
    """
    marks: list[str] = []
    pieces: list[str] = []
    end = 0
    for token in tokenize(text):
        if token.kind == "placeholder":
            number = _number(token.text, marks)
            marks.extend("?" for _ in range(number - len(marks)))
            marks[number - 1] = token.text
            pieces += (text[end : token.start], f":{_OWN_NAME}{number}")
            end = token.end
    return "".join((*pieces, text[end:])), tuple(marks)


def _number(mark: str, marks: list[str]) -> int:
    if mark == "?":
        return len(marks) + 1
    if mark.startswith("?"):
        return max(1, min(int(mark[1:]), 32_766))  # SQLite's limit on variable numbers
    return marks.index(mark) + 1 if mark in marks else len(marks) + 1
