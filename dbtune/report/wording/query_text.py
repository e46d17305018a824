"""Queries as one recognises them: not by what they select, but by from where and by what."""

from __future__ import annotations

import re

from dbtune.report.plain_text import one_line

# A DISTINCT is work, and so it stays; up to six characters are no longer than the dots.
_SELECTED = re.compile(r"\bSELECT (?!DISTINCT).{6,}? FROM ", re.IGNORECASE)
_LAST = " FROM "
_TO_FROM = re.compile(r"^SELECT (?!DISTINCT).+? FROM ", re.IGNORECASE)
# Where there is one table, its name before each column says nothing.
_SOURCE = re.compile(r"\bFROM ([^\s(),]+)", re.IGNORECASE)
_JOINED = re.compile(r"\bJOIN\b|\bFROM [^\s(),]+(?: AS)?(?: \w+)?,", re.IGNORECASE)


def abbreviated(sql: str) -> str:
    """Return a query on one line with dots for what it selects."""
    text = one_line(sql)
    # Behind the last FROM nothing can match, and each SELECT there would be looked for one.
    end = text.upper().rfind(_LAST) + len(_LAST)
    return _SELECTED.sub("SELECT ... FROM ", text[:end]) + text[end:] if end >= len(_LAST) else text


def recognizable(sql: str, *, narrow: bool) -> str:
    """Return a query abbreviated for a cell; in a `narrow` one it begins with FROM."""
    text = one_line(sql)
    tables = _SOURCE.findall(text)
    if len(tables) == 1 and not _JOINED.search(text):
        text = text.replace(f"{tables[0]}.", "")
    return _TO_FROM.sub("FROM ", abbreviated(text)) if narrow else abbreviated(text)
