"""What statements from a recording or a hostile schema must not do through the read-only open."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbtune.sqlite.authorizer import reading_only
from dbtune.sqlite.connect import open_readonly
from tests.fixtures.hostile import build, build_more, full_text_and_rtree, ordinary


@dataclass(frozen=True)
class Attack:
    """Statements that try to change a file; {other} and {new} become paths."""

    name: str
    statements: tuple[str, ...]


ATTACKS = (
    Attack("vacuum into a new file", ("VACUUM INTO '{new}'",)),
    Attack("attach a new file", ("ATTACH '{new}' AS a", "CREATE TABLE a.t (x)")),
    Attack(
        "attach an existing file",
        ("ATTACH '{other}' AS a", "INSERT INTO a.victim VALUES (2)", "DROP TABLE a.victim"),
    ),
    Attack(
        "attach by URI",
        ("ATTACH 'file:{other}?mode=rw' AS a", "INSERT INTO a.victim VALUES (2)"),
    ),
    Attack("temporary table", ("CREATE TEMP TABLE t (x)", "INSERT INTO temp.t VALUES (1)")),
    Attack("temporary view", ("CREATE TEMP VIEW v AS SELECT 1",)),
    Attack(
        "temporary trigger",
        ("CREATE TEMP TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM orders; END",),
    ),
    Attack("query_only off", ("PRAGMA query_only = 0", "DELETE FROM users")),
    Attack(
        "writable schema",
        ("PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = 'x' WHERE type = 'table'"),
    ),
    Attack("write-ahead log", ("PRAGMA journal_mode = WAL",)),
    Attack("journal mode delete", ("PRAGMA journal_mode = DELETE",)),
    Attack("journal mode off", ("PRAGMA main.journal_mode = OFF",)),
    Attack("create", ("CREATE TABLE t (x)", "CREATE INDEX i ON users (city)")),
    Attack("drop", ("DROP TABLE users", "DROP INDEX ix_users_email")),
    Attack("alter", ("ALTER TABLE users RENAME TO u", "ALTER TABLE users ADD COLUMN z")),
    Attack(
        "rows",
        (
            "INSERT INTO users (email) VALUES ('x')",
            "UPDATE users SET city = 'x'",
            "DELETE FROM users",
            "REPLACE INTO users (id, email) VALUES (1, 'x')",
        ),
    ),
    Attack(
        "rows through a common table",
        ("WITH x AS (SELECT 1) DELETE FROM users WHERE id IN (SELECT * FROM x)",),
    ),
    Attack("load an extension", ("SELECT load_extension('{new}')",)),
    Attack("tokenizer by address", ("SELECT fts3_tokenizer('simple', x'4141414141414141')",)),
    Attack("tokenizer address", ("SELECT fts3_tokenizer('simple')",)),
    Attack("write a file", ("SELECT writefile('{new}', 'x')", "SELECT edit('x', 'touch {new}')")),
    Attack("checkpoint", ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint")),
    Attack("detach", ("DETACH main", "DETACH temp")),
    Attack("reindex", ("REINDEX", "REINDEX users")),
    Attack("analyze", ("ANALYZE", "ANALYZE users", "PRAGMA optimize")),
    Attack("vacuum", ("VACUUM", "PRAGMA incremental_vacuum(10)")),
    Attack("folder of temporary files", ("PRAGMA temp_store_directory = '{folder}'",)),
    Attack("virtual table", ("CREATE VIRTUAL TABLE f USING fts5(x)",)),
    Attack(
        "header",
        (
            "PRAGMA user_version = 7",
            "PRAGMA application_id = 7",
            "PRAGMA schema_version = 7",
            "PRAGMA auto_vacuum = 1",
            "PRAGMA encoding = 'UTF-16'",
        ),
    ),
    Attack("trust", ("PRAGMA trusted_schema = ON", "PRAGMA cell_size_check = OFF")),
)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database to attack in both journal modes, and another to reach for."""
    folder = tmp_path_factory.mktemp("templates")
    ordinary(folder / "delete.db")
    shutil.copy(folder / "delete.db", folder / "wal.db")
    build_more(folder / "wal.db", "PRAGMA journal_mode = WAL")
    build(folder / "other.db", ("CREATE TABLE victim (x)", "INSERT INTO victim VALUES (1)"))
    return folder


@pytest.fixture(params=["delete", "wal"])
def database(request: pytest.FixtureRequest, templates: Path, tmp_path: Path) -> Iterator[Path]:
    """A database in each journal mode; under WAL a writer keeps its -wal alive with a row in it."""
    path = tmp_path / "victim.db"
    shutil.copy(templates / f"{request.param}.db", path)
    shutil.copy(templates / "other.db", tmp_path / "other.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO users (email) VALUES ('last')")
        yield path


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_no_statement_changes_a_file(attack: Attack, database: Path, tmp_path: Path) -> None:
    """Each statement fails, and afterwards all files are there with the bytes they had."""
    paths = {"other": tmp_path / "other.db", "new": tmp_path / "new.db", "folder": tmp_path}
    with closing(open_readonly(database)) as connection:
        before = contents(tmp_path)
        for statement in attack.statements:
            refuse(connection, statement.format(**paths))
        assert connection.execute("SELECT count(*) FROM temp.sqlite_master").fetchone() == (0,)
        assert connection.execute("PRAGMA query_only").fetchone() == (1,)
    assert contents(tmp_path) == before


def test_the_file_is_safe_without_the_authorizer_too(database: Path, tmp_path: Path) -> None:
    """mode=ro is the floor: with the authorizer gone, rows still cannot be written."""
    with closing(open_readonly(database)) as connection:
        before = contents(tmp_path)
        connection.set_authorizer(lambda *_: sqlite3.SQLITE_OK)
        for statement in ("PRAGMA query_only = 0", "SELECT 1"):
            connection.execute(statement).fetchall()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM users")
    assert contents(tmp_path) == before


def test_an_unknown_action_is_denied() -> None:
    """The list names what is allowed, so that what a later SQLite invents is refused."""
    authorize = reading_only(frozenset())
    assert authorize(9999, None, None, "main", None) == sqlite3.SQLITE_DENY


def test_a_transaction_does_not_open_the_way(database: Path, tmp_path: Path) -> None:
    """Within BEGIN or a savepoint writes are refused as outside."""
    with closing(open_readonly(database)) as connection:
        before = contents(tmp_path)
        for begin, end in (("BEGIN", "COMMIT"), ("SAVEPOINT s", "RELEASE s")):
            connection.execute(begin)
            refuse(connection, "DELETE FROM users")
            connection.execute(end)
    assert contents(tmp_path) == before


def test_writes_to_shadow_tables_are_prepared_but_never_run(tmp_path: Path) -> None:
    """The tables of full-text and R-Tree indexes keep every byte."""
    path = tmp_path / "search.db"
    full_text_and_rtree(path)
    with closing(open_readonly(path)) as connection:
        before = contents(tmp_path)
        for statement in (
            "DELETE FROM boxes_node",
            "INSERT INTO boxes_rowid VALUES (999, 1)",
            "UPDATE notes_content SET c0 = 'x'",
            "DELETE FROM notes_data",
            "INSERT INTO notes (notes) VALUES ('rebuild')",
            "DROP TABLE notes",
        ):
            refuse(connection, statement)
    assert contents(tmp_path) == before


def test_full_text_and_rtree_are_readable(tmp_path: Path) -> None:
    """MATCH in FTS5 and FTS4 and a search by box give their rows."""
    path = tmp_path / "search.db"
    full_text_and_rtree(path)
    build_more(path, "INSERT INTO old_notes (title, body) VALUES ('seven', 'herring')")
    with closing(open_readonly(path)) as connection:
        rows = connection.execute(
            "SELECT title, bm25(notes) < 0 FROM notes WHERE notes MATCH 'body: 42' ORDER BY rank"
        )
        assert rows.fetchall() == [("title 42", 1)]
        rows = connection.execute("SELECT title FROM old_notes WHERE old_notes MATCH 'herring'")
        assert rows.fetchall() == [("seven",)]
        rows = connection.execute("SELECT id FROM boxes WHERE min_x >= 10 AND max_x <= 12")
        assert [row[0] for row in rows] == [10, 11]


def test_a_view_cannot_reach_an_unsafe_function(tmp_path: Path) -> None:
    """A hostile schema runs nothing when its view is read."""
    path = tmp_path / "hostile.db"
    build(path, ("CREATE VIEW v AS SELECT load_extension('/tmp/evil')", "CREATE TABLE t (x)"))
    with closing(open_readonly(path)) as connection:
        refuse(connection, "SELECT * FROM v")


def refuse(connection: sqlite3.Connection, statement: str) -> None:
    """Run a statement that must fail, and not because it is misspelt."""
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connection.execute(statement).fetchall()
    assert "syntax error" not in str(caught.value)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file but -shm, which readers mark their places in.

    Reading them here drops this process's locks: only where no other process is there.
    """
    return {
        entry.name: Path(entry.path).read_bytes()
        for entry in os.scandir(folder)
        if entry.is_file() and not entry.name.endswith("-shm")
    }
