"""Statements that sqlglot gives up: functions in views, rowids, table functions."""

from __future__ import annotations

import pytest
import sqlglot

from dbtune.advisor.statements.access import AccessReader
from dbtune.advisor.statements.dialect import VerbatimSQLite, to_sql
from dbtune.advisor.statements.mergeable import merged, with_owned_columns
from tests.unit.advisor.workbench import schema_of

SCHEMA = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, city TEXT)",
    "CREATE VIRTUAL TABLE notes USING fts5(title, body)",
    "CREATE VIEW loud AS SELECT id, Own_Fn(name, 'x') AS n, city FROM users",
)
FOUND = {
    "a rowid": "SELECT u.rowid FROM users u WHERE u.city = 'x'",
    "a rowid compared": "SELECT u.name FROM users u WHERE u.oid > 5 AND u.city = 'x'",
    "a search table": (
        "SELECT u.id FROM notes n JOIN users u ON u.id = n.rowid WHERE notes MATCH 'x'"
        " AND u.city = 'x'"
    ),
    "json_each": "SELECT id FROM users WHERE city IN (SELECT value FROM json_each(?))",
    "a pragma": "SELECT id FROM users WHERE city IN (SELECT name FROM pragma_table_info('x') AS p)",
    "a function in a view": "SELECT id FROM loud WHERE city = 'x'",
    "a function in a subquery": (
        "SELECT * FROM (SELECT date(id) AS d, city FROM users) AS s WHERE s.city = 'x'"
    ),
    "a function beside json_each": (
        "SELECT lower(name) FROM users, json_each(users.name) WHERE city = 'x'"
    ),
}


@pytest.mark.parametrize("sql", FOUND.values(), ids=FOUND)
def test_the_condition_on_an_ordinary_table_is_found(sql: str) -> None:
    """Whatever stands beside it."""
    found = AccessReader(schema_of(*SCHEMA)).read(sql)
    terms = {term.sql for access in found if access.table == "users" for term in access.equalities}
    assert "city" in terms


def test_calls_keep_their_spelling_when_merged() -> None:
    """An index on an expression serves only where it is spelled the same."""
    tree = sqlglot.parse_one(
        "SELECT s.n AS n FROM (SELECT Own_Fn(t.a, 'x') AS n, t.b AS b FROM t AS t) AS s"
        " WHERE s.b = 1",
        read=VerbatimSQLite,
    )
    text = to_sql(merged(tree))
    assert "Own_Fn(t.a, 'x')" in text and "t.b = 1" in text and text.count("SELECT") == 1


def test_aggregates_in_a_subquery_keep_it_apart() -> None:
    """A condition on a sum is none on the rows."""
    tree = sqlglot.parse_one(
        "SELECT s.n AS n FROM (SELECT sum(t.a) AS n, t.b AS b FROM t AS t GROUP BY t.b) AS s"
        " WHERE s.n = 1",
        read=VerbatimSQLite,
    )
    assert to_sql(merged(tree)).count("SELECT") == 2


def test_columns_of_one_table_function_are_its_own() -> None:
    """Those of a query around it are not."""
    tree = sqlglot.parse_one(
        "SELECT id FROM users WHERE city IN (SELECT value FROM json_each(?) WHERE key > 1)",
        read=VerbatimSQLite,
    )
    text = to_sql(with_owned_columns(tree))
    assert "json_each.value" in text and "json_each.key > 1" in text
    assert "SELECT id FROM users WHERE city IN" in text
