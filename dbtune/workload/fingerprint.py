"""Which statements are the same query: the template, its fingerprint, and its kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

from dbtune.model.workload import StatementKind
from dbtune.workload.comments import clean_statement
from dbtune.workload.template import fold, render
from dbtune.workload.tokens import IDENTIFIER_CHARACTERS, NUMBER_TAIL, STRING_BODY

SHAPE_ID_LENGTH = 12

_READS = frozenset({"select", "values"})
_WRITES = frozenset({"insert", "update", "delete", "replace"})

# Every alternative starts with a character of the first class, which lets the engine skip ahead
# (1.5 us a statement; 3.3 us with the alternatives outside). A number that may be the tail of
# another token (`a1`, `:1`, `.5`, `.5e+1`) stays in the key: finer is safe, coarser is not.
_LITERAL_TAIL = (
    rf"(?<='){STRING_BODY}"
    rf"|(?<=[0-9])(?<![{IDENTIFIER_CHARACTERS}@:?.].)(?<![eE][+-].){NUMBER_TAIL}"
)
# A group of its own for brackets, which may lack their end: `["` and `""` are not the same.
_NAME_TAIL = r"((?<=\")[^\"]*(?:\"\"[^\"]*)*\"|(?<=`)[^`]*(?:``[^`]*)*`)|((?<=\[)[^\]]*(?:\]|\Z))"
_LITERAL = re.compile(rf"['0-9](?:{_LITERAL_TAIL})")
_LITERAL_OR_NAME = re.compile(rf"[\"'`\[0-9](?:{_LITERAL_TAIL}|{_NAME_TAIL})")
# Statements side by side are told apart by NUL, which none may hold.
_SEPARATOR = "\0"
_NEEDS_CARE = ('"', "`", "[", "--", "/*")

# Text where names are not quoted, pieces where they are; only equality matters.
StructureKey = Union[str, tuple[Optional[str], ...]]  # noqa: UP007, UP045 - read at run time


@dataclass(frozen=True)
class StatementForm:
    """All that is the same for every statement with one structure."""

    template: str
    kind: StatementKind
    many_rows: bool
    has_placeholders: bool


def read_form(sql: str) -> StatementForm:
    """Return the template and kind of one statement."""
    folded = fold(sql)
    return StatementForm(
        template=render(folded.tokens),
        kind=_kind_of_tokens(folded.tokens),
        many_rows=folded.many_rows,
        has_placeholders=folded.has_placeholders,
    )


def template_of(sql: str) -> str:
    """Return the text shared by all statements that differ only in values, layout and case.

    Literals and placeholders become `?`, comments go, white space is folded, IN lists and rows of
    VALUES collapse to one. Key words and bare names are lower case; quoted names keep theirs and
    lose the quotes where they are plain lower-case names. NULL, TRUE and FALSE are values after
    a comparison or `=` and in lists, and stay elsewhere: `IS NULL` is syntax.
    """
    return render(fold(sql).tokens)


def fingerprint(template: str) -> str:
    """Return the SHA-256 of a template as 64 hex digits."""
    return hashlib.sha256(template.encode("utf-8", "surrogatepass")).hexdigest()


def shape_id(sql: str) -> str:
    """Return the id of a statement's query shape: 12 hex digits of its fingerprint."""
    return fingerprint(template_of(sql))[:SHAPE_ID_LENGTH]


def kind_of(sql: str) -> StatementKind:
    """Return "read" or "write" for a query, "other" for DDL, PRAGMA, EXPLAIN, BEGIN and the like.

    Several statements in one text are "other", and so is a text that is no statement.
    """
    return _kind_of_tokens(fold(sql).tokens)


def structure_key(sql: str) -> StructureKey:
    """Return what is left of a comment-free statement when its literals are taken out.

    Statements with equal keys have equal templates, and not the other way round: a key costs
    1.5 us and a template fifty, so templates are looked up by key.
    """
    return tuple(_LITERAL_OR_NAME.split(sql))


def structure_keys(statements: Sequence[str]) -> Sequence[StructureKey]:
    """Return a key for each statement, as found in a recording with its comments.

    All at once where none has a comment or a quoted name, which halves the time. The sign of a
    literal is then a single quote: whatever is quoted so is a literal, so no other can be left.
    """
    joined = _SEPARATOR.join(statements)
    if joined.count(_SEPARATOR) == len(statements) - 1:
        bare = _LITERAL.sub("'", joined)
        keys = bare.split(_SEPARATOR)
        # A string that does not end has swallowed its neighbours. The first quoted name or comment
        # is always left in the text, as up to there nothing can have been misread.
        if len(keys) == len(statements) and not any(mark in bare for mark in _NEEDS_CARE):
            return keys
    return [structure_key(clean_statement(statement)) for statement in statements]


def _kind_of_tokens(tokens: tuple[str, ...]) -> StatementKind:
    first = tokens[0] if tokens else ""
    verb = _main_verb(tokens) if first == "with" else first
    if ";" in tokens:
        return "other"
    if verb in _READS:
        return "read"
    return "write" if verb in _WRITES else "other"


def _main_verb(tokens: tuple[str, ...]) -> str:
    """Return the verb behind the common table expressions, "" where there is none."""
    depth = 0
    previous = ""
    for token in tokens:
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0 and (token in _READS or token in _WRITES):
            # What follows these three is a table's name, which `replace` may be.
            if previous in {"with", "recursive", ","}:
                continue
            return token
        previous = token
    return ""
