"""Index keys that are too long for PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.planned import (
    create,
    make_database,
    plan_database,
    planned,
)


@pytest.mark.parametrize(
    ("index", "rows_kept_apart"),
    [
        ("CREATE UNIQUE INDEX i ON t (s)", True),
        ("CREATE UNIQUE INDEX i ON t (n, s)", True),
        ("CREATE INDEX i ON t (s)", False),
        ("CREATE INDEX i ON t (n, s)", False),
        ("CREATE INDEX i ON t (s, n)", False),
        ("CREATE UNIQUE INDEX i ON t (b)", True),
        ("CREATE INDEX i ON t (upper(s))", False),
    ],
)
def test_keys_beyond_the_limit_of_postgresql(
    tmp_path: Path, target: str, index: str, rows_kept_apart: bool
) -> None:
    """Long values are unique over a hash, or indexed as far as they can be, and reported."""
    path = make_database(tmp_path / "s.db", "CREATE TABLE t (n INT, s TEXT, b BLOB)", index)
    # Digits of digests, which compress to half: PostgreSQL measures after compression.
    long = "".join(chr(33 + (i * i * 7 + i // 3) % 90) for i in range(9000))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (1, ?, ?)", (long, long.encode()))
        connection.commit()
    plan = plan_database(path)
    found = plan.warning("index-key-too-long")
    assert found.subject == "t.i" and "2,704" in found.message
    create(target, plan)
    insert = "INSERT INTO t VALUES (1, %s, %s)"
    with psycopg.connect(target) as connection:
        connection.execute(insert, (long, long.encode()))
        connection.execute(insert, (long + "x", (long + "x").encode()))
        if rows_kept_apart:
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute(insert, (long, long.encode()))


def test_a_long_primary_key_is_unique_over_a_hash(tmp_path: Path, target: str) -> None:
    """The table has no primary key on PostgreSQL, and what refers to it is named."""
    path = make_database(
        tmp_path / "s.db",
        "CREATE TABLE t (s TEXT PRIMARY KEY NOT NULL)",
        "CREATE TABLE c (s TEXT REFERENCES t)",
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO t VALUES (?)", ("x" * 3000,))
        connection.commit()
    plan = plan_database(path)
    assert plan.table("t").primary_key == ()
    assert plan.codes() == [("index-key-too-long", "t.s"), ("foreign-key-not-created", "c.s")]
    create(target, plan)


def test_long_values_outside_a_partial_index_do_not_count(tmp_path: Path) -> None:
    """What the index does not hold may be of any length."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (s TEXT)",
        "CREATE INDEX i ON t (s) WHERE length(s) < 100",
        "INSERT INTO t VALUES (hex(zeroblob(3000)))",
    )
    assert plan.codes() == [("index-translated", "t.i")]
