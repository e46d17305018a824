"""Comparison by columns: it finds and names what the comparison by rows does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.event import ignore_event
from dbtune.model.transfer import MigrationPlan, TableCheck
from dbtune.postgres.verification.differences import NAMED_AT_MOST
from dbtune.postgres.verification.verify import verify_tables
from dbtune.postgres.workers.arrow_source import arrow_available
from dbtune.postgres.workers.worker_pool import WorkerPool
from tests.fixtures.moved_table import KINDS, SCHEMA, Moved, column, every_kind, move
from tests.fixtures.mutations import GROUPS, plant

pytestmark = pytest.mark.skipif(not arrow_available(), reason="needs the extra dbtune[fast]")

IDENTITY = column("id", "integer", "integer", "bigint", identity=True)


def check(moved: Moved, *, method: str = "arrow") -> TableCheck:
    """Verify a plan of one table in one process with ADBC."""
    plan = MigrationPlan(str(moved.path), "", SCHEMA, (moved.plan,))
    with WorkerPool(moved.path, 1, True, moved.conninfo) as pool:
        (found,) = verify_tables(pool, plan, SCHEMA, "full", ignore_event)
    assert found.method == method
    return found


def places(found: TableCheck) -> list[tuple[str, str | None, str]]:
    """Row, column and kind of each difference."""
    return [(d.row, d.column, d.kind) for d in found.differences if d.kind != "count"]


def with_identity(moved: Moved) -> Moved:
    """Read the table in the order of its rowid, without sorting."""
    return moved.with_plan(columns=(IDENTITY, *moved.plan.columns[1:]))


@pytest.mark.parametrize("rowid", [True, False])
def test_equal_tables_are_verified(tmp_path: Path, target: str, rowid: bool) -> None:
    """Each kind of value is proven equal, whether the key is the rowid or is sorted by."""
    moved = every_kind(tmp_path / "source.db", target, 30)
    found = check(with_identity(moved) if rowid else moved)
    assert found.verified
    assert (found.rows, found.target_rows) == (30, 30)


@pytest.mark.parametrize("group", GROUPS)
def test_changed_values_are_named(
    tmp_path: Path, target: str, group: tuple[tuple[str, str], ...]
) -> None:
    """Table, column and key are told, and nothing but the changes."""
    moved = with_identity(every_kind(tmp_path / "source.db", target, 45))
    statements, expected = plant(group)
    moved.change(*statements)
    found = check(moved)
    assert sorted((row, name) for row, name, _ in places(found)) == sorted(expected)
    assert found.more == 0
    assert all(difference.source != difference.target for difference in found.differences)


MOMENT, ZONED = "2021-03-04 05:06:07", "2021-03-04 05:06:07Z"
# Of one column each: how it is converted, from which storage, to which type; stored values, and
# the same ones on PostgreSQL.
FORMS: tuple[tuple[str, str, str, list[Any], list[Any]], ...] = (
    ("timestamp", "text", "timestamp", ["2021-03-04"], ["2021-03-04 00:00:00"]),
    ("timestamp", "text", "timestamp", ["2021-03-04 05:06"], ["2021-03-04 05:06:00"]),
    ("timestamp", "text", "timestamp", ["0021-03-04 05:06:07.120"], ["0021-03-04 05:06:07.12"]),
    ("timestamp", "text", "timestamp", [MOMENT, f"{MOMENT}.1234567"], [MOMENT, f"{MOMENT}.123456"]),
    (
        "timestamp",
        "text",
        "timestamp",
        ["2021-03-04T05:06:07", "9999-12-31"],
        [MOMENT, "9999-12-31"],
    ),
    ("timestamptz", "text", "timestamptz", ["2021-03-04T05:06:07Z"], [ZONED]),
    ("timestamptz", "text", "timestamptz", [f"{MOMENT}.000001+00:00"], [f"{MOMENT}.000001Z"]),
    ("timestamptz", "text", "timestamptz", [f"{MOMENT} +0000 UTC"], [ZONED]),
    ("timestamptz", "text", "timestamptz", ["2021-03-04 07:06:07+02"], [ZONED]),
    ("cocoa", "integer", "timestamptz", [1], ["2001-01-01 00:00:01Z"]),
    ("epoch_s", "real", "timestamptz", [0.25], ["1970-01-01 00:00:00.25Z"]),
    ("epoch_us", "integer", "timestamptz", [-1], ["1969-12-31 23:59:59.999999Z"]),
    ("double", "integer", "double precision", [2**53 - 2, 0], [2.0**53 - 2, 0.0]),
    ("decimal", "real", "numeric", [1e14, 0.1 + 0.2, -0.0], [10**14, "0.30000000000000004", "0"]),
    ("decimal", "integer", "numeric", [2**63 - 1, 7], [2**63 - 1, "7.000"]),
    ("integer", "integer", "numeric", [5], ["5"]),
    ("uuid", "text", "uuid", ["00FF" * 8], ["00ff" * 8]),
    ("uuid", "blob", "uuid", [b"\0\xff" * 8], ["00ff" * 8]),
    ("bytes", "text", "bytea", ["é"], ["é".encode()]),
    ("text", "blob", "text", ["é".encode()], ["é"]),
    ("text", "real", "text", [1.5], ["1.5"]),
    ("text", "none", "text", [None], [None]),
    ("time", "text", "time", ["10:00:00.5"], ["10:00:00.5"]),
    ("decimal", "real", "numeric", [float("inf")], ["Infinity"]),
)
# Changes by type, each of which every value of the type can take.
CHANGES = {
    "timestamp": "{} + interval '1 us'",
    "timestamptz": "{} - interval '1 us'",
    "double precision": "{} + 1",
    "numeric": "coalesce(nullif({}, 'Infinity') + 0.0000000000000000001, 0)",
    "uuid": "gen_random_uuid()",
    "bytea": "''",
    "text": "''",
    "time": "{} + interval '1 us'",
}


@pytest.fixture
def forms(tmp_path: Path, target: str) -> Moved:
    """A table with a column of each form, two rows of values and one of NULLs."""
    columns = [
        column(f"c{i}", *form[:3], uniform_bytes=32 if form[0] == "uuid" else None)
        for i, form in enumerate(FORMS)
    ]
    rows = [
        [(row, *(values[row % len(values)] for values in side)) for row in (0, 1)]
        + [(2, *(None for _ in side))]
        for side in ([form[3] for form in FORMS], [form[4] for form in FORMS])
    ]
    return move(tmp_path / "source.db", target, [IDENTITY, *columns], *rows)


def test_forms_without_a_proof_are_compared_too(forms: Moved) -> None:
    """What cannot be proven equal by columns is compared value by value."""
    assert check(forms).verified


@pytest.mark.parametrize("odd", [0, 1])
def test_changes_of_forms_without_a_proof_are_found(forms: Moved, odd: int) -> None:
    """Every column of the last row with values, half of the columns at a time."""
    names = [f"c{i}" for i in range(odd, len(FORMS), 2)]
    terms = [f"{name} = {CHANGES[FORMS[int(name[1:])][2]].format(name)}" for name in names]
    forms.change(f"UPDATE t SET {', '.join(terms)} WHERE id = 1")
    assert {(row, name) for row, name, _ in places(check(forms))} == {
        ("id=1", name) for name in names
    }


def test_comparison_goes_on_after_rows_of_one_side(tmp_path: Path, target: str) -> None:
    """Missing and extra rows over several batches, and changes after each of them."""
    rows = 140_000
    columns = [IDENTITY, column("n", "integer", "integer", "int")]
    values = [(i, i % 5) for i in range(1, rows + 1)]
    moved = move(tmp_path / "source.db", target, columns, values[:0], values[:0])
    with closing(sqlite3.connect(moved.path)) as lite:
        lite.executemany("INSERT INTO t VALUES (?, ?)", values)
        lite.commit()
    moved = moved.with_plan(rows=rows, rowid_min=1, rowid_max=rows)
    moved.change(f"INSERT INTO t SELECT i, i % 5 FROM generate_series(1, {rows}) AS i")
    assert check(moved).verified
    moved.change(
        "DELETE FROM t WHERE id IN (1, 65536, 65537, 131072, 140000)",
        "INSERT INTO t VALUES (-7, 0), (70000, 0), (NULL, 0)",
        "UPDATE t SET n = -1 WHERE id IN (2, 65538, 139999)",
    )
    found = check(moved)
    assert sorted(places(found), key=str) == sorted(
        [
            *((f"id={i}", None, "missing") for i in (1, 65536, 65537, 131072, 140000)),
            *((f"id={i}", None, "extra") for i in (-7, 70000, None)),
            *((f"id={i}", "n", "value") for i in (2, 65538, 139999)),
        ],
        key=str,
    )
    moved.change("DELETE FROM t")
    found = check(moved)
    assert len(places(found)) == NAMED_AT_MOST
    assert len(places(found)) + found.more == rows


def test_two_swapped_rows_differ_in_what_they_hold(tmp_path: Path, target: str) -> None:
    """Counts and sums are the same, and the rows are named."""
    moved = with_identity(every_kind(tmp_path / "source.db", target, 9))
    moved.change("UPDATE t SET id = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 2)")
    found = check(moved)
    assert {difference.row for difference in found.differences} == {"id=1", "id=2"}
    assert len(found.differences) + found.more == 2 * len(KINDS)


def test_several_integers_are_a_key(tmp_path: Path, target: str) -> None:
    """In a table without rowid, stored in another order than inserted."""
    columns = [column(name, "integer", "integer", "int") for name in ("b", "a", "v")]
    values = [(b, a, b * a) for b in range(5) for a in range(5)]
    moved = move(tmp_path / "source.db", target, columns, values, values)
    moved = moved.with_plan(order_key=("a", "b"))
    assert check(moved).verified
    moved.change(
        "UPDATE t SET v = 100 WHERE (a, b) = (3, 2)", "DELETE FROM t WHERE (a, b) = (1, 4)"
    )
    assert places(check(moved)) == [("a=1, b=4", None, "missing"), ("a=3, b=2", "v", "value")]


def test_a_plan_that_is_wrong_about_the_data_is_found_out(tmp_path: Path, target: str) -> None:
    """A text where integers were planned is compared by rows, and equals nothing."""
    columns = [IDENTITY, column("n", "integer", "integer", "int")]
    values = [(1, 1), (2, "x"), (3, 3)]
    moved = move(tmp_path / "source.db", target, columns, values, [(1, 1), (2, 0), (3, 3)])
    found = check(moved, method="rows")
    assert places(found) == [("id=2", "n", "value")]


def test_columns_that_are_not_clean_are_compared_by_rows(tmp_path: Path, target: str) -> None:
    """Whatever is to be repaired, is mixed, or is long."""
    moved = every_kind(tmp_path / "source.db", target, 3)
    first, second, *others = moved.plan.columns
    for changes in (
        {"clean": False},
        {"storage": "mixed"},
        {"null_where": ("id = 99",)},
        {"longest_bytes": 2 << 20},
    ):
        columns = (first, replace(second, **changes), *others)
        assert check(moved.with_plan(columns=columns), method="rows").verified
