"""Plans as EXPLAIN QUERY PLAN prints them, and what is read out of their lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import apsw
import pytest

from dbtune.model.workload import Parameters, Plan
from dbtune.sqlite.explain import explain, full_scans, indexes_used

SCHEMA = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email, city)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total)",
    "CREATE INDEX ix_city ON users (city, email)",
    "CREATE INDEX ix_user ON orders (user_id)",
    'CREATE TABLE "my table" ("a b" PRIMARY KEY, c) WITHOUT ROWID',
    'CREATE INDEX "an (odd) index" ON "my table" (c)',
)
CONNECTS: tuple[Callable[[], Any], ...] = (
    lambda: sqlite3.connect(":memory:", isolation_level=None),
    lambda: apsw.Connection(":memory:"),
)


@pytest.fixture(params=CONNECTS, ids=["sqlite3", "apsw"])
def connection(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A small schema in memory, open in each of the two libraries."""
    with closing(request.param()) as opened:
        for statement in SCHEMA:
            opened.execute(statement)
        yield opened


@pytest.mark.parametrize(
    ("sql", "indexes", "scans"),
    [
        ("SELECT * FROM users WHERE city = 'x'", {"ix_city"}, ()),
        ("SELECT email FROM users ORDER BY city", {"ix_city"}, ()),
        ("SELECT * FROM users WHERE id = 5", set(), ()),
        ("SELECT * FROM users WHERE email = 'x'", set(), ("users",)),
        ("SELECT * FROM users AS u WHERE u.email = 'x'", set(), ("u",)),
        ("SELECT * FROM orders WHERE user_id IN (SELECT id FROM users)", {"ix_user"}, None),
        ("SELECT * FROM orders WHERE user_id = 1 OR id = 2", {"ix_user"}, ()),
        ('SELECT * FROM "my table" WHERE c = 1', {"an (odd) index"}, ()),
        ('SELECT c FROM "my table" ORDER BY c', {"an (odd) index"}, ()),
        ('SELECT * FROM "my table" WHERE "a b" = 1', set(), ()),
        ("SELECT * FROM (SELECT total FROM orders LIMIT 5)", set(), ("orders",)),
        ("SELECT 1", set(), ()),
        ("SELECT * FROM users LEFT JOIN orders ON user_id = users.id", {"ix_user"}, ("users",)),
        ("UPDATE orders SET total = 0 WHERE user_id = 3", {"ix_user"}, ()),
        ("DELETE FROM orders", set(), None),
        ("INSERT INTO orders (total) SELECT total FROM orders", set(), ("orders",)),
    ],
)
def test_indexes_and_scans_of_a_plan(
    connection: Any, sql: str, indexes: set[str], scans: tuple[str, ...] | None
) -> None:
    """Names with spaces and parentheses included; primary keys and subqueries are neither."""
    plan = explain(connection, sql)
    assert indexes_used(plan) == indexes
    if scans is not None:
        assert full_scans(plan) == scans


def test_steps_are_indented_by_level(connection: Any) -> None:
    """Two spaces a level, as a reader expects a tree."""
    plan = explain(
        connection,
        "SELECT 1 FROM users WHERE city = 1 UNION ALL SELECT 2 FROM orders WHERE user_id = 2",
    )
    assert plan.steps[0] == "COMPOUND QUERY"
    assert plan.steps[1] == "  LEFT-MOST SUBQUERY"
    assert plan.steps[2].startswith("    SEARCH users USING COVERING INDEX ix_city")


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT * FROM users WHERE city = ? AND email = ?", None),
        ("SELECT * FROM users WHERE city = :city AND email = :mail OR city = :city", None),
        ("SELECT * FROM users WHERE city = @city AND email = $mail", None),
        ("SELECT * FROM users WHERE city = ?2", None),
        ("SELECT * FROM users WHERE city = ':no' AND email = '?' -- ?", None),
        ("SELECT * FROM users WHERE city = ?", ("x",)),
        ("SELECT * FROM users WHERE city = :city", {"city": "x"}),
        ("SELECT * FROM users WHERE city = ?;  -- the end", ("x",)),
    ],
)
def test_placeholders_need_no_values(connection: Any, sql: str, parameters: Parameters) -> None:
    """NULL stands for what the recording did not hold."""
    assert indexes_used(explain(connection, sql, parameters)) == {"ix_city"}


def test_nothing_is_run(connection: Any) -> None:
    """A write is planned and leaves the rows alone; a second statement is not even looked at."""
    connection.execute("INSERT INTO users (city) VALUES ('x')")
    explain(connection, "DELETE FROM users")
    with pytest.raises(sqlite3.ProgrammingError, match="several statements"):
        explain(connection, "SELECT 1; DELETE FROM users")
    assert list(connection.execute("SELECT count(*) FROM users")) == [(1,)]


def test_what_cannot_be_prepared_is_the_librarys_own_error(connection: Any) -> None:
    """The caller knows the statement and says what is wrong with it."""
    with pytest.raises((sqlite3.OperationalError, apsw.SQLError), match="no such table: nobody"):
        explain(connection, "SELECT * FROM nobody")


@pytest.mark.parametrize(
    ("step", "index", "scan"),
    [
        ("SCAN TABLE users", None, "users"),
        ("SCAN TABLE users AS u", None, "u"),
        ("SEARCH TABLE users AS u USING COVERING INDEX ix (city=?)", "ix", None),
        ("SEARCH TABLE users USING INTEGER PRIMARY KEY (rowid=?)", None, None),
        ("SEARCH m USING INDEX ix (x=? AND y>?) LEFT-JOIN", "ix", None),
        ("SEARCH t USING INDEX ix (ANY(a) AND b=?)", "ix", None),
        ("SEARCH t USING AUTOMATIC COVERING INDEX (x=?)", None, None),
        ("SEARCH t USING AUTOMATIC PARTIAL COVERING INDEX (x=?)", None, None),
        ("SCAN f VIRTUAL TABLE INDEX 0:M1", None, None),
        ("USING INDEX ix FOR IN-OPERATOR", "ix", None),
        ("SCAN t LEFT-JOIN", None, "t"),
        ("SCAN CONSTANT ROW", None, None),
        ("SCAN 3 CONSTANT ROWS", None, None),
        ("SCAN 3-ROW VALUES CLAUSE", None, None),
        ("SCAN (subquery-2)", None, None),
        ("SCAN SUBQUERY 1", None, None),
        ("USE TEMP B-TREE FOR ORDER BY", None, None),
        ("BLOOM FILTER ON t (x=?)", None, None),
    ],
)
def test_lines_of_old_and_new_versions(step: str, index: str | None, scan: str | None) -> None:
    """Before SQLite 3.36 the word TABLE stood in each line, and the alias behind AS."""
    plan = Plan((f"  {step}",))
    assert indexes_used(plan) == ({index} if index else set())
    assert full_scans(plan) == ((scan,) if scan else ())


def test_what_the_plan_makes_itself_is_no_table() -> None:
    """Scanning a materialised CTE reads no table again."""
    plan = Plan(("MATERIALIZE recent", "  SCAN orders", "SCAN recent", "CO-ROUTINE x", "SCAN x"))
    assert full_scans(plan) == ("orders",)
