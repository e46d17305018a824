"""Why a recorded statement could not be analysed, in words, from its text and SQLite's message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dbtune.advisor.wording import shown, statement
from dbtune.sqlite.tokens import tokenize, unquote_name


@dataclass(frozen=True)
class Reason:
    """What kept a statement from being analysed.

    `kind` is a stable word. `because` ends the sentence "not analysed, because ...". `mistaken`
    where the statement, the recording or the schema may be wrong, rather than nobody's fault.
    """

    kind: str
    because: str
    mistaken: bool = False


def reason(text: str, error: str) -> Reason:
    """Return why SQLite could not prepare a statement."""
    for pattern, explain in _KNOWN:
        match = pattern.search(error)
        if match:
            return explain(text, match)
    return Reason("other", f"SQLite cannot prepare it: {statement(error)}", mistaken=True)


def on_temporary_table(error: str) -> Reason:
    """Return why a statement on a table that the recording makes for itself was left out."""
    match = _TABLE.search(error)
    table = shown(match.group(1).rpartition(".")[2]) if match else "it"
    return Reason(
        "temporary",
        f"{table} is a temporary table of the application's connection, whose rows dbtune does not "
        "have",
    )


def lines(found: Iterable[tuple[str, Reason]]) -> Iterator[str]:
    """Yield one line for each reason with the ids of its query shapes, in their order."""
    ids: dict[str, list[str]] = {}
    for shape_id, why in found:
        ids.setdefault(why.because, []).append(shape_id)
    for because, group in ids.items():
        more = f" and {len(group) - _MOST_NAMED} more" if len(group) > _MOST_NAMED else ""
        named = ", ".join(group[:_MOST_NAMED])
        yield (
            f"{'query' if len(group) == 1 else 'queries'} {named}{more} not analysed, because "
            + (because)
        )


# A list of hundreds of ids helps nobody.
_MOST_NAMED = 10
_TABLE = re.compile(r"no such table: (.+)", re.DOTALL)
# SQLite's own tables that come and go, and what makes them.
_SQLITE_TABLES = {
    "sqlite_stat1": "ANALYZE has not run on this database",
    "sqlite_stat4": "ANALYZE has not run on this database with a library that keeps samples",
    "sqlite_sequence": "no table of this database is AUTOINCREMENT",
}


def _missing_table(text: str, match: re.Match[str]) -> Reason:
    name = match.group(1)
    file, _, table = name.rpartition(".")
    if file.lower() == "temp":
        return on_temporary_table(match.group())
    if file and file.lower() != "main":
        return _attached(text, file, name)
    if table.lower() in _SQLITE_TABLES:
        return Reason("sqlite-table", f"{table} is not there: {_SQLITE_TABLES[table.lower()]}")
    if _is_called(text, table):
        return Reason(
            "table-function",
            f"{shown(table)}() is a table-valued function of an extension or of the application, "
            "which dbtune does not load",
        )
    return Reason("no-table", f"this database has no table {shown(table)}", mistaken=True)


def _is_called(text: str, name: str) -> bool:
    tokens = tuple(tokenize(text))
    for place, token in enumerate(tokens[:-1]):
        if tokens[place + 1].text == "(" and unquote_name(token).lower() == name.lower():
            # INSERT INTO name (a, b) is a list of columns.
            return not (place and tokens[place - 1].is_word("INTO"))
    return False


def _attached(text: str, file: str, name: str) -> Reason:
    return Reason(
        "attached",
        f"{shown(name)} is in another database file, attached as {shown(file)}, which dbtune does "
        "not open",
    )


def _syntax(text: str, match: re.Match[str]) -> Reason:
    first = next((token.text.upper() for token in tokenize(text)), "")
    near = match.group(1)
    if first in {"UPDATE", "DELETE", "WITH"} and near.upper() in {"ORDER", "LIMIT"}:
        return Reason(
            "limited-write",
            f"dbtune's SQLite is built without {near.upper()} in UPDATE and DELETE, which the "
            "application's may have",
        )
    return Reason("syntax", f"SQLite does not understand it at {shown(near)}", mistaken=True)


def _plain(kind: str, because: str, *, mistaken: bool = False) -> Callable[..., Reason]:
    def explain(text: str, match: re.Match[str]) -> Reason:
        names = [shown(group) if group else "" for group in match.groups()]
        return Reason(kind, because.format(*names), mistaken)

    return explain


_KNOWN: tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], Reason]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), explain)
    for pattern, explain in (
        (_TABLE.pattern, _missing_table),
        (
            r"unknown database:? \"?([^\"]+)\"?",
            lambda text, match: _attached(text, match.group(1), match.group(1)),
        ),
        (
            r"no such column: (.+)",
            _plain("no-column", "no table it reads has a column {0}", mistaken=True),
        ),
        (
            r"no such index: (.+)",
            _plain(
                "no-index",
                "it insists on index {0} (INDEXED BY), which this database does not have",
                mistaken=True,
            ),
        ),
        (
            r"no query solution",
            _plain(
                "no-index",
                "it insists on an index (INDEXED BY) that cannot serve it",
                mistaken=True,
            ),
        ),
        (
            r"no such module: (.+)",
            _plain(
                "module",
                "it reads a virtual table of module {0}, an extension that dbtune does not load",
            ),
        ),
        (
            r"no such function: (.+)",
            _plain(
                "function", "{0}() is a function of the application that dbtune has no stand-in for"
            ),
        ),
        (
            r"no such collation sequence: (.+)",
            _plain(
                "collation", "{0} is a collation of the application that dbtune has no stand-in for"
            ),
        ),
        (
            r"wrong number of arguments to function (.+)\(\)",
            _plain("arguments", "{0}() does not take so many arguments", mistaken=True),
        ),
        (r"near \"(.*?)\": syntax error", _syntax),
        (
            r"incomplete input|unrecognized token",
            _plain(
                "cut-off", "its text ends in the middle: the recorder cut it off", mistaken=True
            ),
        ),
        (
            r"ON CONFLICT clause does not match",
            _plain(
                "conflict-target",
                "its ON CONFLICT names columns that no PRIMARY KEY or UNIQUE index of this "
                "database is on",
                mistaken=True,
            ),
        ),
        (
            r"not authorized to use function: load_extension",
            _plain("extension", "it loads an extension, which dbtune does not do"),
        ),
        (
            r"not authorized|neither reads nor writes rows|may not be (?:modified|dropped)",
            _plain(
                "forbidden",
                "it changes the schema, settings or the file, which dbtune does not even do to a "
                "copy",
            ),
        ),
        (
            r"several statements in one text",
            _plain("several", "its text holds several statements", mistaken=True),
        ),
        (
            r"[Ii]ncorrect number of bindings|^'[^']*'\Z",
            _plain(
                "values", "not all of its placeholders were recorded with values", mistaken=True
            ),
        ),
        (
            r"surrogates|int too (?:big|large)|bad binding argument|Bad binding",
            _plain("values", "it holds a value that SQLite cannot store", mistaken=True),
        ),
        (
            r"more than \d+ functions of the application",
            _plain("function", "it calls more functions of the application than any query does"),
        ),
    )
)
