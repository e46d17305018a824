"""The query inside a statement that cannot run on the copy, such as one that fills a table.

What CREATE TABLE ... AS or INSERT ... SELECT reads is measured and advised on, though the table it
fills is temporary, in another file or made anew. Likewise what an UPDATE or DELETE with a LIMIT
looks for, which most SQLite libraries cannot prepare.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.advisor.statements.runnable import Statement
from dbtune.sqlite.placeholders import placeholder_marks, rewrite_placeholders
from dbtune.sqlite.tokens import Token, tokenize

_QUERY = ("SELECT", "WITH", "VALUES")


def reading_part(statement: Statement) -> Statement | None:
    """Return what a statement reads as a query with the same values, None where there is none."""
    # Numbers keep their values once the text before them is gone.
    text = rewrite_placeholders(
        statement.text, lambda mark: mark.token.text if mark.name else f"?{mark.number}"
    )
    tokens = tuple(token for token in _outermost(tuple(tokenize(text))))
    part = _part(text, tokens)
    if part is None:
        return None
    if isinstance(statement.parameters, dict):
        names = {mark.name for mark in placeholder_marks(part)}
        return Statement(part, {n: v for n, v in statement.parameters.items() if n in names})
    count = max((mark.number for mark in placeholder_marks(part)), default=0)
    return Statement(part, statement.parameters[:count])


def _outermost(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens outside all parentheses."""
    depth = 0
    found = []
    for token in tokens:
        depth -= token.kind == "symbol" and token.text == ")"
        if depth == 0:
            found.append(token)
        depth += token.kind == "symbol" and token.text == "("
    return tuple(found)


def _part(text: str, tokens: Sequence[Token]) -> str | None:
    before = ""
    if tokens and tokens[0].is_word("WITH"):
        verb = _find(tokens, "INSERT", "REPLACE", "UPDATE", "DELETE")
        if verb is None:
            return None
        before, tokens = text[: tokens[verb].start], tokens[verb:]
    if not tokens:
        return None
    if tokens[0].is_word("CREATE"):
        return _created_as(text, tokens)
    if tokens[0].is_word("INSERT", "REPLACE"):
        part = _inserted_from(text, tokens)
    elif tokens[0].is_word("UPDATE", "DELETE"):
        part = _looked_for(text, tokens)
    else:
        part = None
    return None if part is None else before + part


def _created_as(text: str, tokens: Sequence[Token]) -> str | None:
    made = _find(tokens, "TABLE")
    start = _find(tokens, "AS")
    if made is None or made > 2 or start is None or start + 1 >= len(tokens):
        return None
    query = tokens[start + 1]
    return text[query.start :] if query.is_word(*_QUERY) else None


def _inserted_from(text: str, tokens: Sequence[Token]) -> str | None:
    start = _find(tokens, "SELECT", "WITH")
    if start is None:
        return None
    end = _find(tokens, "RETURNING")
    for place in range(start, len(tokens) - 1):
        if tokens[place].is_word("ON") and tokens[place + 1].is_word("CONFLICT"):
            end = place if end is None else min(place, end)
    return text[tokens[start].start : len(text) if end is None else tokens[end].start]


def _looked_for(text: str, tokens: Sequence[Token]) -> str | None:
    """Return the rows an UPDATE or DELETE of one table changes, as a query; without FROM only."""
    where = _find(tokens, "WHERE", "ORDER", "LIMIT")
    if where is None or (tokens[0].is_word("UPDATE") and _find(tokens[:where], "FROM") is not None):
        return None
    first = _find(tokens, "FROM") if tokens[0].is_word("DELETE") else _after_or(tokens)
    last = where if tokens[0].is_word("DELETE") else _find(tokens, "SET")
    if first is None or last is None or first + 1 >= last:
        return None
    end = _find(tokens, "RETURNING")
    rest = text[tokens[where].start : len(text) if end is None else tokens[end].start]
    if end is not None and end < where:  # RETURNING before ORDER BY, as SQLite has it
        rest = text[tokens[where].start :]
    return f"SELECT 1 FROM {text[tokens[first + 1].start : tokens[last].start]}{rest}"


def _after_or(tokens: Sequence[Token]) -> int:
    """Return the place before the table of an UPDATE: UPDATE OR IGNORE t."""
    return 2 if len(tokens) > 2 and tokens[1].is_word("OR") else 0


def _find(tokens: Sequence[Token], *words: str) -> int | None:
    return next((place for place, token in enumerate(tokens) if token.is_word(*words)), None)
