"""Function calls whose arguments are all literals: SQLite itself says what they return."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing

from dbtune.model.workload import SqlValue
from dbtune.postgres.translation.terms import Constant

_DATES = frozenset("date time datetime julianday unixepoch strftime".split())
# Always the same for the same arguments, and cheap on literals.
_FIXED = _DATES | frozenset(
    """
    abs char coalesce concat concat_ws format glob hex ifnull instr json_array json_array_length
    json_extract json_object json_patch json_quote json_type json_valid length like lower ltrim
    nullif octet_length printf quote replace round rtrim sign substr substring trim typeof unhex
    unicode unistr upper acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp
    floor ln log log10 log2 mod pi pow power radians sin sinh sqrt tan tanh trunc
    """.split()
)
# What makes a date another one each time, or another one elsewhere.
_CHANGING = ("now", "localtime", "utc")
_MOST_BYTES = 10_000


def fixed_value(name: str, values: Sequence[SqlValue]) -> Constant | None:
    """Return what a function of SQLite returns for literals, None where that is not settled."""
    if name not in _FIXED or (name in _DATES and not _is_settled(name, values)):
        return None
    marks = ", ".join("?" * len(values))
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            found = connection.execute(f"SELECT {name}({marks})", tuple(values)).fetchone()[0]
        except (sqlite3.Error, OverflowError):
            return None
    if isinstance(found, str) and "\0" in found:
        return None
    return None if isinstance(found, (str, bytes)) and len(found) > _MOST_BYTES else Constant(found)


def _is_settled(name: str, values: Sequence[SqlValue]) -> bool:
    fewest = 2 if name == "strftime" else 1
    texts = [value.lower().strip() for value in values if isinstance(value, str)]
    return len(values) >= fewest and not any(text in _CHANGING for text in texts)
