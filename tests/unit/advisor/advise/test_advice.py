"""The advisor from end to end on small databases: what it recommends, and what it admits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.caveats import not_checked
from dbtune.advisor.findings import shape_facts, shape_reports, verdict
from dbtune.advisor.proving.proof import SlowerRead
from tests.unit.advisor.advise.orders import BY_USER, ORDERS, finding
from tests.unit.advisor.workbench import (
    advice_on,
    advised,
    build,
    filled,
    limits,
    shape,
)


def test_the_copy_given_is_not_changed(tmp_path: Path) -> None:
    """Work goes on beside it, and leaves the proven copy there."""
    path = build(tmp_path / "base.db", *ORDERS)
    before = path.read_bytes()
    advice = advice_on(path, BY_USER)
    assert advised(advice) and path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["base.db", "proof.db"]
    assert advice.proven_copy == tmp_path / "proof.db"


def test_an_empty_recording_gets_no_advice(tmp_path: Path) -> None:
    """And no failure."""
    advice = advice_on(build(tmp_path / "base.db", *ORDERS))
    assert advice.proof.indexes == () and verdict(advice).gain_ratio == 0.0
    assert list(not_checked(advice)) == []


def test_a_recording_of_nothing_but_mistakes_gets_no_advice(tmp_path: Path) -> None:
    """Each becomes a fact for the rules."""
    advice = advice_on(
        build(tmp_path / "base.db", *ORDERS),
        shape("SELECT * FROM nowhere"),
        shape("DELETE FROM orders WHERE nothing = 5"),
        shape("PRAGMA user_version"),
    )
    assert advice.proof.indexes == ()
    assert sorted(bool(fact.error) for fact in shape_facts(advice)) == [True, True]


def test_a_table_of_fifty_rows_may_be_worth_an_index_if_it_is_scanned_for_each_row(
    tmp_path: Path,
) -> None:
    """A subquery runs once for every row of the large table; alone the small one gets none."""
    ddl = (
        *ORDERS,
        "CREATE TABLE rates (code INTEGER, factor REAL, note TEXT)",
        filled("rates", "code, factor, note", "n * 2, n / 10.0, printf('%.300c', 'x')", 60),
    )
    path = build(tmp_path / "base.db", *ddl)
    often = shape(
        "SELECT sum(total * (SELECT factor FROM rates WHERE code >= orders.total ORDER BY code"
        " LIMIT 1)) FROM orders"
    )
    assert any(sql.startswith("rates (code") for sql in advised(advice_on(path, often)))
    assert advised(advice_on(path, shape("SELECT factor FROM rates WHERE code = 8"))) == []


@pytest.mark.parametrize("stubbed", [True, False])
def test_functions_of_the_application_do_not_stop_the_advice(tmp_path: Path, stubbed: bool) -> None:
    """What is compared beside them gets its index, and never an index on a stand-in."""
    call = "own(note) = 'x'" if stubbed else "abs(total) >= 0"
    advice = advice_on(
        build(tmp_path / "base.db", *ORDERS),
        shape(f"SELECT id FROM orders WHERE user_id = 7 AND {call}"),
    )
    assert any("user_id" in sql for sql in advised(advice))
    assert all("own" not in sql for sql in advised(advice))
    assert any("own" in line for line in not_checked(advice)) is stubbed


def test_collations_of_the_application_do_not_stop_the_advice(tmp_path: Path) -> None:
    """The statement is planned with a stand-in, and its other column gets the index."""
    ddl = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT COLLATE german, a INTEGER)",
        "INSERT INTO t (a) VALUES (1)",
    )
    path = tmp_path / "base.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("german", lambda a, b: (a > b) - (a < b))
        for sql in ddl:
            connection.execute(sql)
        connection.execute("CREATE INDEX by_name ON t (name)")
        connection.execute(filled("t", "name, a", "'n' || n, n % 300", 4_000))
        connection.commit()
    advice = advice_on(
        path,
        shape("SELECT id FROM t WHERE name = 'n5'"),
        shape("SELECT name FROM t WHERE a = 5 ORDER BY name"),
    )
    assert all("name" not in sql for sql in advised(advice))
    assert any("(a" in sql for sql in advised(advice))


SPECIAL = {
    "full text": "SELECT word FROM words WHERE words MATCH 'hello'",
    "full text scanned": "SELECT count(*) FROM words WHERE word LIKE '%x%'",
    "shadow table": "SELECT id FROM words_content WHERE c0 = 'hello'",
    "rtree": "SELECT id FROM boxes WHERE low > 3",
    "statistics": "SELECT stat FROM sqlite_stat1 WHERE tbl = 'orders'",
    "schema": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "json_each": "SELECT value FROM json_each('[1, 2]') WHERE value = 2",
    "full text written": "INSERT INTO words (word) VALUES ('new')",
    "rtree written": "INSERT INTO boxes VALUES (9999, 1, 2)",
    "values": "VALUES (1, 2)",
    "constant": "SELECT 1",
}


@pytest.fixture(scope="module")
def special(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with virtual tables."""
    return build(
        tmp_path_factory.mktemp("special") / "base.db",
        *ORDERS,
        "CREATE VIRTUAL TABLE words USING fts5(word)",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, low, high)",
        filled("words", "word", "'hello ' || n", 1_000),
        filled("boxes", "id, low, high", "n, n, n + 1", 1_000),
        "ANALYZE",
    )


@pytest.mark.parametrize("sql", SPECIAL.values(), ids=SPECIAL)
def test_what_no_index_can_serve_is_measured_and_left_alone(special: Path, sql: str) -> None:
    """Tables that modules keep, SQLite's own, and none at all."""
    recorded = shape(sql)
    advice = advice_on(special, recorded)
    assert advised(advice) == []
    assert [subject.shape.id for subject in advice.subjects.ready] == [recorded.id]


def test_indexed_by_is_kept_working(tmp_path: Path) -> None:
    """The statement forces an index, and a better one cannot help it."""
    path = build(tmp_path / "base.db", *ORDERS, "CREATE INDEX mine ON orders (status)")
    pinned = shape("SELECT id FROM orders INDEXED BY mine WHERE status = 'open' AND user_id = 7")
    advice = advice_on(path, pinned, shape("SELECT id FROM orders NOT INDEXED WHERE user_id = 7"))
    assert advised(advice) == [] and len(advice.subjects.ready) == 2


def test_the_dearest_sample_stands_for_its_shape(tmp_path: Path) -> None:
    """Where literals have plans of their own, the report shows the one that matters."""
    path = build(
        tmp_path / "base.db", *ORDERS, "CREATE INDEX part ON orders (placed_at) WHERE total = 5",
        "ANALYZE",
    )  # fmt: skip
    cheap = "SELECT count(*) FROM orders WHERE placed_at > '2026-05-01' AND total = 5"
    dear = "SELECT count(*) FROM orders WHERE placed_at > '2026-01-02' AND total = 6"
    advice = advice_on(path, shape(cheap, dear), allowed=limits(min_gain_ratio=1.0))
    (report,) = shape_reports(advice)
    assert report.text == dear and "SCAN orders" in report.plan_before[0]
    (fact,) = shape_facts(advice)
    assert fact.plan_before == report.plan_before


def test_an_old_recordings_inserts_count_what_indexes_cost_them(tmp_path: Path) -> None:
    """Its rows are in the copy; a failure would have cost no index anything."""
    path = build(tmp_path / "base.db", *ORDERS)
    inserts = shape(
        *(f"INSERT INTO orders (id, user_id, status) VALUES ({n}, {n}, 'x')" for n in range(5, 10)),
        count=1_000_000,
    )
    reads = shape("SELECT note FROM orders WHERE user_id = 7", count=1)
    assert advised(advice_on(path, reads)) and advised(advice_on(path, reads, inserts)) == []


def test_writes_slow_down_no_more_than_allowed(tmp_path: Path) -> None:
    """Measured with all that is advised in place."""
    path = build(tmp_path / "base.db", *ORDERS)
    insert = shape("INSERT INTO orders (user_id, status, placed_at) VALUES (5, 'x', '2026-01-01')")
    reads = (
        BY_USER,
        shape("SELECT sum(total) FROM orders WHERE status = 'open'"),
        shape("SELECT id FROM orders WHERE placed_at > '2026-10-20' ORDER BY total LIMIT 3"),
    )
    free = advice_on(path, insert, *reads)
    held = advice_on(path, insert, *reads, allowed=limits(max_write_slowdown_ratio=1.5))
    assert len(advised(held)) < len(advised(free))
    numbers = [i for i, s in enumerate(held.subjects.ready) if s.writes]
    for i in numbers:
        assert held.proof.after[i].cost_ns <= 1.55 * held.before[i].cost_ns


def test_a_read_that_gets_slower_is_told_with_what_is_to_blame(tmp_path: Path) -> None:
    """One of the new indexes, or no index at all but the statistics."""
    advice = advice_on(build(tmp_path / "base.db", *ORDERS), BY_USER)
    for used, words in ((frozenset({"ix"}), "the indexes to blame"), (frozenset(), "(ANALYZE)")):
        slower = (SlowerRead(BY_USER.id, 2e6, used),)
        worse = replace(advice, proof=replace(advice.proof, slower=slower))
        (line,) = [line for line in not_checked(worse) if "gets slower" in line]
        assert line.startswith(f"query {BY_USER.id} gets slower, by 2.0 ms") and words in line


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A schema of 120 tables, of which three have many rows."""
    ddl = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a INTEGER, b TEXT)" for n in range(120)]
    rows = [filled(f"t{n}", "a, b", "n % 300, 'b' || (n % 77)", 3_000) for n in (5, 50, 119)]
    yield build(tmp_path_factory.mktemp("large") / "base.db", *ddl, *rows)


def test_a_large_schema_gets_the_same_advice_as_a_small_one(large: Path) -> None:
    """Tables that a statement does not touch are hidden while it is planned."""
    shapes = [
        shape("SELECT b FROM t5 WHERE a = 7"),
        shape("SELECT t50.b FROM t50 JOIN t119 ON t119.a = t50.a WHERE t50.b = 'b5'"),
        shape("INSERT INTO t119 (a, b) VALUES (1, 'x')", count=3),
        shape("SELECT count(*) FROM t80"),
    ]
    advice = advice_on(large, *shapes)
    assert {sql.partition(" ")[0] for sql in advised(advice)} == {"t5", "t50", "t119"}
    assert verdict(advice).gain_ratio > 0.8
    assert advice.library is not None and len(advice.library.checked) == 4


def test_a_failed_constraint_of_some_samples_is_no_failure_of_the_shape(tmp_path: Path) -> None:
    """The others say what it costs."""
    path = build(tmp_path / "base.db", *ORDERS, "CREATE UNIQUE INDEX u ON orders (total, id)")
    advice = advice_on(
        path,
        shape("UPDATE orders SET id = 5 WHERE id = 6", "UPDATE orders SET id = 70000 WHERE id = 6"),
        shape("UPDATE orders SET id = 7 WHERE id = 8 AND 1"),
    )
    failed = [line for line in not_checked(advice) if "failed on the copy" in line]
    assert len(failed) == 1 and "UNIQUE" in failed[0]


def test_a_foreign_key_that_is_deleted_through_is_left_to_its_rule(tmp_path: Path) -> None:
    """Whether the application enforces keys is not known, so the cost model leaves them off."""
    path = build(
        tmp_path / "base.db",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id)"
        " ON DELETE CASCADE)",
        filled("users", "name", "'n' || n", 500),
        filled("visits", "user_id", "n % 500 + 1", 5_000),
    )
    advice = advice_on(path, shape("DELETE FROM users WHERE id = 7"))
    assert advised(advice) == [] and advice.before[0].measurement.failure is None


def test_what_one_query_shape_costs_is_said_in_the_singular(tmp_path: Path) -> None:
    """It is read before any figure."""
    found = finding(advice_on(build(tmp_path / "base.db", *ORDERS), BY_USER))
    assert "1 query shape reads far too much: with one, its cost is " in found.message
