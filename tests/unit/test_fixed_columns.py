"""Rows of fixed width that come a column at a time are those that come row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.event import ignore_event
from dbtune.model.transfer import ColumnPlan, MigrationPlan, StorageCounts, TableCheck
from dbtune.postgres.verification import fixed_columns
from dbtune.postgres.verification.arrow_proofs import column_proof
from dbtune.postgres.verification.arrow_sides import target_batches
from dbtune.postgres.verification.compared_rows import ComparedTable, Selection
from dbtune.postgres.verification.fixed_columns import fixed_able, target_columns
from dbtune.postgres.verification.target_columns import Target, read_target_table
from dbtune.postgres.verification.verify import verify_tables
from dbtune.postgres.verification.verify_arrow import columns_available
from dbtune.postgres.workers.arrow_source import arrow_available
from dbtune.postgres.workers.worker_pool import WorkerPool
from tests.fixtures.moved_table import SCHEMA, Moved, column, move

pytestmark = pytest.mark.skipif(
    not (arrow_available() and columns_available()), reason="needs the extra dbtune[fast]"
)

STAND_IN = fixed_columns._SENT["integer"].null


def holding_nulls(plan: ColumnPlan) -> ColumnPlan:
    """The plan of a column that is known to hold NULLs."""
    return replace(plan, counts=StorageCounts(nulls=1))


COLUMNS: tuple[ColumnPlan, ...] = (
    column("id", "integer", "integer", "bigint", identity=True),
    column("n", "integer", "integer", "bigint"),
    holding_nulls(column("small", "integer", "integer", "smallint")),
    column("x", "double", "real", "double precision"),
    holding_nulls(column("y", "double", "real", "double precision")),
    holding_nulls(column("whole", "double", "integer", "double precision")),
    column("ok", "boolean", "integer", "boolean"),
    holding_nulls(column("perhaps", "boolean", "integer", "boolean")),
)
ROWS: list[tuple[Any, ...]] = [
    (-(2**63), 2**63 - 1, 2**15 - 1, float("inf"), -0.0, 2**53, 1, None),
    (-1, -(2**63), None, -float("inf"), None, None, 0, 1),
    (0, 0, -(2**15), 5e-324, 1.7976931348623157e308, -1, 1, 0),
    (3, 1, 0, 0.1, float("inf"), 0, 0, None),
    (2**63 - 1, -1, 7, -0.0, 0.1, 7, 1, 1),
]


def on_postgres(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same row with truths."""
    return (*row[:6], *(None if value is None else bool(value) for value in row[6:]))


@pytest.fixture
def moved(tmp_path: Path, target: str) -> Moved:
    """A table of all kinds of fixed width."""
    found = move(tmp_path / "source.db", target, COLUMNS, ROWS, [on_postgres(r) for r in ROWS])
    return found.with_plan(rowid_min=ROWS[0][0], rowid_max=ROWS[-1][0])


@contextmanager
def opened(moved: Moved) -> Iterator[tuple[Target, ComparedTable]]:
    """The target and the table as they are compared."""
    with moved.connections() as (_, target):
        columns = read_target_table(target, SCHEMA, moved.plan).columns
        yield target, ComparedTable(moved.plan, SCHEMA, columns)


def read_both(moved: Moved, selection: Selection) -> tuple[Any, Any]:
    """The columns as they come at once, and row by row."""
    import adbc_driver_postgresql.dbapi

    with opened(moved) as (target, table):
        assert fixed_able(table)
        proofs = [column_proof(part) for part in table.columns]
        at_once = target_columns(target, table, proofs, selection)
        with (
            closing(adbc_driver_postgresql.dbapi.connect(moved.conninfo)) as connection,
            connection.cursor() as cursor,
        ):
            (by_rows,) = list(target_batches(cursor, table, proofs, selection)) or [()]
        return at_once, by_rows


def check(moved: Moved) -> TableCheck:
    """Verify the table in a process with ADBC."""
    plan = MigrationPlan(str(moved.path), "", SCHEMA, (moved.plan,))
    with WorkerPool(moved.path, 1, True, moved.conninfo) as pool:
        (found,) = verify_tables(pool, plan, SCHEMA, "full", ignore_event)
    assert found.method == "arrow"
    return found


@pytest.mark.parametrize("selection", [Selection(), Selection(low=-1, high=3), Selection(high=0)])
def test_columns_are_those_that_come_row_by_row(moved: Moved, selection: Selection) -> None:
    """Bit for bit, extreme values and NULLs included."""
    at_once, by_rows = read_both(moved, selection)
    assert len(at_once) == len(by_rows) == len(COLUMNS)
    for one, other in zip(at_once, by_rows, strict=True):
        assert one.type == other.type
        assert one.is_null().equals(other.is_null())
        bits = (lambda a: a.view("int64")) if str(one.type) == "double" else (lambda a: a)
        assert bits(one).drop_null().equals(bits(other).drop_null())


def test_no_rows_have_no_columns(moved: Moved) -> None:
    """A range of keys in which nothing is."""
    at_once, by_rows = read_both(moved, Selection(low=1, high=3))
    assert at_once == ()
    assert sum(map(len, by_rows)) == 0


def test_what_cannot_come_at_once_is_left(moved: Moved, monkeypatch: pytest.MonkeyPatch) -> None:
    """NULLs where none are expected, values that stand for NULL beside NULL, and too many rows."""
    everything = Selection()
    moved.change("UPDATE t SET n = NULL WHERE id = 0")
    assert read_both(moved, everything)[0] is None
    moved.change(f"UPDATE t SET n = {STAND_IN} WHERE id = 0")
    assert read_both(moved, everything)[0] is not None
    wide = [replace(c, pg_type="bigint") if c.source == "small" else c for c in COLUMNS]
    moved.change(
        "ALTER TABLE t ALTER small TYPE bigint", f"UPDATE t SET small = {STAND_IN} WHERE id = 0"
    )
    assert read_both(moved.with_plan(columns=tuple(wide)), everything)[0] is None
    moved.change("UPDATE t SET small = 0 WHERE id = 0")
    assert read_both(moved, everything)[0] is not None
    monkeypatch.setattr(fixed_columns, "_MOST_ROWS", 4)
    assert read_both(moved, everything)[0] is None


def test_a_table_with_texts_is_read_row_by_row(moved: Moved) -> None:
    """A column of another kind is enough."""
    moved.change("ALTER TABLE t ALTER n TYPE text")
    plan = replace(COLUMNS[1], conversion="text", pg_type="text")
    with opened(moved.with_plan(columns=(COLUMNS[0], plan, *COLUMNS[2:]))) as (_, table):
        assert not fixed_able(table)


def test_equal_tables_are_verified(moved: Moved) -> None:
    """All values of both sides."""
    assert check(moved).verified


LAST = f"id={2**63 - 1}"
# Statements, and the row and the column that each of them changes.
CHANGES: tuple[tuple[tuple[str, str, str | None], ...], ...] = (
    (
        ("UPDATE t SET whole = 0.5 WHERE id = 3", "id=3", "whole"),
        ("UPDATE t SET n = n + 1 WHERE id = -1", "id=-1", "n"),
        ("UPDATE t SET small = 0 WHERE id = -1", "id=-1", "small"),
        ("UPDATE t SET ok = true WHERE id = -1", "id=-1", "ok"),
        ("UPDATE t SET perhaps = false WHERE id = 3", "id=3", "perhaps"),
        (f"UPDATE t SET x = 0 WHERE {LAST}", LAST, "x"),
    ),
    (
        (f"UPDATE t SET n = {STAND_IN} WHERE id = 3", "id=3", "n"),
        ("UPDATE t SET small = NULL WHERE id = 3", "id=3", "small"),
        ("UPDATE t SET x = 0.10000000000000002 WHERE id = 3", "id=3", "x"),
        ("UPDATE t SET y = 'NaN' WHERE id = -1", "id=-1", "y"),
        ("UPDATE t SET perhaps = NULL WHERE id = 0", "id=0", "perhaps"),
    ),
    (("UPDATE t SET n = NULL WHERE id = 3", "id=3", "n"),),
    (
        ("DELETE FROM t WHERE id = 0", "id=0", None),
        ("INSERT INTO t (id, n, x, ok) VALUES (1, 1, 1, true)", "id=1", None),
    ),
)


@pytest.mark.parametrize("changes", CHANGES)
def test_changes_are_named(moved: Moved, changes: tuple[tuple[str, str, str | None], ...]) -> None:
    """Column and key are told, and nothing else differs."""
    moved.change(*(statement.replace("id=", "id = ") for statement, _, _ in changes))
    found = check(moved)
    assert found.more == 0
    places = {(d.row, d.column) for d in found.differences if d.kind != "count"}
    assert places == {(row, name) for _, row, name in changes}
