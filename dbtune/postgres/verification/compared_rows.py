"""The rows of a table on both sides, read by verification's own queries, as canonical columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from typing import Any

from dbtune.model.transfer import ColumnPlan, TablePlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.verification.canonical import (
    Convert,
    convert_column,
    source_converter,
    target_converter,
)
from dbtune.postgres.verification.large_digest import (
    LARGE_BYTES,
    may_be_large,
    read_large_value,
    short_form,
    short_form_sql,
)
from dbtune.postgres.verification.target_columns import (
    Target,
    TargetColumn,
    raw_cursor,
    raw_server_cursor,
)
from dbtune.sqlite.identifiers import not_true

# Rows converted and compared at once: below some 1,000 the work around them shows, and above
# 10,000 nothing is gained.
BLOCK_ROWS = 4_000
# Bytes of a block, at most, where the longest rows would make many blocks larger than that.
BLOCK_BYTES = 16 << 20

# From the first up to but not with the second; None where there is no bound.
Bounds = tuple[int | None, int | None]
# Rows of a FETCH, at least: with fewer the round trips cost more than COPY's calls for each row.
_FETCH_AT_LEAST = 500

# A block of rows, turned on its side: a sequence of values for each column.
Block = Sequence[Sequence[Any]]

_cursor_numbers = count(1)
# What spreads the keys of a sample: a prime well below 2^31, so that nothing overflows.
_SPREAD, _FACTOR = 1_000_003, 7_919


@dataclass(frozen=True)
class ComparedTable:
    """A table and its columns that the target has. `nonce` makes digests of this run its own."""

    plan: TablePlan
    schema: str
    columns: tuple[TargetColumn, ...]
    nonce: bytes = b""

    @property
    def key_positions(self) -> tuple[int, ...]:
        """Where the columns of the order key stand among `columns`."""
        names = [column.plan.source for column in self.columns]
        return tuple(names.index(name) for name in self.plan.order_key if name in names)

    @property
    def has_order(self) -> bool:
        """True where rows can be read in one order on both sides."""
        positions = self.key_positions
        return len(positions) == len(self.plan.order_key) > 0 and all(
            self.columns[position].kind == "integer" for position in positions
        )


@dataclass(frozen=True)
class Selection:
    """Which rows: those whose first key is from `low` up to but not with `high`, all without both.

    `modulus` picks about one row in that many by its key. `keys` picks rows by their order key.
    Without regard to a key, `rowids` are bounds of the source and `pages` of the target.
    """

    low: int | None = None
    high: int | None = None
    modulus: int = 1
    keys: tuple[tuple[int, ...], ...] = ()
    rowids: Bounds = (None, None)
    pages: Bounds = (None, None)

    def where(self, key: Sequence[str]) -> list[str]:
        """Return the conditions on key columns, as SQL of either side; they are 64-bit integers."""
        terms = _within(key[0], (self.low, self.high)) if key else []
        if self.modulus > 1:
            spread = " + ".join(f"({name} % {_SPREAD} + {_SPREAD}) * {_FACTOR}" for name in key)
            terms.append(f"({spread}) % {self.modulus} = 0")
        if self.keys:
            rows = ", ".join(f"({', '.join(map(str, values))})" for values in self.keys)
            terms.append(f"({', '.join(key)}) IN (VALUES {rows})")
        return terms


def _within(name: str, bounds: Bounds, literal: str = "{}") -> list[str]:
    low, high = bounds
    terms = [] if low is None else [f"{name} >= {literal.format(low)}"]
    return terms if high is None else [*terms, f"{name} < {literal.format(high)}"]


def rows_where(plan: TablePlan) -> list[str]:
    """Return the conditions of SQLite for the rows that were to be copied."""
    kept = [not_true(condition) for condition in plan.reject_where]
    return [*kept, f"({plan.where})"] if plan.where else kept


def source_blocks(
    connection: sqlite3.Connection,
    table: ComparedTable,
    selection: Selection,
    *,
    ordered: bool = False,
    rowids: bool = False,
) -> Iterator[Block]:
    """Yield the rows of SQLite. TEXT is read as bytes, whatever the connection is set to.

    With `rowids`, the last column of a block is the rowid, for a table that has one.
    """
    reader = _SourceReader(connection, table, rowids=rowids)
    connection.text_factory = bytes
    cursor = connection.execute(reader.select(selection, ordered=ordered))
    for rows in _row_blocks(cursor, table):
        yield reader.block(rows)


def target_blocks(
    connection: Target, table: ComparedTable, selection: Selection, *, ordered: bool = False
) -> Iterator[Block]:
    """Yield the rows of PostgreSQL. The connection is in a transaction, which the caller ends."""
    converters = [target_converter(column.kind) for column in table.columns]
    terms = [_target_term(column, table.nonce) for column in table.columns]
    query = target_select(table, terms, selection, ordered=ordered)
    for rows in _target_rows(connection, table, query):
        values = list(zip(*rows, strict=True))
        yield [convert_column(*pair) for pair in zip(converters, values, strict=True)]


def stored_sql(plan: TablePlan, column: ColumnPlan) -> str:
    """Return SQL of SQLite for a column, NULL where the plan says that NULL is to arrive."""
    name = f"{quote_name(plan.source)}.{quote_name(column.source)}"
    nulls = [f"({condition})" for condition in column.null_where]
    if column.empty_as_null:
        # Under some collations of a column other texts would be equal to ''.
        nulls.append(f"(typeof({name}) = 'text' AND {name} COLLATE BINARY = '')")
    return f"CASE WHEN {' OR '.join(nulls)} THEN NULL ELSE {name} END" if nulls else name


class _SourceReader:
    """Reads rows of SQLite; large values piece by piece, apart from their rows."""

    def __init__(
        self, connection: sqlite3.Connection, table: ComparedTable, *, rowids: bool
    ) -> None:
        self._connection = connection
        self._table = table
        self._name = quote_name(table.plan.source)
        self._converters = [_source_converter(column, table.nonce) for column in table.columns]
        self._large = _large_rows(table)
        self._rowid = f"{self._name}.{table.plan.rowid_sql}"
        self._rowids_asked = rowids and table.plan.rowid_sql is not None
        self._rowids_read = self._rowids_asked or bool(self._large)

    def select(self, selection: Selection, *, ordered: bool) -> str:
        """Return the query; the rowid comes last where it is needed."""
        plan = self._table.plan
        terms = [self._term(column) for column in self._table.columns]
        if self._rowids_read:
            terms.append(self._rowid)
        key = [f"{self._name}.{quote_name(name)}" for name in plan.order_key]
        where = [*rows_where(plan), *selection.where(key), *_within(self._rowid, selection.rowids)]
        # An index that covers the columns would be read in place of the table.
        table = self._name if ordered or plan.rowid_sql is None else f"{self._name} NOT INDEXED"
        return (
            f"SELECT {', '.join(terms)} FROM {table}"
            + (f" WHERE {' AND '.join(where)}" if where else "")
            + (f" ORDER BY {', '.join(key)}" if ordered else "")
        )

    def block(self, rows: Sequence[tuple[Any, ...]]) -> Block:
        """Return rows as canonical columns."""
        values = list(zip(*rows, strict=True))
        columns = [
            convert_column(convert, column)
            for convert, column in zip(self._converters, values, strict=False)
        ]
        if self._large:
            self._fill(columns, values[-1])
        if self._rowids_asked:
            columns.append(list(values[-1]))
        return columns

    def _term(self, column: TargetColumn) -> str:
        name = stored_sql(self._table.plan, column.plan)
        rowids = [str(rowid) for rowid, large in self._large if large == column.plan.source]
        if not rowids:
            return name
        return f"CASE WHEN {self._rowid} IN ({', '.join(rowids)}) THEN NULL ELSE {name} END"

    def _fill(self, columns: list[list[Any]], rowids: Sequence[int]) -> None:
        plan = self._table.plan
        assert plan.rowid_sql is not None  # only then are there large values
        for row, rowid in enumerate(rowids):
            for position, column in enumerate(self._table.columns):
                if (rowid, column.plan.source) in self._large:
                    at = (plan.rowid_sql, rowid)
                    value = read_large_value(
                        self._connection, plan.source, at, column.plan, self._table.nonce
                    )
                    columns[position][row] = value


def _large_rows(table: ComparedTable) -> frozenset[tuple[int, str]]:
    """Return rowid and column of values that are read in pieces."""
    if table.plan.rowid_sql is None:
        return frozenset()
    pieced = {c.plan.source for c in table.columns if may_be_large(c.plan, c.kind)}
    return frozenset(
        (rowid, column) for rowid, column, _ in table.plan.large_values if column in pieced
    )


def _source_converter(column: TargetColumn, nonce: bytes) -> Convert | None:
    convert = source_converter(column.plan, column.kind)
    if not may_be_large(column.plan, column.kind):
        return convert
    if convert is None:
        return partial(short_form, nonce=nonce)
    return lambda value: short_form(convert(value), nonce)


def target_select(
    table: ComparedTable, terms: Sequence[str], selection: Selection, *, ordered: bool
) -> str:
    """Return the query of PostgreSQL for terms of the selected rows."""
    names = {column.plan.source: column.plan.target for column in table.columns}
    key = [quote_name(names[name]) for name in table.plan.order_key if name in names]
    # The arithmetic of a sample needs 64 bits; a condition on the bare column may use an index.
    wide = key if selection.modulus == 1 else [f"{name}::bigint" for name in key]
    where = [*selection.where(wide), *_within("ctid", selection.pages, "'({},0)'::tid")]
    return (
        f"SELECT {', '.join(terms)}"
        f" FROM {quote_name(table.schema)}.{quote_name(table.plan.target)}"
        + (f" WHERE {' AND '.join(where)}" if where else "")
        + (f" ORDER BY {', '.join(key)}" if ordered else "")
    )


def _target_term(column: TargetColumn, nonce: bytes) -> str:
    if may_be_large(column.plan, column.kind):
        return short_form_sql(column.read_sql, column.kind, nonce)
    return column.read_sql


def _longest_row_bytes(table: ComparedTable) -> int:
    # Digests stand in place of what is larger.
    return sum(min(column.plan.longest_bytes, LARGE_BYTES) + 16 for column in table.columns)


def _target_rows(
    connection: Target, table: ComparedTable, query: str
) -> Iterator[list[tuple[Any, ...]]]:
    fetched = min(BLOCK_ROWS, 2 * BLOCK_BYTES // _longest_row_bytes(table))
    if fetched >= _FETCH_AT_LEAST:
        with raw_server_cursor(connection, f"dbtune_{next(_cursor_numbers)}") as portal:
            portal.execute(query.encode(), binary=True)
            while rows := portal.fetchmany(fetched):
                yield rows
        return
    # A FETCH would hold all its rows at once; COPY hands them over one by one.
    types = [
        "int8" if c.kind == "integer" else "bool" if c.kind == "boolean" else "bytea"
        for c in table.columns
    ]
    with (
        raw_cursor(connection) as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)".encode()) as copy,
    ):
        copy.set_types(types)
        yield from _row_blocks(copy.rows(), table)


def _row_blocks(
    rows: Iterable[tuple[Any, ...]], table: ComparedTable
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield rows in blocks of limited size, measured only where long rows make that needed."""
    long = [
        position
        for position, column in enumerate(table.columns)
        if column.plan.longest_bytes * BLOCK_ROWS > BLOCK_BYTES
    ]
    rows = iter(rows)
    if not long:
        while block := list(islice(rows, BLOCK_ROWS)):
            yield block
        return
    block, size = [], 0
    for row in rows:
        block.append(row)
        for position in long:
            if type(row[position]) is bytes:
                size += len(row[position])
        if len(block) == BLOCK_ROWS or size > BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
