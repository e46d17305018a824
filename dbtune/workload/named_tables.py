"""Which tables a statement may read and which one it writes, by its template alone.

There is no schema beside a recording. So every name in a read counts as a table that it may depend
on: a column of that name makes an answer look stale that is not, and never the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from dbtune.workload.fingerprint import StatementForm
from dbtune.workload.tokens import Token, TokenReader, lower_ascii, unquote

_CHANGES_SCHEMA = frozenset({"create", "drop", "alter", "attach", "detach"})
_WRITES = frozenset({"insert", "replace", "update", "delete"})
_BEFORE_TABLE = frozenset("or rollback abort fail ignore replace into from".split())
_BEFORE_NAME = frozenset({"with", "recursive", ","})
_SOURCES_FOLLOW = frozenset({"from", "join", "in"})
_SOURCES_END = frozenset(
    """select values with where group having window order limit union intersect except""".split()
)
_AS = frozenset({"as"})
_BEFORE_BODY = frozenset({"(", "not", "materialized"})
_END = Token("", "", -1)
# What these return is another each time, or is of the connection and not of the tables.
_UNSTEADY = frozenset(
    """random randomblob last_insert_rowid changes total_changes current_time current_date
    current_timestamp""".split()
)
# A value may be 'now', and is `?` in a template; where there is none, now is meant.
_CLOCK = re.compile(
    r"\b(?:(?:date|time|datetime|julianday|unixepoch)\((?:\?|\))|strftime\(\?(?:, \?|\)))"
)


def is_steady(form: StatementForm) -> bool:
    """Tell whether a statement is a read that returns the same again while no table changes."""
    return (
        form.kind == "read"
        and not _CLOCK.search(form.template)
        and not read_names(form.template) & _UNSTEADY
    )


def read_names(template: str) -> frozenset[str]:
    """Return in lower case all names in a read, of which some are its tables."""
    return frozenset(
        _name(token) for token in TokenReader(template) if token.kind in {"word", "quoted"}
    )


def reads_tables(template: str) -> bool:
    """Tell whether a read names a table or a view: `SELECT quote(?)` reads none.

    Names of its own WITH and functions that return rows, such as json_each(), are none either.
    """
    tokens = list(TokenReader(template))
    own = {_name(tokens[place]) for place in _defined_names(tokens)}
    in_from = [False]  # for each open bracket
    is_expected = False
    for token, following in zip_longest(tokens, tokens[1:], fillvalue=_END):
        if token.text == "(":
            in_from.append(is_expected)
        elif token.text == ")" and len(in_from) > 1:
            in_from.pop()
        elif _is_one_of(token, _SOURCES_FOLLOW):
            is_expected = in_from[-1] = True
        elif token.text == ",":
            is_expected = in_from[-1]
        elif _is_one_of(token, _SOURCES_END):
            is_expected = in_from[-1] = False
        elif is_expected and token.kind in {"word", "quoted"} and following.text != ".":
            if following.text != "(" and _name(token) not in own:
                return True
            is_expected = False
    return False


def _defined_names(tokens: list[Token]) -> Iterator[int]:
    """Yield where the names of common table expressions stand: `name (columns) AS (`."""
    opened: list[int] = []
    before = -1  # what stands in front of the latest brackets
    for place, token in enumerate(tokens[:-1]):
        if token.text == "(":
            opened.append(place - 1)
        elif token.text == ")" and opened:
            before = opened.pop()
        elif _is_one_of(token, _AS) and lower_ascii(tokens[place + 1].text) in _BEFORE_BODY:
            named = before if tokens[place - 1].text == ")" else place - 1
            if named >= 0 and tokens[named].kind in {"word", "quoted"}:
                yield named


def changes_schema(template: str) -> bool:
    """Tell whether a statement that is neither read nor write may change what reads return."""
    return template.partition(" ")[0] in _CHANGES_SCHEMA


def written_table(template: str) -> str | None:
    """Return in lower case the table that a write changes, None where it cannot be told."""
    tokens = _from_verb(template)
    place = 1
    while place < len(tokens) and _is_one_of(tokens[place], _BEFORE_TABLE):
        place += 1
    if place + 2 < len(tokens) and tokens[place + 1].text == ".":
        place += 2
    if place >= len(tokens) or tokens[place].kind not in {"word", "quoted"}:
        return None
    return _name(tokens[place])


def _from_verb(template: str) -> list[Token]:
    """Return the tokens of a write behind its common table expressions."""
    tokens = list(TokenReader(template))
    depth = 0
    previous = ""
    for place, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and _is_one_of(token, _WRITES) and previous not in _BEFORE_NAME:
            return tokens[place:]
        previous = lower_ascii(token.text)
    return []


def _is_one_of(token: Token, words: frozenset[str]) -> bool:
    return token.kind == "word" and lower_ascii(token.text) in words


def _name(token: Token) -> str:
    return lower_ascii(unquote(token.text) if token.kind == "quoted" else token.text)
