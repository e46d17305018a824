"""Which rows of which tables go into a sample of a database: decided from sizes alone.

Small tables are kept whole and all large ones get the same fraction, so that joins between large
tables keep their proportions. Rows are chosen by a hash of a key. Where a large table refers to
another, both use the same values (the reference here, the referenced column there), so that the
rows kept still find each other. One table can follow one other only: along a chain
`items -> orders -> users` the pair with the larger table is kept together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbtune.model.schema import ForeignKey, Schema, Table
from dbtune.sqlite.sampling.wanted_rows import WantedRows
from dbtune.sqlite.schema.table_size import TableSize

# What joins look up has to be there: the more tables are whole, the truer the joins of the others.
_MOST_FOR_SMALL = 1 / 2


@dataclass(frozen=True)
class TableSample:
    """How much of a table is copied: all rows where `fraction` is 1, else those chosen by `key`.

    `key` are the columns whose values are hashed, empty for the rowid. Rows `wanted` are copied
    beside those chosen.
    """

    table: Table
    fraction: float
    key: tuple[str, ...] = ()
    wanted: tuple[WantedRows, ...] = ()


@dataclass(frozen=True)
class SamplePlan:
    """What is copied of each ordinary table, in the schema's order."""

    tables: tuple[TableSample, ...]


def plan_sample(schema: Schema, sizes: tuple[TableSize, ...], room_bytes: int) -> SamplePlan:
    """Return which part of each ordinary table is copied into that many bytes."""
    ordinary = {table.name: table for table in schema.tables if table.kind == "table"}
    bytes_of = {size.table: size.size_bytes for size in sizes if size.table in ordinary}
    small = _small_tables(bytes_of, room_bytes)
    large = {name: size for name, size in bytes_of.items() if name not in small}
    left = room_bytes - sum(bytes_of[name] for name in small)
    fraction = max(0.0, min(1.0, left / sum(large.values()))) if large else 1.0
    if fraction >= 1.0:
        return SamplePlan(tuple(TableSample(table, 1.0) for table in ordinary.values()))
    keys = _choose_keys(ordinary, large)
    return SamplePlan(
        tuple(
            TableSample(table, fraction, keys[name]) if name in large else TableSample(table, 1.0)
            for name, table in ordinary.items()
        )
    )


def _small_tables(bytes_of: Mapping[str, int], room_bytes: int) -> frozenset[str]:
    """Return the tables to keep whole: the smallest ones, which together share half of the room."""
    small: set[str] = set()
    left = int(room_bytes * _MOST_FOR_SMALL)
    for name in sorted(bytes_of, key=lambda name: (bytes_of[name], name)):
        left -= bytes_of[name]
        if left < 0:
            break
        small.add(name)
    return frozenset(small)


def _choose_keys(
    tables: Mapping[str, Table], large: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Return the columns that choose the rows of each large table, largest tables first."""
    keys: dict[str, tuple[str, ...]] = {}
    for name in sorted(large, key=lambda name: (-large[name], name)):
        if name in keys:
            continue
        followed = _followed(tables[name], large, keys)
        if followed is None:
            keys[name] = _own_key(tables[name])
            continue
        keys[name] = followed.columns
        parent = _named(large, followed.referenced_table)
        assert parent is not None
        keys[parent] = followed.referenced_columns
    return keys


def _followed(
    table: Table, large: Mapping[str, int], keys: Mapping[str, tuple[str, ...]]
) -> ForeignKey | None:
    """Return the foreign key to the largest table that this one can follow."""
    candidates = []
    for key in table.foreign_keys:
        parent = _named(large, key.referenced_table)
        if parent is None or parent == table.name or len(key.columns) != 1:
            continue
        if len(key.referenced_columns) != 1:
            continue
        if keys.get(parent, key.referenced_columns) == key.referenced_columns:
            candidates.append((large[parent], key))
    return max(candidates, key=lambda found: found[0])[1] if candidates else None


def _own_key(table: Table) -> tuple[str, ...]:
    if table.rowid_alias is not None or not table.without_rowid:
        return ()
    return table.primary_key


def _named(names: Mapping[str, int], wanted: str) -> str | None:
    folded = wanted.lower()
    return next((name for name in names if name.lower() == folded), None)
