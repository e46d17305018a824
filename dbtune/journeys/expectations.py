"""What a report says a database should look like: its indexes and the pragmas kept in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbtune.model.advice import Change, Report
from dbtune.sqlite.tokens import Token, tokenize, unquote_name

# Of all pragmas only these are kept in the file, so only these can be read from outside:
# the others belong to each connection of the application.
FILE_PRAGMAS = ("journal_mode", "page_size", "auto_vacuum", "application_id", "user_version")


@dataclass(frozen=True)
class ExpectedIndex:
    """An index that should be there, with the statement that creates it."""

    name: str
    table: str
    sql: str


@dataclass(frozen=True)
class AbsentIndex:
    """An index that was dropped and should not have come back."""

    name: str


@dataclass(frozen=True)
class ExpectedPragma:
    """A pragma that is kept in the file, with the value it should have, in lower case."""

    name: str
    value: str


# Changes that apply-indexes makes only where they are asked for by name.
_ON_REQUEST = frozenset({"foreign-key-without-index"})

Effect = ExpectedIndex | AbsentIndex | ExpectedPragma


@dataclass(frozen=True)
class Expectations:
    """What should be in place.

    `advised_drops` are the CREATE statements of indexes that a report advises to drop: they
    may be there or not.
    """

    indexes: tuple[ExpectedIndex, ...] = ()
    absent: tuple[AbsentIndex, ...] = ()
    pragmas: tuple[ExpectedPragma, ...] = ()
    advised_drops: tuple[ExpectedIndex, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.indexes or self.absent or self.pragmas)


def expectations_of(report: Report) -> Expectations:
    """Return what should be in place: what was applied, or else what is recommended.

    A report of a command that changed the database counts by its changes alone. In one of
    `analyze` every recommended index counts, and WAL where the report asks for it; the indexes
    it advises to drop are their owner's choice and do not.
    """
    if report.changes is not None:
        return _collect(
            effect for change in report.changes for effect in _effects(change.statements)
        )
    changes = [
        finding.change
        for finding in report.findings
        if finding.change is not None and finding.code not in _ON_REQUEST
    ]
    effects = [effect for change in changes for effect in _effects(change.up)]
    # At "info" the report has seen no writes, and leaves the choice to its reader.
    if any(f.code == "rollback-journal" and f.severity != "info" for f in report.findings):
        effects.append(ExpectedPragma("journal_mode", "wal"))
    wanted = (effect for effect in effects if not isinstance(effect, AbsentIndex))
    return _collect(wanted, tuple(_advised_drops(changes)))


def _collect(effects: Iterable[Effect], drops: tuple[ExpectedIndex, ...] = ()) -> Expectations:
    """Return the state that effects lead to: a later one overrules an earlier of the same name."""
    last = {
        (isinstance(effect, ExpectedPragma), effect.name.lower()): effect for effect in effects
    }.values()
    return Expectations(
        indexes=tuple(effect for effect in last if isinstance(effect, ExpectedIndex)),
        absent=tuple(effect for effect in last if isinstance(effect, AbsentIndex)),
        pragmas=tuple(effect for effect in last if isinstance(effect, ExpectedPragma)),
        advised_drops=drops,
    )


def _advised_drops(changes: Iterable[Change]) -> Iterable[ExpectedIndex]:
    for change in changes:
        if any(isinstance(effect, AbsentIndex) for effect in _effects(change.up)):
            yield from (e for e in _effects(change.down) if isinstance(e, ExpectedIndex))


def _effects(statements: Iterable[str]) -> tuple[Effect, ...]:
    """Return what statements lead to; those that leave no trace in the file are left out."""
    found = (_effect(tuple(tokenize(sql)), sql) for sql in statements)
    return tuple(effect for effect in found if effect is not None)


def _effect(tokens: tuple[Token, ...], sql: str) -> Effect | None:
    words = tuple(token.text.upper() for token in tokens[:3])
    if words[:2] == ("CREATE", "INDEX"):
        return _created_index(tokens[2:], sql)
    if words == ("CREATE", "UNIQUE", "INDEX"):
        return _created_index(tokens[3:], sql)
    if words[:2] == ("DROP", "INDEX"):
        name = _name(tokens[2:])[0]
        return None if name is None else AbsentIndex(name)
    return _pragma(tokens) if words[:1] == ("PRAGMA",) else None


def _created_index(tokens: tuple[Token, ...], sql: str) -> ExpectedIndex | None:
    name, rest = _name(tokens)
    if name is None or len(rest) < 2 or not rest[0].is_word("ON"):
        return None
    return ExpectedIndex(name, unquote_name(rest[1]), sql)


def _pragma(tokens: tuple[Token, ...]) -> ExpectedPragma | None:
    name, rest = _name(tokens[1:])
    if name is None or name.lower() not in FILE_PRAGMAS:
        return None
    if len(rest) < 2 or rest[0].text not in {"=", "("}:
        return None
    return ExpectedPragma(name.lower(), unquote_name(rest[1]).lower())


def _name(tokens: tuple[Token, ...]) -> tuple[str | None, tuple[Token, ...]]:
    """Return the object's name without IF (NOT) EXISTS and schema, and what follows it."""
    while tokens and tokens[0].is_word("IF", "NOT", "EXISTS"):
        tokens = tokens[1:]
    if len(tokens) > 2 and tokens[1].text == ".":
        tokens = tokens[2:]
    return (unquote_name(tokens[0]), tokens[1:]) if tokens else (None, ())
