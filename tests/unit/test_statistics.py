"""Rows and bytes of tables and indexes: counted in small databases, estimated in large ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.model.schema import Statistics, Table
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.schema import row_estimate
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.row_estimate import RowCount, estimated_rows
from dbtune.sqlite.schema.statistics import read_statistics
from dbtune.sqlite.schema.table_size import table_sizes
from tests.fixtures import hostile
from tests.fixtures.hostile import build_more, ordinary

ROWS = 100_000


def has_dbstat() -> bool:
    """Return whether Python's SQLite can tell the size of a tree; many builds cannot."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    return "ENABLE_DBSTAT_VTAB" in options


needs_dbstat = pytest.mark.skipif(not has_dbstat(), reason="this SQLite has no DBSTAT")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """1,000 users and 1,000 orders."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """An empty database in memory, where 20,000 rows are many."""
    monkeypatch.setattr(row_estimate, "_COUNT_AT_MOST", 20_000)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def statistics_of(path: Path) -> Statistics:
    """Return the statistics of a file."""
    with closing(open_readonly(path)) as connection:
        return read_statistics(connection, read_schema(connection))


def test_rows_are_counted(database: Path) -> None:
    """A small table's rows are exact, and unknown to nobody under another case of its name."""
    found = statistics_of(database)
    assert [(t.table, t.rows, t.exact, t.stat1_rows) for t in found.tables] == [
        ("users", 1000, True, None),
        ("orders", 1000, True, None),
    ]
    assert found.rows("USERS") == 1000 and found.rows("nobody") == 0


def test_what_analyze_left_is_read(database: Path) -> None:
    """Its rows may be old: both numbers are there. Each index has its own line."""
    build_more(database, "ANALYZE", "DELETE FROM users WHERE id > 500")
    found = statistics_of(database)
    assert [(t.rows, t.stat1_rows) for t in found.tables] == [(500, 1000), (1000, 1000)]
    assert found.indexes[0].stat1 is not None and found.indexes[0].stat1.startswith("1000 ")


def test_statistics_that_analyze_did_not_write_are_no_reason_to_fail(database: Path) -> None:
    """sqlite_stat1 is a table like any other, and may hold anything."""
    build_more(
        database,
        "ANALYZE",
        "DELETE FROM sqlite_stat1",
        "INSERT INTO sqlite_stat1 VALUES ('users', 'ix_users_email', 'many'), (NULL, NULL, NULL),"
        " ('orders', NULL, ''), ('orders', 'gone', '12 1 1'), ('gone', NULL, '5')",
    )
    found = statistics_of(database)
    assert [t.stat1_rows for t in found.tables] == [None, 12]


@needs_dbstat
def test_bytes_are_those_of_the_trees(database: Path) -> None:
    """Tables without their indexes, overflow pages included; together with the schema the file."""
    build_more(database, "INSERT INTO orders (note) VALUES (zeroblob(100000))")
    found = statistics_of(database)
    trees = [*(t.size_bytes for t in found.tables), *(i.size_bytes for i in found.indexes)]
    assert all(size is not None and size >= 4096 for size in trees)
    assert sum(size or 0 for size in trees) + 4096 == database.stat().st_size


def test_virtual_tables_have_no_rows_of_their_own(tmp_path: Path) -> None:
    """Counting them is their module's business; their shadow tables are counted."""
    path = tmp_path / "search.db"
    hostile.full_text_and_rtree(path)
    found = {t.table: t for t in statistics_of(path).tables}
    assert (found["notes"].rows, found["notes"].exact) == (0, False)
    assert found["notes_content"].rows == 200


@pytest.mark.parametrize("builder", hostile.DAMAGED, ids=lambda builder: builder.__name__)
def test_a_damaged_table_does_not_end_the_reading(tmp_path: Path, builder: hostile.Builder) -> None:
    """The other tables have their numbers."""
    path = tmp_path / "damaged.db"
    builder(path)
    assert statistics_of(path).rows("users") == 1000


@needs_dbstat
def test_both_libraries_read_the_same(database: Path) -> None:
    """apsw counts on copies what sqlite3 counts on the file."""
    expected = statistics_of(database)
    with closing(apsw.Connection(str(database))) as connection:
        assert read_statistics(connection, read_schema(connection)) == expected


@pytest.mark.parametrize(
    ("rowid", "tolerance"),
    [
        ("n", 0.0),
        ("n * 1000", 0.02),
        ("n * n", 0.35),
        ("abs(random() % 1000000000000000)", 0.35),
        ("-n", 0.0),
    ],
    ids=["dense", "steps", "thinning out", "random", "negative"],
)
def test_a_large_table_is_estimated_by_the_density_of_its_rowids(
    memory: sqlite3.Connection, rowid: str, tolerance: float
) -> None:
    """Many rows are not counted, whatever their keys look like."""
    memory.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    memory.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
        f" WHERE n < {ROWS}) INSERT OR IGNORE INTO t SELECT {rowid} FROM numbers"
    )
    found = estimated_rows(memory, only_table(memory), None)
    assert not found.exact
    assert abs(found.rows - ROWS) <= tolerance * ROWS


def test_a_large_table_takes_what_analyze_counted(memory: sqlite3.Connection) -> None:
    """But never fewer rows than were seen, and a small table is counted all the same."""
    memory.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    memory.execute("INSERT INTO t VALUES (1), (900)")
    assert estimated_rows(memory, only_table(memory), 77_000_000) == RowCount(2, exact=True)
    memory.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM numbers"
        " LIMIT 30000) INSERT INTO t SELECT n FROM numbers"
    )
    table = only_table(memory)
    assert estimated_rows(memory, table, 77_000_000) == RowCount(77_000_000, exact=False)
    assert estimated_rows(memory, table, 3).rows == 20_000


def test_a_large_table_without_rowid_is_at_least_what_was_seen(
    memory: sqlite3.Connection,
) -> None:
    """There is no range to measure."""
    memory.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID")
    memory.execute(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
        " LIMIT 30000) INSERT INTO t SELECT n FROM numbers"
    )
    assert estimated_rows(memory, only_table(memory), None) == RowCount(20_000, exact=False)


@needs_dbstat
def test_sizes_without_dbstat_come_from_rows_of_some_places(database: Path) -> None:
    """Within half of the truth is enough to tell large tables from small ones."""
    with closing(open_readonly(database)) as connection:
        schema = read_schema(connection)
        exact = read_statistics(connection, schema)
        blind = Statistics(
            tuple(type(t)(t.table, t.rows, t.exact, None, None) for t in exact.tables),
            tuple(type(i)(i.index, i.table, None, None) for i in exact.indexes),
        )
        by_trees = table_sizes(connection, schema, exact)
        by_rows = table_sizes(connection, schema, blind)
    for true, estimated in zip(by_trees, by_rows, strict=True):
        assert 0.6 < estimated.size_bytes / true.size_bytes < 1.6


def only_table(connection: sqlite3.Connection) -> Table:
    """Return the one table of a database."""
    return read_schema(connection).tables[0]
