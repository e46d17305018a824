"""What a table really holds: storage classes, lengths, forms of texts, what PostgreSQL refuses.

A table, or a range of its rowids, is counted in one pass of SQL; then only columns with texts, and
those few whose blobs or reals matter, are read once. All reading is by Python's sqlite3.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dbtune.model.schema import Table
from dbtune.model.transfer import ColumnProfile, StorageCounts, TableProfile
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
    names = row_names(table)
    with texts_as_bytes(connection), damage_located(connection, table, names):
        bounds = _bounds(connection, table, names, rowid_range)
        if names.rowid is not None and bounds is None:
            return _empty(table)
        readable = readable_part(connection, table)
        rows, counts = count_storage(connection, readable, names, bounds)
        questions = questions_of(readable, wanted)
        asked = tuple(zip(questions, counts, strict=True))
        found = scan_table(connection, readable, names, asked, bounds)
    columns = map(_column_profile, questions, counts, found.columns)
    return TableProfile(
        table=table.name,
        rows=rows,
        columns=with_unreadable(table, rows, columns),
        rowid_min=bounds[0] if bounds else None,
        rowid_max=bounds[1] if bounds else None,
        large_values=found.large_values,
    )


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
