"""SQLite's tokens, found by one regular expression that reads every text in linear time.

The boundaries follow https://www.sqlite.org/src/file/src/tokenize.c, with the DB-API's
`%s` and `%(name)s` added. Broken texts are read to their end and never refused: a string that
is not closed ends with the text, a lone quote is a token of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# SQLite takes every character from U+0080 on, emoji and no-break spaces included, as a letter.
IDENTIFIER_CHARACTERS = r"A-Za-z0-9_$\x80-\U0010ffff"

# Not str.strip()'s: to SQLite a no-break space is a letter.
WHITE_SPACE = " \t\n\r\f"

STRING_BODY = r"[^']*(?:''[^']*)*(?:'|\Z)"
# What follows the first digit. Letters stuck to a number belong to it, as in SQLite's own
# reading of `123abc` as one bad token. Hexadecimal goes first: `0x1e+5` is a sum.
NUMBER_TAIL = (
    rf"(?:(?<=0)[xX][{IDENTIFIER_CHARACTERS}]*"
    rf"|[{IDENTIFIER_CHARACTERS}]*(?:\.[{IDENTIFIER_CHARACTERS}]*)?"
    rf"(?:(?<=[0-9._][eE])[+-][0-9][{IDENTIFIER_CHARACTERS}]*)?)"
)
QUOTED = r'"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\[[^\]]*(?:\]|\Z)'
COMMENT = r"--[^\n]*|/\*(?s:.*?)(?:\*/|\Z)"

_TOKEN = re.compile(
    rf"(?P<space>[{WHITE_SPACE}\ufeff]+)"
    rf"|(?P<comment>{COMMENT})"
    rf"|(?P<text>[xX]?'{STRING_BODY})"
    rf"|(?P<quoted>{QUOTED})"
    rf"|(?P<number>\.?[0-9]{NUMBER_TAIL})"
    rf"|(?P<placeholder>\?[0-9]*|[:@$][{IDENTIFIER_CHARACTERS}]+)"
    rf"|(?P<format>%(?:\([A-Za-z_][A-Za-z0-9_]*\))?s(?![{IDENTIFIER_CHARACTERS}]))"
    rf"|(?P<word>[A-Za-z_\x80-\U0010ffff][{IDENTIFIER_CHARACTERS}]*)"
    r"|(?P<operator>->>|->|\|\||<=|>=|<>|!=|==|<<|>>|(?s:.))"
)

# After these an operand follows: a minus is a sign, and `%s` is no remainder by column s.
# Key words that may be column names (`key`, `plan`) are left out, since `key - 1` is a difference.
BEFORE_OPERAND = frozenset(
    """select distinct all where and or not between like glob regexp match then else when case
    limit offset having on by set values is escape returning in from into join update table using
    ( , = == < > <= >= <> != + - * / % || << >> & | ~ -> ->> ;""".split()
)

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Token(NamedTuple):
    """A token: its kind (a group of the expression), its text as written, and where it starts."""

    kind: str
    text: str
    start: int


class TokenReader:
    """Iterates over the tokens that mean something: white space and comments are left out.

    `skip` jumps ahead between two tokens, for texts of which most says the same again.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._position = 0

    def __iter__(self) -> Iterator[Token]:
        sql = self._sql
        previous = ""
        while match := _TOKEN.match(sql, self._position):
            self._position = match.end()
            kind = match.lastgroup or ""
            if kind in {"space", "comment"}:
                continue
            text = match.group()
            if kind != "format":
                yield Token(kind, text, match.start())
                previous = text
            elif expects_operand(lower_ascii(previous)):
                yield Token("placeholder", text, match.start())
                previous = text
            else:
                yield from _remainder(Token(kind, text, match.start()))
                previous = "s"

    def skip(self, repeated: re.Pattern[str], before: re.Pattern[str] | None = None) -> str:
        """Pass over all that `repeated` matches here, one match after the other.

        With `before`, only if that matches behind it. Returns what was passed over.
        """
        position = self._position
        while match := repeated.match(self._sql, position):
            position = match.end()
        if position == self._position or (before and not before.match(self._sql, position)):
            return ""
        passed = self._sql[self._position : position]
        self._position = position
        return passed


def expects_operand(previous: str) -> bool:
    """Tell whether an operand follows this folded token; "" is the start of the text."""
    return not previous or previous in BEFORE_OPERAND


def lower_ascii(text: str) -> str:
    """Return the text in the case SQLite compares names in: only A to Z are folded."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def unquote(text: str) -> str:
    """Return the name inside a quoted token."""
    if text[0] == "[":
        return text[1:-1] if text.endswith("]") else text[1:].rstrip(WHITE_SPACE)
    return text[1:-1].replace(text[0] * 2, text[0])


def _remainder(token: Token) -> Iterator[Token]:
    # `total %s` and `total %(a)s` after an operand are SQL: a remainder, then a name.
    yield Token("operator", "%", token.start)
    if token.text != "%s":
        yield Token("operator", "(", token.start + 1)
        yield Token("word", token.text[2:-2], token.start + 2)
        yield Token("operator", ")", token.start + len(token.text) - 2)
    yield Token("word", "s", token.start + len(token.text) - 1)
