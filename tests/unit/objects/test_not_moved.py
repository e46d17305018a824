"""What PostgreSQL has nothing like: conflict clauses, triggers, virtual tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.planned import (
    create,
    planned,
)


def test_conflict_clauses_are_reported(tmp_path: Path, target: str) -> None:
    """The constraint is kept; what SQLite did instead is named."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE, a TEXT UNIQUE ON CONFLICT"
        " IGNORE, b INT NOT NULL ON CONFLICT ABORT, c INT NOT NULL ON CONFLICT REPLACE DEFAULT 0)",
    )
    assert plan.codes() == [
        ("on-conflict-lost", "t.id"),
        ("on-conflict-lost", "t.a"),
        ("on-conflict-lost", "t.c"),
    ]
    assert "ON CONFLICT REPLACE" in plan.objects.warnings[0].message
    create(target, plan)


def test_triggers_are_named_and_kept(tmp_path: Path) -> None:
    """Each is a finding, and its SQL is saved."""
    sql = "CREATE TRIGGER trg AFTER INSERT ON t BEGIN DELETE FROM t; END"
    plan = planned(tmp_path, "CREATE TABLE t (a)", sql)
    assert plan.codes() == [("trigger-not-moved", "t.trg")]
    assert plan.objects.saved_sql == (("trg", sql),)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE VIRTUAL TABLE f USING fts5(body)"], ["fts5", "empty"]),
        (
            ["CREATE VIRTUAL TABLE f USING fts5(body)", "INSERT INTO f VALUES ('x'), ('y')"],
            ["2 rows", "not carried"],
        ),
        (
            ["CREATE TABLE d (body)", "CREATE VIRTUAL TABLE f USING fts5(body, content='d')"],
            ['over "d"'],
        ),
        (["CREATE VIRTUAL TABLE f USING fts5(body, content='')"], ["without texts"]),
        # As Room and sqlite-utils write it.
        (
            ["CREATE TABLE d (body)", "CREATE VIRTUAL TABLE f USING fts4(body, content=`d`)"],
            ['over "d"'],
        ),
        (
            ["CREATE VIRTUAL TABLE f USING rtree(id, x0, x1)", "INSERT INTO f VALUES (1, 2, 3)"],
            ["rtree", "1 row lives only there", "f_node"],
        ),
    ],
)  # fmt: skip
def test_virtual_tables_are_reported(
    tmp_path: Path, statements: list[str], words: list[str]
) -> None:
    """The module, and what lives only there; shadow tables are no tables."""
    plan = planned(tmp_path, *statements)
    found = plan.warning("virtual-table")
    assert found.subject == "f"
    assert all(word in found.message for word in ["virtual", *words])
    assert all(not table.source.startswith("f") for table in plan.plan.tables)


def test_an_unknown_module_is_reported(tmp_path: Path) -> None:
    """Nothing is known of its contents."""
    plan = planned(
        tmp_path,
        "CREATE TABLE t (a)",
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_master VALUES"
        " ('table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING own(a)')",
    )
    assert plan.codes() == [("virtual-table", "x")]
    assert "own" in plan.warning("virtual-table").message
