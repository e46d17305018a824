"""Verification of whole plans in worker processes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.model.event import Event, ignore_event
from dbtune.model.transfer import MigrationPlan, TableCheck
from dbtune.postgres.verification import verify
from dbtune.postgres.verification.verify import Mode, verify_tables
from dbtune.postgres.workers.worker_pool import WorkerPool
from tests.fixtures.moved_table import SCHEMA, Moved, column, every_kind, move

NUMBERS = (column("id", "integer", "integer", "bigint"), column("n", "integer", "integer", "int"))


def check(
    moved: Moved, mode: Mode = "full", *, jobs: int = 2, fast: bool = False
) -> tuple[TableCheck, list[Event]]:
    """Verify a plan of one table; its only check, and what was told meanwhile."""
    plan = MigrationPlan(str(moved.path), "", SCHEMA, (moved.plan,))
    events: list[Event] = []
    with WorkerPool(moved.path, jobs, fast, moved.conninfo) as pool:
        (found,) = verify_tables(pool, plan, SCHEMA, mode, events.append)
    return found, events


def numbers(path: Path, conninfo: str, rows: int) -> Moved:
    """A table of two integers."""
    values = [(i, i % 7) for i in range(1, rows + 1)]
    return move(path, conninfo, NUMBERS, values, values)


@pytest.mark.parametrize(
    ("jobs", "order_key", "method"),
    [
        (2, ("id",), "rows"),
        (0, ("id",), "rows"),
        (1, (), "multiset"),
    ],
)
def test_equal_tables_are_verified(
    tmp_path: Path, target: str, jobs: int, order_key: tuple[str, ...], method: str
) -> None:
    """In worker processes and without any."""
    moved = every_kind(tmp_path / "source.db", target, 30).with_plan(order_key=order_key)
    found, events = check(moved, jobs=jobs)
    assert found.verified
    assert (found.rows, found.target_rows, found.method) == (30, 30, method)
    assert events[-1] == Event("verify", 30, 30, subject="t", size_bytes=0)


def test_a_large_table_is_compared_in_ranges(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Differences come in the order of the key, those outside the source's range too."""
    monkeypatch.setattr(verify, "_ROWS_OF_A_PART", 100)
    moved = numbers(tmp_path / "source.db", target, 1000)
    moved.change("INSERT INTO t VALUES (-5, 1), (5001, 1)", "DELETE FROM t WHERE id % 100 = 0")
    found, events = check(moved)
    assert not found.verified
    assert (found.rows, found.target_rows) == (1000, 992)
    assert [difference.row for difference in found.differences] == [
        "",
        "id=-5",
        *(f"id={i}" for i in range(100, 1001, 100)),
        "id=5001",
    ]
    assert found.differences[0].kind == "count"
    assert len(events) >= 10


def test_a_large_table_without_a_key_is_compared_in_parts(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums of parts of both sides meet, and what differs is named."""
    monkeypatch.setattr(verify, "_ROWS_OF_A_PART", 100)
    moved = numbers(tmp_path / "source.db", target, 1000).with_plan(order_key=(), size_bytes=40_000)
    found, _ = check(moved)
    assert found.verified
    assert (found.rows, found.method) == (1000, "multiset")
    moved.change("UPDATE t SET n = 100 WHERE id = 600")
    found, _ = check(moved)
    assert [(d.row, d.column, d.target) for d in found.differences] == [("rowid 600", "n", "100")]


def test_counts_see_rows_but_not_values(tmp_path: Path, target: str) -> None:
    """As asked for: the method says so."""
    moved = numbers(tmp_path / "source.db", target, 50)
    moved.change("UPDATE t SET n = 100")
    found, _ = check(moved, "counts")
    assert found.verified
    assert (found.rows, found.method) == (50, "counts")
    moved.change("DELETE FROM t WHERE id = 1")
    found, _ = check(moved, "counts")
    assert [(d.kind, d.source, d.target) for d in found.differences] == [
        ("count", "50 rows", "49 rows")
    ]


def test_a_sample_reads_a_part_of_the_rows(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least a thousand of them; all rows are still counted, and the method says so."""
    monkeypatch.setattr(verify, "_SAMPLE_ROWS", 200)
    moved = numbers(tmp_path / "source.db", target, 2000)
    found, _ = check(moved, "sample")
    assert found.verified
    assert found.method == "rows sample"
    assert 150 <= found.rows <= 250
    moved.change("UPDATE t SET n = 100")
    changed, _ = check(moved, "sample")
    assert len(changed.differences) + changed.more == found.rows
    moved.change(
        "UPDATE t SET n = id % 7", "INSERT INTO t SELECT i, 0 FROM generate_series(3000, 3001) i"
    )
    grown, _ = check(moved, "sample")
    assert grown.differences[0].target == "2,002 rows"


def test_a_small_table_is_no_sample(tmp_path: Path, target: str) -> None:
    """All of it is compared."""
    found, _ = check(numbers(tmp_path / "source.db", target, 500), "sample")
    assert (found.rows, found.method) == (500, "rows")


@pytest.mark.parametrize("mode", ["full", "sample", "counts"])
@pytest.mark.parametrize("order_key", [("id",), ()])
def test_a_missing_table_is_a_difference(
    tmp_path: Path, target: str, mode: Mode, order_key: tuple[str, ...]
) -> None:
    """It ends nothing else."""
    moved = numbers(tmp_path / "source.db", target, 5).with_plan(order_key=order_key)
    moved.change("DROP TABLE t")
    found, _ = check(moved, mode)
    assert [d.kind for d in found.differences] == ["object"]


def test_a_key_of_another_type_is_a_difference(tmp_path: Path, target: str) -> None:
    """The table is not verified, and nothing is compared in an order that is not one."""
    moved = numbers(tmp_path / "source.db", target, 5)
    moved.change("ALTER TABLE t ALTER id TYPE text")
    found, _ = check(moved)
    assert [(d.column, d.kind, d.target) for d in found.differences] == [
        ("id", "object", "type text")
    ]


def test_each_table_of_a_plan_has_its_check(tmp_path: Path, target: str) -> None:
    """In the plan's order, tables without rows too."""
    moved = numbers(tmp_path / "source.db", target, 5)
    with closing(sqlite3.connect(moved.path)) as lite:
        lite.execute("CREATE TABLE other (id INTEGER PRIMARY KEY, n)")
        lite.commit()
    moved.change("CREATE TABLE other (id bigint, n int)")
    other = replace(
        moved.plan, source="other", target="other", rows=0, rowid_min=None, rowid_max=None
    )
    plan = MigrationPlan(str(moved.path), "", SCHEMA, (other, moved.plan))
    with WorkerPool(moved.path, 1, False, moved.conninfo) as pool:
        found = verify_tables(pool, plan, SCHEMA, "full", ignore_event)
        assert verify_tables(pool, replace(plan, tables=()), SCHEMA, "full", ignore_event) == ()
    assert [(check.table, check.rows, check.verified) for check in found] == [
        ("other", 0, True),
        ("t", 5, True),
    ]


def test_null_and_empty_are_as_the_plan_says(tmp_path: Path, target: str) -> None:
    """'' that is to be NULL, and values that are to be NULL for a condition."""
    columns = [
        column("id", "integer", "integer", "bigint"),
        column("a", "text", "mixed", "text", empty_as_null=True, collation="RTRIM"),
        column("b", "integer", "integer", "int", null_where=("b > 10", "id = 9")),
    ]
    stored = [(1, "", 1), (2, " ", 11), (3, b"", 2), (9, "x", 3), (10, None, None)]
    moved = [(1, None, 1), (2, " ", None), (3, "", 2), (9, "x", None), (10, None, None)]
    table = move(tmp_path / "source.db", target, columns, stored, moved)
    assert check(table)[0].differences == ()
    assert check(table.with_plan(order_key=()))[0].differences == ()
    table.change("UPDATE t SET a = '' WHERE id = 1", "UPDATE t SET b = 11 WHERE id = 2")
    assert {(d.row, d.column) for d in check(table)[0].differences} == {
        ("id=1", "a"),
        ("id=2", "b"),
    }
