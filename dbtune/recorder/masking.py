"""Statements without the values written into them: each literal becomes `?`.

The tokens are those of SQLite (https://www.sqlite.org/src/file/src/tokenize.c). A masked text has
the same query shape as the text itself, so a sign goes where its number goes.
"""

from __future__ import annotations

import re
from typing import Iterable

from .quoted_texts import QuotedTexts

_LETTERS = r"A-Za-z0-9_$\x80-\U0010ffff"
_TOKEN = re.compile(
    r"(?P<space>[ \t\n\r\f\ufeff]+)"
    r"|(?P<comment>--[^\n]*|/\*(?s:.*?)(?:\*/|\Z))"
    r"|(?P<text>[xX]?'[^']*(?:''[^']*)*(?:'|\Z))"
    r'|(?P<quoted>"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\[[^\]]*(?:\]|\Z))'
    r"|(?P<number>\.?[0-9]"
    rf"(?:(?<=0)[xX][{_LETTERS}]*"
    rf"|[{_LETTERS}]*(?:\.[{_LETTERS}]*)?(?:(?<=[0-9._][eE])[+-][0-9][{_LETTERS}]*)?))"
    rf"|(?P<placeholder>\?[0-9]*|[:@$][{_LETTERS}]+)"
    rf"|(?P<word>[A-Za-z_\x80-\U0010ffff][{_LETTERS}]*)"
    r"|(?P<operator>->>|->|\|\||<=|>=|<>|!=|==|<<|>>|(?s:.))"
)
# Most texts: names, strings, plain numbers and few operators, each told by its first character. No
# comment, quoted name, sign, blob or number with letters is among them.
_PLAIN = re.compile(
    r"(?:[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_])"
    r"|[ \n=<>!(),.*?:;]"
    r"|(?<=[ \n=<>(,])(?:[0-9]+(?:\.[0-9]+)?(?=[ \n),;]|\Z)|'[^']*(?:''[^']*)*'(?!'))"
    r")*\Z"
)
_PLAIN_LITERAL = re.compile(r"(?<=[ \n=<>(,])(?:[0-9]+(?:\.[0-9]+)?|'[^']*(?:''[^']*)*')")
# After these an operand follows, so that a minus is a sign and no difference.
_BEFORE_OPERAND = frozenset(
    """select distinct all where and or not between like glob regexp match then else when case
    limit offset having on by set values is escape returning in from into join update table using
    ( , = == < > <= >= <> != + - * / % || << >> & | ~ -> ->> ;""".split()
)
# Shorter values are parts of any message; and these messages name nothing but the schema's.
_SHORTEST_TOLD = 3
_WRITTEN = re.compile(r"(?:(?<=')(?:[^']|'')*(?=')|[0-9.]+)")
_OF_SCHEMA = re.compile(
    r"database |(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed"
    r"|no such (?:table|column|function): "
)
_QUOTED = re.compile(r"""["'\[].*["'\]]""", re.DOTALL)
# What follows may be a part of a full-text search's value.
_SOUGHT = re.compile(r"((?:no such column|unknown special query): )([^\n]*)")
_TAG = re.compile(r"(?<![\w.%-])(route|traceparent)\s*=\s*'((?:[^'\\]|\\.)*)'")


def mask_text(text: str) -> tuple[str, str]:
    """Return a statement with `?` for each literal, and the literals.

    Comments may say anything: of them only sqlcommenter's route and traceparent stay.
    """
    if _PLAIN.match(text):
        return _PLAIN_LITERAL.sub("?", text), " ".join(_PLAIN_LITERAL.findall(text))
    pieces: list[str] = []
    literals: list[str] = []
    operands: list[tuple[int, str]] = []  # where each token that means something stands, in pieces
    quoted = QuotedTexts() if '"' in text else None
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "comment":
            pieces.append(_without_secrets(token))
            continue
        is_text = kind != "space" and quoted is not None and quoted.take(token, text, match.end())
        if is_text or kind in ("text", "number"):
            _drop_sign(pieces, operands, literals)
            literals.append(token)
            token = "?"
        if kind != "space":
            operands.append((len(pieces), token.lower()))
        pieces.append(token)
    return "".join(pieces), " ".join(literals)


def mask_error(message: str, text: str, values: Iterable[object] = ()) -> str:
    """Return SQLite's message without the values that it may quote.

    It quotes parts of statements ('near "x": syntax error'), texts that are no UTF-8, paths into
    JSON. A column that the statement does not name comes from a full-text search's value. Others
    stand in it as they are, such as the file to attach: those among `values` (the bound ones) and
    the text's literals go.
    """
    shown, literals = mask_text(text)
    if not _OF_SCHEMA.match(message):
        written = (found.replace("''", "'") for found in _WRITTEN.findall(literals))
        told = {*written, *(str(value) for value in values if isinstance(value, (str, int, float)))}
        for value in sorted(told, key=len, reverse=True):
            if len(value) >= _SHORTEST_TOLD and value in message:
                message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "?", message)

    def named(match: re.Match[str]) -> str:
        return match.group() if match.group(2) in shown else f"{match.group(1)}?"

    return _SOUGHT.sub(named, _QUOTED.sub("?", message))


def _drop_sign(pieces: list[str], operands: list[tuple[int, str]], literals: list[str]) -> None:
    while operands and operands[-1][1] in ("-", "+"):
        if len(operands) > 1 and operands[-2][1] not in _BEFORE_OPERAND:
            return
        place, sign = operands.pop()
        pieces[place] = ""
        literals.append(sign)


def _without_secrets(comment: str) -> str:
    tags = ",".join(match.group() for match in _TAG.finditer(comment))
    return f"/*{tags}*/" if tags and comment.startswith("/*") else " "
