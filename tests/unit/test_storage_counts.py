"""Counting storage classes gives what looking at every value gives, whatever a file holds."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.schema import Table
from dbtune.model.transfer import StorageCounts
from dbtune.postgres.profiling.row_names import row_names
from dbtune.postgres.profiling.storage_counts import count_storage
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.typed import build, reading

TYPES = ("INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC", "BOOLEAN", "DATETIME", "ANY", "")
ODD: tuple[Any, ...] = (
    None, 0, -1, 2**63 - 1, -(2**63), 2**53 + 1, 0.0, -0.0, 3.0, 2.5, -(2.0**63), 1e300,
    float("inf"), "", "3", "3.0", "x", "\0", b"", b"3", b"x",
)  # fmt: skip


def assert_counted(
    connection: sqlite3.Connection, rowids: tuple[int, int] | None = None
) -> tuple[StorageCounts, ...]:
    """Count the columns of table t, and compare with typeof() of every value."""
    table = read_schema(connection).table("t")
    assert table is not None
    counts = count_storage(connection, table, row_names(table), rowids)
    assert (counts.rows, counts.columns) == _looked_at(connection, table, rowids)
    return counts.columns


def _looked_at(
    connection: sqlite3.Connection, table: Table, rowids: tuple[int, int] | None
) -> tuple[int, tuple[StorageCounts, ...]]:
    terms = ", ".join(f'typeof("{column.name}")' for column in table.columns)
    where = f" WHERE rowid BETWEEN {rowids[0]} AND {rowids[1]}" if rowids else ""
    rows = connection.execute(f"SELECT {terms} FROM t{where}").fetchall()
    tallies = [Counter(row[place] for row in rows) for place in range(len(table.columns))]
    classes = ("null", "integer", "real", "text", "blob")
    return len(rows), tuple(StorageCounts(*(tally[name] for name in classes)) for tally in tallies)


@pytest.mark.parametrize("seed", range(8))
def test_any_values_in_columns_of_any_type_are_counted(tmp_path: Path, seed: int) -> None:
    """Columns of one class, of one class and NULL, and of all, in a table and in its parts."""
    chance = random.Random(seed)
    kinds = [chance.sample(ODD, chance.choice((1, 2, len(ODD)))) for _ in TYPES]
    columns = ", ".join(f'"c {n}" {declared}' for n, declared in enumerate(TYPES))
    sql = f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})"
    rows = [(n, *(chance.choice(kind) for kind in kinds)) for n in range(1, 60)]
    with reading(build(tmp_path / "a.db", sql, rows)) as connection:
        assert_counted(connection)
        for first, last in ((1, 20), (21, 59), (100, 200)):
            assert_counted(connection, (first, last))


def test_values_that_their_column_cannot_hold_are_counted(tmp_path: Path) -> None:
    """A schema written over by hand: affinity and NOT NULL say nothing of what is stored."""
    path = build(tmp_path / "a.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)", [])
    with closing(sqlite3.connect(path)) as connection:
        rows = [(1, 1), ("12", None), (3.0, 3), (None, 2), (b"", "")]
        connection.executemany("INSERT INTO t (a, b) VALUES (?, ?)", rows)
        connection.execute("PRAGMA writable_schema = ON")
        other = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER NOT NULL)"
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 't'", (other,))
        connection.commit()
    with reading(path) as connection:
        assert assert_counted(connection)[2] == StorageCounts(1, 3, 0, 1, 0)


def test_long_values_are_told_without_being_read(tmp_path: Path) -> None:
    """A value beyond what may be read here is counted by its class alone."""
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)"
    rows = [(1, 5, None), (2, "x" * (3 << 20), "short"), (3, None, "y" * (2 << 20))]
    with reading(build(tmp_path / "a.db", sql, rows)) as connection:
        assert_counted(connection)


def test_a_table_of_many_columns_is_counted_in_pieces(tmp_path: Path) -> None:
    """More columns than one result has room for."""
    names = ", ".join(f"c{n}" for n in range(1200))
    with reading(build(tmp_path / "a.db", f"CREATE TABLE t ({names})", [])) as connection:
        assert_counted(connection)
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO t (c0, c700, c1199) VALUES (1, 'x', 2.5)")
        connection.commit()
    with reading(tmp_path / "a.db") as connection:
        assert_counted(connection)
