"""Comparison of clean tables by columns, in the order of their key (extra dbtune[fast]).

Both sides come as Arrow batches through ADBC, in a process that opens the source with nothing
else. Rows that one side lacks are named, and the comparison goes on after them.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from dbtune.model.transfer import TablePlan
from dbtune.postgres.verification.arrow_proofs import Array, ColumnProof, column_proof
from dbtune.postgres.verification.arrow_sides import (
    EXAMPLES,
    ArrowSide,
    Columns,
    source_batches,
    target_batches,
)
from dbtune.postgres.verification.compared_rows import ComparedTable, Selection
from dbtune.postgres.verification.differences import Compared, DifferenceLog, name_row
from dbtune.postgres.verification.fixed_columns import fixed_able, target_columns
from dbtune.postgres.workers.worker import Worker

_log = logging.getLogger(__name__)

# Rows longer than this would make batches of a few rows.
_LONGEST_ROW_BYTES = 1 << 20


def arrow_able(table: TablePlan) -> bool:
    """Return whether a table may be compared by columns: all are of one storage class, as it is."""
    longest = sum(column.longest_bytes for column in table.columns)
    return (
        bool(table.order_key)
        and not table.large_values
        and longest <= _LONGEST_ROW_BYTES
        and all(
            column.clean
            and column.storage in EXAMPLES
            and not (column.null_where or column.empty_as_null)
            and not (column.nul_repair or column.encoding_repair)
            for column in table.columns
        )
    )


def columns_available() -> bool:
    """Return whether what reads PostgreSQL by columns is installed."""
    return find_spec("adbc_driver_postgresql") is not None


def compare_by_arrow(worker: Worker, table: ComparedTable, selection: Selection) -> Compared | None:
    """Return the differences of the selected rows, None where ADBC could not read them."""
    import adbc_driver_manager
    import pyarrow

    assert worker.conninfo is not None
    target = worker.keep("adbc_target", lambda: _connect(str(worker.conninfo)))
    proofs = [column_proof(column) for column in table.columns]
    try:
        with closing(worker.adbc.cursor()) as ours, closing(target.cursor()) as theirs:
            columns = _fixed_columns(worker, table, proofs, selection)
            batches = (
                target_batches(theirs, table, proofs, selection)
                if columns is None
                else iter([columns] if columns else [])
            )
            return _merge(
                ArrowSide(source_batches(ours, table, selection), table),
                ArrowSide(batches, table),
                proofs,
                table,
            )
    except (adbc_driver_manager.Error, pyarrow.ArrowException) as error:
        _log.warning("%s is compared row by row: ADBC says %s", table.plan.source, error)
        _roll_back(target, adbc_driver_manager.Error)
        return None


def _fixed_columns(
    worker: Worker, table: ComparedTable, proofs: Sequence[ColumnProof], selection: Selection
) -> Columns | None:
    """Return the target's rows where they come a column at a time."""
    if not fixed_able(table):
        return None
    return target_columns(worker.postgres(table.schema), table, proofs, selection)


def _roll_back(target: Any, failure: type[Exception]) -> None:
    try:
        target.rollback()
    except failure as error:
        # Whether the server is gone, the comparison by rows will tell.
        _log.info("ADBC could not roll back: %s", error)


def _connect(conninfo: str) -> Any:
    import adbc_driver_postgresql.dbapi

    connection = adbc_driver_postgresql.dbapi.connect(conninfo)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    connection.commit()
    return connection


@dataclass(frozen=True)
class _Aligned:
    """Positions of rows with the same keys on both sides, and of those that stand alone."""

    ours: list[int]
    theirs: list[int]
    missing: list[int]
    extra: list[int]


def _merge(
    ours: ArrowSide, theirs: ArrowSide, proofs: Sequence[ColumnProof], table: ComparedTable
) -> Compared:
    log = DifferenceLog(table.plan.source)

    def compare(one: Columns, other: Columns) -> None:
        _compare(one, other, proofs, table, log)

    while True:
        left, right = ours.fill(), theirs.fill()
        if not left or not right:
            break
        count = min(left, right)
        one, other = ours.head(count), theirs.head(count)
        if all(one[position].equals(other[position]) for position in table.key_positions):
            compare(one, other)
            ours.skip(count)
            theirs.skip(count)
        else:
            _merge_apart(ours, theirs, (one, other), table, compare, log)
    _log_rest(ours, table, log.missing, log)
    _log_rest(theirs, table, log.extra, log)
    return log.compared(ours.rows, theirs.rows)


def _merge_apart(
    ours: ArrowSide,
    theirs: ArrowSide,
    heads: tuple[Columns, Columns],
    table: ComparedTable,
    compare: Callable[[Columns, Columns], None],
    log: DifferenceLog,
) -> None:
    """Compare rows whose keys are not all the same, up to the last key that both have reached."""
    one, other = heads
    our_keys, their_keys = ours.keys(one), theirs.keys(other)
    our_ranks, their_ranks = list(map(_rank, our_keys)), list(map(_rank, their_keys))
    last = min(our_ranks[-1], their_ranks[-1])
    our_count, their_count = bisect_right(our_ranks, last), bisect_right(their_ranks, last)
    found = _align(our_ranks[:our_count], their_ranks[:their_count])
    for position in found.missing:
        log.missing(name_row(table.plan.order_key, our_keys[position]))
    for position in found.extra:
        log.extra(name_row(table.plan.order_key, their_keys[position]))
    if found.ours:
        compare(
            [c.take(_indices(found.ours)) for c in one],
            [c.take(_indices(found.theirs)) for c in other],
        )
    ours.skip(our_count)
    theirs.skip(their_count)


def _align(ours: Sequence[Any], theirs: Sequence[Any]) -> _Aligned:
    found = _Aligned([], [], [], [])
    i = j = 0
    while i < len(ours) or j < len(theirs):
        if j == len(theirs) or (i < len(ours) and ours[i] < theirs[j]):
            found.missing.append(i)
            i += 1
        elif i == len(ours) or theirs[j] < ours[i]:
            found.extra.append(j)
            j += 1
        else:
            found.ours.append(i)
            found.theirs.append(j)
            i += 1
            j += 1
    return found


def _indices(positions: list[int]) -> Array:
    import pyarrow

    return pyarrow.array(positions, pyarrow.int64())


def _compare(
    ours: Columns,
    theirs: Columns,
    proofs: Sequence[ColumnProof],
    table: ComparedTable,
    log: DifferenceLog,
) -> None:
    for position, proof in enumerate(proofs):
        for row, *pair in proof.unequal(ours[position], theirs[position]):
            if log.full:
                log.unnamed(1)
                continue
            key = [ours[part][row].as_py() for part in table.key_positions]
            name = name_row(table.plan.order_key, key)
            plan = proof.column.plan
            log.value(name, plan.source, proof.column.kind, (pair[0], pair[1]))


def _log_rest(
    side: ArrowSide, table: ComparedTable, log_row: Callable[[str], None], log: DifferenceLog
) -> None:
    while count := side.fill():
        named = 0 if log.full else min(count, 100)
        for key in side.keys(side.head(named)):
            log_row(name_row(table.plan.order_key, key))
        log.unnamed(count - named)
        side.skip(count)


def _rank(key: tuple[Any, ...]) -> tuple[tuple[bool, int], ...]:
    """Return what orders keys as PostgreSQL does, where NULL comes last."""
    return tuple((part is None, part or 0) for part in key)
