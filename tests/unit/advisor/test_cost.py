"""Measuring a run: counted, the same each time, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.measuring.cost import PAGE_FETCH_NS, VM_STEP_NS, Measurement, mean, measure
from dbtune.advisor.statements.runnable import Statement
from dbtune.sqlite.explain import explain
from tests.unit.advisor.workbench import build, filled, scratch

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, s TEXT)",
    "CREATE TABLE log (n INTEGER)",
    "CREATE INDEX by_s ON t (s)",
    filled("log", "n", "n", 500),
    filled("t", "a, s", "n, 'row ' || (n % 50)", 2_000),
)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[apsw.Connection]:
    """An open scratch copy."""
    with scratch(build(tmp_path / "copy.db", *DDL)) as connection:
        yield connection


def run(
    connection: apsw.Connection, sql: str, *values: object, writes: bool = False, **limits: object
) -> Measurement:
    """Measure one run of a statement, its schema loaded."""
    explain(connection, sql, values)  # type: ignore[arg-type]
    statement = Statement(sql, values)  # type: ignore[arg-type]
    return measure(connection, statement, writes=writes, **limits)  # type: ignore[arg-type]


def count(connection: apsw.Connection, table: str = "t") -> int:
    """Return the rows of a table."""
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}")
    return int(rows)


@pytest.mark.parametrize(
    ("sql", "writes"),
    [
        ("SELECT * FROM t WHERE s = 'row 3'", False),
        ("SELECT s, count(*) FROM t GROUP BY s ORDER BY 2", False),
        ("INSERT INTO t (a, s) VALUES (-1, 'new')", True),
        ("UPDATE t SET s = 'x' WHERE a < 100", True),
        ("DELETE FROM t WHERE s = 'row 7'", True),
    ],
)
def test_the_same_run_counts_the_same_work(copy: apsw.Connection, sql: str, writes: bool) -> None:
    """Also between other statements, which is what makes advice repeat."""
    first = run(copy, sql, writes=writes)
    run(copy, "SELECT sum(a) FROM t")
    second = run(copy, sql, writes=writes)
    assert first.vm_steps == second.vm_steps > 0
    assert first.page_fetches == second.page_fetches > 0
    assert first.cost_ns == VM_STEP_NS * first.vm_steps + PAGE_FETCH_NS * first.page_fetches


def test_what_a_run_does_is_told(copy: apsw.Connection) -> None:
    """Rows scanned, rows returned, sorts, and rows put into an index for one run."""
    scan = run(copy, "SELECT * FROM t WHERE id % 2 = 0 ORDER BY s || 'x'")
    assert (scan.returned_rows, scan.sorts) == (1_000, 1)
    assert scan.scanned_rows >= 1_999
    found = run(copy, "SELECT * FROM t WHERE a = 5")
    assert (found.returned_rows, found.scanned_rows, found.sorts) == (1, 0, 0)
    joined = run(copy, "SELECT count(*) FROM t JOIN log ON log.n = t.id + 0")
    assert joined.automatic_index_rows >= 499


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a, s) VALUES (-5, 'new')",
        "REPLACE INTO t (a, s) VALUES (5, 'new')",
        "INSERT INTO t (a, s) VALUES (5, 'new') ON CONFLICT (a) DO UPDATE SET s = 'new'",
        "UPDATE t SET s = 'gone'",
        "DELETE FROM t",
        "DELETE FROM t WHERE a < 10 RETURNING id, s",
        "INSERT INTO log SELECT id FROM t",
        "INSERT OR ROLLBACK INTO t (a) VALUES (5)",
        "INSERT OR FAIL INTO t (a) VALUES (-7), (5)",
    ],
)
def test_a_write_is_rolled_back(copy: apsw.Connection, sql: str) -> None:
    """Each row is as it was, whether the write worked or not, and no transaction stays open."""
    before = list(copy.execute("SELECT * FROM t")), count(copy, "log")
    run(copy, sql, writes=True)
    assert (list(copy.execute("SELECT * FROM t")), count(copy, "log")) == before
    assert not copy.in_transaction


def test_an_endless_read_is_stopped(copy: apsw.Connection) -> None:
    """At the limit, which is what it counts at least."""
    endless = run(copy, ENDLESS, max_vm_steps=250_000)
    assert endless.stopped and endless.vm_steps >= 250_000 and endless.failure is None
    assert run(copy, "SELECT 1").stopped is False


def test_an_endless_write_is_stopped_and_gone(copy: apsw.Connection) -> None:
    """SQLite rolls the whole transaction back when a write is interrupted."""
    stopped = run(copy, f"INSERT INTO log {ENDLESS}", writes=True, max_vm_steps=300_000)
    assert stopped.stopped
    assert count(copy, "log") == 500 and not copy.in_transaction


def test_a_low_limit_is_kept(copy: apsw.Connection) -> None:
    """Below the distance at which Python is asked."""
    assert run(copy, "SELECT sum(a) FROM t", max_vm_steps=1_000).stopped


def test_a_failure_is_told_and_not_raised(copy: apsw.Connection) -> None:
    """With SQLite's own words."""
    failed = run(copy, "SELECT json_extract(s, '$.x') FROM t")
    assert failed.failure is not None and "malformed JSON" in failed.failure
    assert run(copy, "INSERT INTO t (a) VALUES (5)", writes=True).collided


def test_an_insert_that_collides_is_measured_with_room_made(copy: apsw.Connection) -> None:
    """As on the day it was recorded: the row that it made is taken out first, uncounted."""
    sql = "INSERT INTO t (id, a, s) VALUES (10, 11, 'again')"
    made = run(copy, sql, writes=True, make_room=True)
    free = run(copy, "INSERT INTO t (id, a, s) VALUES (9999, 9999, 'again')", writes=True)
    assert made.failure is None
    assert made.vm_steps == pytest.approx(free.vm_steps, abs=5)
    assert count(copy) == 2_000


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a) SELECT 5",
        "INSERT INTO keyed VALUES ('k', 2)",
        "UPDATE t SET a = 5 WHERE a = 6",
        "INSERT INTO guarded VALUES (1)",
        "INSERT INTO guarded_hard VALUES (1)",
    ],
)
def test_where_no_room_can_be_made_the_collision_stays(copy: apsw.Connection, sql: str) -> None:
    """Of unknown many rows, without rowids, in an UPDATE, or where a trigger forbids deletes."""
    for ddl in (
        "CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID",
        "INSERT INTO keyed VALUES ('k', 1)",
        "CREATE TABLE guarded (u UNIQUE)",
        "INSERT INTO guarded VALUES (1)",
        "CREATE TRIGGER g BEFORE DELETE ON guarded BEGIN SELECT raise(ABORT, 'no'); END",
        "CREATE TABLE guarded_hard (u UNIQUE)",
        "INSERT INTO guarded_hard VALUES (1)",
        "CREATE TRIGGER h BEFORE DELETE ON guarded_hard BEGIN SELECT raise(ROLLBACK, 'no'); END",
    ):
        copy.execute(ddl)
    before = [list(copy.execute(f"SELECT * FROM {t}")) for t in ("t", "guarded", "guarded_hard")]
    run(copy, sql, writes=True, make_room=True)
    after = [list(copy.execute(f"SELECT * FROM {t}")) for t in ("t", "guarded", "guarded_hard")]
    assert after == before and not copy.in_transaction


def test_text_that_is_not_utf8_counts_as_a_row(copy: apsw.Connection) -> None:
    """It cannot reach Python, and is read all the same."""
    copy.execute("INSERT INTO t (a, s) VALUES (-1, CAST(x'ff41' AS TEXT)), (-2, 'fine')")
    read = run(copy, "SELECT s FROM t WHERE a < 0")
    assert (read.returned_rows, read.failure) == (2, None)


def test_a_huge_value_is_refused(copy: apsw.Connection) -> None:
    """A recorded zeroblob of gigabytes does not take the machine's memory."""
    assert run(copy, "SELECT zeroblob(1000000000)").failure is not None


def test_the_mean_is_of_runs_that_worked() -> None:
    """A failure ends early, and would make the shape look cheap."""
    works, fails = Measurement(100, 10), Measurement(4, 1, failure="UNIQUE constraint failed: t.a")
    assert mean([works, fails, Measurement(200, 30)]) == Measurement(150, 20)
    assert mean([fails]).failure is not None
    assert mean([]) == Measurement(0, 0)


def test_the_mean_is_stopped_where_one_run_was() -> None:
    """Since it is a minimum then."""
    assert mean([Measurement(1, 1), Measurement(3, 3, stopped=True)]).stopped
