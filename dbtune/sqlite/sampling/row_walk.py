"""A large table in short pieces, so that no statement holds a read lock for long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.schema import Table
from dbtune.model.workload import SqlValue
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.row_identity import rowid_expression

# Rows of one piece: read and copied in some 10 ms. Where rows crowd in a stretch of rowids, up to
# four times as many.
ROWS_OF_A_STRETCH = 5_000
_ROWS_AT_MOST = 20_000


@dataclass(frozen=True)
class Stretch:
    """A condition that holds for a piece of a table, and the values to bind to it."""

    where: str
    parameters: tuple[SqlValue, ...] = ()


def walk_rows(
    connection: sqlite3.Connection, source: str, table: Table, rows: int
) -> Iterator[Stretch]:
    """Yield pieces that together are a table of about that many rows, in the order of its key.

    `source` is the table's name as SQL, with its schema. A table without rowid is cut at values of
    the first column of its primary key, so rows that share one stay together.
    """
    rowid = rowid_expression(table)
    if rowid is not None:
        yield from _walk_rowids(connection, source, rowid, rows)
    elif table.without_rowid:
        yield from _walk_values(connection, source, quote_identifier(table.primary_key[0]))
    else:
        yield Stretch("1")


def _walk_rowids(
    connection: sqlite3.Connection, source: str, rowid: str, rows: int
) -> Iterator[Stretch]:
    first = connection.execute(f"SELECT min({rowid}) FROM {source}").fetchone()[0]
    last = connection.execute(f"SELECT max({rowid}) FROM {source}").fetchone()[0]
    if first is None:
        return
    width = max(1, (last - first + 1) * ROWS_OF_A_STRETCH // max(rows, 1))
    crowded = (
        f"SELECT {rowid} FROM {source} WHERE {rowid} BETWEEN ? AND ?"
        f" ORDER BY {rowid} LIMIT 1 OFFSET {_ROWS_AT_MOST - 1}"
    )
    start = first
    while start <= last:
        end = min(start + width - 1, last)
        cut = connection.execute(crowded, (start, end)).fetchone()
        end = end if cut is None else cut[0]
        yield Stretch(f"{rowid} BETWEEN ? AND ?", (start, end))
        start = end + 1


def _walk_values(connection: sqlite3.Connection, source: str, column: str) -> Iterator[Stretch]:
    row = connection.execute(f"SELECT min({column}) FROM {source}").fetchone()
    start = row[0]
    if start is None:
        return
    following = (
        f"SELECT {column} FROM {source} WHERE {column} > ? ORDER BY {column}"
        f" LIMIT 1 OFFSET {ROWS_OF_A_STRETCH - 1}"
    )
    while True:
        cut = connection.execute(following, (start,)).fetchone()
        if cut is None:
            yield Stretch(f"{column} >= ?", (start,))
            return
        yield Stretch(f"{column} >= ? AND {column} < ?", (start, cut[0]))
        start = cut[0]
