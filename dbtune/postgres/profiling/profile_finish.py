"""What only a whole table's counts say has to be asked: ranges of numbers, and examples."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dbtune.model.schema import Table
from dbtune.model.transfer import ColumnProfile, FormCount, StorageCounts, TableProfile
from dbtune.postgres.column_types.declared_type import Family
from dbtune.postgres.profiling.profile_questions import Questions
from dbtune.postgres.profiling.row_names import RowNames, example_text
from dbtune.postgres.profiling.table_reader import values_limited
from dbtune.sqlite.identifiers import quote_identifier

# A column's own collation may be the application's, without which SQLite compares nothing.
_PLAIN = " COLLATE BINARY"
# An example is shown by 60 characters of it.
_EXAMPLE_BYTES = 1 << 20
# A result has 2,000 columns at most.
_MOST_RANGES = 400
# The most that "-9223372036854775808" and "-2.2250738585072014e-308" and their kin take.
_INTEGER_BYTES = 20
_REAL_BYTES = 24
# The storage classes that a declaration leads to: others are worth an example.
_USUAL: dict[Family, tuple[str, ...]] = {
    "integer": ("integer",),
    "boolean": ("integer",),
    "real": ("real",),
    "decimal": ("integer", "real"),
    "blob": ("blob",),
    "uuid": ("text", "blob"),
    **dict.fromkeys(("text", "json", "timestamp", "timestamptz", "date", "time"), ("text",)),
}


def finish_profile(
    connection: sqlite3.Connection,
    table: Table,
    profile: TableProfile,
    questions: Sequence[Questions],
    names: RowNames,
) -> TableProfile:
    """Return the profile with ranges of numbers and examples of odd values.

    The connection's `text_factory` is bytes. Reads the table again only for columns that hold
    more than one kind of value, or numbers where other things are declared.
    """
    ask = _Asker(connection, table, names)
    pairs = list(zip(profile.columns, questions, strict=True))
    ranged = [column for column, asked in pairs if _needs_range(column.counts, asked)]
    ranges = dict(zip((c.column for c in ranged), ask.ranges(ranged), strict=True))
    columns = []
    for column, asked in pairs:
        if column.column in ranges:
            column = _with_range(column, ranges[column.column])
        if asked.digits:
            column = _with_digits(column)
        column = _with_length_of_numbers(column)
        columns.append(replace(column, forms=(*column.forms, *_examples(ask, column, asked))))
    return replace(profile, columns=tuple(columns))


def _needs_range(counts: StorageCounts, asked: Questions) -> bool:
    if not counts.integers and not counts.reals:
        return False
    mixed = counts.not_null not in {counts.integers, counts.reals}
    declared_real = asked.declared.family == "real" and counts.integers > 0
    return asked.number_range or mixed or declared_real


def _with_length_of_numbers(column: ColumnProfile) -> ColumnProfile:
    """Return the column with room for numbers as text, where they may have to become text."""
    counts = column.counts
    if counts.not_null in {counts.integers, counts.reals}:
        return column
    longest = _REAL_BYTES if counts.reals else _INTEGER_BYTES if counts.integers else 0
    return replace(column, longest_bytes=max(column.longest_bytes, longest))


def _with_range(column: ColumnProfile, found: tuple[Any, Any, Any, Any]) -> ColumnProfile:
    low, high, real_low, real_high = found
    return replace(column, integer_min=low, integer_max=high, real_min=real_low, real_max=real_high)


def _with_digits(column: ColumnProfile) -> ColumnProfile:
    """Return the column with the digits of its integers, too."""
    bounds = (column.integer_min, column.integer_max)
    digits = max(len(str(abs(bound))) if bound else 0 for bound in bounds)
    return replace(
        column,
        decimals_measured=True,
        decimal_integer_digits=max(column.decimal_integer_digits, digits),
    )


def _examples(ask: _Asker, column: ColumnProfile, asked: Questions) -> Iterator[FormCount]:
    """Yield an example of each storage class of a mixed column, and of values of odd kinds."""
    counts, name = column.counts, quote_identifier(column.column)
    held = {
        "integer": counts.integers,
        "real": counts.reals,
        "text": counts.texts,
        "blob": counts.blobs,
    }
    classes = [storage for storage, count in held.items() if count]
    odd = len(classes) > 1 or _is_odd(classes, asked)
    for storage in classes if odd else ():
        yield from ask.example(
            f"stored-{storage}", column.column, f"typeof({name}) = '{storage}'", held[storage]
        )
    low, high = column.integer_min or 0, column.integer_max or 0
    if asked.declared.family == "boolean" and (low < 0 or high > 1):
        condition = f"typeof({name}) = 'integer' AND {name}{_PLAIN} NOT IN (0, 1)"
        yield from ask.example("not-boolean", column.column, condition)
    if column.real_max == math.inf or column.real_min == -math.inf:
        yield from ask.example("infinity", column.column, f"{name}{_PLAIN} IN (9e999, -9e999)")
    if counts.reals and asked.declared.family in {"any", "blob"}:
        yield from ask.negative_zero(column.column)


def _is_odd(classes: Sequence[str], asked: Questions) -> bool:
    usual = _USUAL.get(asked.declared.family, classes)
    return any(storage not in usual for storage in classes)


class _Asker:
    """Asks a table for single facts."""

    def __init__(self, connection: sqlite3.Connection, table: Table, names: RowNames) -> None:
        self._connection = connection
        self._names = names
        name = quote_identifier(table.name)
        self._source = f"{name} NOT INDEXED" if names.rowid is not None else name

    def ranges(self, columns: Sequence[ColumnProfile]) -> list[tuple[Any, Any, Any, Any]]:
        """Return least and largest integer, and least and largest real, of each column."""
        found: list[tuple[Any, Any, Any, Any]] = []
        for start in range(0, len(columns), _MOST_RANGES):
            some = columns[start : start + _MOST_RANGES]
            terms = [term for column in some for term in _range_terms(column)]
            row = self._connection.execute(
                f"SELECT {', '.join(terms)} FROM {self._source}"
            ).fetchone()
            found += [tuple(row[at : at + 4]) for at in range(0, len(row), 4)]
        return found

    def example(
        self, form: str, column: str, condition: str, count: int | None = None
    ) -> Iterator[FormCount]:
        """Yield the first value that a condition holds for, counted where no count is given."""
        row = self._first(quote_identifier(column), condition)
        if row is None:
            return
        if count is None:
            count = self._connection.execute(
                f"SELECT count(*) FROM {self._source} WHERE {condition}"
            ).fetchone()[0]
        yield FormCount(form, count, example_text(row[0]), self._names.name(row[1:]))

    def _first(self, name: str, condition: str) -> Sequence[Any] | None:
        """Return the first value that a condition holds for, and its row's identity.

        A value too large to be read for an example is shown as its kind only.
        """
        identity = ", ".join(self._names.terms) or "NULL"
        found = f"{identity} FROM {self._source} WHERE {condition} LIMIT 1"
        row: Sequence[Any] | None
        try:
            with values_limited(self._connection, _EXAMPLE_BYTES):
                row = self._connection.execute(f"SELECT {name}, {found}").fetchone()
        except sqlite3.DataError:
            row = self._connection.execute(
                f"SELECT 'a large ' || typeof({name}), {found}"
            ).fetchone()
        return row

    def negative_zero(self, column: str) -> Iterator[FormCount]:
        """Yield the first -0.0, which SQL does not tell from 0.0."""
        name = quote_identifier(column)
        identity = ", ".join(self._names.terms) or "NULL"
        rows = self._connection.execute(
            f"SELECT {name}, {identity} FROM {self._source}"
            f" WHERE typeof({name}) = 'real' AND {name}{_PLAIN} = 0.0"
        )
        for value, *row in rows:
            if math.copysign(1, value) < 0:
                yield FormCount("negative-zero", 1, "-0.0", self._names.name(row))
                rows.close()
                return


def _range_terms(column: ColumnProfile) -> list[str]:
    name = quote_identifier(column.column)
    terms: list[str] = []
    for storage, count in (("integer", column.counts.integers), ("real", column.counts.reals)):
        only = count == column.counts.not_null
        value = name if only else f"CASE typeof({name}) WHEN '{storage}' THEN {name} END"
        value += _PLAIN
        terms += [f"min({value})", f"max({value})"] if count else ["NULL", "NULL"]
    return terms
