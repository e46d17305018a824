"""What a database holds, in few enough numbers to tell a good copy from a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbtune.resources import sql
from dbtune.sqlite.failures import failures_of, pass_locks_on
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.queryable import Queryable

# Counting that many rows takes some 20 ms, so that no lock on a table lasts long.
COUNTED_AT_MOST = 1_000_000


@dataclass(frozen=True)
class TableContents:
    """Rows of a table, up to a million, and its first and last rowid; None where unreadable."""

    table: str
    rows: int | None
    first_rowid: int | None
    last_rowid: int | None


@dataclass(frozen=True)
class Contents:
    """All objects of a schema as (type, name, SQL), and what is in the tables."""

    objects: tuple[tuple[str, str, str | None], ...]
    tables: tuple[TableContents, ...]


def read_contents(connection: Queryable) -> Contents:
    """Return what a database holds, SQLite's own tables included.

    Where the caller holds no transaction, each table is read under a short lock of its own.
    """
    objects = tuple(tuple(row) for row in connection.execute(sql("sqlite/all_objects")))
    names = [row[0] for row in connection.execute(sql("sqlite/stored_tables"))]
    return Contents(objects, tuple(_table(connection, name) for name in names))


def differences(source: Contents, copy: Contents) -> tuple[str, ...]:
    """Return in words how a copy differs from its source; empty where it does not."""
    return tuple(_object_differences(source, copy)) + tuple(_row_differences(source, copy))


def _object_differences(source: Contents, copy: Contents) -> Iterator[str]:
    wanted, found = set(source.objects), set(copy.objects)
    for kind, name, _ in sorted(wanted - found, key=repr):
        yield f"{kind} {name} is missing or differs"
    for kind, name, _ in sorted(found - wanted, key=repr):
        yield f"{kind} {name} is not in the source, or differs"


def _row_differences(source: Contents, copy: Contents) -> Iterator[str]:
    copied = {table.table: table for table in copy.tables}
    for wanted in source.tables:
        found = copied.get(wanted.table)
        if found is not None and found != wanted:
            yield (
                f"table {wanted.table} has {found.rows} rows (rowids {found.first_rowid} to "
                f"{found.last_rowid}) instead of {wanted.rows} ({wanted.first_rowid} to "
                f"{wanted.last_rowid})"
            )


def _table(connection: Queryable, name: str) -> TableContents:
    quoted = quote_identifier(name)
    limited = f"SELECT 1 FROM {quoted} LIMIT {COUNTED_AT_MOST}"
    return TableContents(
        table=name,
        rows=_number(connection, f"SELECT count(*) FROM ({limited})"),
        # Two queries: SQLite finds one of min and max by the tree, and both together by a scan.
        first_rowid=_number(connection, f"SELECT min(rowid) FROM {quoted}"),
        last_rowid=_number(connection, f"SELECT max(rowid) FROM {quoted}"),
    )


def _number(connection: Queryable, query: str) -> Any:
    """Return the first value, None where SQLite cannot run the query (no rowid, say)."""
    try:
        return next(iter(connection.execute(query)))[0]
    except failures_of(connection) as error:
        pass_locks_on(error)
        return None
