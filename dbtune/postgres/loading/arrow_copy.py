"""Copying rows a batch at a time: ADBC reads, Arrow casts, pgpq writes COPY's binary format.

Needs the extra dbtune[fast], and runs only in processes that have the source open with ADBC and
with nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

import psycopg

from dbtune.model.transfer import TablePlan
from dbtune.postgres.loading.arrow_casts import ArrowColumn, CannotCast, arrow_column, has_cast
from dbtune.postgres.loading.copy_errors import copy_error
from dbtune.postgres.loading.table_part import TablePart, copy_sql, select_sql
from dbtune.postgres.workers.worker import Worker
from dbtune.sqlite.schema.stand_in_collations import BUILT_IN

# Of values a batch: 256 KB to 4 MB were equally fast, and each takes its multiple of memory.
_BATCH_BYTES = 1 << 20
_BATCH_ROWS = 4096
# What a batch of the longest rows may take.
_LONGEST_BATCH_BYTES = 16 << 20


def arrow_able(table: TablePlan) -> bool:
    """Return whether a table's values are such that this path carries them over exactly."""
    columns = table.loaded_columns
    if table.rowid_sql is None and not all(c.collation.upper() in BUILT_IN for c in columns):
        return False  # ADBC cannot be given the collation of the application that orders it
    return bool(columns) and not table.reject_where and all(map(has_cast, columns))


def copy_arrow(
    worker: Worker, part: TablePart, target: psycopg.Connection[Any], schema: str
) -> int:
    """Copy a part's rows within the target's open transaction, and return how many they were.

    Raises CannotCast where a value has to go the other way, TargetError where PostgreSQL refuses.
    """
    pa, pgpq = import_module("pyarrow"), import_module("pgpq")
    adbc = import_module("adbc_driver_manager")
    columns = tuple(map(arrow_column, part.table.loaded_columns))
    fields = [pa.field(f"c{n}", column.arrow_type) for n, column in enumerate(columns)]
    arrow_schema = pa.schema(fields)
    try:
        encoder = pgpq.ArrowToPostgresBinaryEncoder(arrow_schema)
    except RuntimeError as error:  # an older pgpq knows no decimals
        raise CannotCast(str(error)) from error
    copied = 0
    try:
        with target.cursor() as cursor, cursor.copy(copy_sql(part, schema, binary=True)) as copy:
            copy.write(encoder.write_header())
            for batch in _batches(worker, part, columns):
                arrays = [c.cast(array) for c, array in zip(columns, batch, strict=True)]
                ready = pa.RecordBatch.from_arrays(arrays, schema=arrow_schema)
                copy.write(encoder.write_batch(ready))
                copied += ready.num_rows
                worker.report(ready.num_rows)
            copy.write(encoder.finish())
    except (pa.ArrowException, OSError, adbc.Error) as error:  # OSError: SQLite cannot read
        raise CannotCast(str(error)) from error
    except psycopg.Error as error:
        raise copy_error(error, part.table, partial(_row_name, worker, part)) from error
    return copied


def _batches(worker: Worker, part: TablePart, columns: tuple[ArrowColumn, ...]) -> Iterator[Any]:
    """Yield the columns of each batch, after checking that they have the types expected."""
    expected = [column.read_type for column in columns]
    options = {"adbc.sqlite.query.batch_rows": str(_batch_rows(part))}
    with worker.adbc.cursor(adbc_stmt_kwargs=options) as cursor:
        cursor.execute(_typed_select(part, columns))
        first = 1
        with cursor.fetch_record_batch() as reader:
            found = [str(field.type) for field in reader.schema]
            if found != expected:
                raise CannotCast(f"columns are read as {found}, not as {expected}")
            for batch in reader:
                yield [column.slice(first) for column in batch.columns]
                first = 0


def _typed_select(part: TablePart, columns: tuple[ArrowColumn, ...]) -> str:
    """Return the SELECT behind a row that tells ADBC the types, which it guesses from the first."""
    first = ", ".join(f"{column.first_value} AS c{n}" for n, column in enumerate(columns))
    rows = select_sql(part, tuple(column.term for column in columns), ordered=False)
    return f"SELECT {first} UNION ALL {rows}"


def _batch_rows(part: TablePart) -> int:
    average = max(part.size_bytes // max(part.rows, 1), 1)
    longest = max(_LONGEST_BATCH_BYTES // part.longest_row_bytes, 1)
    return max(1, min(_BATCH_BYTES // average, longest, _BATCH_ROWS))


def _row_name(worker: Worker, part: TablePart, position: int) -> str | None:
    """Return what a part's row is called, by its position, None without a rowid."""
    if part.table.rowid_sql is None:
        return None
    query = f"{select_sql(part, (part.table.rowid_sql,))} LIMIT 1 OFFSET {position}"
    with worker.adbc.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return None if row is None else f"rowid {row[0]}"
