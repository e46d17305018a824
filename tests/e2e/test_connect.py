"""dbtune.connect: Python's sqlite3 with the settings that WAL needs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import dbtune
from dbtune.errors import ConfigurationError, SourceError

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
ENDLESS_ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A WAL database with one table, under a name that means something in a URI."""
    path = tmp_path / "app #1%20?.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (a)")
    return path


def test_the_settings_are_in_place(database: Path) -> None:
    """What the hook sets on an engine's connections is set here too."""
    with closing(dbtune.connect(database, busy_timeout_ms=1234, synchronous="FULL")) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("busy_timeout", "synchronous", "journal_size_limit", "trusted_schema")
        }
    assert found == {
        "busy_timeout": 1234,
        "synchronous": 2,
        "journal_size_limit": 64 * 1024 * 1024,
        "trusted_schema": 0,
    }


def test_a_write_takes_the_lock_when_its_transaction_begins(database: Path) -> None:
    """Before the first write nothing is locked; from it on nobody else can begin one."""
    with (
        closing(dbtune.connect(database)) as connection,
        closing(dbtune.connect(database, busy_timeout_ms=0)) as other,
    ):
        connection.execute("SELECT * FROM t").fetchall()
        with other:
            other.execute("INSERT INTO t VALUES (1)")
        connection.execute("DELETE FROM t WHERE a = 99")
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("INSERT INTO t VALUES (2)")
        connection.commit()
        with other:
            other.execute("INSERT INTO t VALUES (2)")
        assert connection.execute("SELECT a FROM t").fetchall() == [(1,), (2,)]


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    """A misspelt path is an error that says how to create a database."""
    with pytest.raises(SourceError, match="does not exist") as caught:
        dbtune.connect(tmp_path / "missing.db")
    assert "create=True" in (caught.value.hint or "")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_created_when_asked(tmp_path: Path) -> None:
    """`create` is for the first start of an application."""
    with closing(dbtune.connect(tmp_path / "new.db", create=True)) as connection:
        connection.execute("CREATE TABLE t (a)")
    assert (tmp_path / "new.db").stat().st_size > 0


@pytest.mark.parametrize(
    "fetch",
    [
        lambda cursor: cursor.fetchall(),
        lambda cursor: cursor.fetchmany(10**9),
        lambda cursor: max(cursor),
        lambda cursor: list(iter(cursor.fetchone, None)),
    ],
    ids=["fetchall", "fetchmany", "iteration", "fetchone"],
)
@pytest.mark.parametrize("query", [ENDLESS, ENDLESS_ROWS])
def test_a_query_past_its_limit_says_so(database: Path, query: str, fetch: object) -> None:
    """However its rows are fetched; the connection works on."""
    with closing(dbtune.connect(str(database), query_time_limit_ms=30)) as connection:
        with pytest.raises(dbtune.QueryTimeLimitError, match="stopped after 30 ms"):
            fetch(connection.execute(query))
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_under_a_limit_everything_else_works_as_before(database: Path) -> None:
    """Parameters, scripts, many rows, fetchmany's default and `with` are Python's own."""
    with closing(dbtune.connect(database, query_time_limit_ms=5000)) as connection:
        with connection:
            connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,), (3,)])
        with pytest.raises(ZeroDivisionError), connection:
            connection.execute("INSERT INTO t VALUES (:a)", {"a": 4})
            raise ZeroDivisionError
        cursor = connection.execute("SELECT a FROM t ORDER BY a")
        assert cursor.fetchmany() == [(1,)]
        assert cursor.fetchone() == (2,)
        assert list(cursor) == [(3,)]
        connection.executescript("CREATE TABLE u (b); INSERT INTO u VALUES (1);")
        assert connection.cursor().execute("SELECT b FROM u").fetchall() == [(1,)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            connection.execute("SELECT * FROM missing")


def test_one_dict_of_settings_serves_an_engine_and_a_connection(database: Path) -> None:
    """pool_size means nothing for one connection and is accepted."""
    with closing(dbtune.connect(database, pool_size=3)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_value_out_of_range_opens_nothing(database: Path) -> None:
    """The message names the setting and its value."""
    with pytest.raises(ConfigurationError, match="busy_timeout_ms is '5'"):
        dbtune.connect(database, busy_timeout_ms="5")


def test_a_file_that_is_no_database_is_closed_again(tmp_path: Path) -> None:
    """The error is SQLite's own, and no connection is left open."""
    path = tmp_path / "text.db"
    path.write_text("not a database, " * 100)
    with pytest.raises(sqlite3.DatabaseError, match="file is not a database"):
        dbtune.connect(path)
