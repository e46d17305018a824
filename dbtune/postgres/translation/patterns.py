"""LIKE and GLOB as PostgreSQL matches patterns.

Source: https://www.sqlite.org/lang_expr.html#like
"""

from __future__ import annotations

from dbtune.postgres.translation.coercion import as_text
from dbtune.postgres.translation.comparison import always
from dbtune.postgres.translation.terms import OTHER, RANGE, Term, quote_text
from dbtune.postgres.translation.translator import Translator

MINDS_CASE = "LIKE minds the case of letters on PostgreSQL"
BEYOND_ASCII = "ILIKE ignores the case of all letters, SQLite's LIKE of ASCII letters only"
_REGEX_SPECIAL = frozenset("\\.+*?()[]{}|^$")


def like_match(
    t: Translator, value: Term, pattern: Term, escape: str | None = None, *, negated: bool = False
) -> Term:
    """Return `value LIKE pattern`: without regard to case, and without an escape by default."""
    if "bytes" in (value.kind, pattern.kind):
        return t.problem("not translatable: LIKE of a blob")
    text, wanted = as_text(t, value), as_text(t, pattern)
    known = t.value_of(pattern)
    written = known.value if known is not None and isinstance(known.value, str) else None
    cased = written is None or any(letter.isalpha() for letter in written)
    ignores = cased and t.options.ignore_case and not text.is_citext
    if cased and not t.options.ignore_case:
        t.difference(MINDS_CASE)
    elif cased and not (written is not None and written.isascii() and _is_ascii(value)):
        t.difference(BEYOND_ASCII)
    operator = "ILIKE" if ignores else "LIKE"
    clause = _escape_clause(written, escape)
    word = "NOT " if negated else ""
    sql = f"{text.at(RANGE + 1)} {word}{operator} {wanted.at(RANGE + 1)}{clause}"
    return Term(sql, "boolean", RANGE)


def glob_match(t: Translator, value: Term, pattern: Term) -> Term:
    """Return `value GLOB pattern` as LIKE where that says the same, else as an expression."""
    if "bytes" in (value.kind, pattern.kind):
        return t.problem("not translatable: GLOB of a blob")
    known = t.value_of(pattern)
    text = as_text(t, value)
    if known is None or pattern.placeholder is not None:
        return t.problem("not translatable: GLOB with a pattern that is not a literal")
    if known.value is None:
        return Term("NULL::boolean", "boolean")
    glob = known.value if isinstance(known.value, str) else str(as_text(t, pattern).sql)
    if "[" not in glob:
        like = _escaped(glob).replace("*", "%").replace("?", "_")
        return Term(f"{_case_sensitive(text)} LIKE {quote_text(like)}", "boolean", RANGE)
    regex = glob_regex(glob)
    if regex is None:
        return always(False, text)
    return Term(f"{_case_sensitive(text)} ~ {quote_text(regex)}", "boolean", OTHER)


def glob_regex(glob: str) -> str | None:
    """Return a regular expression of PostgreSQL, None for a pattern that never matches.

    Source: patternCompare() in https://www.sqlite.org/src/file/src/func.c
    """
    pieces = ["^"]
    position = 0
    while position < len(glob):
        letter = glob[position]
        position += 1
        if letter == "*":
            pieces.append(".*")
        elif letter == "?":
            pieces.append(".")
        elif letter == "[":
            found = _bracket(glob, position)
            if found is None:
                return None
            piece, position = found
            pieces.append(piece)
        else:
            pieces.append("\\" + letter if letter in _REGEX_SPECIAL else letter)
    return "".join([*pieces, "$"])


def _bracket(glob: str, position: int) -> tuple[str, int] | None:
    """Return a set of characters as a regular expression, and where it ends in the pattern."""
    negated = glob[position : position + 1] == "^"
    start = position + negated
    end = glob.find("]", start + 1)
    if end < 0:
        return None
    inner = "".join(
        "\\" + letter if letter in {"\\", "]", "[", "^"} else letter for letter in glob[start:end]
    )
    return f"[{'^' if negated else ''}{inner}]", end + 1


def _escaped(text: str) -> str:
    """Return a text in which LIKE's own wildcards stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _escape_clause(written: str | None, escape: str | None) -> str:
    """Return ESCAPE: PostgreSQL takes a backslash for one where nothing is said."""
    if escape is not None:
        return f" ESCAPE {quote_text(escape)}"
    return "" if written is not None and "\\" not in written else " ESCAPE ''"


def _is_ascii(term: Term) -> bool:
    """Return whether a value can only hold ASCII: a date, a number."""
    return term.kind != "text" or term.instant is not None


def _case_sensitive(text: Term) -> str:
    return f"{text.at(OTHER + 1)}::text" if text.is_citext else text.at(OTHER + 1)
