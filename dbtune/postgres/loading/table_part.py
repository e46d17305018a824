"""One part of a table on its way, and the SQL that reads it and says where it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.transfer import ColumnPlan, TablePlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.profiling.large_texts import LARGE_BYTES
from dbtune.sqlite.identifiers import not_true, quote_identifier


@dataclass(frozen=True)
class TablePart:
    """Rows of a table that are copied in one transaction.

    `number` counts from 0 within the table. `first` and `last` are rowids, both included; None
    for a table that is copied whole. `rows` is an estimate. With `large_rowid` it is the one row
    of that rowid, whose values are streamed; other parts leave such rows out.
    """

    table: TablePlan
    number: int
    rows: int
    size_bytes: int
    first: int | None = None
    last: int | None = None
    large_rowid: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        """What the journal calls it: the table's name in SQLite and its number."""
        return self.table.source, self.number

    @property
    def subject(self) -> str:
        """The part in words for a message: "orders rowid 1 to 20,000"."""
        if self.large_rowid is not None:
            return f"{self.table.source} rowid {self.large_rowid}"
        if self.first is None or self.last is None:
            return f"table {self.table.source}"
        return f"{self.table.source} rowid {self.first} to {self.last}"

    @property
    def longest_row_bytes(self) -> int:
        """How many bytes of values a row of it may have at most."""
        streamed = self.table.rowid_sql is not None
        longest = (column.longest_bytes for column in self.table.loaded_columns)
        return sum(max(min(size, LARGE_BYTES) if streamed else size, 8) for size in longest) or 8


def select_sql(part: TablePart, terms: tuple[str, ...], *, ordered: bool = True) -> str:
    """Return the SELECT of SQL terms over a part's rows that are not rejected.

    They come in the order of the rowid, also where ORDER BY is left out for a compound SELECT:
    no index is read.
    """
    return _select(part, terms, [*_range(part), *_kept(part)], ordered=ordered)


def reject_sql(part: TablePart) -> str:
    """Return the SELECT of a part's rejected rows: rowid (or NULL), then the loaded columns."""
    rejected = " OR ".join(f"({condition})" for condition in part.table.reject_where)
    columns = (part.table.rowid_sql or "NULL", *map(column_term, part.table.loaded_columns))
    conditions = [*_range(part), *_wanted(part), f"({rejected})"]
    return _select(part, columns, conditions, ordered=True)


def column_term(column: ColumnPlan) -> str:
    """Return what is selected of a column: its value, or NULL where the plan says so."""
    name = quote_identifier(column.source)
    nulls = [f"({condition})" for condition in column.null_where]
    if column.empty_as_null:
        # length('' || char(0)) is 0, too: a text's length ends at a NUL, that of its bytes not.
        nulls.append(f"typeof({name}) = 'text' AND length(CAST({name} AS BLOB)) = 0")
    return f"CASE WHEN {' OR '.join(nulls)} THEN NULL ELSE {name} END" if nulls else name


def copy_sql(part: TablePart, schema: str, *, binary: bool) -> str:
    """Return the COPY statement that takes a part's rows."""
    names = ", ".join(quote_name(column.target) for column in part.table.loaded_columns)
    form = "binary" if binary else "text"
    return f"COPY {target_sql(part.table, schema)} ({names}) FROM STDIN (FORMAT {form})"


def target_sql(table: TablePlan, schema: str) -> str:
    """Return a table's name with its schema: of that name there may be one in public, too."""
    return f"{quote_name(schema)}.{quote_name(table.target)}"


def _select(
    part: TablePart, terms: tuple[str, ...], conditions: list[str], *, ordered: bool
) -> str:
    table = part.table
    name = quote_identifier(table.source)
    # An index may cover the columns, but its order and its damage are not the table's.
    from_table = f"{name} NOT INDEXED" if table.rowid_sql is not None else name
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = f" ORDER BY {table.rowid_sql}" if ordered and table.rowid_sql is not None else ""
    return f"SELECT {', '.join(terms)} FROM {from_table}{where}{order}"


def _range(part: TablePart) -> Iterator[str]:
    rowid = part.table.rowid_sql
    if rowid is None:
        return
    if part.large_rowid is not None:
        yield f"{rowid} = {part.large_rowid}"
        return
    if part.first is not None and part.last is not None:
        yield f"{rowid} BETWEEN {part.first} AND {part.last}"
    large = [str(large) for large in large_rowids(part)]
    if large:
        yield f"{rowid} NOT IN ({', '.join(large)})"


def large_rowids(part: TablePart) -> tuple[int, ...]:
    """Return the rows within a part's range that are streamed by parts of their own."""
    rowids = sorted({rowid for rowid, _, _ in part.table.large_values})
    if part.first is None or part.last is None:
        return tuple(rowids)
    return tuple(rowid for rowid in rowids if part.first <= rowid <= part.last)


def _kept(part: TablePart) -> Iterator[str]:
    yield from _wanted(part)
    for condition in part.table.reject_where:
        yield not_true(condition)


def _wanted(part: TablePart) -> Iterator[str]:
    if part.table.where is not None:
        yield f"({part.table.where})"
