"""Commands and SQL as one copies them from a terminal."""

from __future__ import annotations

import re

from dbtune.report.plain_text import display_width, printable
from dbtune.report.wording.findings import is_sql
from dbtune.report.wording.query_text import abbreviated

# A quoted part stays whole: a break inside it would change the command.
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|[^\s])+""")
_QUERY = re.compile(r"SELECT\b", re.IGNORECASE)


def command_lines(command: str, width: int, indent: str) -> list[str]:
    """Return a command on lines of `width` columns that still run when copied as a whole.

    Behind `$ ` for a shell, whose lines break before an option and continue with a backslash;
    behind `sqlite> ` for SQL, which ends with a semicolon. A word wider than that stays whole.
    A query too long for a line has dots for what it selects: it is an example to follow.
    """
    if _QUERY.match(command) and display_width(command) > width:
        command = abbreviated(command)
    if is_sql(command):
        words = _words(command.rstrip().rstrip(";") + ";")
        return _fill(words, width, f"{indent}sqlite> ", f"{indent}        ", "")
    return _fill(_with_values(_words(command)), width, f"{indent}$ ", f"{indent}    ", " \\")


def sql_lines(sql: str, width: int, indent: str) -> list[str]:
    """Return a statement on lines of `width` columns; a quoted part or longer word stays whole."""
    words = _words(sql.rstrip().rstrip(";") + ";")
    return _fill(words, width, indent, f"{indent}    ", "")


def _words(command: str) -> list[str]:
    return [printable(word) for word in _WORD.findall(command)]


def _with_values(words: list[str]) -> list[str]:
    """Join an option with its value, so that no line ends between them."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].startswith("-") and " " not in joined[-1] and word[0] != "-":
            joined[-1] = f"{joined[-1]} {word}"
        else:
            joined.append(word)
    return joined


def _fill(words: list[str], width: int, first: str, rest: str, continued: str) -> list[str]:
    lines = [first]
    room = width - len(continued)
    for word in words:
        at_start = lines[-1] in (first, rest)
        if not at_start and display_width(lines[-1]) + 1 + display_width(word) > room:
            lines.append(rest)
            at_start = True
        lines[-1] += word if at_start else f" {word}"
    return [line + continued for line in lines[:-1]] + lines[-1:]
