"""What a table really holds: storage classes, lengths, forms of texts, what PostgreSQL refuses.

A table, or a range of its rowids, is counted in one pass of SQL; then only columns with texts, and
those few whose blobs or reals matter, are read once. All reading is by Python's sqlite3.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from dbtune.model.schema import Table
from dbtune.model.transfer import ColumnProfile, StorageCounts, TableProfile
from dbtune.postgres.profiling.arrow_texts import can_read, read_texts
from dbtune.postgres.profiling.damage import damage_located
from dbtune.postgres.profiling.profile_finish import finish_profile
from dbtune.postgres.profiling.profile_questions import Questions, questions_of
from dbtune.postgres.profiling.row_names import RowNames, row_names
from dbtune.postgres.profiling.storage_counts import count_storage
from dbtune.postgres.profiling.table_scan import ColumnFindings, scan_table
from dbtune.postgres.profiling.unreadable_columns import (
    readable_part,
    with_unreadable,
    without_unreadable,
)
from dbtune.sqlite.identifiers import quote_identifier

# Below, a task of its own takes longer than the texts do.
_ROWS_FOR_ARROW = 2_000


def profile_table(
    connection: sqlite3.Connection, table: Table, *, wanted: Collection[str] = ()
) -> TableProfile:
    """Return the profile of a whole table.

    Of the columns `wanted` everything is asked (see questions_of). Raises SourceError where the
    file is damaged, with the rowids that cannot be read.
    """
    part = profile_part(connection, table, wanted=wanted)
    return complete_profile(connection, table, part, wanted=wanted)


def profile_part(
    connection: sqlite3.Connection,
    table: Table,
    *,
    rowid_range: tuple[int, int] | None = None,
    wanted: Collection[str] = (),
) -> TableProfile:
    """Return the profile of a range of rowids (both included), or of the table.

    Parts are put together by merge_profiles, and then need complete_profile.
    """
    return begin_part(connection, table, rowid_range=rowid_range, wanted=wanted).profile


@dataclass(frozen=True)
class BegunPart:
    """The profile of a part of a table; the texts of the columns `unread` are only counted."""

    profile: TableProfile
    unread: tuple[str, ...] = ()


def begin_part(
    connection: sqlite3.Connection,
    table: Table,
    *,
    rowid_range: tuple[int, int] | None = None,
    wanted: Collection[str] = (),
    leave_texts: bool = False,
) -> BegunPart:
    """Return the profile of a part, with `leave_texts` without what ADBC reads faster."""
    names = row_names(table)
    with texts_as_bytes(connection), damage_located(connection, table, names):
        bounds = _bounds(connection, table, names, rowid_range)
        if names.rowid is not None and bounds is None:
            return BegunPart(_empty(table))
        readable = readable_part(connection, table)
        counted = count_storage(connection, readable, names, bounds)
        questions = questions_of(readable, wanted)
        pairs = tuple(zip(questions, counted.columns, strict=True))
        leave = leave_texts and counted.texts_small and counted.rows >= _ROWS_FOR_ARROW
        leave = leave and bounds is not None
        unread = frozenset(asked.column for asked, held in pairs if leave and can_read(asked, held))
        read_now = [
            (asked, StorageCounts() if asked.column in unread else held) for asked, held in pairs
        ]
        found = scan_table(connection, readable, names, read_now, bounds)
    columns = map(_column_profile, questions, counted.columns, found.columns)
    profile = TableProfile(
        table=table.name,
        rows=counted.rows,
        columns=with_unreadable(table, counted.rows, columns),
        rowid_min=bounds[0] if bounds else None,
        rowid_max=bounds[1] if bounds else None,
        large_values=found.large_values,
    )
    return BegunPart(
        profile, tuple(name for name in [c.column for c in profile.columns] if name in unread)
    )


def profile_texts(
    connection: sqlite3.Connection,
    table: Table,
    begun: BegunPart,
    *,
    wanted: Collection[str] = (),
) -> TableProfile:
    """Return the profile of a part after reading the texts that were left."""
    names = row_names(table)
    left = unread_part(table, begun)
    questions = questions_of(left, wanted)
    counts = [begun.profile.column(asked.column).counts for asked in questions]
    with texts_as_bytes(connection), damage_located(connection, table, names):
        asked = tuple(zip(questions, counts, strict=True))
        found = scan_table(connection, left, names, asked, rowids_of(begun.profile))
    return with_columns(begun.profile, map(_column_profile, questions, counts, found.columns))


def profile_texts_by_arrow(
    adbc: Any, table: Table, begun: BegunPart, *, wanted: Collection[str] = ()
) -> TableProfile | None:
    """Return the same by ADBC, None where the texts have to be read row by row."""
    questions = questions_of(unread_part(table, begun), wanted)
    part = {asked.column: (asked, begun.profile.column(asked.column)) for asked in questions}
    rowids = rowids_of(begun.profile)
    assert rowids is not None  # else nothing is left unread
    columns = read_texts(adbc, table, part, rowids)
    return None if columns is None else with_columns(begun.profile, columns)


def complete_profile(
    connection: sqlite3.Connection,
    table: Table,
    profile: TableProfile,
    *,
    wanted: Collection[str] = (),
) -> TableProfile:
    """Return the profile with what only the whole table tells: ranges of numbers, and examples."""
    names = row_names(table)
    readable, part = without_unreadable(table, profile)
    questions = questions_of(readable, wanted)
    with texts_as_bytes(connection), damage_located(connection, table, names):
        found = finish_profile(connection, readable, part, questions, names)
    return replace(found, columns=with_unreadable(table, profile.rows, found.columns))


def unread_part(table: Table, begun: BegunPart) -> Table:
    """Return a table with those of its columns only whose texts are unread."""
    columns = tuple(column for column in table.columns if column.name in begun.unread)
    return replace(table, columns=columns)


def with_columns(profile: TableProfile, columns: Iterable[ColumnProfile]) -> TableProfile:
    """Return a profile with other profiles for some of its columns."""
    others = {column.column: column for column in columns}
    kept = tuple(others.get(column.column, column) for column in profile.columns)
    return replace(profile, columns=kept)


def rowids_of(profile: TableProfile) -> tuple[int, int] | None:
    """Return the first and last rowid of a part, None where it has none."""
    if profile.rowid_min is None or profile.rowid_max is None:
        return None
    return profile.rowid_min, profile.rowid_max


@contextmanager
def texts_as_bytes(connection: sqlite3.Connection) -> Iterator[None]:
    """Read texts as their bytes in UTF-8 within the block."""
    before = connection.text_factory
    connection.text_factory = bytes
    try:
        yield
    finally:
        connection.text_factory = before


def _bounds(
    connection: sqlite3.Connection,
    table: Table,
    names: RowNames,
    wanted: tuple[int, int] | None,
) -> tuple[int, int] | None:
    """Return the first and last rowid there is, within a range; None for none."""
    rowid = names.rowid
    if rowid is None:
        return None
    source = f"{quote_identifier(table.name)} NOT INDEXED"
    first, last = wanted or (-(2**63), 2**63 - 1)
    found: list[Any] = [
        connection.execute(
            f"SELECT {rowid} FROM {source} WHERE {rowid} BETWEEN ? AND ?"
            f" ORDER BY {rowid} {direction} LIMIT 1",
            (first, last),
        ).fetchone()
        for direction in ("ASC", "DESC")
    ]
    return None if found[0] is None else (found[0][0], found[1][0])


def _empty(table: Table) -> TableProfile:
    none = StorageCounts()
    return TableProfile(
        table.name, 0, tuple(ColumnProfile(column.name, none) for column in table.columns)
    )


def _column_profile(
    questions: Questions, counts: StorageCounts, found: ColumnFindings
) -> ColumnProfile:
    texts = found.texts
    before, after = found.digits
    return ColumnProfile(
        column=questions.column,
        counts=counts,
        forms=found.forms,
        problems=texts.problems if texts else (),
        longest_bytes=found.longest_bytes,
        longest_characters=texts.tally.longest_characters if texts else 0,
        non_ascii=texts.tally.non_ascii if texts else False,
        decimal_integer_digits=before,
        decimal_scale=after,
        uniform_bytes=texts.tally.uniform_bytes if texts else None,
        shapes=texts.tally.shapes if texts else (),
    )
