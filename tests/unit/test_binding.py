"""Recorded placeholders become what SQLite binds, and nothing else is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from dbtune.model.workload import Parameters, Sample
from dbtune.workload.binding import bind, placeholders

BOUND = [
    ("SELECT ?", (1,), "SELECT ?", (1,)),
    ("SELECT ?2, ?1", (1, 2), "SELECT ?2, ?1", (1, 2)),
    ("SELECT :a, @b, $c", {"a": 1, "b": 2, "c": 3}, "SELECT :a, @b, $c", {"a": 1, "b": 2, "c": 3}),
    ("SELECT %s, %s", (1, 2), "SELECT ?, ?", (1, 2)),
    ("SELECT %(a)s, %(a)s", {"a": 1, "z": 9}, "SELECT :a, :a", {"a": 1}),
    ("SELECT $1, $2, $1", (1, 2), "SELECT ?1, ?2, ?1", (1, 2)),
    ("SELECT :1, :2", (1, 2), "SELECT ?1, ?2", (1, 2)),
    ("SELECT :1", {"1": 5}, "SELECT :1", {"1": 5}),
    ("SELECT :b, :a", (1, 2), "SELECT :b, :a", {"b": 1, "a": 2}),
    (
        "SELECT '%s ? :a $1' AS \"%s\", 7 %s FROM (SELECT 3 AS s) -- ? %s",
        None,
        "SELECT '%s ? :a $1' AS \"%s\", 7 %s FROM (SELECT 3 AS s) -- ? %s",
        (),
    ),
    ("SELECT 1 /* $1 */", (1, 2), "SELECT 1 /* $1 */", ()),
]


# Python 3.12.0 to 3.12.3 take `?1` for a name (https://github.com/python/cpython/issues/117995).
@pytest.mark.filterwarnings("ignore:Binding . .'[?].'. is a named parameter:DeprecationWarning")
@pytest.mark.parametrize(("sql", "given", "text", "parameters"), BOUND)
def test_statement_is_bound(sql: str, given: Parameters, text: str, parameters: Parameters) -> None:
    """SQLite takes the text with the values, with no warning about names in a sequence."""
    bound = bind(Sample(sql, given))
    assert bound == (text, parameters)
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(bound.text, bound.parameters or ()).fetchone()


@pytest.mark.parametrize(
    ("sql", "given"),
    [
        ("SELECT ?", None),
        ("SELECT ?, ?", (1,)),
        ("SELECT ?", (1, 2)),
        ("SELECT :a, :b", {"a": 1}),
        ("SELECT ?", {"a": 1}),
        ("SELECT :a, ?", {"a": 1}),
        ("SELECT :a, ?", (1, 2)),
        ("SELECT ?99999999999999999999", (1,)),
    ],
)
def test_values_that_do_not_fit_are_missing(sql: str, given: Parameters) -> None:
    """A statement is never bound to too few, too many or other values than it names."""
    assert bind(Sample(sql, given)).parameters is None


@pytest.mark.parametrize(
    ("sql", "count", "names"),
    [
        ("SELECT 1", 0, ()),
        ("SELECT ?, ?", 2, ()),
        ("SELECT ?5, ?", 6, ()),
        ("SELECT :a, @a, :b", 2, ("a", "b")),
        ("SELECT %s, '%s'", 1, ()),
        ("SELECT %(x)s, %(y)s", 2, ("x", "y")),
        ("SELECT $2", 2, ()),
        ("SELECT ?, :a", 2, ("a",)),
    ],
)
def test_placeholders_are_counted_as_sqlite_does(
    sql: str, count: int, names: tuple[str, ...]
) -> None:
    """The number and the names are those that SQLite would ask for."""
    needed = placeholders(sql)
    assert (needed.count, needed.names) == (count, names)


def test_a_doubled_percent_sign_is_one_beside_format_placeholders() -> None:
    """Django and psycopg write a modulo as %% where a statement has %s."""
    assert bind(Sample("SELECT a %% 2 FROM t WHERE b = %s", (1,))).text == (
        "SELECT a % 2 FROM t WHERE b = ?"
    )
    assert bind(Sample("SELECT '%%' FROM t WHERE b = ?", (1,))).text == (
        "SELECT '%%' FROM t WHERE b = ?"
    )
