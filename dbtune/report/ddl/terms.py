"""Key terms of an index taken apart: the column, its collation and its direction."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])'
_DIRECTION = re.compile(r"\s+(?P<direction>ASC|DESC)\s*\Z", re.IGNORECASE)
_COLLATION = re.compile(rf"\s+COLLATE\s+(?P<name>{_NAME})\s*\Z", re.IGNORECASE)
_WHOLE_NAME = re.compile(rf"{_NAME}\Z")


@dataclass(frozen=True)
class KeyTerm:
    """One key of an index. `column` is its bare name, or None for an expression.

    `sql` is the term without direction, with its collation.
    """

    sql: str
    column: str | None
    collation: str | None
    descending: bool


def parse_term(term: str) -> KeyTerm:
    """Return the parts of a key term such as `email COLLATE NOCASE DESC`."""
    direction = _DIRECTION.search(term)
    sql = (term[: direction.start()] if direction else term).strip()
    collation = _COLLATION.search(sql)
    operand = (sql[: collation.start()] if collation else sql).strip()
    return KeyTerm(
        sql=sql,
        column=_bare_name(operand) if _WHOLE_NAME.match(operand) else None,
        collation=_bare_name(collation["name"]) if collation else None,
        descending=direction is not None and direction["direction"].upper() == "DESC",
    )


def _bare_name(text: str) -> str:
    quote = text[0]
    if quote == "[":
        return text[1:-1]
    return text[1:-1].replace(quote * 2, quote) if quote in '"`' else text
