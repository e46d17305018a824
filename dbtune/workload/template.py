"""One text for all statements that differ only in values, layout, case and list lengths."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbtune.recorder.quoted_texts import KEYWORDS, QuotedTexts
from dbtune.workload.repetition import skip_list, skip_rows
from dbtune.workload.tokens import (
    Token,
    TokenReader,
    expects_operand,
    lower_ascii,
    unquote,
)

VALUE = "?"

_PLAIN_NAME = re.compile(r"[a-z_\x80-\U0010ffff][a-z0-9_$\x80-\U0010ffff]*")
_NO_SPACE_BEFORE = frozenset({",", ")", ".", ";"})
_NO_SPACE_AFTER = frozenset({"(", "."})
_CALLED_KEYWORDS = frozenset({"cast", "glob", "like", "replace", "raise"})
# NULL and truth values are literals where a value stands, and syntax in `IS NULL`, `NOT NULL`,
# `SET NULL` or `DEFAULT NULL`.
_VALUE_WORDS = frozenset({"null", "true", "false"})
_BEFORE_VALUE_WORD = frozenset({"=", "==", "<", ">", "<=", ">=", "<>", "!="})
# A list from here on is a batch of keys (a page of an ORM's eager loading holds ten and more);
# shorter ones are found in conditions that are sent row by row too.
_BATCH_VALUES = 10


@dataclass(frozen=True)
class Folded:
    """A statement's folded tokens; `many_rows` is True where it is about many rows at once.

    That is where VALUES holds several rows, or an IN list ten values or more.
    """

    tokens: tuple[str, ...]
    many_rows: bool
    has_placeholders: bool


def fold(sql: str) -> Folded:
    """Return the statement's tokens with values as `?`, names in one case and lists collapsed."""
    reader = TokenReader(sql)
    folding = _Folding(reader)
    texts = QuotedTexts() if '"' in sql else None
    for token in reader:
        if texts is not None and texts.take(token.text, sql, token.start + len(token.text)):
            token = Token("text", token.text, token.start)
        folding.add(token)
    return folding.finish()


def render(tokens: tuple[str, ...]) -> str:
    """Join folded tokens with the same spacing whatever the layout was."""
    pieces: list[str] = []
    previous = ""
    for token in tokens:
        if previous and _is_spaced(previous, token):
            pieces.append(" ")
        pieces.append(token)
        previous = token
    return "".join(pieces)


@dataclass(slots=True)
class _Level:
    """An open parenthesis: where it stands, what it holds, and the last row directly inside."""

    start: int
    is_in_list: bool
    is_row: bool
    passed: int = 0
    last_row: tuple[int, int] | None = None


class _Folding:
    """The tokens so far, collapsed as each parenthesis closes, so that memory follows the result.

    Nesting is kept in a list: a text of a million parentheses must not exhaust the stack.
    """

    def __init__(self, reader: TokenReader) -> None:
        self._reader = reader
        self._tokens: list[str] = []
        self._levels = [_Level(-1, is_in_list=False, is_row=False)]
        self._many_rows = False
        self._has_placeholders = False

    def add(self, token: Token) -> None:
        """Take the next token."""
        kind, text = token.kind, token.text
        if kind == "word":
            self._add_word(lower_ascii(text))
        elif kind in {"number", "text"}:
            self._drop_sign()
            self._tokens.append(VALUE)
        elif kind == "placeholder":
            self._has_placeholders = True
            self._tokens.append(VALUE)
        elif kind == "quoted":
            self._tokens.append(_fold_name(unquote(text)))
        elif text == "(":
            self._open()
        elif text == ")":
            self._close()
        else:
            self._tokens.append(text if text.isprintable() else "\ufffd")

    def finish(self) -> Folded:
        """Return what was folded, without semicolons around it."""
        tokens = self._tokens
        end = len(tokens)
        while end and tokens[end - 1] == ";":
            end -= 1
        start = 0
        while start < end and tokens[start] == ";":
            start += 1
        return Folded(tuple(tokens[start:end]), self._many_rows, self._has_placeholders)

    def _previous(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def _add_word(self, word: str) -> None:
        if word in _VALUE_WORDS:
            previous, level = self._previous(), self._levels[-1]
            listed = (level.is_in_list or level.is_row) and previous in {"(", ","}
            if listed or previous in _BEFORE_VALUE_WORD:
                word = VALUE
        self._tokens.append(word)

    def _drop_sign(self) -> None:
        tokens = self._tokens
        while tokens and tokens[-1] in {"-", "+"}:
            if not expects_operand(tokens[-2] if len(tokens) > 1 else ""):
                return
            tokens.pop()

    def _open(self) -> None:
        level, previous = self._levels[-1], self._previous()
        follows_row = (
            previous == ","
            and level.last_row is not None
            and level.last_row[1] == len(self._tokens) - 1
        )
        self._many_rows = self._many_rows or follows_row
        is_row = follows_row or previous == "values" or (level.is_in_list and previous == "(")
        self._levels.append(_Level(len(self._tokens), previous == "in", is_row))
        self._tokens.append("(")
        if previous == "in":
            self._levels[-1].passed = skip_list(self._reader)

    def _close(self) -> None:
        self._tokens.append(")")
        if len(self._levels) == 1:
            return
        level = self._levels.pop()
        if level.is_in_list:
            self._collapse_list(level.start, level.passed)
        elif level.is_row:
            self._collapse_row(level.start)

    def _collapse_list(self, start: int, passed: int) -> None:
        tokens = self._tokens
        inside = tokens[start + 1 : -1]
        if not inside or inside != _values(len(inside)):
            return
        if passed + (len(inside) + 1) // 2 >= _BATCH_VALUES:
            self._many_rows = True
        del tokens[start + 2 : -1]

    def _collapse_row(self, start: int) -> None:
        tokens, parent = self._tokens, self._levels[-1]
        last = parent.last_row
        if last and last[1] == start - 1 and tokens[last[0] : last[1]] == tokens[start:]:
            del tokens[last[1] :]
            return
        parent.last_row = (start, len(tokens))
        values = tokens[start + 1 : -1]
        if (
            values
            and values == _values(len(values))
            and skip_rows(self._reader, (len(values) + 1) // 2)
        ):
            self._many_rows = True


def _values(length: int) -> list[str]:
    return [VALUE if number % 2 == 0 else "," for number in range(length)]


def _fold_name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def _is_spaced(previous: str, token: str) -> bool:
    if token in _NO_SPACE_BEFORE or previous in _NO_SPACE_AFTER:
        return False
    if token != "(":
        return True
    is_name = previous[0] in '"_' or previous[0].isalpha() or previous[0] >= "\x80"
    return not is_name or (previous in KEYWORDS and previous not in _CALLED_KEYWORDS)
