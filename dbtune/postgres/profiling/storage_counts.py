"""How many values of each storage class the columns of a table hold, by as little SQL as it takes.

typeof() alone tells a class without reading the value; IS NULL and comparing are faster, but read
values of any size, as count(c) does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbtune.model.schema import Column, Table
from dbtune.model.transfer import StorageCounts
from dbtune.postgres.column_types.declared_type import Family, declared_type
from dbtune.postgres.profiling.row_names import RowNames
from dbtune.postgres.profiling.table_reader import SMALL_BYTES, values_limited
from dbtune.sqlite.identifiers import not_true, quote_identifier

_CLASSES = ("integer", "real", "text", "blob")
# The class that most values of a column likely have, where its first row is no guide.
_LIKELY: dict[Family, str] = {
    "integer": "integer",
    "boolean": "integer",
    "real": "real",
    "decimal": "real",
    "blob": "blob",
}
_LIKELY_OTHERWISE = "text"
# A result has 2,000 columns at most, and a column of the table takes up to three.
_MOST_COLUMNS = 400


@dataclass(frozen=True)
class TableCounts:
    """The rows of a table and the counts of its columns, in its order.

    `texts_small` says that no text of a column of texts and NULL takes more than SMALL_BYTES.
    """

    rows: int
    columns: tuple[StorageCounts, ...]
    texts_small: bool = False


def count_storage(
    connection: sqlite3.Connection,
    table: Table,
    names: RowNames,
    rowid_range: tuple[int, int] | None,
) -> TableCounts:
    """Return the counts of a table, or of a range of its rowids."""
    counts: dict[str, StorageCounts] = {}
    columns = [column for column in table.columns if column.name != table.rowid_alias]
    ask = _Counter(connection, table, names, rowid_range)
    rows = 0
    for start in range(0, len(columns), _MOST_COLUMNS) or (0,):
        rows, found = ask.counts(columns[start : start + _MOST_COLUMNS])
        counts.update(found)
    all_integers = StorageCounts(integers=rows)
    found_all = tuple(counts.get(column.name, all_integers) for column in table.columns)
    return TableCounts(rows, found_all, ask.texts_small)


class _Counter:
    """Counts what the rows of a table, or of a range of its rowids, hold."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: Table,
        names: RowNames,
        rowid_range: tuple[int, int] | None,
    ) -> None:
        self._connection = connection
        self._table = table
        name = quote_identifier(table.name)
        # An index may cover the columns, but its damage is not the table's.
        source = f"{name} NOT INDEXED" if names.rowid is not None else name
        where = f" WHERE {names.rowid} BETWEEN ? AND ?" if rowid_range is not None else ""
        self._source = f"{source}{where}"
        self._parameters = rowid_range or ()
        # Only where the length of values that are read can be limited.
        self.texts_small = hasattr(connection, "setlimit")

    def counts(self, columns: Sequence[Column]) -> tuple[int, dict[str, StorageCounts]]:
        """Return the rows, and the counts of some columns.

        A column that holds values of its likely class and NULL only is done with two sums that
        hardly ever have something to add.
        """
        likely = self._likely_classes(columns)
        rows, *found = self._unlikely_and_nulls(likely)
        counts = {}
        for (column, storage), unlikely, nulls in zip(
            likely.items(), found[::2], found[1::2], strict=True
        ):
            if unlikely == nulls:
                held = (rows - nulls if name == storage else 0 for name in _CLASSES)
                counts[column] = StorageCounts(nulls, *held)
        mixed = [column for column in likely if column not in counts]
        return rows, counts | self._counts_by_class(mixed, rows)

    def _likely_classes(self, columns: Sequence[Column]) -> Mapping[str, str]:
        """Return by the columns' names the class of the first row, or that of the declaration."""
        terms = [f"typeof({quote_identifier(column.name)})" for column in columns]
        first = self._first_row(terms, " LIMIT 1") or ()
        classes = [name.decode() if isinstance(name, bytes) else name for name in first]
        return {
            column.name: classes[place]
            if classes and classes[place] != "null"
            else _LIKELY.get(declared_type(column, self._table).family, _LIKELY_OTHERWISE)
            for place, column in enumerate(columns)
        }

    def _unlikely_and_nulls(self, likely: Mapping[str, str]) -> Sequence[int]:
        """Return the rows, and for each column how many are not of its class, and how many NULL."""
        try:
            with values_limited(self._connection, SMALL_BYTES):
                return self._sums(_terms(likely, reading=True))
        except sqlite3.DataError as error:
            if "too big" not in str(error):
                raise
        self.texts_small = False
        return self._sums(_terms(likely, reading=False))

    def _counts_by_class(self, columns: Sequence[str], rows: int) -> dict[str, StorageCounts]:
        if not columns:
            return {}
        _, *found = self._sums(
            [
                f"typeof({quote_identifier(column)}) = '{storage}'"
                for column in columns
                for storage in _CLASSES
            ]
        )
        held = zip(*[iter(found)] * len(_CLASSES), strict=True)
        return {
            column: StorageCounts(rows - sum(own), *own)
            for column, own in zip(columns, held, strict=True)
        }

    def _sums(self, conditions: Sequence[str]) -> Sequence[int]:
        """Return how many rows there are, and for how many each condition holds."""
        counted = [f"count(*) FILTER (WHERE {condition})" for condition in conditions]
        row = self._first_row(["count(*)", *counted])
        assert row is not None  # an aggregate
        return row

    def _first_row(self, terms: Sequence[str], limit: str = "") -> Sequence[Any] | None:
        if not terms:
            return None
        sql = f"SELECT {', '.join(terms)} FROM {self._source}{limit}"
        row: Sequence[Any] | None = self._connection.execute(sql, self._parameters).fetchone()
        return row


def _terms(likely: Mapping[str, str], *, reading: bool) -> list[str]:
    """Return for each column the conditions that a value is not of its class, and that it is NULL.

    With `reading`, those that read texts, which tells their lengths, too; never those that read
    blobs, which need not be read.
    """
    terms = []
    for column, storage in likely.items():
        name = quote_identifier(column)
        other, null = f"typeof({name}) <> '{storage}'", f"typeof({name}) = 'null'"
        if reading and storage != "blob":
            null = f"{name} IS NULL"
        if reading and storage == "text":
            # Numbers are less than '', and no blob is less than x''. The plus takes the column's
            # affinity from the comparison.
            plain = f"+{name} COLLATE BINARY"
            other = not_true(f"{plain} >= '' AND {plain} < x''")
        terms += [other, null]
    return terms
