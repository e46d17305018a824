"""What a revision changes in a database's catalog, foretold and read back."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.diagnosis import explain_failure
from dbtune.sqlite.identifiers import unquote_identifier

_NAME = r'("(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[^\s(]+)'
_CREATE_INDEX = re.compile(
    rf"(?is)CREATE\s+(UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?({_NAME}.*)\Z"
)
_DROP_INDEX = re.compile(rf"(?is)DROP\s+INDEX\s+(?:IF\s+EXISTS\s+)?{_NAME}\s*\Z")


@dataclass(frozen=True)
class CatalogEntry:
    """A row of sqlite_master; `sql` is None for an index that a constraint made."""

    type: str
    name: str
    table: str
    sql: str | None


@dataclass(frozen=True)
class CatalogChange:
    """Indexes that statements create, as (name, SQL that the catalog keeps), and drop by name."""

    created: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


def read_snapshot(database: Path, *, ignore: str) -> frozenset[CatalogEntry]:
    """Return the catalog but statistics and the version table named by `ignore`.

    Raises SourceError or LockedError where the file cannot be read.
    """
    with closing(open_readonly(database)) as connection:
        try:
            rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
            entries = [CatalogEntry(*row) for row in rows.fetchall()]
        except sqlite3.Error as error:
            raise explain_failure(error, database) from error
    return frozenset(
        entry
        for entry in entries
        if entry.table.lower() != ignore.lower() and not entry.table.startswith("sqlite_stat")
    )


def foretell(statements: Iterable[str]) -> CatalogChange:
    """Return what the statements of a revision do to the indexes."""
    created: list[tuple[str, str]] = []
    dropped: list[str] = []
    for statement in statements:
        create = _CREATE_INDEX.match(statement)
        drop = _DROP_INDEX.match(statement)
        if create:
            unique = "UNIQUE " if create.group(1) else ""
            sql = f"CREATE {unique}INDEX {create.group(2)}"
            created.append((unquote_identifier(create.group(3)), sql))
        elif drop:
            dropped.append(unquote_identifier(drop.group(1)))
    return CatalogChange(tuple(created), tuple(dropped))


def differences(
    before: frozenset[CatalogEntry], after: frozenset[CatalogEntry], expected: CatalogChange
) -> tuple[str, ...]:
    """Return how a catalog differs from what a change should have made of it, in words.

    What somebody else created meanwhile does not count; what vanished does.
    """
    kept = {_key(entry.type, entry.name, entry.sql) for entry in after}
    indexes = {_spaced(entry.name).lower() for entry in after if entry.type == "index"}
    gone = {_spaced(name).lower() for name in expected.dropped}
    wanted = {_key(entry.type, entry.name, entry.sql) for entry in before}
    wanted = {key for key in wanted if key[0] != "index" or key[1].lower() not in gone}
    wanted |= {_key("index", name, sql) for name, sql in expected.created}
    return (
        *(f'{kind} "{name}" is not as it should be' for kind, name, _ in sorted(wanted - kept)),
        *(f'index "{name}" is still there' for name in sorted(gone & indexes)),
    )


def _key(kind: str, name: str, sql: str | None) -> tuple[str, str, str]:
    # A statement is collected without the blanks around it; a name may begin or end with one.
    return kind, _spaced(name), _spaced(sql or "").strip()


def _spaced(text: str) -> str:
    # Alembic's offline mode writes tabs as spaces.
    return text.replace("\t", "    ")
