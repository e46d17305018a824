"""Reading statements: what is compared with what, through aliases, views and subqueries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.advisor.reading.predicates import read_statement
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.reading.writes import Write, read_write
from dbtune.model.schema import Column, Schema, Table, View
from dbtune.model.workload import Parameters, QueryShape, Sample


def table(name: str, *columns: tuple[str, str], rowid_alias: str | None = None) -> Table:
    """Return a table with columns of these names and types."""
    declared = tuple(Column(c, t, False, None, int(c == "id"), False) for c, t in columns)
    return Table(name, "table", declared, (), (), False, False, rowid_alias, "")


SCHEMA = Schema(
    tables=(
        table("users", ("id", "INTEGER"), ("email", "TEXT"), ("age", "INT"), rowid_alias="id"),
        table("orders", ("id", "INTEGER"), ("user_id", "INT"), ("note", "TEXT"), ("age", "REAL")),
        table("odd name", ("a b", "TEXT"), ('q"t', "BLOB")),
    ),
    views=(
        View("adults", ("id", "mail"), "CREATE VIEW adults AS SELECT id, email AS mail FROM users"),
        View("elders", ("id",), "CREATE VIEW elders AS SELECT * FROM adults WHERE mail > 'm'"),
    ),
    triggers=(),
    sha256="",
)


def read(sql: str, parameters: Parameters = None) -> Statement:
    """Return the reading of a statement that can be read."""
    statement = read_statement(SCHEMA, Sample(sql, parameters))
    assert statement is not None
    return statement


def compared(statement: Statement) -> list[tuple[str, str, str]]:
    """Return the comparisons as (table.column, operator, right side)."""
    found = []
    for predicate in statement.predicates:
        own = predicate.left.bare or predicate.left.wrapped
        name = f"{own.use.alias}.{own.column.name}" if own else "?"
        found.append((name, predicate.operator, ", ".join(s.sql for s in predicate.rights)))
    return found


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM users WHERE email = 'a'", [("users.email", "=", "'a'")]),
        ("SELECT 1 FROM users AS u WHERE U.EMAIL == 'a'", [("u.email", "=", "'a'")]),
        ("SELECT 1 FROM users WHERE rowid IN (1, 2)", [("users.id", "in", "1, 2")]),
        ("SELECT 1 FROM users WHERE age BETWEEN 1 AND 2", [("users.age", "between", "1, 2")]),
        ("SELECT 1 FROM users WHERE (age) IS 5", [("users.age", "=", "5")]),
        ("SELECT 1 FROM adults WHERE mail = 'a'", [("users.email", "=", "'a'")]),
        (
            "SELECT 1 FROM elders WHERE mail = 'a'",
            [("users.email", ">", "'m'"), ("users.email", "=", "'a'")],
        ),
        ("SELECT 1 FROM (SELECT age AS n FROM users) WHERE n > 5", [("users.age", ">", "5")]),
        (
            "WITH c AS (SELECT * FROM orders) SELECT 1 FROM c WHERE note GLOB 'x*'",
            [("orders.note", "glob", "'x*'")],
        ),
        (
            "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id",
            [("o.user_id", "=", "id")],
        ),
        ("SELECT 1 FROM users JOIN orders USING (id)", [("users.id", "=", "id")]),
        ("SELECT 1 FROM users JOIN orders ON note = 'x'", [("orders.note", "=", "'x'")]),
        ("UPDATE orders SET note = 'y' WHERE note = 'x'", [("orders.note", "=", "'x'")]),
        ("UPDATE OR IGNORE orders SET note = 'y' WHERE id = 1", [("orders.id", "=", "1")]),
        ("DELETE FROM orders WHERE id < 5 -- no more", [("orders.id", "<", "5")]),
        ('SELECT 1 FROM "odd name" WHERE "a b" = 1', [("odd name.a b", "=", "1")]),
        ('SELECT 1 FROM [odd name] x WHERE [q"t] = 1;', [('x.q"t', "=", "1")]),
        ("SELECT 1 FROM users WHERE NOT email = 'a' AND email NOT LIKE 'x%'", []),
        ("SELECT 1 FROM users WHERE email != 'a' AND email IS NOT NULL", []),
        ("SELECT 1 FROM gone WHERE email = 'a'", [("?", "=", "'a'")]),
    ],
)
def test_columns_are_found_behind_every_name(
    sql: str, expected: list[tuple[str, str, str]]
) -> None:
    """Aliases, rowid names, views on views, subqueries, joins and quoted names."""
    assert compared(read(sql)) == expected


@pytest.mark.parametrize(
    ("sql", "parameters", "value"),
    [
        ("SELECT 1 FROM users WHERE age = ?", (7,), 7),
        ("SELECT 1 FROM users WHERE email = 'a ? b' AND age = ?", (7,), 7),
        ("SELECT '?' /* ? */ FROM users WHERE age = ? -- ?", (7,), 7),
        ("SELECT ? FROM users WHERE age = ?", (1, 7), 7),
        ("SELECT ?2 FROM users WHERE age = ?1", (7, 1), 7),
        ("SELECT ?2 FROM users WHERE age = ?", (1, 2, 7), 7),
        ("SELECT :x FROM users WHERE age = :x", {"x": 7}, 7),
        ("SELECT 1 FROM users WHERE age = @x", {"x": 7}, 7),
        ("SELECT 1 FROM users WHERE age = $x", {"$x": 7}, 7),
        ("SELECT :y FROM users WHERE age = :x", (1, 7), 7),
        ("SELECT 1 FROM users WHERE age = -7", None, -7),
        ("SELECT 1 FROM users WHERE age = 7.5", None, 7.5),
        ("SELECT 1 FROM users WHERE age = '7' || ?", ("8",), "78"),
    ],
)
def test_a_value_is_the_one_that_sqlite_would_bind(
    sql: str, parameters: Parameters, value: object
) -> None:
    """By position, number and name; marks in strings and comments do not count."""
    last = read(sql, parameters).predicates[-1]
    assert last.rights[0].values == (value,)


@pytest.mark.parametrize("parameters", [None, (), {"y": 1}])
def test_a_value_that_is_missing_is_not_known(parameters: Parameters) -> None:
    """Nothing is made up for it."""
    (predicate,) = read("SELECT 1 FROM users WHERE age = :x", parameters).predicates
    assert predicate.rights[0].values == ()


def test_a_drawn_value_is_not_known() -> None:
    """It says nothing about the application."""
    sample = Sample("SELECT 1 FROM users WHERE age = ?", (7,), drawn=True)
    statement = read_statement(SCHEMA, sample)
    assert statement is not None
    assert statement.predicates[0].rights[0].values == ()


@pytest.mark.parametrize(
    ("sql", "affinity"),
    [
        ("SELECT 1 FROM users, orders WHERE email = user_id", "integer"),
        ("SELECT 1 FROM users, orders WHERE email = (orders.age)", "real"),
        ("SELECT 1 FROM users WHERE email = CAST(? AS TEXT)", "text"),
        ("SELECT 1 FROM users WHERE email IN (SELECT user_id FROM orders)", "integer"),
        ("SELECT 1 FROM users WHERE email = (SELECT note FROM orders)", "text"),
        ("SELECT 1 FROM users, orders WHERE email = +user_id + 0", None),
        ("SELECT 1 FROM users WHERE email = 5", None),
        ("SELECT 1 FROM users WHERE email = abs(5)", None),
    ],
)
def test_the_other_side_has_the_affinity_that_sqlite_gives_it(
    sql: str, affinity: str | None
) -> None:
    """Columns, casts and subqueries have one; literals and expressions have none."""
    assert read(sql).predicates[0].rights[0].affinity == affinity


def test_an_arm_of_an_or_is_not_required() -> None:
    """Rows pass without it."""
    statement = read("SELECT 1 FROM users WHERE age = 1 AND (email = 'a' OR (id = 2 AND age = 3))")
    assert [predicate.required for predicate in statement.predicates] == [True, False, False, False]


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "garbage (",
        "SELECT 1; SELECT 2",
        "SELECT * FROM users WHERE (((((",
        "SELECT '" + "x" * 60_000 + "' FROM users",
        "SELECT 1 FROM users WHERE " + " OR ".join(["age = 1"] * 1500),
        "(" * 5000,
        "\x00\x01",
        "ATTACH 'x' AS y; DROP TABLE users",
        "EXPLAIN SELECT 1",
    ],
)
def test_what_cannot_be_read_never_fails(sql: str) -> None:
    """It is None, or a reading without predicates on tables."""
    statement = read_statement(SCHEMA, Sample(sql))
    assert statement is None or isinstance(statement, Statement)


@pytest.mark.parametrize(
    ("sql", "verb", "target", "assigned"),
    [
        ("REPLACE INTO users (id) VALUES (1)", "replace", "users", ()),
        ("INSERT OR REPLACE INTO users VALUES (1)", "replace", "users", ()),
        ("INSERT INTO users (id) SELECT id FROM orders", "insert", "users", ()),
        ("UPDATE users SET id = 5, email = 'x'", "update", "users", ("id", "email")),
        ('DELETE FROM "odd name"', "delete", "odd name", ()),
        ("SELECT 1", "select", None, ()),
        ("PRAGMA foreign_keys", "other", None, ()),
    ],
)
def test_a_write_names_its_target_and_columns(
    sql: str, verb: str, target: str | None, assigned: tuple[str, ...]
) -> None:
    """A foreign key's rule asks for both."""
    shape = QueryShape("id", "garbage (", "write", 1, None, (Sample(sql),))
    assert read_write(shape) == Write(verb, target, assigned)  # type: ignore[arg-type]


def test_a_write_that_cannot_be_read_is_none() -> None:
    """Neither its sample nor its template is SQL that sqlglot knows."""
    assert read_write(QueryShape("id", "DELETE FROM (", "write", 1, None, ())) is None


WORDS = st.sampled_from(
    "SELECT FROM WHERE AND OR NOT IN LIKE GLOB BETWEEN JOIN ON USING WITH AS UNION UPDATE SET "
    "DELETE INSERT INTO VALUES REPLACE ORDER BY LIMIT OFFSET CASE WHEN END CAST COLLATE NOCASE "
    "users orders adults elders email id age u.id * , ( ) = < > || -> ? ?3 :x @y $z 'text' \"q\" 5 "
    "-- /* */ ;".split()
)


@given(st.lists(WORDS, max_size=25).map(" ".join), st.one_of(st.none(), st.just((1, "a"))))
def test_no_text_makes_a_reading_fail(sql: str, parameters: Parameters) -> None:
    """Damaged SQL is None or a reading; a recording may hold anything."""
    statement = read_statement(SCHEMA, Sample(f"SELECT * FROM users WHERE {sql}", parameters))
    assert statement is None or isinstance(statement.predicates, tuple)
    statement = read_statement(SCHEMA, Sample(sql, parameters))
    assert statement is None or isinstance(statement.predicates, tuple)
