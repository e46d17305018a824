"""Indexes and UNIQUE, planned and created on PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dbtune.model.transfer import IndexPlan
from tests.fixtures.planned import (
    create,
    plan_database,
    planned,
    run,
)

INDEXES: list[tuple[str, tuple[str, ...], bool]] = [
    ("CREATE INDEX i ON t (n)", ('"n"',), False),
    ("CREATE INDEX i ON t (n DESC)", ('"n" DESC',), False),
    ("CREATE INDEX i ON t (m, m DESC)", ('"m"', '"m" DESC'), False),
    ("CREATE UNIQUE INDEX i ON t (s, n)", ('"s"', '"n"'), True),
    ("CREATE INDEX i ON t (s COLLATE NOCASE)", ('lower("s" COLLATE "C")',), False),
    ("CREATE INDEX i ON t (s COLLATE RTRIM)", ('rtrim("s")',), False),
    ("CREATE INDEX i ON t (n COLLATE NOCASE)", ('"n"',), False),
    ("CREATE INDEX i ON t (lower(s))", ('(lower("s" COLLATE "C"))',), False),
    # PostgreSQL drops such a cast: the key is the column.
    ("CREATE INDEX i ON t (CAST(n AS INTEGER) DESC)", ('"n" DESC',), False),
    ("CREATE INDEX i ON t (CAST(s AS TEXT) COLLATE NOCASE)", ('lower("s" COLLATE "C")',), False),
    ("CREATE INDEX i ON t (substr(s, 1, 3))", ('(substr("s", 1, 3))',), False),
]


@pytest.mark.parametrize(("statement", "keys", "unique"), INDEXES)
def test_indexes_keep_direction_collation_and_place_of_nulls(
    tmp_path: Path, target: str, statement: str, keys: tuple[str, ...], unique: bool
) -> None:
    """NULL is below all values in SQLite; a column without NULLs needs no place for them."""
    plan = planned(tmp_path, "CREATE TABLE t (n INT, m INT NOT NULL, s TEXT)", statement)
    assert plan.table("t").indexes == (IndexPlan("i", "i", unique, keys),)
    create(target, plan)


def test_partial_indexes_keep_their_condition(tmp_path: Path, target: str) -> None:
    """The condition is translated as a condition."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (n INT, s TEXT)",
        "CREATE UNIQUE INDEX i ON t (n) WHERE s IS NOT NULL AND n",
    )
    create(target, plan)
    run(target, "INSERT INTO t VALUES (0, 'a'), (0, 'a'), (1, NULL), (1, 'a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(target, "INSERT INTO t VALUES (1, 'b')")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE INDEX i ON t (typeof(n), strftime('%s', s))", "i"),
        ("CREATE INDEX i ON t (n) WHERE own(s)", "own()"),
        ("CREATE INDEX i ON t (own(s))", "own()"),
    ],
)
def test_indexes_that_do_not_translate_are_reported(
    tmp_path: Path, statement: str, why: str
) -> None:
    """The finding names the index and why; its SQL is kept."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("own", 1, str, deterministic=True)
        connection.execute("CREATE TABLE t (n INT, s TEXT)")
        connection.execute(statement)
        connection.commit()
    plan = plan_database(path)
    found = plan.warning("index-not-translated")
    assert found.subject == "t.i" and why in found.message
    assert plan.objects.saved_sql == (("i", statement),)
    assert not plan.table("t").indexes


def test_nocase_is_unique_for_ascii_only(tmp_path: Path, target: str) -> None:
    """UNIQUE COLLATE NOCASE without citext: a and A are one, É and é are two."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (s TEXT COLLATE NOCASE UNIQUE)",
        "INSERT INTO t VALUES ('É'), ('é')",
    )
    create(target, plan)
    assert "NOCASE" in plan.warning("index-collation").message
    run(target, "INSERT INTO t VALUES ('É'), ('é'), ('a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run(target, "INSERT INTO t VALUES ('A')")


def test_a_nocase_primary_key_is_both(tmp_path: Path, target: str) -> None:
    """The key stays a key, for foreign keys, beside the index that ignores case."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (s TEXT COLLATE NOCASE PRIMARY KEY)",
        "CREATE TABLE c (s TEXT REFERENCES p)",
        "INSERT INTO p VALUES ('É')",
        "INSERT INTO c VALUES ('É')",
    )
    create(target, plan)
    assert plan.table("p").primary_key == ("s",)
    assert [index.constraint for index in plan.table("p").indexes] == [False]
    assert [key.validated for key in plan.table("c").foreign_keys] == [True]


def test_a_foreign_key_to_a_nocase_column_finds_its_constraint(tmp_path: Path, target: str) -> None:
    """PostgreSQL takes no index over lower() for a foreign key: UNIQUE stands beside it."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (s TEXT COLLATE NOCASE UNIQUE)",
        "CREATE TABLE c (s TEXT REFERENCES p (s))",
        "INSERT INTO p VALUES ('Bob')",
        "INSERT INTO c VALUES ('bob')",
    )
    create(target, plan)
    assert sorted(index.constraint for index in plan.table("p").indexes) == [False, True]
    # SQLite finds bob's parent, PostgreSQL would not.
    assert [key.validated for key in plan.table("c").foreign_keys] == [False]
    assert "1 row (rowid 1) has no parent" in plan.warning("foreign-key-orphans").message


def test_an_index_by_the_applications_collation_is_reported(tmp_path: Path, target: str) -> None:
    """The data moves; the index is created in PostgreSQL's order and named."""
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("OWN", lambda a, b: (a > b) - (a < b))
        connection.execute("CREATE TABLE t (s TEXT COLLATE OWN)")
        connection.execute("CREATE INDEX i ON t (s)")
        connection.execute("INSERT INTO t VALUES ('b'), ('a')")
        connection.commit()
    plan = plan_database(path)
    assert "OWN" in plan.warning("index-collation").message
    assert plan.warning("index-collation").subject == "t.i"
    create(target, plan)
