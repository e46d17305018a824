"""Copying rows value by value: any table, any conversion, with Python's sqlite3 and COPY text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import psycopg

from dbtune.model.transfer import TablePlan
from dbtune.postgres.loading.copy_errors import copy_error, value_error
from dbtune.postgres.loading.encode import EncodeError, StoredValue, column_encoder, encode_rows
from dbtune.postgres.loading.part_rows import read_error, row_name
from dbtune.postgres.loading.table_part import TablePart, column_term, copy_sql, select_sql
from dbtune.postgres.workers.worker import Worker

Row = Sequence[StoredValue]

# More rows at a time save nothing; fewer cost a call a row.
_BATCH_ROWS = 1000
# Of values as stored: escaped, joined to lines and to a block they take six times as much.
_BATCH_BYTES = 2 << 20
_REPORT_ROWS = 20_000


def copy_rows(worker: Worker, part: TablePart, target: psycopg.Connection[Any], schema: str) -> int:
    """Copy a part's rows within the target's open transaction, and return how many they were.

    Raises TargetError naming the row where a value is refused, SourceError where SQLite cannot
    read some rows.
    """
    encoders = tuple(map(column_encoder, part.table.loaded_columns))
    copied = reported = 0
    try:
        with target.cursor() as cursor, cursor.copy(copy_sql(part, schema, binary=False)) as copy:
            for rows in _batches(worker.sqlite, part):
                copy.write(encode_rows(rows, encoders))
                copied += len(rows)
                if copied - reported >= _REPORT_ROWS:
                    worker.report(copied - reported)
                    reported = copied
    except EncodeError as error:
        row = row_name(worker.sqlite, part, copied + error.index)
        raise value_error(error, part.table, row) from error
    except sqlite3.DatabaseError as error:
        raise read_error(worker.sqlite, part, error) from error
    except psycopg.Error as error:
        find_row = partial(row_name, worker.sqlite, part)
        raise copy_error(error, part.table, find_row) from error
    worker.report(copied - reported)
    return copied


def _batches(connection: sqlite3.Connection, part: TablePart) -> Iterator[list[Row]]:
    """Yield a part's rows in batches that take little memory however long the values are."""
    terms = tuple(map(column_term, part.table.loaded_columns))
    cursor = connection.execute(select_sql(part, terms))
    if part.longest_row_bytes * _BATCH_ROWS > _BATCH_BYTES:
        yield from _measured_batches(cursor, _long_columns(part.table))
        return
    while rows := cursor.fetchmany(_BATCH_ROWS):
        yield rows


def _measured_batches(cursor: sqlite3.Cursor, long_columns: tuple[int, ...]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in cursor:
        batch.append(row)
        for position in long_columns:
            value = row[position]
            if isinstance(value, bytes):
                size += len(value)
        if size > _BATCH_BYTES or len(batch) == _BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _long_columns(table: TablePlan) -> tuple[int, ...]:
    """Return where the columns are whose values decide how much a batch takes."""
    return tuple(
        position
        for position, column in enumerate(table.loaded_columns)
        if column.longest_bytes > _BATCH_BYTES // _BATCH_ROWS // 8
    )
