"""Reading the indexes that somebody proposes from a file of DDL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlparse

from dbtune.advisor.proving.proof import PlannedIndex
from dbtune.errors import ConfigurationError
from dbtune.similar_files import missing_hint
from dbtune.sqlite.tokens import Token, text_of, tokenize, unquote_name

_HINT = "--consider judges CREATE INDEX statements, each ended by a semicolon"


def read_proposals(path: Path) -> tuple[PlannedIndex, ...]:
    """Return the CREATE INDEX statements of a file, as they are written but for IF NOT EXISTS.

    Raises ConfigurationError for a file that cannot be read, holds any other statement, or gives
    two indexes one name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{path} does not exist",
            hint=missing_hint(path, "give a file of CREATE INDEX statements"),
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    proposals = tuple(_proposals(text, path))
    names = [proposal.name.lower() for proposal in proposals]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(
            f'{path} proposes two indexes called "{twice}"', hint="give each a name of its own"
        )
    return proposals


def _proposals(text: str, path: Path) -> Iterator[PlannedIndex]:
    for statement in sqlparse.split(text):
        sql = sqlparse.format(statement, strip_comments=True).strip().rstrip(";").strip()
        if sql:
            yield _proposal(sql, path)


def _proposal(sql: str, path: Path) -> PlannedIndex:
    tokens = tuple(tokenize(sql))
    words = [token.text.upper() for token in tokens]
    at = 2 if words[1:2] == ["UNIQUE"] else 1
    if words[:1] != ["CREATE"] or words[at : at + 1] != ["INDEX"]:
        raise ConfigurationError(f"{path} holds {sql[:80]!r}, which is no CREATE INDEX", hint=_HINT)
    head, rest = tokens[: at + 1], tokens[at + 1 :]
    if words[at + 1 : at + 4] == ["IF", "NOT", "EXISTS"]:
        rest = rest[3:]
    name, on, table = _named(rest)
    if on != "ON" or not name or not table:
        raise ConfigurationError(f"{path} cannot be read as SQL near {sql[:80]!r}", hint=_HINT)
    return PlannedIndex(name, table, f"{text_of(sql, head)} {text_of(sql, rest)}")


def _named(tokens: tuple[Token, ...]) -> tuple[str, str, str]:
    """Return the index's name, the word that should be ON, and the table's name."""
    if len(tokens) > 2 and tokens[1].text == ".":  # main.ix ON t
        tokens = tokens[2:]
    if len(tokens) < 3:
        return "", "", ""
    return unquote_name(tokens[0]), tokens[1].text.upper(), unquote_name(tokens[2])
