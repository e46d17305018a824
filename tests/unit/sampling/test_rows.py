"""Which rows a sample holds: the same share of large tables, and rows that belong together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.model.workload import ComparedValues
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import (
    POOL_FACTOR,
    copy_database,
)
from dbtune.sqlite.sampling.wanted_rows import WantedRows, wanted_rows
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.hostile import build, build_more
from tests.unit.sampling.shop import MB, fractions, sample, value


def test_large_tables_lose_the_same_share_and_small_ones_none(shop: Path) -> None:
    """The same of the users and of the orders, all kinds and notes; the file keeps to its room."""
    copy = sample(shop, 10 * MB)
    found = fractions(copy)
    assert set(found) == {"users", "orders"}
    assert max(found.values()) - min(found.values()) < 0.03
    assert 0.1 < found["orders"] < 0.3
    assert value(copy.path, "SELECT count(*) FROM kinds") == 10
    assert copy.path.stat().st_size < 10 * MB / POOL_FACTOR * 1.3
    assert value(copy.path, "SELECT count(*) FROM orders") == round(found["orders"] * 30_000)


def test_rows_that_refer_to_each_other_stay_together(shop: Path) -> None:
    """Each order kept finds its user, and has as many siblings as in the whole."""
    copy = sample(shop, 10 * MB).path
    lonely = (
        "SELECT count(*) FROM orders WHERE user_id IS NOT NULL"
        " AND user_id NOT IN (SELECT id FROM users)"
    )
    assert value(copy, lonely) == 0
    per_user = "SELECT 100 * count(user_id) / count(DISTINCT user_id) FROM orders"
    assert abs(value(copy, per_user) - value(shop, per_user)) <= 5
    assert value(copy, "SELECT count(*) FROM orders WHERE user_id IS NULL") > 300


def test_the_schema_is_that_of_the_source(shop: Path) -> None:
    """Indexes, views and triggers included, and no trigger ran on the way."""
    copy = sample(shop, 10 * MB).path
    with closing(open_readonly(shop)) as one, closing(open_readonly(copy)) as other:
        assert read_schema(one).sha256 == read_schema(other).sha256
    assert value(copy, "SELECT count(*) FROM notes") > 0


def test_values_are_those_of_the_source(shop: Path) -> None:
    """Rowids, generated columns and text come over as they are."""
    copy = sample(shop, 10 * MB).path
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("ATTACH ? AS whole", (str(shop),))
        for table in ("users", "orders", "notes", "kinds"):
            rows = connection.execute(
                f"SELECT count(*) FROM (SELECT * FROM main.{table} EXCEPT"
                f" SELECT * FROM whole.{table})"
            )
            assert rows.fetchone() == (0,)


def test_small_tables_stay_whole_whatever_their_columns_are_called(shop: Path) -> None:
    """TRUE in a condition would be the column of that name."""
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute('ALTER TABLE kinds RENAME COLUMN name TO "true"')
    assert value(sample(shop, 10 * MB).path, "SELECT count(*) FROM kinds") == 10


def test_a_sample_is_the_same_on_every_run(shop: Path) -> None:
    """No chance is in it, so that advice is the same twice."""
    first, second = (sample(shop, 10 * MB).path for _ in range(2))
    query = "SELECT sum(id) FROM orders"
    assert value(first, query) == value(second, query)


def test_keys_of_any_kind_choose_rows(tmp_path: Path) -> None:
    """Text, blobs, several columns, negative and huge numbers, and names that hide the rowid."""
    path = tmp_path / "keys.db"
    build(
        path,
        (
            "CREATE TABLE texts (code TEXT PRIMARY KEY, pad) WITHOUT ROWID",
            "CREATE TABLE pairs (a TEXT, b BLOB, pad, PRIMARY KEY (a, b DESC)) WITHOUT ROWID",
            "CREATE TABLE huge (id INTEGER PRIMARY KEY, pad)",
            "CREATE TABLE hidden (rowid, _rowid_, oid, pad)",
            "CREATE TABLE heavy (a INTEGER, b INTEGER, pad, PRIMARY KEY (a, b)) WITHOUT ROWID",
        ),
    )
    with closing(sqlite3.connect(path)) as connection:
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) "
        for insert in (
            "INSERT INTO texts SELECT 'code-' || (i * 7919), zeroblob(200) FROM n",
            "INSERT INTO pairs SELECT 'a' || (i % 40), CAST(i AS BLOB), zeroblob(200) FROM n",
            "INSERT INTO huge SELECT (i - 4000) * 2000000000000000, zeroblob(200) FROM n",
            "INSERT INTO hidden SELECT i % 3, i % 5, 'x' || i, zeroblob(200) FROM n",
            "INSERT INTO heavy SELECT 1, i, zeroblob(200) FROM n",
        ):
            connection.execute(numbers + insert)
        connection.commit()
    copy = sample(path, 8 * MB)
    assert copy.left_out == ()
    found = fractions(copy)
    assert set(found) == {"texts", "pairs", "huge", "hidden", "heavy"}
    assert all(0.12 < fraction < 0.28 for fraction in found.values()), found


def test_rows_that_the_recording_asks_for_are_in_the_sample(shop: Path) -> None:
    """With all that share a rare value, but not with a frequent one; fractions stay right."""
    asked = (
        ComparedValues("id", (9, 12, 15)),
        ComparedValues("kind_id", (3,)),
        ComparedValues("user_id", (90, 93, 96)),
    )
    with closing(open_readonly(shop)) as connection:
        schema = read_schema(connection)
    folder = shop.with_name("scratch")
    folder.mkdir()
    copy = copy_database(shop, schema, folder, room_bytes=10 * MB, compared=asked)
    for query in (
        "SELECT count(*) FROM users WHERE id IN (9, 12, 15)",
        "SELECT count(*) FROM orders WHERE user_id IN (90, 93, 96)",
    ):
        assert value(copy.path, query) == value(shop, query) > 0
    for table, fraction in fractions(copy).items():
        rows = value(copy.path, f"SELECT count(*) FROM {table}")
        assert rows == pytest.approx(fraction * value(shop, f"SELECT count(*) FROM {table}"))
    kind = "SELECT count(*) FROM orders WHERE kind_id = 3"
    assert value(copy.path, kind) < value(shop, kind) / 3


def test_a_column_of_few_values_asks_for_no_rows(shop: Path) -> None:
    """Nor does a frequent value among rare ones, nor a table that cannot be probed."""
    with closing(open_readonly(shop)) as connection:
        tables = {table.name: table for table in read_schema(connection).tables}
        asked = (ComparedValues("kind_id", (3,)), ComparedValues("user_id", (90,)))
        assert wanted_rows(connection, tables["orders"], asked) == (WantedRows("user_id", (90,)),)
        assert wanted_rows(connection, tables["orders"], asked[:1]) == ()
        assert wanted_rows(connection, tables["notes"], (ComparedValues("code", ("x",)),)) == ()
    build_more(shop, "UPDATE orders SET user_id = 90 WHERE id % 50 = 0")
    with closing(open_readonly(shop)) as connection:
        assert wanted_rows(connection, tables["orders"], asked) == ()
