"""The health of a database file: its header, its pragmas, and SQLite's own checks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbtune.model.schema import FileHealth
from dbtune.resources import sql
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.file.location import side_file
from dbtune.sqlite.identifiers import quote_literal
from dbtune.sqlite.queryable import Queryable

MAX_INTEGRITY_ERRORS = 100
MAX_VIOLATIONS = 1000

_NO_ERROR = frozenset({"ok", "*** in database main ***"})

# A check reads every page under one lock. Under a rollback journal commits wait for it: 128 MB
# take 0.1 to 0.2 s with the file in memory. Under WAL nobody waits, and 4 GB take some seconds.
_CHECKED_BESIDE_WRITERS_BYTES = 128 << 20
_CHECKED_BYTES = 4 << 30


@dataclass(frozen=True)
class _Checked:
    """What a check found, and what it could not look at."""

    found: tuple[Any, ...] = ()
    left_out: tuple[str, ...] = ()


def read_health(connection: Queryable, path: Path) -> FileHealth:
    """Return a file's header values and what quick_check and foreign_key_check say.

    Checks that would take long are left out, and `not_checked` says so; under a rollback journal,
    where writers wait meanwhile, those of smaller files too.
    """
    page_size = _pragma(connection, "page_size")
    page_count = _pragma(connection, "page_count")
    journal_mode = str(_pragma(connection, "journal_mode"))
    limit = _CHECKED_BYTES if journal_mode == "wal" else _CHECKED_BESIDE_WRITERS_BYTES
    size = page_count * page_size
    integrity = violations = _Checked(left_out=(_too_large(size, limit),))
    fragmentation = None
    if size <= limit:
        integrity = _quick_check(connection)
        violations = _Checked() if integrity.found else _foreign_key_check(connection)
        fragmentation = _fragmentation(connection)
    return FileHealth(
        size_bytes=path.stat().st_size,
        wal_bytes=_size(side_file(path, "-wal")),
        page_size_bytes=page_size,
        page_count=page_count,
        freelist_count=_pragma(connection, "freelist_count"),
        journal_mode=journal_mode,
        auto_vacuum=_pragma(connection, "auto_vacuum"),
        encoding=str(_pragma(connection, "encoding")),
        integrity_errors=integrity.found,
        foreign_key_violations=violations.found,
        fragmentation_ratio=fragmentation,
        sqlite_version=str(_value(connection, "SELECT sqlite_version()")),
        not_checked=tuple(dict.fromkeys(integrity.left_out + violations.left_out)),
    )


def integrity_errors(connection: Queryable) -> tuple[str, ...]:
    """Return what quick_check finds wrong; nothing of tables it cannot check here."""
    return tuple(_quick_check(connection).found)


def _quick_check(connection: Queryable) -> _Checked:
    """Check the whole file; where an unknown function or collation stops that, table by table."""
    whole = _run_quick_check(connection, str(MAX_INTEGRITY_ERRORS))
    if not whole.left_out:
        return whole
    names = [row[0] for row in connection.execute(sql("sqlite/stored_tables"))]
    checks = [_run_quick_check(connection, quote_literal(name), name) for name in names]
    return _Checked(
        found=tuple(line for check in checks for line in check.found),
        left_out=tuple(line for check in checks for line in check.left_out),
    )


def _run_quick_check(connection: Queryable, argument: str, table: str = "") -> _Checked:
    """Return the lines of quick_check other than "ok"; damage that ends the check is one too."""
    lines: list[str] = []
    try:
        for row in connection.execute(f"PRAGMA quick_check({argument})"):
            lines.extend(str(row[0]).splitlines())
    except failures_of(connection) as error:
        pass_locks_on(error)
        if "malformed" not in str(error) and "disk I/O" not in str(error):
            return _Checked(left_out=(f"integrity of {table}: {error}",))
        lines.append(str(error))
    return _Checked(found=tuple(line for line in lines if line not in _NO_ERROR))


def _foreign_key_check(connection: Queryable) -> _Checked:
    """Check table by table, so that each lock is short and one broken key stops only itself."""
    found: list[tuple[str, int | None, str]] = []
    left_out = []
    for (table,) in list(connection.execute(sql("sqlite/tables_with_foreign_keys"))):
        query = (
            'SELECT "table", rowid, parent FROM '
            f"pragma_foreign_key_check({quote_literal(table)}) LIMIT {MAX_VIOLATIONS - len(found)}"
        )
        try:
            found.extend(connection.execute(query))
        except failures_of(connection) as error:
            pass_locks_on(error)
            left_out.append(f"foreign keys of {table}: {error}")
    return _Checked(tuple(found), tuple(left_out))


def _fragmentation(connection: Queryable) -> float | None:
    try:
        ratio = _value(connection, sql("sqlite/fragmentation"))
    except failures_of(connection) as error:
        pass_locks_on(error)
        return None  # this SQLite has no DBSTAT
    return None if ratio is None else float(ratio)


def _too_large(size: int, limit: int) -> str:
    return (
        f"integrity, foreign keys and fragmentation: the file has {size / 1e6:,.0f} MB, and beside "
        f"writers at most {limit / 1e6:,.0f} MB are checked; check a backup of it instead"
    )


def _pragma(connection: Queryable, name: str) -> Any:
    return _value(connection, f"PRAGMA {name}")


def _value(connection: Queryable, query: str) -> Any:
    return next(iter(connection.execute(query)))[0]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
