"""One type for both sides of a foreign key, and unique values that stay apart."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.postgres.column_types.collisions import find_collisions, keep_unique
from dbtune.postgres.column_types.type_nouns import TypeChoices, TypeOptions
from tests.fixtures.in_process import run_here
from tests.fixtures.typed import Chosen, choose, reading

UUID = "550e8400-e29b-41d4-a716-446655440000"


def related(
    path: Path, parent: str, child: str, parents: list[Any], children: list[Any], **options: Any
) -> dict[str, str]:
    """Return the types of p.k and c.k, where c.k refers to p.k in other letter case."""
    sql = f"""CREATE TABLE p (k {parent}); CREATE TABLE c (id INTEGER PRIMARY KEY, k {child}
              REFERENCES P(K)); CREATE TABLE t (x, y);"""
    values = [f"INSERT INTO p VALUES ({literal(v)});" for v in parents]
    values += [f"INSERT INTO c (k) VALUES ({literal(v)});" for v in children]
    chosen = choose(path, sql + "".join(values), **options)
    return {"p": chosen.types("p")["k"], "c": chosen.types("c")["k"]}


def literal(value: Any) -> str:
    """Return a value as SQL."""
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return repr(value) if not isinstance(value, str) else "'" + value.replace("'", "''") + "'"


@pytest.mark.parametrize(
    ("parent", "child", "parents", "children", "expected"),
    [
        ("INTEGER PRIMARY KEY", "INT", [1], [1], ("bigint", "bigint")),
        ("INTEGER PRIMARY KEY", "BOOLEAN", [1], [1], ("bigint", "bigint")),
        ("INT PRIMARY KEY", "BOOLEAN", [1], [1], ("bigint", "bigint")),
        ("BOOLEAN PRIMARY KEY", "INTEGER", [1], [1, 5], ("bigint", "bigint")),
        ("TEXT PRIMARY KEY", "INTEGER", ["1"], [1], ("text", "text")),
        ("TEXT PRIMARY KEY", "", ["1"], [1], ("text", "text")),
        ("TEXT PRIMARY KEY", "UUID", [UUID], [UUID], ("text", "text")),
        ("UUID PRIMARY KEY", "TEXT", [UUID], [UUID], ("text", "text")),
        ("UUID PRIMARY KEY", "UUID", [UUID], [UUID], ("uuid", "uuid")),
        ("DATETIME PRIMARY KEY", "TEXT", ["2024-01-05"], ["2024-01-05"], ("text", "text")),
        ("INT PRIMARY KEY", "REAL", [1], [1.5], ("numeric", "numeric")),
        ("DECIMAL(5,0) PRIMARY KEY", "INT", [1], [10**9], ("bigint", "bigint")),
        ("VARCHAR(5) PRIMARY KEY", "TEXT", ["a"], ["a"], ("text", "text")),
    ],
)
def test_both_sides_of_a_key_have_one_type(
    tmp_path: Path,
    parent: str,
    child: str,
    parents: list[Any],
    children: list[Any],
    expected: tuple[str, str],
) -> None:
    """The type is one that every value of both columns fits."""
    found = related(tmp_path / "a.db", parent, child, parents, children)
    assert (found["p"], found["c"]) == expected


def test_an_identity_never_changes_its_type(tmp_path: Path) -> None:
    """Texts that refer to an identity keep their type: the key is reported, the identity stays."""
    found = related(tmp_path / "a.db", "INTEGER PRIMARY KEY", "TEXT", [1], ["1"])
    assert found == {"p": "bigint", "c": "text"}


def test_a_chosen_type_stands_on_both_sides(tmp_path: Path) -> None:
    """The other side of the key follows what the user chose."""
    options = TypeOptions(overrides=(("p", "k", "text"),))
    found = related(tmp_path / "a.db", "INT PRIMARY KEY", "INT", [1], [1], options=options)
    assert found == {"p": "text", "c": "text"}


def test_keys_in_a_chain_share_one_type(tmp_path: Path) -> None:
    """Columns tied by several keys, in a circle too, all have the same type."""
    sql = """
        CREATE TABLE a (k TEXT PRIMARY KEY, x INT REFERENCES c(k));
        CREATE TABLE b (k INT PRIMARY KEY REFERENCES a(k));
        CREATE TABLE c (k INT PRIMARY KEY REFERENCES b(k));
        INSERT INTO a VALUES ('1', 1); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1);
    """
    chosen = choose(tmp_path / "a.db", sql)
    types = [chosen.types(table)["k"] for table in "abc"] + [chosen.types("a")["x"]]
    assert types == ["text"] * 4
    assert "a.k" in chosen.warnings("b.k")[0].message


def kept(path: Path, chosen: Chosen) -> TypeChoices:
    """Return the choices after looking for collisions."""
    with reading(path) as connection:
        return keep_unique(
            connection, chosen.schema, chosen.profiles, TypeOptions(), chosen.choices
        )


@pytest.mark.parametrize(
    ("declared", "values", "expected"),
    [
        ("DATETIME UNIQUE", ["2024-01-05", "2024-01-05 00:00:00"], "text"),
        ("DATETIME UNIQUE", ["2024-01-05T00:00", "2024-01-05 00:00"], "text"),
        (
            "DATETIME UNIQUE",
            ["2024-01-05 10:00:00+02:00", "2024-01-05 08:00:00+00:00"],
            "text",
        ),
        (
            "DATETIME UNIQUE",
            ["2024-01-05 10:00:00.1234561", "2024-01-05 10:00:00.1234562"],
            "text",
        ),
        (
            "DATETIME UNIQUE",
            ["2024-01-05", "2024-01-06 00:00:00"],
            "timestamp without time zone",
        ),
        ("UUID PRIMARY KEY", [UUID, UUID.upper()], "text"),
        ("UUID PRIMARY KEY", [UUID, UUID.replace("-", "1")[:32]], "uuid"),
        ("BOOLEAN UNIQUE", [1, "true"], "text"),
        ("BOOLEAN UNIQUE", [1, 0], "boolean"),
        ("JSON UNIQUE", ['{"a":1}', '{"a": 1}'], "text"),
        ("JSON UNIQUE", ['{"a":1}', '{"a": 2}'], "jsonb"),
        ("JSON UNIQUE", ['{"a":1,"a":2}'], "text"),
        ("INTEGER UNIQUE", [1, 2], "bigint"),
    ],
)
def test_unique_values_stay_apart(
    tmp_path: Path, declared: str, values: list[Any], expected: str
) -> None:
    """A conversion that would make two unique values equal is not done."""
    path = tmp_path / "a.db"
    chosen = choose(path, f"CREATE TABLE t (c {declared})", [(value,) for value in values])
    assert kept(path, chosen).table("t").column("c").pg_type == expected


def test_only_whole_keys_collide(tmp_path: Path) -> None:
    """Equal values in one column of a key are no collision while the others differ."""
    sql = "CREATE TABLE t (a INT, b DATETIME, UNIQUE (a, b))"
    rows = [(1, "2024-01-05"), (2, "2024-01-05 00:00:00"), (None, "2024-01-05")]
    chosen = choose(tmp_path / "a.db", sql, rows)
    with reading(tmp_path / "a.db") as connection:
        arguments = (connection, chosen.schema, chosen.profiles, chosen.choices)
        assert find_collisions(*arguments) == ()
    sql = sql.replace("UNIQUE (a, b)", "UNIQUE (b, a)")
    chosen = choose(tmp_path / "b.db", sql, [*rows, (1, "2024-01-05 00:00:00")])
    with reading(tmp_path / "b.db") as connection:
        arguments = (connection, chosen.schema, chosen.profiles, chosen.choices)
        assert find_collisions(*arguments) == (("t", "b"),)


def test_a_partial_key_collides_within_its_condition(tmp_path: Path) -> None:
    """Rows outside a partial unique index do not count."""
    sql = """CREATE TABLE t (a DATETIME, live INT);
             CREATE UNIQUE INDEX i ON t (a) WHERE live = 1;"""
    rows = [("2024-01-05", 1), ("2024-01-05 00:00:00", 0)]
    chosen = choose(tmp_path / "a.db", sql, rows)
    unchanged = kept(tmp_path / "a.db", chosen)
    assert unchanged is chosen.choices


def test_both_sides_of_a_key_keep_text_together(tmp_path: Path) -> None:
    """A referring column follows a unique one that has to stay text."""
    sql = f"""
        CREATE TABLE t (c UUID PRIMARY KEY);
        CREATE TABLE r (c UUID REFERENCES t(c));
        INSERT INTO t VALUES ('{UUID}'), ('{UUID.upper()}');
        INSERT INTO r VALUES ('{UUID}');
    """
    chosen = choose(tmp_path / "a.db", sql)
    assert chosen.types("r") == {"c": "uuid"}
    after = kept(tmp_path / "a.db", chosen)
    assert after.table("t").column("c").pg_type == "text"
    assert after.table("r").column("c").pg_type == "text"


def test_a_key_that_cannot_be_created_changes_no_type(tmp_path: Path) -> None:
    """Where nothing makes the parent unique, both columns keep the types of their own."""
    database = tmp_path / "a.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(
            "CREATE TABLE p (name TEXT); INSERT INTO p VALUES ('x');"
            "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (name));"
            "INSERT INTO c VALUES (1, NULL), (2, 7);"
        )
    plan = json.loads(run_here("-q", "migrate-to-postgres", database, "--plan", "--json").stdout)
    types = {c["source"]: c["pg_type"] for t in plan["tables"] for c in t["columns"]}
    assert types == {"name": "text", "id": "bigint", "p": "bigint"}
