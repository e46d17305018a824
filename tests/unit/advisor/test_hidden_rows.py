"""Catalog rows that come and go: their order, and the statistics that go with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.measuring.hidden_rows import StatisticsLines, read_lines
from dbtune.advisor.measuring.pool import Pool
from dbtune.sqlite.explain import explain
from tests.unit.advisor.workbench import build, filled, scratch

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    "CREATE TABLE u (id INTEGER PRIMARY KEY, a INTEGER)",
    "CREATE INDEX old ON t (b)",
    filled("t", "a, b, s", "n % 100, n % 10, 'x'", 2_000),
    filled("u", "a", "n % 50", 500),
)
FIND = "SELECT * FROM t WHERE a = 5"
# What ANALYZE left when the tables were small.
BEFORE = (("t", "old", "20 4"), ("u", None, "7"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    """An open scratch copy."""
    with scratch(build(tmp_path / "copy.db", *DDL)) as opened:
        yield opened


def pool_of(
    connection: apsw.Connection, before: StatisticsLines | None = None, **indexes: str
) -> Pool:
    """Return a pool of indexes built from their names and what they are on."""
    pool = Pool(connection)
    for name, on in indexes.items():
        assert pool.build(name, f"CREATE INDEX {name} ON {on}")
    pool.finish(before=before)
    return pool


def lines(connection: apsw.Connection, table: str) -> set[tuple[str | None, str]]:
    """Return (index, statistics) of a table."""
    return {(index, text) for name, index, text in read_lines(connection) if name == table}


def as_shipped(folder: Path, *indexes: str) -> tuple[str, ...]:
    """Return the plan where these indexes are created for good, in this order."""
    path = build(folder / "shipped.db", *DDL, *(f"CREATE INDEX {sql}" for sql in indexes))
    with scratch(path) as connection:
        connection.execute("ANALYZE")
    with scratch(path) as connection:
        steps = explain(connection, FIND).steps
    path.unlink()
    return steps


def test_ties_are_broken_as_by_the_order_of_creation(
    connection: apsw.Connection, tmp_path: Path
) -> None:
    """Whichever was built first in the pool."""
    pool = pool_of(connection, one="t (a, b)", two="t (a, id)")
    plans = {}
    for order in (["one", "two"], ["two", "one"]):
        pool.arrange(order)
        plans[order[0]] = explain(connection, FIND).steps
        on = {"one": "one ON t (a, b)", "two": "two ON t (a, id)"}
        assert plans[order[0]] == as_shipped(tmp_path, *(on[name] for name in order))
    assert plans["one"] != plans["two"]


def test_arranged_indexes_are_seen_and_no_others(connection: apsw.Connection) -> None:
    """Each under a row id of the pool's, in the order given; then all can be shown again."""
    pool = pool_of(connection, one="t (a)", two="t (s)", three="u (a)")
    pool.arrange(["three", "one"])
    rows = "SELECT name FROM sqlite_schema WHERE name IN ('one', 'two', 'three') ORDER BY rowid"
    assert list(connection.execute(rows)) == [("three",), ("one",)]
    pool.show(pool.names)
    assert list(connection.execute(rows)) == [("three",), ("one",), ("two",)]
    pool.arrange(["one", "two", "three"])
    assert list(connection.execute(rows)) == [("one",), ("two",), ("three",)]
    assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]


def test_arranging_again_the_same_way_changes_nothing(connection: apsw.Connection) -> None:
    """Not a row."""
    pool = pool_of(connection, one="t (a)", two="t (s)")
    pool.arrange(["two", "one"])
    catalog = "SELECT rowid, * FROM sqlite_schema ORDER BY rowid"
    first = list(connection.execute(catalog))
    pool.arrange(["two", "one"])
    assert list(connection.execute(catalog)) == first


def test_a_table_without_new_indexes_has_the_statistics_from_before(
    connection: apsw.Connection,
) -> None:
    """A revision analyses only the tables that it creates indexes on."""
    pool = pool_of(connection, BEFORE, by_a="t (a)", by_u="u (a)")
    analysed = lines(connection, "t")
    assert {index for index, _ in analysed} == {"old", "by_a"}
    pool.show(frozenset({"by_u"}))
    assert lines(connection, "t") == {("old", "20 4")}
    assert {index for index, _ in lines(connection, "u")} == {"by_u"}
    pool.show(frozenset({"by_a"}))
    assert lines(connection, "t") == analysed
    assert lines(connection, "u") == {(None, "7")}


def test_the_planner_goes_by_the_statistics_from_before(connection: apsw.Connection) -> None:
    """As the application's would, until there is a new index."""
    before = (("t", "old", "1000000 1000000"),)
    pool = pool_of(connection, before, by_a="t (a)")
    find = "SELECT * FROM t WHERE b = 3 AND id > 5"
    assert "INDEX old" in explain(connection, find).steps[0]
    pool.show(frozenset())
    assert "PRIMARY KEY" in explain(connection, find).steps[0]
    pool.show(pool.names)
    assert "INDEX old" in explain(connection, find).steps[0]


def test_without_statistics_from_before_all_tables_have_new_ones(
    connection: apsw.Connection,
) -> None:
    """A database that was never analysed is analysed whole."""
    pool = pool_of(connection, by_a="t (a)")
    pool.show(frozenset())
    assert ("old", "2000 200") in lines(connection, "t")


def test_a_table_never_analysed_has_none_until_it_gets_an_index(
    connection: apsw.Connection,
) -> None:
    """Though others were."""
    pool = pool_of(connection, (("u", None, "7"),), by_a="t (a)")
    pool.show(frozenset())
    assert lines(connection, "t") == set()
    pool.show(pool.names)
    assert {index for index, _ in lines(connection, "t")} == {"old", "by_a"}


def test_a_partial_index_takes_its_statistics_along(connection: apsw.Connection) -> None:
    """Beside those from before as beside new ones."""
    pool = pool_of(connection, BEFORE, part="t (a) WHERE b = 3", by_a="t (a)")
    for names, expected in (
        ({"by_a"}, {"old", "by_a"}),
        ({"part", "by_a"}, {"old", "by_a", "part"}),
        (set(), {"old"}),
    ):
        pool.show(frozenset(names))
        assert {index for index, _ in lines(connection, "t")} == expected


def test_statistics_are_as_they_were_after_any_way_there_and_back(
    connection: apsw.Connection,
) -> None:
    """No line twice, and none lost."""
    pool = pool_of(connection, BEFORE, part="t (a) WHERE b = 3", by_a="t (a)", by_u="u (a)")
    whole = sorted(read_lines(connection), key=repr)
    for names in ({"part"}, set(), {"by_u", "part"}, {"by_a"}, set()):
        pool.show(frozenset(names))
        pool.show(frozenset(names), frozenset({"t"}))
    pool.show(pool.names)
    assert sorted(read_lines(connection), key=repr) == whole


def test_hidden_tables_have_no_statistics_and_bring_theirs_back(tmp_path: Path) -> None:
    """In a large schema, those from before where no index is shown."""
    ddl = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a INTEGER)" for n in range(50)]
    ddl += [filled(f"t{n}", "a", "n", 30) for n in range(50)]
    path = build(tmp_path / "large.db", *ddl)
    with scratch(path) as connection:
        pool = pool_of(connection, (("t3", None, "9"), ("t4", None, "8")), by_a="t3 (a)")
        pool.show(pool.names, frozenset({"t3"}))
        assert {table for table, _, _ in read_lines(connection)} == {"t3"}
        assert lines(connection, "t3") == {("by_a", "30 1")}
        pool.show(frozenset(), frozenset({"t3", "t4"}))
        assert lines(connection, "t3") == {(None, "9")} and lines(connection, "t4") == {(None, "8")}
        pool.show(frozenset())
        assert sorted(read_lines(connection)) == [("t3", None, "9"), ("t4", None, "8")]


def test_a_copy_lent_is_closed_and_stands_as_it_was_arranged(
    connection: apsw.Connection,
) -> None:
    """Another library sees what the planner saw; afterwards indexes come and go as before."""
    pool = pool_of(connection, one="t (a)", two="t (s)")
    pool.arrange(["two"])
    with pool.lent(()) as path:
        with pytest.raises(apsw.ConnectionClosedError):
            connection.execute("SELECT 1")
        with closing(sqlite3.connect(path)) as other:
            found = other.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
    assert set(found) == {("old",), ("two",)}
    pool.show(frozenset({"one"}))
    with closing(pool.connection):
        assert "INDEX one" in explain(pool.connection, FIND).steps[0]
        pool.show(pool.names)
        assert list(pool.connection.execute("PRAGMA integrity_check")) == [("ok",)]


def test_a_copy_is_open_again_whatever_became_of_the_loan(connection: apsw.Connection) -> None:
    """The search goes on after an error that somebody handles."""
    pool = pool_of(connection, one="t (a)")
    with pytest.raises(ValueError, match="no"), pool.lent(()):
        raise ValueError("no")
    with closing(pool.connection):
        pool.show(frozenset())
        assert "SCAN t" in explain(pool.connection, FIND).steps[0]
