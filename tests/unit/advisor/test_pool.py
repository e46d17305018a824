"""Hiding indexes: the planner sees exactly those shown, as if only they had been built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.measuring.pool import Pool
from dbtune.sqlite.explain import explain
from tests.unit.advisor.workbench import build, filled, scratch

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    "CREATE INDEX old ON t (b)",
    filled("t", "a, b, s", "n % 100, n % 10, iif(n % 20, 'done', 'open')", 4_000),
)
FIND = "SELECT * FROM t WHERE a = 5"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    """An open scratch copy."""
    with scratch(build(tmp_path / "copy.db", *DDL)) as opened:
        yield opened


def catalog(connection: apsw.Connection) -> list[tuple[object, ...]]:
    """Return the catalog in its own order."""
    return list(connection.execute("SELECT rowid, * FROM sqlite_schema ORDER BY rowid"))


def test_only_what_is_shown_is_used(connection: apsw.Connection) -> None:
    """A switch costs no building, and rows found stay the same."""
    pool = Pool(connection)
    assert pool.build("by_a", "CREATE INDEX by_a ON t (a)")
    pool.finish()
    rows = list(connection.execute(FIND))
    for names, plan in ((frozenset(), "SCAN t"), (pool.names, "USING INDEX by_a")) * 2:
        pool.show(names)
        assert plan in explain(connection, FIND).steps[0]
        assert sorted(connection.execute(FIND)) == sorted(rows)


def test_the_catalog_is_as_it_was_after_all_is_shown(connection: apsw.Connection) -> None:
    """Each row under its own rowid, and the file is sound."""
    pool = Pool(connection)
    for number, terms in enumerate(("a", "a, b", "s", "a DESC")):
        pool.build(f"i{number}", f"CREATE INDEX i{number} ON t ({terms})")
    pool.finish(("old",))
    before = catalog(connection)
    for names in ({"i3"}, {"i1", "i2"}, set(), {"old", "i0"}):
        pool.show(frozenset(names))
    pool.show(pool.names)
    assert catalog(connection) == before
    assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]


def test_the_way_to_a_set_does_not_matter(connection: apsw.Connection) -> None:
    """Ties between plans are broken by the order in the catalog, which is that of creation."""
    pool = Pool(connection)
    pool.build("first", "CREATE INDEX first ON t (a, b)")
    pool.build("second", "CREATE INDEX second ON t (a, s)")
    pool.finish()
    pool.show(frozenset({"second"}))
    pool.show(frozenset({"first", "second"}))
    late = explain(connection, FIND)
    pool.show(frozenset({"first"}))
    pool.show(frozenset({"first", "second"}))
    assert explain(connection, FIND) == late
    with closing(apsw.Connection(":memory:")) as other:
        for sql in (*DDL, "CREATE INDEX first ON t (a, b)", "CREATE INDEX second ON t (a, s)"):
            other.execute(sql)
        other.execute("ANALYZE")
        other.execute("PRAGMA writable_schema = ON")
        other.execute("PRAGMA writable_schema = RESET")
        assert explain(other, FIND) == late


def test_a_hidden_partial_index_does_not_shrink_its_table(connection: apsw.Connection) -> None:
    """SQLite takes statistics of an index that is not there for those of the table."""
    pool = Pool(connection)
    pool.build("part", "CREATE INDEX part ON t (a) WHERE s = 'open'")
    pool.finish()
    pool.show(frozenset())
    lines = list(connection.execute("SELECT idx FROM sqlite_stat1 WHERE tbl = 't'"))
    assert ("part",) not in lines and ("old",) in lines
    pool.show(pool.names)
    assert ("part",) in list(connection.execute("SELECT idx FROM sqlite_stat1 WHERE tbl = 't'"))


def test_writes_maintain_what_is_shown_and_nothing_hidden(connection: apsw.Connection) -> None:
    """The copy's rows change only inside a transaction that is rolled back."""
    pool = Pool(connection)
    pool.build("by_a", "CREATE INDEX by_a ON t (a)")
    pool.finish()
    pool.show(frozenset())
    connection.execute("BEGIN")
    connection.execute("UPDATE t SET a = 100")
    connection.execute("ROLLBACK")
    pool.show(pool.names)
    assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]


def test_sizes_are_those_of_the_pages(connection: apsw.Connection) -> None:
    """As dbstat counts them."""
    pool = Pool(connection)
    pool.build("by_a", "CREATE INDEX by_a ON t (a)")
    pool.finish()
    ((size,),) = connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'by_a'")
    assert pool.sizes == {"by_a": size}
    assert pool.table_of("by_a") == "t"
    assert pool.sql_of("by_a") == "CREATE INDEX by_a ON t (a)"


def test_what_cannot_be_built_says_why(connection: apsw.Connection) -> None:
    """And leaves no half index."""
    pool = Pool(connection)
    assert not pool.build("u", "CREATE UNIQUE INDEX u ON t (a)")
    assert not pool.build("x", "CREATE INDEX x ON nowhere (a)")
    pool.finish()
    assert pool.names == frozenset()
    assert "UNIQUE" in pool.failed["u"] and "nowhere" in pool.failed["x"]


def test_columns_of_an_index_are_known_unless_it_is_conditional(
    connection: apsw.Connection,
) -> None:
    """What an UPDATE of another column need not touch."""
    pool = Pool(connection)
    pool.build("plain", "CREATE INDEX plain ON t (A, s)")
    pool.build("part", "CREATE INDEX part ON t (a) WHERE s = 'x'")
    pool.build("computed", "CREATE INDEX computed ON t (a, lower(s))")
    pool.finish()
    assert pool.key_columns("plain") == {"a", "s"}
    assert pool.key_columns("part") is None and pool.key_columns("computed") is None


MANY = 60


@pytest.fixture
def large(tmp_path: Path) -> Iterator[apsw.Connection]:
    """A schema of many tables, each with rows, an index, a trigger and a view."""
    ddl = [
        statement
        for n in range(MANY)
        for statement in (
            f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b INTEGER, s TEXT)",
            f"CREATE INDEX old{n} ON t{n} (b)",
            f"CREATE TRIGGER g{n} AFTER DELETE ON t{n} BEGIN DELETE FROM t0 WHERE a = OLD.a; END",
            f"CREATE VIEW v{n} AS SELECT * FROM t{n} WHERE b > 1",
            filled(f"t{n}", "a, b, s", "n, n % 10, 'x' || n", 50),
        )
    ]
    with scratch(build(tmp_path / "large.db", *ddl)) as opened:
        opened.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
        yield opened


def test_a_large_schema_is_hidden_but_for_the_tables_asked_about(large: apsw.Connection) -> None:
    """And plans, rows, triggers and views on those work as if nothing were hidden."""
    pool = Pool(large)
    for n in range(MANY):
        pool.build(f"by_s{n}", f"CREATE INDEX by_s{n} ON t{n} (s)")
    pool.finish()
    before = catalog(large)
    statistics = sorted(large.execute("SELECT * FROM sqlite_stat1"))
    find = "SELECT * FROM v7 WHERE s = 'x3'"
    plan = explain(large, find)
    pool.show(pool.names, frozenset({"T7", "t0"}))
    assert explain(large, find) == plan
    assert len(list(large.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table'"))) < MANY
    large.execute("BEGIN")
    large.execute("DELETE FROM t7 WHERE a = 5")
    large.execute("ROLLBACK")
    pool.show(frozenset(), frozenset({"t7"}))
    assert "by_s7" in plan.steps[0] and "old7" in explain(large, find).steps[0]
    pool.show(pool.names)
    assert catalog(large) == before
    assert sorted(large.execute("SELECT * FROM sqlite_stat1")) == statistics
    assert list(large.execute("PRAGMA integrity_check")) == [("ok",)]


def test_a_large_schema_can_be_left_in_sight(large: apsw.Connection) -> None:
    """Where nothing is going to be switched."""
    pool = Pool(large)
    pool.finish(("old1", "old2"), analyze=(), hides_tables=False)
    before = catalog(large)
    pool.show(pool.names, frozenset({"t7"}))
    assert catalog(large) == before
