"""Plans as trees: what each step does, and what it consists of."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from dbtune.report.pages.plan_tree import plan_steps, plan_tree, step_kind


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("SEARCH t USING INDEX i (a=?)", "search"),
        ("SEARCH t USING INTEGER PRIMARY KEY (rowid=?)", "search"),
        ("SCAN t", "scan"),
        ("SCAN t USING COVERING INDEX i", "scan"),
        ("SCAN (subquery-1)", "scan"),
        ("SCAN CONSTANT ROW", "other"),
        ("SCAN 3 CONSTANT ROWS", "other"),
        ("SCAN s VIRTUAL TABLE INDEX 0:M1", "other"),
        ("SEARCH t USING AUTOMATIC PARTIAL COVERING INDEX (a=?)", "sort"),
        ("SEARCH t USING AUTOMATIC COVERING INDEX (a=?)", "sort"),
        ("USE TEMP B-TREE FOR ORDER BY", "sort"),
        ("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "sort"),
        ("UNION USING TEMP B-TREE", "sort"),
        ("UNION ALL", "group"),
        ("COMPOUND QUERY", "group"),
        ("LEFT-MOST SUBQUERY", "group"),
        ("CO-ROUTINE sub", "group"),
        ("MATERIALIZE v", "group"),
        ("MULTI-INDEX OR", "group"),
        ("INDEX 1", "group"),
        ("CORRELATED SCALAR SUBQUERY 1", "group"),
        ("LIST SUBQUERY 2", "group"),
        ("MERGE (UNION ALL)", "group"),
        ("RECURSIVE STEP", "group"),
        ("BLOOM FILTER ON t (a=?)", "other"),
        ("", "other"),
    ],
)
def test_a_step_is_told_by_its_words(step: str, kind: str) -> None:
    """The words are those of https://www.sqlite.org/eqp.html."""
    assert step_kind(step) == kind


def test_inner_steps_belong_to_the_one_above() -> None:
    """By two spaces a level."""
    first, second = plan_steps(("MULTI-INDEX OR", "  INDEX 1", "    SEARCH t (a=?)", "SCAN u"))
    assert (first.text, second.text) == ("MULTI-INDEX OR", "SCAN u")
    assert first.steps[0].steps[0].kind == "search"
    assert second.steps == ()


def test_an_automatic_index_is_said_to_be_built() -> None:
    """Which takes as long as a sort, on each run."""
    (step,) = plan_steps(("SEARCH t USING AUTOMATIC COVERING INDEX (a=?)",))
    assert step.text.endswith(": builds this index on each run")


def test_a_plan_that_stays_the_same_is_drawn_once() -> None:
    """There is no after to compare."""
    assert plan_tree("p", "", ("SCAN t",), ("SCAN t",)).after == ()
    assert plan_tree("p", "", ("SCAN t",), ("SEARCH t (a=?)",)).after != ()


def test_the_plans_that_sqlite_writes_have_known_steps() -> None:
    """Of a statement with subqueries, a join without index and two orders."""
    statement = (
        "SELECT a.x, (SELECT max(y) FROM b WHERE b.x = a.x) FROM a JOIN b ON b.y = a.y "
        "WHERE a.x IN (SELECT x FROM b) OR a.y = 1 GROUP BY a.x UNION SELECT 1, 2 ORDER BY 2"
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE a (x, y); CREATE TABLE b (x, y)")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    kinds = {step_kind(str(row[3])) for row in rows}
    assert {"scan", "sort", "group"} <= kinds
