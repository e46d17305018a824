"""Passing over long lists of values, which a template shows once.

A statement of a megabyte is nearly always rows of values or an IN list. Token by token it takes
seconds; these expressions pass over it in a tenth of that.
"""

from __future__ import annotations

import re
from functools import lru_cache

from dbtune.workload.tokens import (
    IDENTIFIER_CHARACTERS,
    NUMBER_TAIL,
    STRING_BODY,
    WHITE_SPACE,
    TokenReader,
)

_GAP = f"[{WHITE_SPACE}]*"
_LITERAL = (
    rf"(?:[xX]?'{STRING_BODY}|[+-]?\.?[0-9]{NUMBER_TAIL}"
    rf"|(?:[Nn][Uu][Ll][Ll]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])(?![{IDENTIFIER_CHARACTERS}]))"
)
# Apart from literals: whether a statement wants values must not depend on what is passed over.
_MARK = r"\?(?![0-9])"
# The engine keeps a state for each repetition until a match ends.
_AT_ONCE = 500
# More columns are rare, and each number has its own expression.
_MOST_COLUMNS = 100


def skip_list(reader: TokenReader) -> int:
    """Pass over all but the last value behind `IN (` where there are only values.

    Returns about how many there were; a comma within a text counts as one between two.
    """
    for value in (_LITERAL, _MARK):
        repeated, last = _list_of(value)
        if passed := reader.skip(repeated, before=last):
            return passed.count(",")
    return 0


def skip_rows(reader: TokenReader, columns: int) -> bool:
    """Pass over rows of as many values that follow a row of VALUES; tell whether there are any."""
    if columns > _MOST_COLUMNS:
        return False
    return any(reader.skip(_rows_of(value, columns)) != "" for value in (_LITERAL, _MARK))


@lru_cache
def _list_of(value: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    repeated = re.compile(rf"(?:{_GAP}{value}{_GAP},){{1,{_AT_ONCE}}}")
    return repeated, re.compile(rf"{_GAP}{value}{_GAP}\)")


@lru_cache(maxsize=2 * _MOST_COLUMNS)
def _rows_of(value: str, columns: int) -> re.Pattern[str]:
    row = rf"\({_GAP}{value}(?:{_GAP},{_GAP}{value}){{{columns - 1}}}{_GAP}\)"
    return re.compile(rf"(?:{_GAP},{_GAP}{row}){{1,{_AT_ONCE}}}")
