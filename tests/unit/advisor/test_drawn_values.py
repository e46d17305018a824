"""Values for statements recorded without any, drawn from the columns they are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.statements.drawn_values import DRAWS, ValueDrawer
from dbtune.advisor.statements.placeholder_roles import Role, placeholder_roles
from dbtune.model.workload import Sample
from dbtune.sqlite.schema.catalog import read_schema
from tests.unit.advisor.workbench import build, filled, prepare, schema_of, scratch, shape

DDL = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE, city TEXT, age INTEGER,"
    " pic BLOB)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, note TEXT)",
    "CREATE TABLE empty (a, b)",
    filled(
        "users",
        "name, city, age, pic",
        "'user' || n, CASE WHEN n <= 700 THEN 'Seoul' ELSE 'town' || n END, n % 60, zeroblob(5000)",
        1_000,
    ),
    filled("orders", "user_id, note", "n % 100 + 1, 'note ' || n", 2_000),
)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[apsw.Connection]:
    """An open scratch copy."""
    with scratch(build(tmp_path / "copy.db", *DDL)) as connection:
        yield connection


def drawn(copy: apsw.Connection, sql: str) -> tuple[Sample, ...]:
    """Return the samples drawn for a statement."""
    return ValueDrawer(copy, read_schema(copy)).fill(shape(sql))


def values(sample: Sample) -> tuple[object, ...]:
    """Return the values of a sample in order."""
    given = sample.parameters
    assert given is not None
    return tuple(given.values()) if isinstance(given, Mapping) else given


ROLES = {
    "comparison": ("SELECT 1 FROM users WHERE city = ?", {1: Role("value", "users", "city")}),
    "other side": ("SELECT 1 FROM users WHERE ? = city", {1: Role("value", "users", "city")}),
    "named": ("SELECT 1 FROM users WHERE city = :c", {1: Role("value", "users", "city")}),
    "at sign": ("SELECT 1 FROM users WHERE city = @c", {1: Role("value", "users", "city")}),
    "dollar": ("SELECT 1 FROM users WHERE city = $c", {1: Role("value", "users", "city")}),
    "numbered": (
        "SELECT 1 FROM users WHERE city = ?2 AND name = ?1",
        {2: Role("value", "users", "city"), 1: Role("value", "users", "name")},
    ),
    "one name twice": (
        "SELECT 1 FROM users WHERE city = :x OR name = :x", {1: Role("value", "users", "city")},
    ),
    "list": (
        "SELECT 1 FROM users WHERE city IN (?, ?)",
        {1: Role("value", "users", "city"), 2: Role("value", "users", "city")},
    ),
    "range": (
        "SELECT 1 FROM users WHERE age BETWEEN ? AND ?",
        {1: Role("low", "users", "age"), 2: Role("high", "users", "age")},
    ),
    "pattern": ("SELECT 1 FROM users WHERE name LIKE ?", {1: Role("prefix", "users", "name")}),
    "limit and offset": (
        "SELECT 1 FROM users LIMIT ? OFFSET ?", {1: Role("limit"), 2: Role("offset")},
    ),
    "limit with a comma": (
        "SELECT 1 FROM users LIMIT ?, ?", {1: Role("offset"), 2: Role("limit")},
    ),
    "alias": (
        "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE o.id = ?",
        {1: Role("value", "orders", "id")},
    ),
    "only owner of the column": (
        "SELECT 1 FROM users, orders WHERE note = ?", {1: Role("value", "orders", "note")},
    ),
    "insert": (
        "INSERT INTO users (id, name, age) VALUES (?, ?, ?)",
        {1: Role("value"), 2: Role("value", "users", "name"), 3: Role("value", "users", "age")},
    ),
    "insert without a list": (
        "INSERT INTO orders VALUES (?, ?, ?)",
        {
            1: Role("value"),
            2: Role("value", "orders", "user_id"),
            3: Role("value", "orders", "note"),
        },
    ),
    "update": (
        "UPDATE users SET city = ? WHERE id = ?",
        {1: Role("value", "users", "city"), 2: Role("value", "users", "id")},
    ),
    "unknown column": ("SELECT 1 FROM users WHERE nothing = ?", {1: Role("value")}),
    "no column": ("SELECT ?", {1: Role("value")}),
    "in a string": ("SELECT '?' FROM users WHERE city = ?", {1: Role("value", "users", "city")}),
    "unreadable": ("SELECT ((( ? FROM", {}),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "roles"), ROLES.values(), ids=ROLES)
def test_each_placeholder_has_its_role(sql: str, roles: dict[int, Role]) -> None:
    """By the number that SQLite gives it."""
    assert placeholder_roles(sql, schema_of(*DDL[:3])) == roles


def test_frequent_median_and_rare_values_are_drawn(copy: apsw.Connection) -> None:
    """A plan may be right for one and wrong for another."""
    samples = drawn(copy, "SELECT 1 FROM users WHERE city = ?")
    cities = [values(sample)[0] for sample in samples]
    assert cities[0] == "Seoul" and len(set(cities)) == len(cities) >= 3
    assert all(sample.drawn for sample in samples)


def test_the_same_values_are_drawn_every_time(copy: apsw.Connection) -> None:
    """Advice has to repeat."""
    sql = "SELECT 1 FROM users WHERE name = ? AND age > ?"
    assert drawn(copy, sql) == drawn(copy, sql)


def test_both_ends_of_a_range_differ(copy: apsw.Connection) -> None:
    """From the lower to the higher: a range of one value would be read as an equality."""
    for sample in drawn(copy, "SELECT 1 FROM users WHERE age BETWEEN ? AND ?"):
        low, high = values(sample)
        assert isinstance(low, int) and isinstance(high, int) and low <= high
    ends = [values(s) for s in drawn(copy, "SELECT 1 FROM users WHERE age BETWEEN ? AND ?")]
    assert any(low != high for low, high in ends)


def test_patterns_begin_like_a_value(copy: apsw.Connection) -> None:
    """A prefix and a wildcard."""
    patterns = {values(s)[0] for s in drawn(copy, "SELECT 1 FROM users WHERE city LIKE ?")}
    assert "Seo%" in patterns


def test_a_page_is_the_first_of_twenty_rows(copy: apsw.Connection) -> None:
    """What most applications ask for."""
    (sample,) = drawn(copy, "SELECT 1 FROM users LIMIT :n OFFSET :o")
    assert sample.parameters == {"n": 20, "o": 0}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM users WHERE pic = ?",
        "SELECT 1 FROM empty WHERE a = ?",
        "SELECT ? FROM users",
        "SELECT abs(?)",
    ],
)
def test_where_nothing_can_be_drawn_the_value_is_null(copy: apsw.Connection, sql: str) -> None:
    """Contents of kilobytes, a column without values, no column at all; said to be drawn."""
    (sample,) = drawn(copy, sql)
    assert values(sample) == (None,) and sample.drawn


def test_at_most_five_are_drawn(copy: apsw.Connection) -> None:
    """As many as are kept of a recording with values."""
    assert len(drawn(copy, "SELECT 1 FROM users WHERE name = ? AND city = ?")) <= DRAWS


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM users WHERE city = ?2 AND name = ?1 AND id = ?2",
        "SELECT 1 FROM users WHERE city = ?5",
        "SELECT 1 FROM users WHERE city = :a AND name = @b AND id = $c",
        "SELECT 1 FROM users WHERE city = %s AND name LIKE %s ESCAPE '\\'",
        "SELECT 1 FROM users WHERE city = %(c)s",
        "INSERT INTO users (name, city) VALUES (?, ?), (?, ?)",
        "SELECT 1 FROM users WHERE (city, name) = (?, ?)",
        "SELECT ((( ? FROM",
    ],
)
def test_what_is_drawn_can_be_bound(copy: apsw.Connection, sql: str) -> None:
    """In every style of placeholders; what is no statement still is none."""
    subjects = prepare(copy, shape(sql + " "), shape("SELECT 1 FROM users WHERE id = ?"))
    assert len(subjects.ready) + len(subjects.unplannable) == 2
    assert len(subjects.ready) == (1 if "(((" in sql else 2)
    for subject in subjects.ready:
        assert subject.drawn
        for statement in subject.statements:
            copy.execute(f"EXPLAIN {statement.text}", statement.parameters).close()


def test_text_that_is_not_utf8_is_not_drawn(copy: apsw.Connection) -> None:
    """It cannot be bound as it is."""
    copy.execute("INSERT INTO empty (a) VALUES (CAST(x'ff41' AS TEXT)), ('plain')")
    assert {values(s)[0] for s in drawn(copy, "SELECT 1 FROM empty WHERE a = ?")} == {"plain"}


def test_a_list_of_megabytes_is_not_parsed(copy: apsw.Connection) -> None:
    """Its values are NULL, and it takes no minute."""
    marks = ", ".join("?" * 30_000)
    (sample,) = drawn(copy, f"SELECT 1 FROM users WHERE id IN ({marks}) -- {'x' * 50_000}")
    assert set(values(sample)) == {None}


def test_a_shape_without_samples_stays_without(copy: apsw.Connection) -> None:
    """Nothing is made up for it."""
    bare = shape("SELECT 1 FROM users WHERE id = ?")
    empty = type(bare)(bare.id, bare.template, "read", 1, None, (), needs_values=True)
    assert ValueDrawer(copy, read_schema(copy)).fill(empty) == ()
