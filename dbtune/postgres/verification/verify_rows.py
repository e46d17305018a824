"""Comparison of a table in the order of its key, row by row, on any pair of snapshots.

Rows that one side lacks are named, and the comparison goes on after them.
"""

from __future__ import annotations

import os
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dbtune.model.transfer import TablePlan
from dbtune.postgres.verification.compared_rows import (
    Block,
    ComparedTable,
    Selection,
    source_blocks,
    target_blocks,
)
from dbtune.postgres.verification.differences import Compared, DifferenceLog, name_row
from dbtune.postgres.verification.large_digest import NONCE_BYTES
from dbtune.postgres.verification.target_columns import Target, read_target_table

_KEYS_AT_ONCE = 500


def compare_ordered(
    source: sqlite3.Connection, target: Target, table: ComparedTable, selection: Selection
) -> Compared:
    """Return the differences of the selected rows of a table that has an order.

    Raises ValueError for a table without one. Both connections may be in a transaction; one that
    is not gets one for as long as it reads.
    """
    if not table.has_order:
        raise ValueError(f"{table.plan.source} has no key of one order on both sides")
    with reading(target):
        ours = _Side(source_blocks(source, table, selection, ordered=True), table)
        theirs = _Side(target_blocks(target, table, selection, ordered=True), table)
        return _merge(ours, theirs, table)


def verify_rows(
    source: sqlite3.Connection,
    target: Target,
    table: TablePlan,
    *,
    schema: str,
    keys: Sequence[tuple[int, ...]],
) -> Compared:
    """Return the differences of the rows with these values of the table's order key.

    Raises ValueError for a table without one.
    """
    found = read_target_table(target, schema, table)
    compared = ComparedTable(table, schema, found.columns, os.urandom(NONCE_BYTES))
    total = Compared(differences=found.differences)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        selection = Selection(keys=tuple(keys[start : start + _KEYS_AT_ONCE]))
        total += compare_ordered(source, target, compared, selection)
    return total


@contextmanager
def reading(target: Target) -> Iterator[None]:
    """Read one state of the target, unless the caller's transaction already does."""
    if not target.autocommit or target.pgconn.transaction_status != 0:
        yield
        return
    target.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        if not target.closed:
            target.execute("ROLLBACK")


class _Side:
    """Rows of one side in the order of their key, as far as they have not been compared."""

    def __init__(self, blocks: Iterator[Block], table: ComparedTable) -> None:
        self._blocks = blocks
        self._key_positions = table.key_positions
        self.block: Block = ()
        self.keys: Sequence[Any] = ()
        self.start = 0
        self.rows = 0

    def fill(self) -> int:
        """Return how many rows are at hand, after reading more where there were none."""
        while self.start == len(self.keys):
            block = next(self._blocks, None)
            if block is None:
                return 0
            self.block = block
            self.keys = _keys(block, self._key_positions)
            self.start = 0
            self.rows += len(self.keys)
        return len(self.keys) - self.start

    def rows_before(self, key: Any) -> int:
        """Return how many of the rows at hand come before a key."""
        end = bisect_left(self.keys, _rank(key), lo=self.start, key=_rank)
        return end - self.start


def _merge(ours: _Side, theirs: _Side, table: ComparedTable) -> Compared:
    log = DifferenceLog(table.plan.source)
    while True:
        left, right = ours.fill(), theirs.fill()
        if not left or not right:
            break
        count = min(left, right)
        equal = _equal_keys(ours, theirs, count)
        _compare(ours, theirs, equal, table, log)
        ours.start += equal
        theirs.start += equal
        if equal < count:
            _resynchronise(ours, theirs, table, log)
    while left := ours.fill():
        _log_rows(ours, left, table, log.missing)
    while right := theirs.fill():
        _log_rows(theirs, right, table, log.extra)
    return log.compared(ours.rows, theirs.rows)


def _equal_keys(ours: _Side, theirs: _Side, count: int) -> int:
    """Return how many rows have the same keys, up to the first that have not."""
    one = ours.keys[ours.start : ours.start + count]
    other = theirs.keys[theirs.start : theirs.start + count]
    if one == other:
        return count
    return next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)


def _resynchronise(ours: _Side, theirs: _Side, table: ComparedTable, log: DifferenceLog) -> None:
    """Log the rows that stand on one side only, up to where both have the same key again."""
    key, other = ours.keys[ours.start], theirs.keys[theirs.start]
    if _rank(key) < _rank(other):
        _log_rows(ours, max(1, ours.rows_before(other)), table, log.missing)
    else:
        _log_rows(theirs, max(1, theirs.rows_before(key)), table, log.extra)


def _compare(
    ours: _Side, theirs: _Side, count: int, table: ComparedTable, log: DifferenceLog
) -> None:
    for position, column in enumerate(table.columns):
        one = ours.block[position][ours.start : ours.start + count]
        other = theirs.block[position][theirs.start : theirs.start + count]
        if one == other:
            continue
        for row, pair in enumerate(zip(one, other, strict=True)):
            if pair[0] != pair[1]:
                name = _name(ours, ours.start + row, table)
                log.value(name, column.plan.source, column.kind, pair)


def _log_rows(side: _Side, count: int, table: ComparedTable, log_row: Any) -> None:
    for row in range(side.start, side.start + count):
        log_row(_name(side, row, table))
    side.start += count


def _name(side: _Side, row: int, table: ComparedTable) -> str:
    key = side.keys[row]
    return name_row(table.plan.order_key, key if len(table.plan.order_key) > 1 else (key,))


def _keys(block: Block, positions: tuple[int, ...]) -> Sequence[Any]:
    if len(positions) == 1:
        return list(block[positions[0]])
    return list(zip(*(block[position] for position in positions), strict=True))


def _rank(key: Any) -> Any:
    """Return what orders keys as PostgreSQL does, also where one is NULL or no integer at all."""
    if isinstance(key, tuple) and not (key and key[0] == "unfit"):
        return tuple(_rank(part) for part in key)
    if type(key) is int:
        return (0, key, "")
    return (1, 0, "") if key is None else (2, 0, repr(key))
