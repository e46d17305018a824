"""Rows of a table in batches that fit in memory, whatever their values' sizes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dbtune.postgres.profiling.large_texts import LARGE_BYTES
from dbtune.postgres.profiling.row_names import RowNames
from dbtune.sqlite.identifiers import quote_identifier

# Most values are small: such rows come by the batch. A row with a larger one comes alone, as do
# some after it, so that a batch takes 32 MB a column at the very most.
_BATCH_ROWS = 2048
SMALL_BYTES = 1 << 14
_ROWS_ALONE = 64
# Without a limit on lengths (Python 3.10, tables without rowid).
_BATCH_ROWS_UNLIMITED = 128


@dataclass(frozen=True)
class LargeRow:
    """A row with values above the limit: its identity, and what was asked of it.

    `values` has None for each value above the limit; `large` are their positions.
    """

    identity: tuple[Any, ...]
    values: tuple[Any, ...]
    large: tuple[int, ...]


Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class TableReader:
    """Reads SQL terms of the rows of a table, or of a range of its rowids.

    The connection's `text_factory` is the caller's; each row begins with the terms of `names`.
    """

    connection: sqlite3.Connection
    table: str
    names: RowNames
    terms: tuple[str, ...]
    rowid_range: tuple[int, int] | None = None

    @property
    def has_limit(self) -> bool:
        """True where SQLite refuses long values before it reads them, which needs Python 3.11."""
        return self.names.rowid is not None and hasattr(self.connection, "setlimit")

    def batches(self) -> Iterator[Rows | LargeRow]:
        """Yield the rows in the order of the table, those with large values one by one."""
        if self.has_limit:
            yield from self._limited()
            return
        cursor = self.connection.execute(self._select(self._range_condition()), self._bounds())
        while rows := cursor.fetchmany(_BATCH_ROWS_UNLIMITED):
            yield rows

    def _limited(self) -> Iterator[Rows | LargeRow]:
        position, last = self.rowid_range or (-(2**63), 2**63 - 1)
        alone = 0
        while position <= last:
            try:
                if alone:
                    rows = self._fetch_one(position, last)
                    alone -= 1
                    if not rows:
                        return
                    yield rows
                    position = _following(rows)
                    continue
                for rows in self._fetch_small(position, last):
                    yield rows
                    position = _following(rows)
                return
            except sqlite3.DataError as error:
                if "too big" not in str(error):
                    raise
            if not alone:
                alone = _ROWS_ALONE
                continue
            row = self._large_row(position, last)
            yield row
            position = row.identity[0] + 1
            alone = _ROWS_ALONE

    def _fetch_small(self, position: int, last: int) -> Iterator[Rows]:
        sql = self._select(f"{self.names.rowid} BETWEEN ? AND ?")
        with values_limited(self.connection, SMALL_BYTES):
            cursor = self.connection.execute(sql, (position, last))
        while True:
            with values_limited(self.connection, SMALL_BYTES):
                rows = cursor.fetchmany(_BATCH_ROWS)
            if not rows:
                return
            yield rows

    def _fetch_one(self, position: int, last: int) -> Rows:
        rowid = self.names.rowid
        sql = self._select(f"{rowid} BETWEEN ? AND ?") + f" ORDER BY {rowid} LIMIT 1"
        with values_limited(self.connection, LARGE_BYTES):
            return self.connection.execute(sql, (position, last)).fetchall()

    def _large_row(self, position: int, last: int) -> LargeRow:
        rowid = self.names.rowid
        name = quote_identifier(self.table)
        sql = f"SELECT min({rowid}) FROM {name} WHERE {rowid} BETWEEN ? AND ?"
        at = self.connection.execute(sql, (position, last)).fetchone()[0]
        values: list[Any] = []
        large = []
        for place, term in enumerate(self.terms):
            try:
                with values_limited(self.connection, LARGE_BYTES):
                    found = self.connection.execute(
                        f"SELECT {term} FROM {name} WHERE {rowid} = ?", (at,)
                    ).fetchone()
                values.append(found[0])
            except sqlite3.DataError:
                values.append(None)
                large.append(place)
        return LargeRow((at,), tuple(values), tuple(large))

    def _select(self, condition: str) -> str:
        name = quote_identifier(self.table)
        # An index may cover the columns, but its damage is not the table's.
        source = f"{name} NOT INDEXED" if self.names.rowid is not None else name
        where = f" WHERE {condition}" if condition else ""
        return f"SELECT {', '.join((*self.names.terms, *self.terms))} FROM {source}{where}"

    def _range_condition(self) -> str:
        return f"{self.names.rowid} BETWEEN ? AND ?" if self._bounds() else ""

    def _bounds(self) -> tuple[int, ...]:
        return (self.rowid_range or ()) if self.names.rowid is not None else ()


@contextmanager
def values_limited(connection: sqlite3.Connection, size_bytes: int) -> Iterator[None]:
    """Let SQLite refuse values above a size within the block, before it has read them.

    Without effect before Python 3.11.
    """
    if not hasattr(connection, "setlimit"):
        yield
        return
    category = sqlite3.SQLITE_LIMIT_LENGTH  # type: ignore[attr-defined,unused-ignore]
    before = connection.setlimit(category, size_bytes)  # type: ignore[attr-defined,unused-ignore]
    try:
        yield
    finally:
        connection.setlimit(category, before)  # type: ignore[attr-defined,unused-ignore]


def _following(rows: Rows) -> int:
    return int(rows[-1][0]) + 1
