"""Foreign keys of SQLite, resolved and created on PostgreSQL, or reported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dbtune.postgres.objects.foreign_keys import types_meet
from tests.fixtures.planned import (
    create,
    planned,
)


def test_actions_and_deferrability_are_kept(tmp_path: Path, target: str) -> None:
    """Each key has the clauses of its own constraint, however many there are."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c ("
        " a INT REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL,"
        " b INT DEFAULT 1 REFERENCES p ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED,"
        " d INT REFERENCES p (id) ON DELETE RESTRICT DEFERRABLE,"
        " e INT REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED)",
    )
    found = {key.columns[0]: key for key in plan.table("c").foreign_keys}
    assert (found["a"].on_delete, found["a"].on_update) == ("CASCADE", "SET NULL")
    assert (found["b"].on_delete, found["b"].initially_deferred) == ("SET DEFAULT", True)
    assert (found["d"].deferrable, found["d"].initially_deferred) == (True, False)
    assert (found["e"].deferrable, found["e"].initially_deferred) == (False, False)
    create(target, plan)


def test_parents_are_found_as_sqlite_finds_them(tmp_path: Path, target: str) -> None:
    """In another letter case, by their primary key, later in the file, and themselves."""
    plan = planned(
        tmp_path,
        'CREATE TABLE c (rid INT UNIQUE, a INT, b INT, "É" INT, FOREIGN KEY (A, B) REFERENCES'
        ' PARENT, FOREIGN KEY (É) REFERENCES "É" (É), FOREIGN KEY (a) REFERENCES c (rid))',
        "CREATE TABLE Parent (A INT, B INT, PRIMARY KEY (B, A))",
        'CREATE TABLE "é" (x INT PRIMARY KEY)',
        'CREATE TABLE "É" ("É" INT PRIMARY KEY)',
    )
    keys = {key.referenced_table: key for key in plan.table("c").foreign_keys}
    assert keys["Parent"].referenced_columns == ("B", "A")
    assert keys["Parent"].columns == ("a", "b")
    assert keys["É"].referenced_columns == ("É",)
    assert keys["c"].referenced_columns == ("rid",)
    create(target, plan)


def test_circles_are_created(tmp_path: Path, target: str) -> None:
    """Two tables that refer to each other, with rows, are valid."""
    plan = planned(
        tmp_path,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a)",
        "INSERT INTO a VALUES (1, 1)",
        "INSERT INTO b VALUES (1, 1)",
    )
    assert all(key.validated for t in plan.plan.tables for key in t.foreign_keys)
    create(target, plan)


@pytest.mark.parametrize(
    ("parent", "child", "words"),
    [
        ("CREATE TABLE p (id INT)", "a INT REFERENCES nowhere (id)", "nowhere"),
        ("CREATE TABLE p (id INT)", "a INT REFERENCES p (id)", "not unique"),
        ("CREATE TABLE p (id INT)", "a INT REFERENCES p", "no such columns"),
        ("CREATE TABLE p (id INT PRIMARY KEY)", "a INT REFERENCES p (gone)", "no such columns"),
        ("CREATE VIEW p AS SELECT 1 AS id", "a INT REFERENCES p (id)", "no table"),
    ],
)
def test_keys_without_a_parent_are_reported(
    tmp_path: Path, target: str, parent: str, child: str, words: str
) -> None:
    """What SQLite cannot enforce either is named and left out."""
    plan = planned(tmp_path, parent, f"CREATE TABLE c ({child})")
    found = plan.warning("foreign-key-not-created")
    assert found.subject == "c.a" and words in found.message
    assert not plan.table("c").foreign_keys
    create(target, plan)


def test_a_partial_unique_index_is_no_parent(tmp_path: Path) -> None:
    """Neither SQLite nor PostgreSQL takes it."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (id INT)",
        "CREATE UNIQUE INDEX i ON p (id) WHERE id > 0",
        "CREATE TABLE c (a INT REFERENCES p (id))",
    )
    assert "not unique" in plan.warning("foreign-key-not-created").message


def test_an_index_that_names_its_column_twice_is_a_parent(tmp_path: Path, target: str) -> None:
    """PostgreSQL refuses such an index as a parent, so that it is created with the column once."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (id INT, b INT)",
        "CREATE UNIQUE INDEX i ON p (id DESC, b, id)",
        "CREATE TABLE c (a INT, b INT, FOREIGN KEY (b, a) REFERENCES p (b, id))",
    )
    (index,) = plan.table("p").indexes
    assert [key.partition(" ")[0] for key in index.keys] == ['"id"', '"b"']
    assert plan.table("c").foreign_keys
    create(target, plan)


def test_a_unique_index_is_a_parent(tmp_path: Path, target: str) -> None:
    """CREATE UNIQUE INDEX serves as well as a constraint."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (id INT)",
        "CREATE UNIQUE INDEX i ON p (id)",
        "CREATE TABLE c (a INT REFERENCES p (id))",
    )
    create(target, plan)
    assert plan.table("c").foreign_keys and plan.codes() == []


ORPHANS = (
    "CREATE TABLE p (id INTEGER PRIMARY KEY)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, a INT REFERENCES p)",
    "CREATE TABLE g (a INT REFERENCES c)",
    "INSERT INTO p VALUES (1)",
    "INSERT INTO c VALUES (1, 1), (2, 99), (3, NULL), (4, 98)",
    "INSERT INTO g VALUES (1), (2)",
)


def test_orphans_are_kept_and_named(tmp_path: Path, target: str) -> None:
    """The key is NOT VALID, and the finding has the count and the rows."""
    plan = planned(tmp_path, *ORPHANS)
    found = plan.warning("foreign-key-orphans")
    assert found.subject == "c.a" and "2 rows (rowid 2, rowid 4)" in found.message
    assert [key.validated for key in plan.table("c").foreign_keys] == [False]
    assert [key.validated for key in plan.table("g").foreign_keys] == [True]
    create(target, plan)


def test_orphans_can_stop_the_plan(tmp_path: Path) -> None:
    """--orphans fail is a stop."""
    plan = planned(tmp_path, *ORPHANS, orphans="fail")
    (stop,) = plan.objects.stops
    assert stop.subject == "c.a" and "--orphans" in stop.help


def selected(tmp_path: Path, table: str, wheres: tuple[str, ...]) -> list[int]:
    """The rowids that conditions select on the source."""
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        return [
            row[0]
            for where in wheres
            for row in connection.execute(f"SELECT rowid FROM {table} WHERE {where} ORDER BY 1")
        ]


def test_orphans_can_be_rejected_with_those_that_refer_to_them(tmp_path: Path) -> None:
    """A rejected parent makes orphans of its children."""
    plan = planned(tmp_path, *ORPHANS, orphans="reject")
    assert selected(tmp_path, "c", plan.table("c").reject_where) == [2, 4]
    assert selected(tmp_path, "g", plan.table("g").reject_where) == [2]
    assert all(key.validated for t in plan.plan.tables for key in t.foreign_keys)


def test_orphans_can_become_null(tmp_path: Path) -> None:
    """The column is NULL in those rows, and nothing else changes."""
    plan = planned(tmp_path, *ORPHANS, orphans="null")
    (column,) = (c for c in plan.table("c").columns if c.null_where)
    assert column.source == "a" and not column.clean
    assert selected(tmp_path, "c", column.null_where) == [2, 4]
    assert all(key.validated for t in plan.plan.tables for key in t.foreign_keys)


@pytest.mark.parametrize("column", ["a INT NOT NULL", "a INTEGER PRIMARY KEY"])
def test_orphans_that_may_not_be_null_stop_the_plan(tmp_path: Path, column: str) -> None:
    """NOT NULL leaves keep and reject, and so does a rowid, which is never NULL."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        f"CREATE TABLE c ({column} REFERENCES p)",
        "INSERT INTO c VALUES (1)",
        orphans="null",
    )
    assert "NOT NULL" in plan.objects.stops[0].message


def test_rejected_rows_of_a_circle_leave_the_key_unproven(tmp_path: Path) -> None:
    """What a rejected row was the parent of is not followed round a circle."""
    plan = planned(
        tmp_path,
        "CREATE TABLE s (id INTEGER PRIMARY KEY, parent INT REFERENCES s)",
        "INSERT INTO s VALUES (1, 99), (2, 1), (3, 3)",
        orphans="reject",
    )
    assert selected(tmp_path, "s", plan.table("s").reject_where) == [1]
    assert [key.validated for key in plan.table("s").foreign_keys] == [False]


@pytest.mark.parametrize(
    ("own", "other", "orphans"),
    [
        ("a TEXT", "id TEXT", 1),
        ("a VARCHAR", "id CLOB", 1),
        ("a", "id", 1),
        ("a COLLATE NOCASE", "id TEXT", 1),
        ("a TEXT", "id TEXT COLLATE RTRIM", 1),
    ],
)
def test_rows_are_compared_as_postgresql_will(
    tmp_path: Path, target: str, own: str, other: str, orphans: int
) -> None:
    """Text is equal where its bytes are, whatever collation SQLite compares by."""
    plan = planned(
        tmp_path,
        f"CREATE TABLE p ({other} PRIMARY KEY)",
        f"CREATE TABLE c ({own} REFERENCES p)",
        "INSERT INTO p VALUES ('x'), ('Y')",
        "INSERT INTO c VALUES ('x'), (NULL), ('y  ')",
    )
    assert f"{orphans} row" in plan.warning("foreign-key-orphans").message
    create(target, plan)


def test_composite_keys_with_a_null_are_no_orphans(tmp_path: Path) -> None:
    """MATCH SIMPLE, on both sides; a NULL among the parents hides no orphan."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (a INT, b INT, UNIQUE (a, b))",
        "CREATE TABLE c (a INT, b INT, FOREIGN KEY (a, b) REFERENCES p (a, b))",
        "INSERT INTO p VALUES (1, 1), (NULL, 2), (3, NULL)",
        "INSERT INTO c VALUES (1, 1), (NULL, 9), (9, NULL), (1, 2)",
    )
    assert "1 row (rowid 4)" in plan.warning("foreign-key-orphans").message


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("integer", "bigint"),
        ("bigint", "integer"),
        ("bigint", "numeric"),
        ("numeric", "bigint"),
        ("bigint", "double precision"),
        ("double precision", "bigint"),
        ("numeric", "double precision"),
        ("text", "varchar(10)"),
        ("varchar(5)", "text"),
        ("text", "bigint"),
        ("bigint", "text"),
        ("uuid", "text"),
        ("text", "uuid"),
        ("uuid", "uuid"),
        ("boolean", "bigint"),
        ("date", "timestamp without time zone"),
        ("timestamp without time zone", "timestamp with time zone"),
        ("numeric(5,2)", "numeric"),
        ("bytea", "text"),
        ("jsonb", "jsonb"),
    ],
)
def test_types_meet_only_where_postgresql_agrees(target: str, child: str, parent: str) -> None:
    """What is promised is created; the few date types that PostgreSQL mixes are not promised."""
    with psycopg.connect(target) as connection:
        connection.execute(f"CREATE TABLE p (id {parent} PRIMARY KEY)".encode())
        try:
            connection.execute(f"CREATE TABLE c (id {child} REFERENCES p)".encode())
            agrees = True
        except psycopg.errors.DatatypeMismatch:
            agrees = False
    if child != parent and ("date" in child or "time" in child):
        assert not types_meet(child, parent)
    else:
        assert types_meet(child, parent) == agrees
