"""How many values of each storage class the columns of a table hold, in one pass of SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from dbtune.model.schema import Column, Table
from dbtune.model.transfer import StorageCounts
from dbtune.postgres.declared_type import Family, declared_type
from dbtune.postgres.row_names import RowNames
from dbtune.postgres.scope import affinity_of
from dbtune.sqlite.identifiers import quote_identifier

# One sum carries three counts in 21 bits each: one pass over a column instead of three.
_BITS = 21
_MASK = (1 << _BITS) - 1
_CLASSES = ("integer", "real", "text")
# The class asked for first is found by one comparison.
_EXPECTED: dict[Family, str] = {
    "integer": "integer",
    "boolean": "integer",
    "real": "real",
    "decimal": "real",
}
# A result has 2,000 columns at most, and a column of the table takes up to four.
_MOST_COLUMNS = 400


def count_storage(
    connection: sqlite3.Connection,
    table: Table,
    names: RowNames,
    rowid_range: tuple[int, int] | None,
) -> tuple[int, tuple[StorageCounts, ...]]:
    """Return the rows of a table, or of a range of its rowids, and the counts of each column."""
    packed = rowid_range is not None and rowid_range[1] - rowid_range[0] < _MASK
    rows = 0
    counts: list[StorageCounts] = []
    for start in range(0, len(table.columns), _MOST_COLUMNS):
        columns = table.columns[start : start + _MOST_COLUMNS]
        terms = [term for column in columns for term in _terms(table, column, packed)]
        found = _aggregate(connection, table, names, terms, rowid_range)
        rows = int(found[0])
        width = (len(found) - 1) // len(columns)
        for column, at in zip(columns, range(1, len(found), width), strict=True):
            own = found[at : at + width]
            if own[-1] is None and sum(_unpacked(own[0])) == rows:
                own = (own[0], rows)
            elif own[-1] is None:
                term = f"count({quote_identifier(column.name)})"
                own = (own[0], _aggregate(connection, table, names, [term], rowid_range)[1])
            counts.append(_counts(rows, own, packed))
    return rows, tuple(counts)


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


def _terms(table: Table, column: Column, packed: bool) -> list[str]:
    name = quote_identifier(column.name)
    if column.name == table.rowid_alias:
        return ["count(*)", "count(*)"] if packed else ["count(*)", "0", "0", "count(*)"]
    if not packed:
        sums = [f"count(*) FILTER (WHERE typeof({name}) = '{kind}')" for kind in _CLASSES]
        return [*sums, f"count({name})"]
    cases = " ".join(
        f"WHEN '{kind}' THEN {1 << (_BITS * _CLASSES.index(kind))}"
        for kind in _likeliest_first(column, table)
    )
    # What is neither of the three is NULL or a blob; in a column that is NOT NULL likely neither.
    known = column.not_null and affinity_of(column.declared_type) != "blob"
    not_null = "NULL" if known else f"count({name})"
    return [f"sum(CASE typeof({name}) {cases} ELSE 0 END)", not_null]


def _likeliest_first(column: Column, table: Table) -> tuple[str, ...]:
    declared = declared_type(column, table)
    expected = _EXPECTED.get(declared.family, "text")
    return (expected, *(kind for kind in _CLASSES if kind != expected))


def _counts(rows: int, found: Sequence[int | None], packed: bool) -> StorageCounts:
    integers, reals, texts = _unpacked(found[0]) if packed else (int(n or 0) for n in found[:3])
    not_null = int(found[-1] or 0)
    return StorageCounts(
        nulls=rows - not_null,
        integers=integers,
        reals=reals,
        texts=texts,
        blobs=not_null - integers - reals - texts,
    )


def _unpacked(sums: int | None) -> tuple[int, int, int]:
    """Return the integers, reals and texts that one sum carries."""
    packed = sums or 0
    return packed & _MASK, packed >> _BITS & _MASK, packed >> 2 * _BITS
