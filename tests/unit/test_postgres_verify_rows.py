"""Comparison in the order of a key: every planted change is found and named, and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.model.transfer import Difference
from dbtune.postgres.verification.compared_rows import BLOCK_ROWS, ComparedTable, Selection
from dbtune.postgres.verification.differences import NAMED_AT_MOST, Compared
from dbtune.postgres.verification.target_columns import read_target_table
from dbtune.postgres.verification.verify_rows import compare_ordered, verify_rows
from tests.fixtures.moved_table import KINDS, SCHEMA, Moved, column, every_kind, move
from tests.fixtures.mutations import GROUPS, plant

ROWS = 25


@pytest.fixture
def moved(tmp_path: Path, target: str) -> Moved:
    """A table with a column of each kind."""
    return every_kind(tmp_path / "source.db", target, ROWS)


def compare(moved: Moved, selection: Selection | None = None) -> Compared:
    """Compare a table as it is now."""
    with moved.connections() as (source, target):
        found = read_target_table(target, SCHEMA, moved.plan)
        table = ComparedTable(moved.plan, SCHEMA, found.columns, b"nonce")
        result = compare_ordered(source, target, table, selection or Selection())
        return Compared(differences=found.differences) + result


def places(compared: Compared) -> list[tuple[str, str | None, str]]:
    """Row, column and kind of each difference."""
    return [(found.row, found.column, found.kind) for found in compared.differences]


def test_equal_tables_have_no_differences(moved: Moved) -> None:
    """Each kind of value is read as the same on both sides."""
    assert compare(moved) == Compared(rows=ROWS, target_rows=ROWS)


@pytest.mark.parametrize("group", GROUPS)
def test_changed_values_are_named(
    tmp_path: Path, target: str, group: tuple[tuple[str, str], ...]
) -> None:
    """Table, column and key are told, and nothing but the changes."""
    moved = every_kind(tmp_path / "source.db", target, 45)
    statements, expected = plant(group)
    moved.change(*statements)
    found = compare(moved)
    assert sorted((row, column) for row, column, _ in places(found)) == sorted(expected)
    assert found.more == 0
    for difference in found.differences:
        assert (difference.table, difference.kind) == ("t", "value")
        assert difference.source != difference.target


def test_a_mixed_column_is_compared_by_its_conversion(tmp_path: Path, target: str) -> None:
    """Numbers and blobs in a text column are compared as the text they become."""
    columns = [column("id", "integer", "integer", "bigint"), column("v", "text", "mixed", "text")]
    values = ["1.0", 1.0, 1, b"blob", 1e300, None, ""]
    texts = ["1.0", "1.0", "1", "blob", "1e+300", None, ""]
    moved = move(tmp_path / "source.db", target, columns, [*enumerate(values)], [*enumerate(texts)])
    assert compare(moved).differences == ()
    moved.change("UPDATE t SET v = '1.0' WHERE id = 2")
    assert places(compare(moved)) == [("id=2", "v", "value")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (["DELETE FROM t WHERE id = 1"], [("id=1", None, "missing")]),
        (["DELETE FROM t WHERE id = 25"], [("id=25", None, "missing")]),
        (["INSERT INTO t (id) VALUES (0)"], [("id=0", None, "extra")]),
        (["INSERT INTO t (id) VALUES (26)"], [("id=26", None, "extra")]),
        (["INSERT INTO t (id) VALUES (NULL)"], [("id=None", None, "extra")]),
        (["INSERT INTO t SELECT * FROM t WHERE id = 3"], [("id=3", None, "extra")]),
        (
            ["UPDATE t SET id = 90 WHERE id = 9", "UPDATE t SET number = 1 WHERE id = 20"],
            [("id=9", None, "missing"), ("id=20", "number", "value"), ("id=90", None, "extra")],
        ),
        (
            [
                "DELETE FROM t WHERE id IN (4, 5, 6)",
                "INSERT INTO t (id) VALUES (-1)",
                "UPDATE t SET empty = NULL WHERE id = 11",
            ],
            [
                ("id=-1", None, "extra"),
                ("id=4", None, "missing"),
                ("id=5", None, "missing"),
                ("id=6", None, "missing"),
                ("id=11", "empty", "value"),
            ],
        ),
    ],
)
def test_comparison_goes_on_after_rows_of_one_side(
    moved: Moved, changes: list[str], expected: list[tuple[str, str | None, str]]
) -> None:
    """Missing and extra rows are named, and what differs after them is still found."""
    moved.change(*changes)
    assert places(compare(moved)) == expected


def test_two_swapped_rows_differ_in_what_they_hold(moved: Moved) -> None:
    """Counts and sums are the same, and the rows are named."""
    moved.change("UPDATE t SET id = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 2)")
    found = compare(moved)
    assert {difference.row for difference in found.differences} == {"id=1", "id=2"}
    assert len(found.differences) + found.more == 2 * len(KINDS)


def test_differences_beyond_the_limit_are_counted(tmp_path: Path, target: str) -> None:
    """Over several blocks, with rows missing on both sides of their borders."""
    rows = 3 * BLOCK_ROWS
    columns = [
        column("id", "integer", "integer", "bigint"),
        column("n", "integer", "integer", "int"),
    ]
    values = [(i, i) for i in range(rows)]
    moved = move(tmp_path / "source.db", target, columns, values, values)
    moved.change(f"DELETE FROM t WHERE id % {BLOCK_ROWS} IN (0, {BLOCK_ROWS - 1})")
    moved.change("UPDATE t SET n = -1 WHERE id % 100 = 50", "INSERT INTO t VALUES (-5, 1)")
    found = compare(moved)
    assert len(found.differences) == NAMED_AT_MOST
    assert len(found.differences) + found.more == 6 + rows // 100 + 1
    assert (found.rows, found.target_rows) == (rows, rows - 6 + 1)


def test_an_empty_target_misses_every_row(moved: Moved) -> None:
    """All rows are counted, the first ones named."""
    moved.change("DELETE FROM t")
    found = compare(moved)
    assert places(found)[:2] == [("id=1", None, "missing"), ("id=2", None, "missing")]
    assert len(found.differences) + found.more == ROWS


def test_ranges_together_are_the_table(moved: Moved) -> None:
    """Open ends see rows outside the source's keys."""
    moved.change("INSERT INTO t (id) VALUES (-3), (1000)", "DELETE FROM t WHERE id = 10")
    parts = [Selection(high=10), Selection(low=10, high=20), Selection(low=20)]
    found = [compare(moved, part) for part in parts]
    assert [places(part) for part in found] == [
        [("id=-3", None, "extra")],
        [("id=10", None, "missing")],
        [("id=1000", None, "extra")],
    ]
    assert sum(part.rows for part in found) == ROWS


def test_a_sample_has_the_same_rows_on_both_sides(tmp_path: Path, target: str) -> None:
    """A part of the rows is compared, chosen by key and not by position."""
    columns = [
        column("id", "integer", "integer", "bigint"),
        column("n", "integer", "integer", "int"),
    ]
    ids = [-(2**63), *range(-500, 500), 2**63 - 1]
    values = [(i, 5) for i in ids]
    moved = move(tmp_path / "source.db", target, columns, values, values)
    found = compare(moved, Selection(modulus=10))
    assert found.differences == ()
    assert 80 < found.rows == found.target_rows < 120


def test_several_integers_are_a_key(tmp_path: Path, target: str) -> None:
    """Rows are ordered and named by all its columns."""
    columns = [column(name, "integer", "integer", "int") for name in ("b", "a", "v")]
    values = [(b, a, b * a) for b in range(5) for a in range(5)]
    moved = move(tmp_path / "source.db", target, columns, values, values)
    moved = moved.with_plan(order_key=("a", "b"))
    assert compare(moved).differences == ()
    moved.change(
        "UPDATE t SET v = 100 WHERE (a, b) = (3, 2)", "DELETE FROM t WHERE (a, b) = (1, 4)"
    )
    assert places(compare(moved)) == [("a=1, b=4", None, "missing"), ("a=3, b=2", "v", "value")]
    with moved.connections() as (source, connection):
        keys = [(3, 2), (0, 0)]
        found = verify_rows(source, connection, moved.plan, schema=SCHEMA, keys=keys)
    assert places(found) == [("a=3, b=2", "v", "value")]
    assert found.rows == 2


def test_rows_of_given_keys_are_compared_alone(moved: Moved) -> None:
    """Other rows may differ, as they do while a target follows its source."""
    moved.change("DELETE FROM t WHERE id = 5", "UPDATE t SET number = 0 WHERE id IN (7, 9)")
    with moved.connections() as (source, target):
        keys = [(1,), (5,), (7,), (77,)]
        found = verify_rows(source, target, moved.plan, schema=SCHEMA, keys=keys)
    assert places(found) == [("id=5", None, "missing"), ("id=7", "number", "value")]
    assert (found.rows, found.target_rows) == (3, 2)


def test_the_callers_transactions_decide_what_is_seen(moved: Moved) -> None:
    """Rows written after both snapshots were taken are in neither."""
    with moved.connections() as (source, target):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM t").fetchall()
        target.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        target.execute("SELECT 1")
        moved.change("DELETE FROM t WHERE id = 1")
        keys = [(1,)]
        assert verify_rows(source, target, moved.plan, schema=SCHEMA, keys=keys).rows == 1
        found = verify_rows(source, target, moved.plan, schema=SCHEMA, keys=keys)
        assert found.differences == ()
        target.execute("ROLLBACK")
        found = verify_rows(source, target, moved.plan, schema=SCHEMA, keys=keys)
        assert places(found) == [("id=1", None, "missing")]


def test_rows_kept_back_are_not_expected(moved: Moved) -> None:
    """A rejected row that arrived nevertheless is an extra one."""
    moved = moved.with_plan(
        reject_where=('"id" = 3', '"number" IS NULL AND id > 20'), where="id < 25"
    )
    moved.change("DELETE FROM t WHERE id IN (3, 22, 24, 25)")
    found = compare(moved)
    assert found == Compared(rows=ROWS - 4, target_rows=ROWS - 4)
    moved.change("INSERT INTO t (id) VALUES (3)")
    assert places(compare(moved)) == [("id=3", None, "extra")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DROP TABLE t", Difference("t", "", None, "object", "table t", "no table")),
        (
            "ALTER TABLE t DROP COLUMN ok",
            Difference("t", "", "ok", "object", "column ok boolean", "no such column"),
        ),
        (
            "ALTER TABLE t ALTER ok TYPE text",
            Difference("t", "", "ok", "object", "column ok boolean", "type text"),
        ),
    ],
)
def test_what_cannot_be_compared_is_a_difference(
    moved: Moved, change: str, expected: Difference
) -> None:
    """A table or column that is not there, or of a type that no cast makes comparable."""
    moved.change(change)
    with moved.connections() as (_, target):
        found = read_target_table(target, SCHEMA, moved.plan)
    assert found.differences == (expected,)


def test_domains_enums_and_narrow_types_are_read_as_they_store(moved: Moved) -> None:
    """An ORM's own types are no obstacle, and what they lose is found."""
    moved.change(
        "CREATE DOMAIN label AS text",
        "CREATE DOMAIN narrow AS label",
        "CREATE TYPE mood AS ENUM ('', 'sad')",
        'ALTER TABLE t ALTER "Na""me" TYPE narrow, ALTER number TYPE smallint,'
        " ALTER empty TYPE mood USING empty::mood, ALTER zero TYPE real, ALTER ratio TYPE real",
    )
    found = compare(moved)
    assert {(difference.column, difference.source) for difference in found.differences} == {
        ("ratio", "0.1")
    }
    assert len(found.differences) == 13


def test_a_table_without_an_order_is_refused(moved: Moved) -> None:
    """It is compared as a multiset instead."""
    with pytest.raises(ValueError, match="no key"):
        compare(moved.with_plan(order_key=()))
    text_key = replace(moved.plan.columns[0], conversion="text", pg_type="text")
    moved = moved.with_plan(columns=(text_key, *moved.plan.columns[1:]))
    moved.change("ALTER TABLE t ALTER id TYPE text")
    with pytest.raises(ValueError, match="no key"):
        compare(moved)


def test_text_of_a_utf16_database_is_compared(tmp_path: Path, target: str) -> None:
    """It is read as UTF-8."""
    with closing(sqlite3.connect(tmp_path / "source.db")) as lite:
        lite.execute("PRAGMA encoding = 'UTF-16le'")
        lite.execute("CREATE TABLE other (a)")
        lite.commit()
    moved = every_kind(tmp_path / "source.db", target, 3)
    assert compare(moved).differences == ()
