"""Which rows of a damaged table cannot be read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from dbtune.errors import SourceError
from dbtune.model.schema import Table
from dbtune.postgres.profiling.row_names import RowNames
from dbtune.sqlite.identifiers import quote_identifier

_DAMAGE = ("malformed", "not a database", "disk I/O error")
_HINT = "restore the file from a backup, or save what can be read: sqlite3 FILE .recover"


@contextmanager
def damage_located(connection: sqlite3.Connection, table: Table, names: RowNames) -> Iterator[None]:
    """Turn SQLite's word of damage within the block into one that names file, table and rowids."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        where = damaged_rows(connection, table, names)
        place = f'{_file_of(connection)}: table "{table.name}"'
        raise SourceError(f"{place} is damaged{where}: {error}", hint=_HINT) from error


def _file_of(connection: sqlite3.Connection) -> str:
    (_, _, path), *_ = connection.execute("PRAGMA database_list")
    return PurePath(path if isinstance(path, str) else os.fsdecode(path)).name


def is_damage(error: BaseException) -> bool:
    """Return whether an error says that pages of the file are not what they should be."""
    return isinstance(error, sqlite3.DatabaseError) and any(w in str(error) for w in _DAMAGE)


def damaged_rows(connection: sqlite3.Connection, table: Table, names: RowNames) -> str:
    """Return the rowids that cannot be read as " from rowid 12 to rowid 40", "" where unknown.

    Reads the table from both ends until that fails, so what lies between two damaged pages is
    within. A row beside the damage may be counted in.
    """
    if names.rowid is None:
        return ""
    columns = ", ".join(quote_identifier(column.name) for column in table.columns)
    source = f"{quote_identifier(table.name)} NOT INDEXED"
    read = f"SELECT {names.rowid}, {columns} FROM {source} ORDER BY {names.rowid}"
    last_before = _reached(connection, f"{read} ASC")
    first_after = _reached(connection, f"{read} DESC")
    start = "its first row" if last_before is None else f"rowid {last_before + 1}"
    end = "its last" if first_after is None else f"rowid {first_after - 1}"
    return f" from {start} to {end}"


def _reached(connection: sqlite3.Connection, sql: str) -> int | None:
    """Return the last rowid that a reading gives before it fails, None where it gives none."""
    reached: int | None = None
    try:
        for row in connection.execute(sql):
            reached = row[0]
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    return reached
