"""Which double-quoted tokens are texts: SQLite takes "x" for one where nothing is called x.

A statement alone does not tell. A text it is taken for where one value is compared with, and in
lists of values. Names there have their table's in front, as mappers write them, are reckoned with,
or are key words, which is what names are quoted for by hand.
Source: https://www.sqlite.org/quirks.html#dblquote
"""

from __future__ import annotations

import re

# https://www.sqlite.org/lang_keywords.html
KEYWORDS = frozenset(
    """abort action add after all alter always analyze and as asc attach autoincrement before begin
    between by cascade case cast check collate column commit conflict constraint create cross
    current current_date current_time current_timestamp database default deferrable deferred delete
    desc detach distinct do drop each else end escape except exclude exclusive exists explain fail
    filter first following for foreign from full generated glob group groups having if ignore
    immediate in index indexed initially inner insert instead intersect into is isnull join key
    last left like limit match materialized natural no not nothing notnull null nulls of offset on
    or order others outer over partition plan pragma preceding primary query raise range recursive
    references regexp reindex release rename replace restrict returning right rollback row rows
    savepoint select set table temp temporary then ties to transaction trigger unbounded union
    unique update using vacuum values view virtual when where window with without
    true false""".split()
)
_BEFORE_VALUE = frozenset(
    "= == <> != < > <= >= is like glob regexp match escape between -> ->>".split()
)
_LIST_OPENS = frozenset({"in", "values"})
_LIST_GOES_ON = frozenset({"(", ","})
_NO_LIST = frozenset({"select", "with", "values"})
# A table's name, a function's, or something to reckon with, behind space and comments.
_NAME_GOES_ON = re.compile(
    r"(?:[ \t\n\r\f\ufeff]|--[^\n]*(?:\n|\Z)|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z))*"
    r"(?:[.(+*%&]|-(?!-)|/(?!\*))"
)


class QuotedTexts:
    """Takes the tokens of a statement one by one, without space and comments."""

    def __init__(self) -> None:
        self._before = ("", "", "")
        self._lists = [False]
        self._closed_list = False

    def take(self, token: str, text: str, end: int) -> bool:
        """Tell whether a token of a text, which ends there, is a text in double quotes."""
        lowered = token.lower()
        is_text = (
            token[0] == '"'
            and len(token) > 1
            and lowered[1:-1] not in KEYWORDS
            and self._value_follows()
            and _NAME_GOES_ON.match(text, end) is None
        )
        latest = self._before[2]
        if token == "(":
            self._lists.append(self._list_follows())
        elif token == ")":
            self._closed_list = self._lists.pop() if len(self._lists) > 1 else False
        elif latest == "(" and lowered in _NO_LIST:
            self._lists[-1] = False
        self._before = (*self._before[1:], lowered)
        return is_text

    def _value_follows(self) -> bool:
        third, second, latest = self._before
        return (
            latest in _BEFORE_VALUE
            or (latest == "not" and second == "is")
            or (latest == "and" and third == "between")
            or (latest in _LIST_GOES_ON and self._lists[-1])
        )

    def _list_follows(self) -> bool:
        _, second, latest = self._before
        return (
            latest in _LIST_OPENS
            or (latest in _LIST_GOES_ON and self._lists[-1])
            or (latest == "," and second == ")" and self._closed_list)
        )
