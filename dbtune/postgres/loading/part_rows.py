"""Rows of a part that need a name: those kept back, one that is refused, those around damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from dbtune.errors import SourceError
from dbtune.model.transfer import Reject, TablePlan
from dbtune.postgres.loading.encode import StoredValue, is_utf8, shown
from dbtune.postgres.loading.table_part import TablePart, column_term, reject_sql, select_sql
from dbtune.sqlite.identifiers import quote_identifier

_DAMAGE = ("malformed", "disk I/O error", "corrupt")


def row_name(connection: sqlite3.Connection, part: TablePart, position: int) -> str | None:
    """Return what a part's row is called, by its position: "rowid 17", or its key's values.

    None where the table has neither, or the row cannot be read.
    """
    rowid = part.table.rowid_sql
    key = _key_columns(part.table)
    terms = (rowid,) if rowid is not None else tuple(map(quote_identifier, key))
    if not terms:
        return None
    query = f"{select_sql(part, terms)} LIMIT 1 OFFSET {position}"
    try:
        row = connection.execute(query).fetchone()
    except sqlite3.DatabaseError:
        return None  # the error at hand says more than a second one would
    if row is None:
        return None
    return f"rowid {row[0]}" if rowid is not None else _key_text(key, row)


def read_rejects(connection: sqlite3.Connection, part: TablePart) -> tuple[Reject, ...]:
    """Return the rows of a part that the plan keeps back, with those values that are not NULL."""
    if not part.table.reject_where:
        return ()
    return tuple(_reject(part.table, row) for row in connection.execute(reject_sql(part)))


def read_error(
    connection: sqlite3.Connection, part: TablePart, error: sqlite3.DatabaseError
) -> Exception:
    """Return the error for rows that SQLite cannot read: damage is told with the rows around it."""
    if not any(word in str(error) for word in _DAMAGE):
        return error
    table = part.table.source
    hint = "restore it from a backup, or save what can be read: sqlite3 FILE .recover"
    if part.table.rowid_sql is None:
        return SourceError(f"table {table} cannot be read: {error}", hint=hint)
    before = _last_readable(connection, part, "ASC")
    after = _last_readable(connection, part, "DESC")
    above = f"after rowid {before}" if before is not None else f"from {_end(part.first)}"
    below = f"before rowid {after}" if after is not None else f"up to {_end(part.last)}"
    return SourceError(
        f"{part.table.source} cannot be read {above} and {below}: {error}", hint=hint
    )


def _last_readable(connection: sqlite3.Connection, part: TablePart, order: str) -> int | None:
    """Return the rowid of the last row that can be read in that order, None without one."""
    rowid: int | None = None
    assert part.table.rowid_sql is not None
    terms = (part.table.rowid_sql, *map(column_term, part.table.loaded_columns))
    try:
        for row in connection.execute(f"{select_sql(part, terms)} {order}"):
            rowid = row[0]
    except sqlite3.DatabaseError:
        pass  # it is this error that is looked for
    return rowid


def _end(rowid: int | None) -> str:
    return "the end" if rowid is None else f"rowid {rowid}"


def _key_columns(table: TablePlan) -> tuple[str, ...]:
    """Return the source's names of the primary key's columns."""
    names = {column.target: column.source for column in table.columns}
    return tuple(names[name] for name in table.primary_key if name in names)


def _key_text(key: Sequence[str], row: Sequence[StoredValue]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in zip(key, row, strict=True))


def _reject(table: TablePlan, row: Sequence[StoredValue]) -> Reject:
    rowid, values = row[0], row[1:]
    names = [column.source for column in table.loaded_columns]
    by_name = dict(zip(names, values, strict=True))
    key = _key_columns(table)
    where = _key_text(key, [by_name[name] for name in key])
    if rowid is not None:
        where = f"rowid {shown(rowid)}"
    return Reject(
        table=table.source,
        row=where,
        reason=_reason(table, by_name),
        values=tuple((name, _as_text(v)) for name, v in by_name.items() if v is not None),
    )


def _reason(table: TablePlan, values: dict[str, StoredValue]) -> str:
    """Return why a row is kept back: a text that PostgreSQL cannot hold, else the condition."""
    texts = [c.source for c in table.loaded_columns if c.conversion in {"text", "json", "jsonb"}]
    for name in texts:
        value = values[name]
        if isinstance(value, bytes) and b"\0" in value:
            return f"{name} holds U+0000"
        if isinstance(value, bytes) and not is_utf8(value):
            return f"{name} is not valid UTF-8"
    return " or ".join(table.reject_where)


def _as_text(value: int | float | bytes) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    return shown(value)
