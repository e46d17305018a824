"""Verification of what was moved: the rows of every table, read on both sides and compared.

A table whose key is of integers is compared in its order, in ranges, and by Arrow where all its
columns are clean; any other as a multiset of rows. No code is shared with the loader.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Literal

from dbtune.model.event import OnEvent
from dbtune.model.transfer import MigrationPlan, TableCheck, TablePlan
from dbtune.postgres.verification.compared_rows import Bounds, Selection
from dbtune.postgres.verification.large_digest import NONCE_BYTES
from dbtune.postgres.verification.table_progress import TableProgress
from dbtune.postgres.verification.verify_arrow import arrow_able, columns_available
from dbtune.postgres.verification.verify_multiset import bucket_count
from dbtune.postgres.verification.verify_tasks import (
    CountRows,
    PartFound,
    SumBuckets,
    VerifyMultiset,
    VerifyPart,
    VerifyRange,
)
from dbtune.postgres.workers.worker import Task
from dbtune.postgres.workers.worker_pool import WorkerPool

Mode = Literal["full", "sample", "counts"]

# Rows of a part: large enough that a connection's work does not show, small enough that the last
# parts of a migration keep all workers busy.
_ROWS_OF_A_PART = 200_000
# A sample is one row of 100, and about 2,000 rows of a table that has more than that: then it is
# hardly ever less than 1,000.
_SAMPLE_SHARE = 100
_SAMPLE_ROWS = 2_000
_PAGE_BYTES = 8192
_ROW_OVERHEAD_BYTES = 32


def verify_tables(
    pool: WorkerPool,
    plan: MigrationPlan,
    schema: str,
    mode: Mode,
    on_event: OnEvent,
) -> tuple[TableCheck, ...]:
    """Return for each table of a plan what differs between the source and a schema of the target.

    `mode` "sample" compares about one row in 100, and at least 1,000, of tables whose key is of
    integers; "counts" compares how many rows there are, and the columns' types. The pool's
    snapshot of the source is compared, and the target as it is now.
    """
    begun = time.monotonic()
    columnar = pool.has_arrow and columns_available()
    nonce = os.urandom(NONCE_BYTES)
    progress = {table.source: TableProgress(table) for table in plan.tables}

    def take(task: Task[PartFound], found: PartFound) -> None:
        assert isinstance(task, VerifyPart)
        state = progress[task.table.source]
        following = state.take(task, found, time.monotonic() - begun)
        if following is not None:
            later.append(following)
        on_event(state.event())

    later = [
        task
        for table in sorted(plan.tables, key=lambda table: table.size_bytes, reverse=True)
        for task in _tasks(table, schema, mode, nonce, columnar=columnar)
    ]
    while later:
        tasks, later = later, []
        for task in tasks:
            progress[task.table.source].expect(task)
        pool.run(tasks, take)
    return tuple(progress[table.source].check() for table in plan.tables)


def _tasks(
    table: TablePlan, schema: str, mode: Mode, nonce: bytes, *, columnar: bool
) -> Iterator[VerifyPart]:
    base = (table, schema, nonce)
    if mode == "counts":
        yield CountRows(*base)
    elif _has_order(table):
        modulus = _modulus(table.rows) if mode == "sample" else 1
        if modulus > 1:
            yield CountRows(*base)
        by_arrow = columnar and arrow_able(table)
        for number, (low, high) in enumerate(_ranges(table, table.rows // modulus)):
            selection = Selection(low=low, high=high, modulus=modulus)
            yield VerifyRange(*base, selection, columnar=by_arrow, first=number == 0)
    elif table.rows <= _ROWS_OF_A_PART:
        yield VerifyMultiset(*base)
    else:
        yield from _bucket_tasks(table, schema, nonce)


def _bucket_tasks(table: TablePlan, schema: str, nonce: bytes) -> Iterator[VerifyPart]:
    count = bucket_count(table.rows)
    for rowids in _ranges(table, table.rows):
        yield SumBuckets(table, schema, nonce, Selection(rowids=rowids), count, of_target=False)
    pages = (table.size_bytes + table.rows * _ROW_OVERHEAD_BYTES) // _PAGE_BYTES
    for bounds in _split(0, pages, table.rows // _ROWS_OF_A_PART):
        yield SumBuckets(table, schema, nonce, Selection(pages=bounds), count, of_target=True)


def _has_order(table: TablePlan) -> bool:
    columns = {column.source: column for column in table.columns}
    return bool(table.order_key) and all(
        columns[name].conversion == "integer" and not columns[name].counts.nulls
        for name in table.order_key
    )


def _ranges(table: TablePlan, rows: int) -> list[Bounds]:
    """Return ranges that together hold every integer; of even size where keys are rowids."""
    if table.rowid_sql is None or table.rowid_min is None or table.rowid_max is None:
        return [(None, None)]
    return _split(table.rowid_min, table.rowid_max, rows // _ROWS_OF_A_PART)


def _split(first: int, last: int, borders: int) -> list[Bounds]:
    steps = range(1, borders + 1)
    cuts = sorted({first + (last - first) * step // (borders + 1) for step in steps})
    return list(zip([None, *cuts], [*cuts, None], strict=True))


def _modulus(rows: int) -> int:
    return max(1, min(_SAMPLE_SHARE, rows // _SAMPLE_ROWS))
