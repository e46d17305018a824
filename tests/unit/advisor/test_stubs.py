"""Stand-ins for an application's functions and collations: plans are made, never an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.statements.stubs import StubFunction, add_stubs, schema_functions
from tests.unit.advisor.workbench import advice_on, advised, filled, prepare, shape

DDL = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, city INTEGER)",
    "CREATE TABLE checked (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, CHECK (own(a) <> 'BAD'))",
    "CREATE TABLE made (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, up TEXT AS (own(a)) VIRTUAL)",
    "CREATE TABLE ixed (id INTEGER PRIMARY KEY, a TEXT, b INTEGER)",
    "CREATE TABLE fired (id INTEGER PRIMARY KEY, a TEXT, b INTEGER)",
    "CREATE TABLE log (line TEXT)",
    "CREATE TRIGGER noted AFTER UPDATE ON fired BEGIN INSERT INTO log VALUES (own(NEW.a)); END",
    "CREATE VIEW shouting AS SELECT id, own(name) AS loud, city FROM people",
    "CREATE TABLE words (id INTEGER PRIMARY KEY, w TEXT COLLATE german, b INTEGER)",
)
INDEXES = ("CREATE INDEX by_own ON ixed (own(a))", "CREATE INDEX by_word ON words (w)")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that only its application can fill."""
    path = tmp_path_factory.mktemp("own") / "own.db"
    make(path)
    return path


def make(path: Path) -> None:
    """Write the database as its application does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("own", 1, _upper, deterministic=True)
        connection.create_collation("german", lambda a, b: (a > b) - (a < b))
        connection.execute("BEGIN")
        for statement in DDL:
            connection.execute(statement)
        connection.execute(filled("people", "name, city", "'n' || n, n % 300", 3000))
        for table in ("checked", "made", "ixed", "fired"):
            connection.execute(filled(table, "a, b", "'a' || n, n % 300", 3000))
        connection.execute(filled("words", "w, b", "'w' || n, n % 300", 3000))
        for statement in INDEXES:
            connection.execute(statement)
        connection.execute("COMMIT")


def _upper(text: str | None) -> str:
    return (text or "").upper()


@pytest.fixture
def database(original: Path, tmp_path: Path) -> Path:
    """A copy of it, which dbtune opens without the application's functions."""
    path = tmp_path / "own.db"
    path.write_bytes(original.read_bytes())
    return path


HELPED = {
    "in the columns": ("SELECT own(name) FROM people WHERE city = 7", "people (city, name)"),
    "in the order": ("SELECT id FROM people WHERE city = 7 ORDER BY own(name)", "people (city"),
    "in a group": ("SELECT own(name) FROM people WHERE city = 7 GROUP BY 1", "people (city, name)"),
    "an aggregate": ("SELECT agg(DISTINCT name) FROM people WHERE city = 7", "people (city, name)"),
    "a filter": (
        "SELECT agg(name) FILTER (WHERE id > 3) FROM people WHERE city = 7",
        "people (city, name)",
    ),
    "a window": ("SELECT win(name) OVER (ORDER BY id) FROM people WHERE city = 7", "people (city"),
    "a condition more": (
        "SELECT id FROM people WHERE city = 7 AND own(name) > 'x'",
        "people (city, name)",
    ),
    "REGEXP": ("SELECT id FROM people WHERE city = 7 AND name REGEXP '^n'", "people (city, name)"),
    "a view": ("SELECT * FROM shouting WHERE city = 7", "people (city"),
    "a trigger": ("UPDATE fired SET a = 'x' WHERE b = 7", "fired (b)"),
    "a CHECK": ("SELECT * FROM checked WHERE b = 7", "checked (b, a)"),
    "a CHECK on a write": ("UPDATE checked SET a = 'x' WHERE b = 7", "checked (b)"),
    "a generated column": ("SELECT up FROM made WHERE b = 7", "made (b)"),
    "an index on a function": ("SELECT a FROM ixed WHERE b = 7", "ixed (b, a)"),
    "a write to it": ("DELETE FROM ixed WHERE b = 7", "ixed (b)"),
    "a collation": ("SELECT id FROM words WHERE b = 7 ORDER BY w", "words (b)"),
    "a collation in the query": (
        "SELECT id FROM people WHERE city = 7 ORDER BY name COLLATE swedish",
        "people (city",
    ),
}


@pytest.mark.parametrize(("sql", "index"), HELPED.values(), ids=HELPED)
def test_what_does_not_depend_on_a_stub_is_advised(database: Path, sql: str, index: str) -> None:
    """The index on ordinary columns beside the application's own function or collation."""
    advice = advice_on(database, shape(sql))
    assert advice.subjects.unplannable == ()
    (on,) = advised(advice)
    assert on.startswith(index)


STUBBED = {
    "a condition": "SELECT id FROM people WHERE own(name) = 'N5'",
    "a group": "SELECT own(name), count(*) FROM people GROUP BY own(name)",
    "an order": "SELECT id FROM people ORDER BY own(name) LIMIT 5",
    "through a view": "SELECT id FROM shouting WHERE loud = 'N5'",
    "a generated column": "SELECT b FROM made WHERE up = 'A7'",
    "a collation": "SELECT id FROM people WHERE name = 'n5' COLLATE swedish",
    "a column's collation": "SELECT id FROM words WHERE w > 'w5' ORDER BY w DESC",
}


@pytest.mark.parametrize("sql", STUBBED.values(), ids=STUBBED)
def test_no_index_is_on_a_stub(database: Path, sql: str) -> None:
    """What it would hold is not known."""
    assert advised(advice_on(database, shape(sql))) == []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX i ON people (other(name))",
        "CREATE INDEX i ON people (city) WHERE other(name)",
        "CREATE INDEX i ON made (up)",
        "CREATE INDEX i ON words (w, b)",
        "CREATE INDEX i ON people (name COLLATE swedish)",
    ],
)
def test_a_proposed_index_on_a_stub_cannot_be_built(database: Path, sql: str) -> None:
    """Whoever proposes it; reading goes on afterwards."""
    with closing(open_scratch(database, (StubFunction("other"),))) as connection:
        with pytest.raises(apsw.SQLError, match="of the application's own"):
            connection.execute(sql)
        assert list(connection.execute("SELECT count(*) FROM made WHERE up IS NULL")) == [(3000,)]


def test_functions_of_the_schema_are_stand_ins_too(database: Path) -> None:
    """The report names them, whether a statement calls them or not."""
    with closing(open_scratch(database)) as connection:
        subjects = prepare(connection, shape("SELECT id FROM people WHERE other(name)"))
    assert [function.name for function in subjects.functions] == ["own", "other"]


def test_a_function_is_an_aggregate_once_a_statement_uses_it_as_one(database: Path) -> None:
    """Other copies get the same stand-in."""
    with closing(open_scratch(database)) as connection:
        subjects = prepare(connection, shape("SELECT win(city) OVER () FROM people"))
    assert subjects.functions[-1] == StubFunction("win", aggregate=True)
    with closing(open_scratch(database, subjects.functions)) as connection:
        assert list(connection.execute("SELECT win(city) FROM people")) == [(None,)]


NOT_CALLED = (
    "CREATE TABLE t (a VARCHAR(20), b DECIMAL(10, 2) DEFAULT (1), UNIQUE (a), CHECK (a IN (1)))",
    "CREATE TABLE p (a, b, PRIMARY KEY (a, b), FOREIGN KEY (a) REFERENCES t (a))",
    "CREATE INDEX i ON t (a, lower(b)) WHERE coalesce(a, b) IS NOT NULL",
    "CREATE VIEW v (x) AS WITH c(n) AS (SELECT 1), d(n) AS (SELECT 2) SELECT c.n FROM c, d",
    "CREATE VIEW w AS SELECT count(*) FILTER (WHERE a) OVER (PARTITION BY a) FROM t"
    " JOIN p USING (a)",
    "CREATE VIEW j AS SELECT value FROM t, json_each(t.a) WHERE EXISTS (SELECT 1)"
    " AND CAST(a AS INT)",
    "CREATE TRIGGER g BEFORE DELETE ON t BEGIN INSERT INTO p (a, b) VALUES (1, 2);"
    " SELECT RAISE(ABORT, 'other(x)'); END",
)


@pytest.mark.parametrize("sql", NOT_CALLED)
def test_what_only_looks_like_a_call_gets_no_stub(sql: str) -> None:
    """Types, lists of columns, common tables, key words and texts."""
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b); CREATE TABLE p (a, b)")
        connection.execute(sql.replace("TABLE t ", "TABLE t2 ").replace("TABLE p ", "TABLE p2 "))
        assert schema_functions(connection) == ()


@pytest.mark.parametrize("add", [add_stubs, lambda connection: None], ids=["with", "without"])
def test_collations_of_sqlite_itself_get_no_stub(
    add: Callable[[apsw.Connection], None],
) -> None:
    """In a UTF-16 database SQLite asks for NOCASE as if it had none."""
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a)")
        add(connection)
        connection.execute("INSERT INTO t VALUES ('A'), ('b')")
        rows = list(connection.execute("SELECT a FROM t WHERE a = 'a' COLLATE NOCASE"))
        assert rows == [("A",)]
