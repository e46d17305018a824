"""The comparison that tests of migrations rely on sees what it is there to see."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.independent_compare import Expected, compare_databases

CREATE = (
    "CREATE TABLE t (id bigint, name text, data bytea, ratio float8, price numeric, at timestamp,"
    " zoned timestamptz, counted timestamptz, day date, clock time, key uuid, doc jsonb,"
    " ok boolean)"
)
ROW = (
    1,
    "é",
    b"\0\xff",
    0.1,
    12.5,
    "2021-01-01T10:00:00.1234567",
    "0001-01-02 00:00:00+05:30",
    1_600_000_000_123,
    "9999-12-31",
    "10:00",
    "6F9619FF8B86D011B42D00C04FC964FF",
    '{"b": 1.50, "a": []}',
    1,
)
INSERT = (
    "INSERT INTO t VALUES (1, 'é', '\\x00ff', 0.1, 12.50, '2021-01-01 10:00:00.123456',"
    " '0001-01-01 18:30:00+00', '2020-09-13 12:26:40.123+00', '9999-12-31', '10:00:00',"
    " '6f9619ff-8b86-d011-b42d-00c04fc964ff', '{\"a\": [], \"b\": 1.5}', true)"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file whose one row has a value of each kind, and one that has nulls."""
    path = tmp_path / "source.db"
    with closing(sqlite3.connect(path)) as lite:
        lite.execute(
            "CREATE TABLE t (id, name, data, ratio, price, at, zoned, counted, day, clock, key,"
            " doc, ok)"
        )
        lite.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(ROW))})", ROW)
        lite.execute("INSERT INTO t (id) VALUES (2)")
        lite.commit()
    return path


def migrate(target: str, *changes: str) -> None:
    """Give the target what the source has, and then run `changes`."""
    with psycopg.connect(target) as connection:
        for statement in (CREATE, INSERT, "INSERT INTO t (id) VALUES (2)", *changes):
            connection.execute(statement.encode())


def test_equal_databases_have_no_differences(source: Path, target: str) -> None:
    """Each kind of value is read as what it is."""
    migrate(target)
    assert compare_databases(source, target) == []


@pytest.mark.parametrize(
    "change",
    [
        "name = 'É'",
        "name = ''",
        "name = NULL",
        "data = '\\x01ff'",
        "ratio = 0.10000000000000002",
        "price = 12.51",
        "at = at + interval '1 us'",
        "zoned = zoned + interval '1 us'",
        "counted = counted - interval '1 us'",
        "day = 'infinity'",
        "clock = '10:00:00.000001'",
        "key = '6f9619ff-8b86-d011-b42d-00c04fc964fe'",
        'doc = \'{"a": [], "b": "1.5"}\'',
        "ok = false",
    ],
)
def test_a_changed_value_is_a_difference(source: Path, target: str, change: str) -> None:
    """The row is named on both sides."""
    migrate(target, f"UPDATE t SET {change} WHERE id = 1")
    found = compare_databases(source, target)
    assert [text.split(" (1): ")[0] for text in found] == [
        "t: only in the source",
        "t: only in the target",
    ]


@pytest.mark.parametrize(
    ("change", "side"),
    [
        ("DELETE FROM t WHERE id = 2", "t: only in the source (1)"),
        ("INSERT INTO t (id) VALUES (2)", "t: only in the target (1)"),
        ("DROP TABLE t", "t: the target has no table t"),
        ("ALTER TABLE t DROP COLUMN ok", "t: the target has no column ok"),
    ],
)
def test_a_missing_part_is_a_difference(source: Path, target: str, change: str, side: str) -> None:
    """Rows too few and too many, tables and columns."""
    migrate(target, change)
    found = compare_databases(source, target)
    assert len(found) == 1
    assert found[0].startswith(side)


def test_what_was_asked_for_is_no_difference(source: Path, target: str) -> None:
    """Other names, rows kept back and repaired values are expected as told."""
    migrate(
        target,
        "DELETE FROM t WHERE id = 2",
        "ALTER TABLE t RENAME COLUMN name TO called",
        "ALTER TABLE t RENAME TO u",
        "UPDATE u SET called = 'repaired'",
    )
    expected = Expected(
        tables={"t": "u"},
        columns={("t", "name"): "called"},
        kept_back={"t": "id = 2"},
        changed={("t", "name"): lambda value: "repaired"},
    )
    assert compare_databases(source, target, expected) == []
