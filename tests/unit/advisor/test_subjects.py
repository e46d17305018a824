"""Recorded statements made ready for the copy: what they touch, and what they must not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from dbtune.advisor.statements.subjects import Subject, Subjects
from dbtune.model.workload import Parameters, QueryShape, Sample
from dbtune.workload.fingerprint import shape_id, template_of
from tests.unit.advisor.workbench import build, filled, prepare, scratch, shape

DDL = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, city TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, total REAL)",
    "CREATE TABLE log (at TEXT)",
    "CREATE TABLE keyed (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID",
    "CREATE VIEW buyers AS SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id",
    "CREATE VIEW names AS SELECT name FROM buyers",
    "CREATE TRIGGER noted AFTER INSERT ON orders BEGIN INSERT INTO log VALUES ('now'); END",
    "CREATE TRIGGER renamed INSTEAD OF UPDATE ON buyers BEGIN"
    " UPDATE users SET name = NEW.name WHERE name = OLD.name; END",
    "CREATE VIRTUAL TABLE words USING fts5(word)",
    "INSERT INTO words VALUES ('hello')",
    filled("users", "name, city", "'n' || n, 'c' || (n % 5)", 50),
)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[apsw.Connection]:
    """An open scratch copy."""
    with scratch(build(tmp_path / "copy.db", *DDL)) as connection:
        yield connection


def only(copy: apsw.Connection, sql: str, values: Parameters = None) -> Subject:
    """Prepare one statement that has to be ready."""
    subjects = prepare(copy, shape(sql, values=values))
    assert subjects.unplannable == () and len(subjects.ready) == 1, subjects
    return subjects.ready[0]


def as_recorded(text: str, kind: str = "read") -> QueryShape:
    """Return a shape that claims to be of a kind, whatever its text is."""
    return QueryShape(
        shape_id(text),
        template_of(text),
        kind,
        1,
        None,
        (Sample(text, ()),),  # type: ignore[arg-type]
    )


TOUCHED = {
    "a table": ("SELECT name FROM users", {"users"}),
    "rows only": ("SELECT count(*) FROM users", {"users"}),
    "a join": ("SELECT name FROM users, orders", {"users", "orders"}),
    "a view": ("SELECT * FROM buyers", {"users", "orders"}),
    "a view on a view": ("SELECT * FROM names", {"users", "orders"}),
    "a subquery": ("SELECT 1 WHERE EXISTS (SELECT 1 FROM log)", {"log"}),
    "a virtual table": ("SELECT word FROM words WHERE words MATCH 'hello'", {"words"}),
}


@pytest.mark.parametrize(("sql", "tables"), TOUCHED.values(), ids=TOUCHED)
def test_a_read_says_which_tables_it_really_reads(
    copy: apsw.Connection, sql: str, tables: set[str]
) -> None:
    """SQLite itself says so, through views and subqueries."""
    subject = only(copy, sql)
    assert tables <= subject.tables and subject.tables & {"users", "orders", "log"} <= tables
    assert not subject.writes and subject.written == frozenset()


def test_views_are_named(copy: apsw.Connection) -> None:
    """A clone of a part of the schema needs them."""
    assert {"buyers", "names"} <= only(copy, "SELECT * FROM names").views


def test_a_write_says_what_it_writes_through_triggers(copy: apsw.Connection) -> None:
    """Including what only a trigger writes."""
    subject = only(copy, "INSERT INTO orders (user_id, total) VALUES (1, 2.5)")
    assert subject.writes and subject.triggers
    assert {"orders", "log"} <= subject.written
    through_view = only(copy, "UPDATE buyers SET name = 'x' WHERE name = 'y'")
    assert "users" in through_view.written and through_view.triggers


def test_an_update_says_which_columns_change(copy: apsw.Connection) -> None:
    """An index without them has nothing to follow."""
    subject = only(copy, "UPDATE users SET city = 'x' WHERE name = 'y'")
    assert subject.updated == {("users", "city")}
    assert subject.maintains("Users", frozenset({"city", "name"}))
    assert not subject.maintains("users", frozenset({"name"}))
    assert subject.maintains("users", None)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO users (name) VALUES ('x')",
        "DELETE FROM users WHERE name = 'x'",
        "UPDATE users SET id = 900 WHERE id = 1",
        "UPDATE keyed SET k = 'b' WHERE k = 'a'",
        "INSERT INTO users (id, name) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y'",
    ],
)
def test_rows_that_come_go_or_move_touch_every_index(copy: apsw.Connection, sql: str) -> None:
    """A new rowid moves the row's entry in each of them."""
    assert only(copy, sql).maintains("users", frozenset({"city"}))


FORBIDDEN = (
    "ATTACH 'other.db' AS other",
    "DETACH main",
    "PRAGMA journal_mode = WAL",
    "PRAGMA writable_schema = ON",
    "VACUUM",
    "VACUUM INTO 'stolen.db'",
    "CREATE TABLE planted (a)",
    "CREATE TEMP TABLE planted (a)",
    "CREATE INDEX planted ON users (city)",
    "DROP TABLE users",
    "ALTER TABLE users RENAME TO lost",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT s",
    "SELECT load_extension('evil')",
    "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'CREATE TABLE x (a)')",
    "DELETE FROM sqlite_master",
    "UPDATE sqlite_schema SET sql = ''",
    "SELECT 1; DROP TABLE users",
    "",
    "garbage",
)


@pytest.mark.parametrize("kind", ["read", "write"])
@pytest.mark.parametrize("text", FORBIDDEN)
def test_nothing_but_reading_and_writing_rows_is_let_through(
    copy: apsw.Connection, tmp_path: Path, text: str, kind: str
) -> None:
    """Even where the recording passes it off as a query: not ready, and nothing happened."""
    before = list(copy.execute("SELECT * FROM sqlite_schema"))
    subjects = prepare(copy, as_recorded(text, kind))
    assert subjects.ready == () and len(subjects.unplannable) == 1
    assert subjects.unplannable[0].error
    assert list(copy.execute("SELECT * FROM sqlite_schema")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]
    assert not copy.in_transaction


@pytest.mark.parametrize("text", ["PRAGMA user_version", "CREATE TABLE x (a)", "BEGIN IMMEDIATE"])
def test_what_is_no_query_is_skipped(copy: apsw.Connection, text: str) -> None:
    """It is counted among what was not run."""
    subjects = prepare(copy, shape(text))
    assert (subjects.ready, subjects.unplannable) == ((), ()) and len(subjects.skipped) == 1


ERRORS = {
    "missing table": ("SELECT * FROM nowhere", "no such table: nowhere"),
    "missing column": ("SELECT salary FROM users", "no such column: salary"),
    "syntax": ("SELECT FROM WHERE", "syntax error"),
    "missing module": ("SELECT * FROM nothing_series(1, 2)", "no such table"),
    "a surrogate": ("SELECT '\ud800'", "surrogates"),
}


@pytest.mark.parametrize(("sql", "message"), ERRORS.values(), ids=ERRORS)
def test_what_cannot_be_prepared_keeps_its_message(
    copy: apsw.Connection, sql: str, message: str
) -> None:
    """It becomes a finding."""
    (found,) = prepare(copy, as_recorded(sql)).unplannable
    assert message in found.error and found.text == sql


def test_a_value_that_cannot_be_bound_is_an_error_too(copy: apsw.Connection) -> None:
    """Too large for 64 bits, or of no type of SQLite's."""
    for value in (2**70, object()):
        recorded = shape("SELECT * FROM users WHERE id = ?", values=(value,))  # type: ignore[arg-type]
        assert len(prepare(copy, recorded).unplannable) == 1


def test_one_sample_that_fails_leaves_the_others(copy: apsw.Connection) -> None:
    """A shape is ready as long as something of it runs."""
    good, bad = "SELECT * FROM users WHERE id = 5", "SELECT * FROM users WHERE id = '\ud800'"
    recorded = shape(good, bad)
    (subject,) = prepare(copy, recorded).ready
    assert [statement.text for statement in subject.statements] == [good]


def test_functions_of_the_application_get_stand_ins(copy: apsw.Connection) -> None:
    """Whatever their case and number; collations as well."""
    sql = "SELECT Own_1(name), own_2(name, 1), own_2() FROM users ORDER BY city COLLATE german"
    subjects = prepare(copy, shape(sql), shape("SELECT own_1(city) FROM users"))
    assert len(subjects.ready) == 2 and {f.name for f in subjects.functions} == {"own_1", "own_2"}
    assert set(subjects.ready[0].stubbed) == {"own_1", "own_2"}
    assert subjects.ready[1].stubbed == ("own_1",)


def test_a_statement_of_made_up_functions_is_not_tried_for_ever(copy: apsw.Connection) -> None:
    """Each costs a try."""
    calls = ", ".join(f"made_up_{n}()" for n in range(300))
    assert len(prepare(copy, shape(f"SELECT {calls}")).unplannable) == 1


def test_statements_on_the_recordings_own_temporary_tables_are_set_apart(
    copy: apsw.Connection,
) -> None:
    """They are no mistake, though the copy does not have the table."""
    subjects = prepare(
        copy,
        shape("CREATE TEMP TABLE IF NOT EXISTS picked AS SELECT id FROM users"),
        shape('CREATE TEMPORARY TABLE "Odd One" (a)'),
        shape("SELECT * FROM picked"),
        shape("INSERT INTO temp.picked VALUES (5)"),
        shape('SELECT * FROM "Odd One"'),
        shape("SELECT * FROM unpicked"),
    )
    assert len(subjects.temporary) == 3
    assert [found.text for found in subjects.unplannable] == ["SELECT * FROM unpicked"]


def test_statistics_and_counters_of_sqlite_may_be_touched(tmp_path: Path) -> None:
    """Applications read sqlite_stat1 and reset sqlite_sequence."""
    with scratch(build(tmp_path / "copy.db", *DDL, "ANALYZE")) as copy:
        assert only(copy, "SELECT * FROM sqlite_stat1").tables == {"sqlite_stat1"}
        assert only(copy, "DELETE FROM sqlite_sequence WHERE name = 'orders'").writes
        assert only(copy, "SELECT name FROM sqlite_master").tables == frozenset()


@pytest.mark.parametrize(
    ("sql", "values", "rows"),
    [
        ("SELECT id FROM users WHERE id IN (?, ?)", (1, 2), 2),
        ("SELECT id FROM users WHERE id = :id", {"id": 3}, 1),
        ("SELECT id FROM users WHERE id = ?2 OR id = ?1", (1, 2), 2),
        ("SELECT id FROM users WHERE id = %s", (4,), 1),
        ("SELECT id FROM users WHERE id = %(id)s", {"id": 4}, 1),
        ("SELECT id FROM users WHERE id = $1", (4,), 1),
        ("SELECT id FROM users WHERE id = 5 -- ?", (), 1),
    ],
)
def test_recorded_values_are_bound(
    copy: apsw.Connection, sql: str, values: Parameters, rows: int
) -> None:
    """In every style of placeholders."""
    recorded = QueryShape(shape_id(sql), template_of(sql), "read", 1, None, (Sample(sql, values),))
    (subject,) = prepare(copy, recorded).ready
    statement = subject.statements[0]
    assert len(list(copy.execute(statement.text, statement.parameters))) == rows


def test_nothing_of_a_recording_is_run(copy: apsw.Connection) -> None:
    """Preparing is enough to know the tables."""
    changes = copy.total_changes()
    prepare(copy, shape("DELETE FROM users"), shape("INSERT INTO log VALUES ('x')"))
    assert copy.total_changes() == changes


def test_subjects_start_empty() -> None:
    """A recording may hold nothing at all."""
    assert Subjects(()).unmeasured == ()
