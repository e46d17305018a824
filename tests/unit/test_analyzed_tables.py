"""Which tables are analysed once there are new indexes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from dbtune.sqlite.schema.analyzed_tables import has_statistics, tables_to_analyze


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A database that was never analysed, with tables of all kinds."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        for sql in (
            "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, a)",
            'CREATE TABLE "odd ""name" (a)',
            "CREATE TABLE orders_items (a)",
            "CREATE TABLE keyed (a PRIMARY KEY) WITHOUT ROWID",
            "CREATE VIEW seen AS SELECT * FROM orders",
            "CREATE VIRTUAL TABLE words USING fts5(word)",
            "CREATE TABLE words_of_users (a)",
            "CREATE TABLE wordsmith (a)",
            "INSERT INTO orders (a) VALUES (1)",
        ):
            opened.execute(sql)
        yield opened


def test_in_a_database_never_analysed_all_ordinary_tables_are(
    connection: sqlite3.Connection,
) -> None:
    """Not views, SQLite's own tables, virtual tables, nor what those keep their data in."""
    found = tables_to_analyze(connection, ["orders"])
    assert set(found) >= {"orders", 'odd "name', "orders_items", "keyed"}
    assert set(found) >= {"wordsmith", "words_of_users"}
    for name in ("seen", "words", "sqlite_sequence"):
        assert name not in found
    shadows = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'words\\_c%'")
    assert not {name for (name,) in shadows} & set(found)


def test_all_of_them_can_be_analysed(connection: sqlite3.Connection) -> None:
    """Under the names returned, without a word from SQLite."""
    for name in tables_to_analyze(connection, ["orders"]):
        quoted = name.replace('"', '""')
        connection.execute(f'ANALYZE main."{quoted}"')
    assert has_statistics(connection)


def test_where_there_are_statistics_only_the_touched_ones_get_new_ones(
    connection: sqlite3.Connection,
) -> None:
    """Each once, in the order given."""
    connection.execute("ANALYZE orders")
    assert tables_to_analyze(connection, ["wordsmith", "orders", "wordsmith"]) == (
        "wordsmith",
        "orders",
    )


def test_a_table_of_statistics_without_a_line_is_none(connection: sqlite3.Connection) -> None:
    """As ANALYZE leaves it where every table is empty."""
    connection.execute("DELETE FROM orders")
    connection.execute("ANALYZE")
    connection.execute("DELETE FROM sqlite_stat1")
    assert not has_statistics(connection)
    assert "wordsmith" in tables_to_analyze(connection, ["orders"])


def test_without_new_indexes_nothing_is_analysed(connection: sqlite3.Connection) -> None:
    """However long ago that was."""
    assert tables_to_analyze(connection, []) == ()
