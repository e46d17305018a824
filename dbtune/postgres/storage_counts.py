"""How many values of each storage class the columns of a table hold, by as little SQL as it takes.

typeof() alone tells a class without reading the value; count(c) would read values of any size.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from dbtune.model.schema import Column, Table
from dbtune.model.transfer import StorageCounts
from dbtune.postgres.declared_type import Family, declared_type
from dbtune.postgres.row_names import RowNames
from dbtune.sqlite.identifiers import quote_identifier

# One sum carries three counts in 21 bits each: one pass over a column instead of three.
_BITS = 21
_MASK = (1 << _BITS) - 1
_CLASSES = ("integer", "real", "text", "blob")
# The three classes that a column likely has no other beside, the likeliest first. Where rows are
# left over, the column is counted again, class by class.
_LIKELY: dict[Family, tuple[str, str, str]] = {
    "integer": ("integer", "null", "real"),
    "boolean": ("integer", "null", "text"),
    "real": ("real", "null", "integer"),
    "decimal": ("real", "null", "integer"),
    "blob": ("blob", "null", "text"),
}
_LIKELY_OTHERWISE = ("text", "null", "integer")
# A result has 2,000 columns at most, and a column of the table takes up to four.
_MOST_COLUMNS = 400


def count_storage(
    connection: sqlite3.Connection,
    table: Table,
    names: RowNames,
    rowid_range: tuple[int, int] | None,
) -> tuple[int, tuple[StorageCounts, ...]]:
    """Return the rows of a table, or of a range of its rowids, and the counts of each column."""
    counts: dict[str, StorageCounts] = {}
    columns = [column for column in table.columns if column.name != table.rowid_alias]
    rows = 0
    for start in range(0, len(columns), _MOST_COLUMNS) or (0,):
        some = columns[start : start + _MOST_COLUMNS]
        rows, found = _count_some(connection, table, names, some, rowid_range)
        counts.update(found)
    all_integers = StorageCounts(integers=rows)
    return rows, tuple(counts.get(column.name, all_integers) for column in table.columns)


def _count_some(
    connection: sqlite3.Connection,
    table: Table,
    names: RowNames,
    columns: Sequence[Column],
    rowid_range: tuple[int, int] | None,
) -> tuple[int, dict[str, StorageCounts]]:
    # A range of fewer rowids has fewer rows, whose counts stay within their bits.
    packable = rowid_range is not None and rowid_range[1] - rowid_range[0] < _MASK
    likely = {column.name: _likely(column, table) for column in columns}
    terms = [_packed(column.name, likely[column.name]) for column in columns if packable]
    rows, *sums = _aggregate(connection, table, names, terms, rowid_range)
    counts = {
        column.name: _unpacked(total or 0, likely[column.name])
        for column, total in zip(columns, sums, strict=False)
    }
    mixed = [c for c in columns if c.name not in counts or _total(counts[c.name]) != rows]
    terms = [term for column in mixed for term in _by_class(column.name)]
    if terms:
        _, *found = _aggregate(connection, table, names, terms, rowid_range)
        for place, column in enumerate(mixed):
            own = found[place * len(_CLASSES) : (place + 1) * len(_CLASSES)]
            counts[column.name] = StorageCounts(rows - sum(own), *own)
    return rows, counts


def _aggregate(
    connection: sqlite3.Connection,
    table: Table,
    names: RowNames,
    terms: Sequence[str],
    rowid_range: tuple[int, int] | None,
) -> Sequence[Any]:
    name = quote_identifier(table.name)
    # An index may cover the columns, but its damage is not the table's.
    source = f"{name} NOT INDEXED" if names.rowid is not None else name
    where = f" WHERE {names.rowid} BETWEEN ? AND ?" if rowid_range is not None else ""
    sql = f"SELECT {', '.join(('count(*)', *terms))} FROM {source}{where}"
    row: Sequence[Any] = connection.execute(sql, rowid_range or ()).fetchone()
    return row


def _likely(column: Column, table: Table) -> tuple[str, ...]:
    return _LIKELY.get(declared_type(column, table).family, _LIKELY_OTHERWISE)


def _packed(column: str, classes: Sequence[str]) -> str:
    cases = " ".join(
        f"WHEN '{storage}' THEN {1 << (_BITS * place)}" for place, storage in enumerate(classes)
    )
    return f"sum(CASE typeof({quote_identifier(column)}) {cases} ELSE 0 END)"


def _by_class(column: str) -> list[str]:
    name = quote_identifier(column)
    return [f"count(*) FILTER (WHERE typeof({name}) = '{storage}')" for storage in _CLASSES]


def _unpacked(total: int, classes: Sequence[str]) -> StorageCounts:
    found = {storage: total >> (_BITS * place) & _MASK for place, storage in enumerate(classes)}
    return StorageCounts(found.get("null", 0), *(found.get(name, 0) for name in _CLASSES))


def _total(counts: StorageCounts) -> int:
    return counts.nulls + counts.not_null
