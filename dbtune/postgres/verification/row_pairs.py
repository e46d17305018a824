"""Rows that each side has and the other lacks, put together where they are one row changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbtune.postgres.verification.compared_rows import ComparedTable
from dbtune.postgres.verification.differences import DifferenceLog, describe_value

# Columns that name a row which has neither a key nor a rowid.
_NAMING_COLUMNS = 4


@dataclass(frozen=True)
class OddRow:
    """A row that the other side lacks; `rowid` None where it has none, as on the target."""

    hash: int
    values: tuple[Any, ...]
    rowid: int | None

    @property
    def size_bytes(self) -> int:
        """The bytes of its texts and blobs."""
        return sum(len(value) for value in self.values if type(value) is bytes)


def log_odd_rows(
    missing: Sequence[OddRow], extra: Sequence[OddRow], table: ComparedTable, log: DifferenceLog
) -> None:
    """Log rows of the source and of the target that were not found on the other side.

    Two rows with the same key differ in a value; without a key, two that are alike in at least
    half of their columns.
    """
    left = list(extra)
    for row in missing:
        other = _counterpart(row, left, table)
        if other is None:
            log.missing(_name(row, table))
            continue
        left.remove(other)
        for column, *pair in zip(table.columns, row.values, other.values, strict=True):
            if pair[0] != pair[1]:
                name = _name(row, table)
                log.value(name, column.plan.source, column.kind, (pair[0], pair[1]))
    for row in left:
        log.extra(_name(row, table))


def row_key(values: Sequence[Any], table: ComparedTable) -> tuple[Any, ...] | None:
    """Return a row's canonical values of the target's primary key, None without one."""
    positions = _key_positions(table)
    return tuple(values[position] for position in positions) if positions else None


def _counterpart(row: OddRow, others: Sequence[OddRow], table: ComparedTable) -> OddRow | None:
    key = row_key(row.values, table)
    if key is not None:
        return next((other for other in others if row_key(other.values, table) == key), None)
    best = max(others, key=lambda other: _alike(row, other), default=None)
    return best if best is not None and 2 * _alike(row, best) >= len(row.values) > 1 else None


def _alike(row: OddRow, other: OddRow) -> int:
    return sum(a == b for a, b in zip(row.values, other.values, strict=True))


def _key_positions(table: ComparedTable) -> list[int]:
    targets = [column.plan.target for column in table.columns]
    key = table.plan.primary_key
    return [targets.index(name) for name in key] if set(key) <= set(targets) else []


def _name(row: OddRow, table: ComparedTable) -> str:
    positions = _key_positions(table)
    if not positions and row.rowid is not None:
        return f"rowid {row.rowid}"
    return ", ".join(
        f"{column.plan.source}={describe_value(column.kind, row.values[position]):.60}"
        for position, column in enumerate(table.columns)
        if position in (positions or range(_NAMING_COLUMNS))
    )
