"""Views of SQLite on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psycopg

from dbtune.postgres.objects.verify_objects import check_objects
from tests.fixtures.planned import (
    Planned,
    create_objects,
    make_database,
    plan_database,
)


def planned(tmp_path: Path, *statements: str) -> Planned:
    """The plan of a database with a table t (id, a, s) and more."""
    table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, s TEXT)"
    return plan_database(make_database(tmp_path / "s.db", table, *statements))


def rows(target: str, plan: Planned, query: str) -> list[tuple[object, ...]]:
    """What a query returns after all objects and two rows are there."""
    with psycopg.connect(target) as connection:
        create_objects(connection, plan.plan)
        assert check_objects(connection, "public", plan.plan) == ()
        connection.execute("INSERT INTO t (a, s) VALUES (1, 'x'), (NULL, 'y')")
        return connection.execute(query.encode()).fetchall()


def test_views_are_created_with_their_columns(tmp_path: Path, target: str) -> None:
    """Named ones, computed ones, and names that only AS gives in the statement."""
    plan = planned(tmp_path, "CREATE VIEW v (x, \"AS y\") AS SELECT ifnull(a, 0), s || '!' FROM t")
    assert rows(target, plan, 'SELECT x, "AS y" FROM v ORDER BY 1') == [(0, "y!"), (1, "x!")]


def test_views_on_views_come_after_them(tmp_path: Path, target: str) -> None:
    """Whatever the order in which SQLite has them."""
    plan = planned(
        tmp_path,
        "CREATE VIEW a_last AS SELECT n + 1 AS m FROM z_first",
        "CREATE VIEW z_first AS SELECT a AS n FROM t",
    )
    assert [view.source for view in plan.plan.views] == ["z_first", "a_last"]
    assert rows(target, plan, "SELECT m FROM a_last ORDER BY 1") == [(2,), (None,)]


def test_unnamed_columns_keep_sqlites_names(tmp_path: Path, target: str) -> None:
    """count(*) is called that."""
    plan = planned(tmp_path, "CREATE VIEW v AS SELECT count(*), max(a) FROM t")
    assert rows(target, plan, 'SELECT "count(*)", "max(a)" FROM v') == [(2, 1)]


def test_views_that_do_not_translate_are_reported(tmp_path: Path, target: str) -> None:
    """With what they are made of, and those that use them."""
    plan = planned(
        tmp_path,
        "CREATE VIEW odd AS SELECT likelihood(a, 0.5) AS x, soundex(s) AS y FROM t",
        "CREATE VIEW on_odd AS SELECT x FROM odd",
        "CREATE VIEW broken AS SELECT x FROM nowhere",
    )
    assert sorted(plan.codes()) == [
        ("view-not-translated", "broken"),
        ("view-not-translated", "odd"),
        ("view-not-translated", "on_odd"),
    ]
    assert {name for name, _ in plan.objects.saved_sql} == {"odd", "on_odd", "broken"}
    rows(target, plan, "SELECT 1")


def test_long_names_of_a_views_columns_are_cut(tmp_path: Path, target: str) -> None:
    """Two of the same first 63 bytes stay two, as in a table."""
    long = "x" * 70
    plan = planned(tmp_path, f"CREATE VIEW v AS SELECT id AS {long}a, a AS {long}b FROM t")
    assert [code for code, _ in plan.codes()] == ["name-changed", "name-changed"]
    assert rows(target, plan, "SELECT count(*) FROM v") == [(2,)]
