"""Comparison without an order: planted changes are found, named by key, rowid or values."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.postgres.verification.compared_rows import BLOCK_ROWS, ComparedTable, Selection
from dbtune.postgres.verification.differences import NAMED_AT_MOST, Compared
from dbtune.postgres.verification.target_columns import read_target_table
from dbtune.postgres.verification.verify_multiset import (
    Buckets,
    bucket_count,
    compare_multiset,
    source_buckets,
    target_buckets,
)
from tests.fixtures.moved_table import SCHEMA, Moved, column, every_kind, move
from tests.fixtures.mutations import GROUPS, plant

NONCE = b"0123456789abcdef"
PAIR = (column("a", "text", "mixed", "text"), column("b", "integer", "integer", "bigint"))


def compare(moved: Moved) -> Compared:
    """Compare a table as it is now."""
    with moved.connections() as (source, target):
        found = read_target_table(target, SCHEMA, moved.plan)
        table = ComparedTable(moved.plan, SCHEMA, found.columns, NONCE)
        return compare_multiset(source, target, table)


def places(compared: Compared) -> list[tuple[str, str | None, str]]:
    """Row, column and kind of each difference."""
    return [(found.row, found.column, found.kind) for found in compared.differences]


@pytest.fixture
def pairs(tmp_path: Path, target: str) -> Moved:
    """A table without a key, some of whose rows are there twice."""
    rows = [(f"n{i}", i) for i in range(50)] + [("twice", 1), ("twice", 1), (None, None), ("", 0)]
    return move(tmp_path / "source.db", target, PAIR, rows, rows)


def test_equal_tables_have_no_differences(pairs: Moved) -> None:
    """Rows that are there twice count twice, in any order."""
    pairs.change("CREATE TABLE other AS SELECT * FROM t ORDER BY a DESC", "DROP TABLE t")
    pairs.change("ALTER TABLE other RENAME TO t")
    assert compare(pairs) == Compared(rows=54, target_rows=54)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("key", [(), ("id",)])
def test_changed_values_are_named(
    tmp_path: Path, target: str, group: tuple[tuple[str, str], ...], key: tuple[str, ...]
) -> None:
    """Table, column and row are told, and nothing but the changes; by rowid without a key."""
    moved = every_kind(tmp_path / "source.db", target, 45).with_plan(order_key=(), primary_key=key)
    statements, expected = plant(group)
    moved.change(*statements)
    found = compare(moved)
    if not key:
        expected = [(row.replace("id=", "rowid "), name) for row, name in expected]
    assert sorted((row, name) for row, name, _ in places(found)) == sorted(expected)
    assert found.more == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DELETE FROM t WHERE b = 5", [("rowid 6", None, "missing")]),
        ("INSERT INTO t VALUES ('it''s', 5)", [('a="it\'s", b=5', None, "extra")]),
        ("INSERT INTO t VALUES ('twice', 1)", [("a='twice', b=1", None, "extra")]),
        (
            "DELETE FROM t WHERE b = 5; INSERT INTO t VALUES ('n6', 6)",
            [("rowid 6", None, "missing"), ("a='n6', b=6", None, "extra")],
        ),
        ("UPDATE t SET a = 'Twice' WHERE a = 'n7'", [("rowid 8", "a", "value")]),
        ("UPDATE t SET a = '' WHERE a IS NULL", [("rowid 53", "a", "value")]),
        ("UPDATE t SET b = NULL WHERE b = 0 AND a = ''", [("rowid 54", "b", "value")]),
        (
            "UPDATE t SET b = CASE b WHEN 5 THEN 6 ELSE 5 END WHERE b IN (5, 6)",
            [("rowid 6", "b", "value"), ("rowid 7", "b", "value")],
        ),
    ],
)
def test_rows_without_a_key_are_named(
    pairs: Moved, change: str, expected: list[tuple[str, str | None, str]]
) -> None:
    """By their rowid, or by their values where only the target has them."""
    pairs.change(*change.split("; "))
    found = compare(pairs)
    assert sorted(places(found), key=str) == sorted(expected, key=str)


def test_copies_of_a_row_are_counted(pairs: Moved) -> None:
    """A row that should be there twice and is there once is missing once."""
    pairs.change("DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE a = 'twice')")
    assert [kind for _, _, kind in places(compare(pairs))] == ["missing"]


def test_a_key_of_text_names_rows(tmp_path: Path, target: str) -> None:
    """Pairs are found by key, also where hundreds of rows differ."""
    rows = [(f"k{i}", i) for i in range(600)]
    moved = move(tmp_path / "source.db", target, PAIR, rows, rows).with_plan(primary_key=("a",))
    moved.change("UPDATE t SET b = -1 WHERE a IN (SELECT a FROM t ORDER BY random() LIMIT 500)")
    found = compare(moved)
    assert {kind for _, _, kind in places(found)} == {"value"}
    assert len(found.differences) == NAMED_AT_MOST
    assert all(row.startswith("a='k") for row, _, _ in places(found))
    moved.change("DELETE FROM t WHERE a <> 'k5'", "INSERT INTO t VALUES ('K6', 6)")
    found = compare(moved)
    assert ("a='k7'", None, "missing") in places(found)
    assert found.more > 500


def test_parts_add_up_to_the_table(tmp_path: Path, target: str) -> None:
    """Ranges of rowids and of pages cover every row once, with any bounds."""
    rows = [(f"{i:0500}", i) for i in range(BLOCK_ROWS + 100)]
    moved = move(tmp_path / "source.db", target, PAIR, rows, rows)
    count = bucket_count(len(rows))
    with moved.connections() as (source, connection):
        columns = read_target_table(connection, SCHEMA, moved.plan).columns
        table = ComparedTable(moved.plan, SCHEMA, columns, NONCE)

        def both(*parts: Selection) -> tuple[Buckets, Buckets]:
            ours = [source_buckets(source, table, part, count) for part in parts]
            theirs = [target_buckets(connection, table, part, count) for part in parts]
            return sum(ours[1:], start=ours[0]), sum(theirs[1:], start=theirs[0])

        whole = both(Selection())
        split = both(
            Selection(rowids=(None, 7), pages=(None, 1)),
            Selection(rowids=(7, 4000), pages=(1, 200)),
            Selection(rowids=(4000, None), pages=(200, None)),
        )
        part = both(Selection(rowids=(7, 4000), pages=(1, 200)))
    assert whole == split
    assert whole[0] == whole[1]
    assert whole[0].rows == len(rows)
    assert 0 < part[0].rows < len(rows)
    assert 0 < part[1].rows < len(rows)


def test_rows_kept_back_are_not_expected(pairs: Moved) -> None:
    """As by the plan's conditions."""
    kept = pairs.with_plan(reject_where=("a = 'n5'",), where="b <> 6 OR b IS NULL")
    pairs.change("DELETE FROM t WHERE b IN (5, 6)")
    assert compare(kept) == Compared(rows=52, target_rows=52)


def test_empty_tables_are_equal(tmp_path: Path, target: str) -> None:
    """No rows, no differences; a row where none should be is one."""
    moved = move(tmp_path / "source.db", target, PAIR, [], [])
    assert compare(moved) == Compared()
    moved.change("INSERT INTO t VALUES (NULL, NULL)")
    assert places(compare(moved)) == [("a=NULL, b=NULL", None, "extra")]
