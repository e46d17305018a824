"""SQL text as tokens, exactly as far as reading a schema's own statements needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "name", "string", "number", "placeholder", "symbol"]

# https://www.sqlite.org/lang_naming.html and tokenize.c. An unterminated comment or quote runs to
# the end of the text, which SQLite would not have stored.
_TOKEN = re.compile(
    r"""
    (?P<space>   \s+ | --[^\n]*(?:\n|\Z) | /\*.*?(?:\*/|\Z) )
  | (?P<string>  [xX]?'(?:[^']|'')*(?:'|\Z) )
  | (?P<name>    "(?:[^"]|"")*(?:"|\Z) | `(?:[^`]|``)*(?:`|\Z) | \[[^\]]*(?:\]|\Z) )
  | (?P<number>  0[xX][0-9a-fA-F]+ | (?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
  | (?P<placeholder> \?\d* | [:@$][\w$\u0080-\U0010ffff]+(?:::[\w$]+)* )
  | (?P<word>    [A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]* )
  | (?P<symbol>  \|\| | <> | != | <= | >= | == | << | >> | ->> | -> | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A token and where it stands in the text; white space and comments are left out."""

    kind: TokenKind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Return whether this is one of these bare key words, given in upper case."""
        return self.kind == "word" and self.text.upper() in words


def tokenize(sql: str) -> Iterator[Token]:
    """Yield the tokens of a statement in order; never fails on any text."""
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup
        if kind != "space":
            yield Token(kind, match.group(), match.start(), match.end())  # type: ignore[arg-type]


def unquote_name(token: Token) -> str:
    """Return the name that a token stands for; SQLite takes single quotes for names too."""
    text = token.text
    if text[:1] == "[":
        return text[1:-1]
    if text[:1] in {'"', "`", "'"}:
        quote = text[0]
        return text[1:-1].replace(quote * 2, quote)
    return text


def split_at_commas(tokens: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """Yield the parts between commas that stand outside all parentheses."""
    depth = 0
    part: list[Token] = []
    for token in tokens:
        if token.text == "," and not depth:
            yield tuple(part)
            part = []
            continue
        depth += _step(token)
        part.append(token)
    yield tuple(part)


def inside_first_parentheses(
    tokens: Sequence[Token],
) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Return what the first parentheses enclose, and what follows them."""
    depth = 0
    opened = 0
    for position, token in enumerate(tokens):
        step = _step(token)
        if step > 0 and not depth:
            opened = position + 1
        depth += step
        if step < 0 and not depth:
            return tuple(tokens[opened:position]), tuple(tokens[position + 1 :])
    return (), ()


def text_of(sql: str, tokens: Sequence[Token]) -> str:
    """Return the text of a run of tokens as it stands in the statement."""
    return sql[tokens[0].start : tokens[-1].end] if tokens else ""


def _step(token: Token) -> int:
    if token.kind != "symbol":
        return 0
    return {"(": 1, ")": -1}.get(token.text, 0)
