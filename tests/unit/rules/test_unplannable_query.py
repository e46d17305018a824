"""unplannable-query: recorded statements that SQLite refuses."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.rules.unplannable_query import check
from tests.unit.rules.measured import Query, build, facts_of, run, shape_of


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with one table."""
    return build(tmp_path / "t.db", "CREATE TABLE orders (id INTEGER PRIMARY KEY, total INT)")


def prepared(path: Path, *queries: Query) -> Facts:
    """Return facts of queries that are only prepared, with SQLite's message where that fails."""
    shapes = []
    with closing(sqlite3.connect(path)) as connection:
        for query in queries:
            try:
                connection.execute(f"EXPLAIN {query.sql}")
                error = None
            except sqlite3.Error as failure:
                error = str(failure)
            shapes.append(ShapeFacts(shape_of(query), error=error))
    return replace(facts_of(path), shapes=tuple(shapes))


def test_a_missing_table_is_found_until_it_is_there(database: Path) -> None:
    """The message has the reason and the statement, the help what may have been meant."""
    query = Query("SELECT id FROM ordes WHERE total = 'secret'", count=12)
    (finding,) = check(prepared(database, query))
    assert finding.severity == "medium"
    assert "because this database has no table ordes: SELECT id FROM ordes" in finding.message
    assert finding.help.startswith("Did you mean orders?")
    run(database, "CREATE TABLE ordes (id, total)")
    assert check(prepared(database, query)) == ()


@pytest.mark.parametrize(
    ("sql", "severity", "words"),
    [
        ("SELECT o.totl FROM orders AS o", "medium", "Did you mean total?"),
        ("SELECT FROM WHERE", "medium", "does not understand it at FROM"),
        ("SELECT nearest(total) FROM orders", "low", "a function of the application"),
        (
            "SELECT id FROM orders ORDER BY total COLLATE german",
            "low",
            "a collation of the application",
        ),
        ("SELECT xyzzy FROM orders", "medium", "Check that the recording is of this database"),
    ],
)
def test_what_is_wrong_decides_severity_and_help(
    database: Path, sql: str, severity: str, words: str
) -> None:
    """A function or collation of the application's own is no fault of the statement."""
    (finding,) = check(prepared(database, Query(sql)))
    assert finding.severity == severity
    assert words in finding.message + finding.help


def test_the_most_frequent_comes_first_and_texts_stay_on_one_line(database: Path) -> None:
    """A statement of many lines and thousands of characters is shortened."""
    long = Query("SELECT\n\x1b[31m" + ", ".join(f"c{n}" for n in range(3000)) + " FROM gone")
    often = Query("SELECT 1 FROM missing", count=5000)
    first, second = check(prepared(database, long, often))
    assert "missing" in first.message
    assert "\n" not in second.message
    assert "\x1b" not in second.message
    assert len(second.message) < 500


def test_statements_that_can_be_prepared_are_no_finding(database: Path) -> None:
    """Reads and writes of tables that are there."""
    facts = prepared(database, Query("SELECT id FROM orders"), Query("DELETE FROM orders"))
    assert check(facts) == ()
