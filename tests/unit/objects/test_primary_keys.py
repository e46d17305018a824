"""Primary keys and identities, planned and created on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.fixtures.planned import (
    create,
    planned,
    run,
    target_facts,
)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["CREATE TABLE t (id INTEGER PRIMARY KEY)"], 1),
        (["CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (41)"], 42),
        (["CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (-5)"], 1),
        (
            [
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
                "INSERT INTO t VALUES (7)",
                "DELETE FROM t",
            ],
            8,
        ),
        (
            [
                "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
                "INSERT INTO t VALUES (7)",
                "UPDATE sqlite_sequence SET seq = 'x'",
            ],
            8,
        ),
        (
            ["CREATE TABLE t (id INTEGER PRIMARY KEY)", f"INSERT INTO t VALUES ({2**63 - 1})"],
            2**63,
        ),
    ],
)
def test_the_next_identity_follows_what_sqlite_gave(
    tmp_path: Path, target: str, statements: list[str], expected: int
) -> None:
    """The next value is beyond the largest id and what AUTOINCREMENT remembers."""
    plan = planned(tmp_path, *statements)
    assert plan.table("t").identity_next == expected
    create(target, plan)
    if expected < 2**63:
        assert run(target, "INSERT INTO t DEFAULT VALUES RETURNING id") == [(expected,)]
    else:
        with pytest.raises(psycopg.errors.SequenceGeneratorLimitExceeded):
            run(target, "INSERT INTO t DEFAULT VALUES")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY DESC)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t (id INTEGER, b INTEGER, PRIMARY KEY (id, b))",
    ],
)
def test_other_primary_keys_have_no_identity(tmp_path: Path, target: str, statement: str) -> None:
    """Only INTEGER PRIMARY KEY numbers rows by itself."""
    plan = planned(tmp_path, statement)
    assert plan.table("t").primary_key and plan.table("t").identity_next is None
    assert not any(column.identity for column in plan.table("t").columns)
    create(target, plan)


def test_null_in_a_primary_key_makes_it_unique(tmp_path: Path, target: str) -> None:
    """SQLite takes NULLs in a primary key; the finding names them and the rows."""
    plan = planned(
        tmp_path, "CREATE TABLE t (a TEXT PRIMARY KEY)", "INSERT INTO t VALUES (NULL), ('x')"
    )
    assert plan.table("t").primary_key == ()
    (unique,) = plan.table("t").indexes
    assert unique.constraint and unique.keys == ('"a"',)
    message = plan.warning("primary-key-null").message
    assert "NULL" in message and "primary key" in message and "rowid 1" in message
    create(target, plan)
    assert run(target, "INSERT INTO t VALUES (NULL), (NULL) RETURNING a") == [(None,), (None,)]


@pytest.mark.parametrize(
    ("statement", "order_key"),
    [
        ("CREATE TABLE t (id INTEGER PRIMARY KEY)", ("id",)),
        ("CREATE TABLE t (a INT, b INT, PRIMARY KEY (b, a))", ("b", "a")),
        ("CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (a, b))", ()),
        ("CREATE TABLE t (a INT)", ()),
    ],
)
def test_keys_of_integers_order_rows_alike(
    tmp_path: Path, statement: str, order_key: tuple[str, ...]
) -> None:
    """A key of integers only is the same order on both sides."""
    assert planned(tmp_path, statement).table("t").order_key == order_key


def test_derived_names_give_way(tmp_path: Path, target: str) -> None:
    """A table, an index and constraints that are called what PostgreSQL would choose."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, CHECK (a > 0),"
        " CONSTRAINT t_a_check CHECK (a < 9), CONSTRAINT t_a_not_null CHECK (a <> 5))",
        "CREATE TABLE t_id_seq (x INT CONSTRAINT t_pkey PRIMARY KEY)",
        "CREATE INDEX t_pkey ON t (a)",
        "CREATE TABLE t_a_key (x INT NOT NULL CONSTRAINT t_a_key_x_not_null CHECK (x > 1))",
        target=target_facts(target),
    )
    create(target, plan)
    assert plan.table("t").primary_key_name == "t_pkey1"


def test_declared_names_of_constraints_are_kept(tmp_path: Path, target: str) -> None:
    """CONSTRAINT gives the names on PostgreSQL too."""
    plan = planned(
        tmp_path,
        "CREATE TABLE p (a INT, b INT, CONSTRAINT pk PRIMARY KEY (a), CONSTRAINT uq UNIQUE (b, a),"
        " CONSTRAINT ck CHECK (a > 0), CONSTRAINT fk FOREIGN KEY (b) REFERENCES p (a))",
    )
    table = plan.table("p")
    assert (table.primary_key_name, table.indexes[0].target) == ("pk", "uq")
    assert (table.checks[0].target, table.foreign_keys[0].target) == ("ck", "fk")
    create(target, plan)
