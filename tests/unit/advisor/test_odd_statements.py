"""Statements of every kind: each gives advice, or says in words why it gives none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.advisor import caveats
from dbtune.advisor.advise import Advice
from dbtune.advisor.statements.not_analysed import lines, reason
from dbtune.advisor.statements.reading_part import reading_part
from dbtune.advisor.statements.runnable import Statement
from tests.unit.advisor.workbench import advice_on, advised, build, filled, shape

ROWS = 3000
DDL = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, city TEXT, email TEXT, age INTEGER)",
    "CREATE UNIQUE INDEX by_email ON users (email)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total REAL, state TEXT)",
    "CREATE TABLE papers (id INTEGER PRIMARY KEY, doc TEXT)",
    "CREATE TABLE log (line TEXT)",
    "CREATE VIEW loud AS SELECT id, upper(name) AS name, city FROM users",
    "CREATE VIRTUAL TABLE notes USING fts5(title, body)",
    "CREATE VIRTUAL TABLE old_notes USING fts4(body)",
    "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
    filled("users", "name, city, email, age", "'n' || n, 'c' || (n % 300), n || '@', n % 90", ROWS),
    filled("orders", "user_id, total, state", "n % 500, n * 1.5, 's' || (n % 4)", ROWS),
    filled("papers", "doc", "json_object('tag', 't' || (n % 400))", ROWS),
    filled("notes", "title, body", "'t' || n, 'word' || (n % 300)", ROWS),
    filled("old_notes", "body", "'word' || (n % 300)", ROWS),
    filled("boxes", "id, x0, x1", "n, n, n + 1", ROWS),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with ordinary, FTS and R-tree tables."""
    return build(tmp_path_factory.mktemp("odd") / "odd.db", *DDL)


def caveat_lines(advice: Advice) -> str:
    """Return what the report would say was not measured."""
    return "\n".join(caveats.not_checked(advice))


HELPED = {
    "schema name": ("SELECT * FROM main.users WHERE city = 'c5'", "users (city"),
    "quoted names": ("SELECT [id] FROM `users` WHERE \"city\" = 'c5'", "users (city"),
    "blob": ("SELECT id FROM users WHERE name = x'0102'", "users (name"),
    "ESCAPE": ("SELECT id FROM users WHERE name LIKE 'n55!%' ESCAPE '!'", "users (name"),
    "MATCH on a column": ("SELECT id FROM users WHERE name MATCH 'n' AND city = 'c5'", "users (ci"),
    "create temp": ("CREATE TEMP TABLE t AS SELECT id FROM users WHERE city = 'c5'", "users (city"),
    "create table": (
        "CREATE TABLE IF NOT EXISTS t AS WITH w AS (SELECT 'c5' AS c) SELECT id FROM users"
        " WHERE city = 'c5'",
        "users (city",
    ),
    "fill temp": ("INSERT INTO temp.t (id) SELECT id FROM users WHERE city = 'c5'", "users (city"),
    "fill attached": ("INSERT INTO far.t SELECT id FROM users WHERE city = 'c5'", "users (city"),
    "rtree join": (
        "SELECT u.id FROM boxes b JOIN users u ON u.age = b.id WHERE b.x0 > 5 AND b.x1 < 20",
        "users",
    ),
    "FTS5 join": (
        "SELECT u.id FROM notes n JOIN users u ON u.age = n.rowid WHERE notes MATCH 'word5'"
        " AND u.city = 'c5'",
        "users (",
    ),
    "view with a function": ("SELECT * FROM loud WHERE city = 'c5'", "users (city"),
    "rowid": ("SELECT u.rowid FROM users u WHERE u.city = 'c5'", "users (city"),
    "json_each in": (
        "SELECT id FROM users WHERE age IN (SELECT value FROM json_each('[1, 2]'))",
        "users (age",
    ),
    "json_each join": (
        "SELECT u.id FROM users u, json_each('[1, 2]') j WHERE u.age = j.value",
        "users (age",
    ),
    "json_tree": (
        "SELECT o.id FROM orders o, json_tree('{}') j WHERE o.user_id = 5",
        "orders (user_id",
    ),
    "json_extract": (
        "SELECT id FROM papers WHERE json_extract(doc, '$.tag') = 't7'",
        "papers (json_extract(doc, '$.tag')",
    ),
    "arrow": ("SELECT id FROM papers WHERE doc ->> 'tag' = 't7'", "papers (doc ->> 'tag'"),
    "pragma function": (
        "SELECT u.id FROM pragma_table_info('users') p JOIN users u ON u.age = p.cid"
        " WHERE u.city = 'c5'",
        "users (",
    ),
    "window": (
        "SELECT id, row_number() OVER (PARTITION BY state ORDER BY total) FROM orders"
        " WHERE user_id = 5",
        "orders (user_id",
    ),
    "window frame": (
        "SELECT sum(total) OVER w FROM orders WHERE user_id = 5 WINDOW w AS (ORDER BY id)",
        "orders (user_id",
    ),
    "recursive CTE": (
        "WITH RECURSIVE t(id) AS (SELECT id FROM users WHERE city = 'c5' UNION"
        " SELECT id + 1 FROM t WHERE id < 100) SELECT * FROM t",
        "users (city",
    ),
    "insert from": ("INSERT INTO log SELECT name FROM users WHERE city = 'c5'", "users (city"),
    "update from": (
        "UPDATE orders SET total = u.age FROM users u WHERE u.id = orders.id AND u.city = 'c5'",
        "users (city",
    ),
    "update returning": (
        "UPDATE orders SET total = 1 WHERE user_id = 5 RETURNING id",
        "orders (user_id",
    ),
    "delete returning": ("DELETE FROM orders WHERE user_id = 5 RETURNING *", "orders (user_id"),
    "limited delete": (
        "DELETE FROM orders WHERE user_id = 499 ORDER BY id DESC LIMIT 5",
        "orders (user_id",
    ),
    "limited update": (
        "UPDATE OR IGNORE orders SET total = 0 WHERE user_id = 499 LIMIT 9",
        "orders (user_id",
    ),
    "delete in": (
        "DELETE FROM orders WHERE user_id IN (SELECT age FROM users WHERE city = 'c5')",
        "users (city",
    ),
    "row value": ("SELECT id FROM orders WHERE (user_id, state) = (5, 's1')", "orders ("),
    "keyset": (
        "SELECT id FROM orders WHERE (user_id, id) > (490, 5) ORDER BY user_id, id LIMIT 10",
        "orders (user_id",
    ),
    "not distinct": (
        "SELECT id FROM orders WHERE user_id IS NOT DISTINCT FROM 5",
        "orders (user_id",
    ),
    "distinct": (
        "SELECT id FROM orders WHERE state IS DISTINCT FROM 's1' AND user_id = 4",
        "orders (user_id",
    ),
    "IS": ("SELECT id FROM orders WHERE user_id IS 5", "orders (user_id"),
    "left join": (
        "SELECT u.id FROM users u LEFT JOIN log ON line = name WHERE city = 'c5'",
        "users (city",
    ),
    "union": (
        "SELECT id FROM users WHERE city = 'c5' UNION SELECT 1",
        "users (city",
    ),
    "ordered aggregate": (
        "SELECT group_concat(name, ',' ORDER BY id) FROM users WHERE city = 'c5'",
        "users (city",
    ),
    "semicolon": ("SELECT id FROM users WHERE city = 'c5';", "users (city"),
    "comment": ("SELECT id /* ? */ FROM users -- '\nWHERE city = 'c5'", "users (city"),
    "?": ("SELECT id FROM users WHERE city = ?", "users (city"),
    "?7": ("SELECT id FROM users WHERE city = ?7", "users (city"),
    ":name": ("SELECT id FROM users WHERE city = :city", "users (city"),
    "@name": ("SELECT id FROM users WHERE city = @city", "users (city"),
    "$name": ("SELECT id FROM users WHERE city = $city", "users (city"),
}


@pytest.mark.parametrize(("sql", "index"), HELPED.values(), ids=HELPED)
def test_an_index_that_helps_is_advised(database: Path, sql: str, index: str) -> None:
    """Whatever else stands in the statement."""
    advice = advice_on(database, shape(sql))
    assert advice.subjects.unplannable == () and advice.subjects.on_temporary == ()
    assert any(on.startswith(index) for on in advised(advice)), (advised(advice), advice.repaired)


NOTHING_TO_ADD = {
    "FTS5": "SELECT title FROM notes WHERE notes MATCH 'word5' ORDER BY rank",
    "FTS5 functions": (
        "SELECT bm25(notes), snippet(notes, 1, '', '', '', 5), highlight(notes, 0, '', '')"
        " FROM notes('word5')"
    ),
    "FTS5 scan": "SELECT * FROM notes WHERE title = 't5'",
    "FTS4": "SELECT snippet(old_notes), offsets(old_notes) FROM old_notes WHERE body MATCH 'word5'",
    "shadow table": "SELECT * FROM notes_content WHERE c0 = 't5'",
    "rtree": "SELECT id FROM boxes WHERE x0 > 5 AND x1 < 20",
    "json_each": "SELECT value FROM json_each('[1, 2]')",
    "pragma function": "SELECT * FROM pragma_table_info('users')",
    "dbstat": "SELECT name, pgsize FROM dbstat",
    "sqlite_schema": "SELECT name FROM sqlite_schema WHERE type = 'table'",
    "sqlite_temp_master": "SELECT name FROM sqlite_temp_master",
    "upsert": (
        "INSERT INTO users (email, name) VALUES ('5@', 'n') ON CONFLICT (email)"
        " DO UPDATE SET name = excluded.name WHERE city = 'x' RETURNING id"
    ),
    "upsert nothing": "INSERT INTO users (email) VALUES ('5@') ON CONFLICT DO NOTHING",
    "two upserts": (
        "INSERT INTO users (id, email) VALUES (5, '5@') ON CONFLICT (email) DO NOTHING"
        " ON CONFLICT (id) DO UPDATE SET name = 'x'"
    ),
    "replace": "REPLACE INTO users (id, email, name) VALUES (5, '5@', 'n')",
    "insert or replace": "INSERT OR REPLACE INTO users (id, email) VALUES (5, '5@')",
    "INDEXED BY": "SELECT * FROM users INDEXED BY by_email WHERE email = '5@'",
    "NOT INDEXED": "SELECT * FROM users NOT INDEXED WHERE city = 'c5'",
    "VALUES": "VALUES (1, 2), (3, 4)",
}


@pytest.mark.parametrize("sql", NOTHING_TO_ADD.values(), ids=NOTHING_TO_ADD)
def test_what_no_index_helps_is_measured_all_the_same(database: Path, sql: str) -> None:
    """It is a shape of the report with its cost, and nothing failed."""
    advice = advice_on(database, shape(sql))
    assert len(advice.before) == 1 and advised(advice) == []
    assert advice.before[0].measurement.failure is None


BECAUSE = {
    "attached": ("SELECT * FROM far.things WHERE a = 5", '"far.things" is in another database'),
    "attached in a join": (
        "SELECT u.id FROM users u JOIN far.things t ON t.a = u.id",
        "attached as far",
    ),
    "write to attached": ("DELETE FROM far.things WHERE a = 5", "is in another database"),
    "temporary": ("SELECT * FROM temp.scratch", "scratch is a temporary table"),
    "series": ("SELECT value FROM generate_series(1, 9)", "generate_series() is a table-valued"),
    "no table": ("SELECT * FROM nowhere", "this database has no table nowhere"),
    "inserted columns": ("INSERT INTO nowhere (a) VALUES (1)", "no table nowhere"),
    "no column": ("SELECT salary FROM users", "no table it reads has a column salary"),
    "no index": ("SELECT * FROM users INDEXED BY gone WHERE email = 'x'", "index gone (INDEXED"),
    "no statistics": ("SELECT * FROM sqlite_stat1", "ANALYZE has not run on this database"),
    "no sequence": ("SELECT * FROM sqlite_sequence", "no table of this database is AUTOINC"),
    "upsert": (
        "INSERT INTO users (email) VALUES ('x') ON CONFLICT (city) DO NOTHING",
        "its ON CONFLICT names columns that no PRIMARY KEY or UNIQUE",
    ),
    "syntax": ("SELEC 1", "SQLite does not understand it at SELEC"),
    "FOR UPDATE": ("SELECT 1 FROM users WHERE id = 1 FOR UPDATE", "does not understand it at FOR"),
    "cut off": ("SELECT id FROM users WHERE (city = ", "the recorder cut it off"),
    "limited write": ("UPDATE far.t SET a = 1 LIMIT 1", "without LIMIT in UPDATE and DELETE"),
    "extension": ("SELECT load_extension('x')", "it loads an extension"),
    "arguments": ("SELECT upper(1, 2)", "upper() does not take so many arguments"),
    "schema": ("DELETE FROM sqlite_schema", "it changes the schema, settings or the file"),
    "too large": ("SELECT * FROM users WHERE id = ?", "a value that SQLite cannot store"),
}


@pytest.mark.parametrize(("sql", "because"), BECAUSE.values(), ids=BECAUSE)
def test_what_cannot_be_analysed_says_why(database: Path, sql: str, because: str) -> None:
    """The line names the shape, and the reason in words."""
    recorded = shape(sql, values=(2**70,) if "?" in sql else None)
    line = caveat_lines(advice_on(database, recorded))
    assert f"query {recorded.id} not analysed, because " in line
    assert because in line


def test_tables_that_the_recording_makes_are_named(database: Path) -> None:
    """Their rows are in the application's connection alone."""
    advice = advice_on(
        database, shape("CREATE TEMP TABLE picked (id)"), shape("SELECT * FROM picked")
    )
    assert "because picked is a temporary table of the application's" in caveat_lines(advice)


def test_only_the_query_inside_is_said_to_be_measured(database: Path) -> None:
    """What the rest of the statement costs is not known."""
    advice = advice_on(database, shape("INSERT INTO far.t SELECT id FROM users WHERE city = 'c5'"))
    assert "only the query inside was measured" in caveat_lines(advice)
    assert not advice.subjects.ready[0].writes


@pytest.mark.parametrize("text", ["PRAGMA user_version", "BEGIN", "VACUUM", "ATTACH 'x' AS far"])
def test_commands_are_counted(database: Path, text: str) -> None:
    """There is nothing to advise on them."""
    assert "1 query shape neither read nor write rows" in caveat_lines(
        advice_on(database, shape(text))
    )


def test_shapes_of_one_reason_share_a_line() -> None:
    """Hundreds of them are not all named."""
    why = reason("SELECT 1 FROM a", "no such table: a")
    (one,) = lines([("x", why)])
    assert one == "query x not analysed, because this database has no table a"
    (many,) = lines([(str(n), why) for n in range(300)])
    assert many.startswith("queries 0, 1,") and "9 and 290 more not analysed" in many


PARTS = {
    "CREATE TEMP TABLE t AS SELECT 1": "SELECT 1",
    "create table main.t as values (1)": "values (1)",
    "CREATE TABLE t (a, b)": None,
    "CREATE VIEW v AS SELECT 1": None,
    "INSERT INTO t VALUES (1)": None,
    "INSERT INTO t DEFAULT VALUES": None,
    "INSERT INTO t (a) SELECT a FROM b ON CONFLICT (a) DO NOTHING RETURNING a": "SELECT a FROM b ",
    "INSERT INTO t SELECT a FROM b JOIN c ON b.x = c.x": "SELECT a FROM b JOIN c ON b.x = c.x",
    "WITH w AS (SELECT 1) INSERT INTO t SELECT * FROM w": "WITH w AS (SELECT 1) SELECT * FROM w",
    "DELETE FROM t WHERE a = (SELECT 1) LIMIT 5": "SELECT 1 FROM t WHERE a = (SELECT 1) LIMIT 5",
    "DELETE FROM t": None,
    "UPDATE t SET a = 1 WHERE b = 2 ORDER BY c": "SELECT 1 FROM t WHERE b = 2 ORDER BY c",
    "UPDATE t SET a = 1 FROM u WHERE b = 2 LIMIT 1": None,
    "UPDATE t SET a = 1": None,
    "UPDATE t": None,
    "WITH": None,
    "": None,
    "SELECT 1": None,
}


@pytest.mark.parametrize(("text", "part"), PARTS.items())
def test_the_query_inside_a_statement(text: str, part: str | None) -> None:
    """Only what it reads, without what it does with it."""
    found = reading_part(Statement(text))
    assert (found.text if found else None) == part


def test_values_stay_with_their_placeholders() -> None:
    """Those before the query go with their numbers kept."""
    text = "UPDATE t SET a = ?, b = ? WHERE c = ? AND d = ? LIMIT 5"
    found = reading_part(Statement(text, (1, 2, 3, 4)))
    assert found == Statement("SELECT 1 FROM t WHERE c = ?3 AND d = ?4 LIMIT 5", (1, 2, 3, 4))
    found = reading_part(Statement("UPDATE t SET a = :a WHERE b = :b", {"a": 1, "b": 2}))
    assert found == Statement("SELECT 1 FROM t WHERE b = :b", {"b": 2})
    found = reading_part(Statement("UPDATE t SET a = ? WHERE b = 2", (1,)))
    assert found == Statement("SELECT 1 FROM t WHERE b = 2", ())
