"""What docs/how-to/move-to-postgres.md says of SQLite and PostgreSQL, tried on both.

The tables of the page are the cases: each statement runs on SQLite, fails or differs on
PostgreSQL as the page says, and gives SQLite's rows once it is written as the page says.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import RunDbtune

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "move-to-postgres.md"
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^### )", re.MULTILINE | re.DOTALL)
Row = tuple[Any, ...]


def _table(section: str) -> list[list[str]]:
    """Return the cells of the first table of a section, without its heading."""
    text = dict(SECTION.findall(PAGE.read_text(encoding="utf-8")))[section]
    lines = [line for line in text.splitlines() if line.startswith("| `") or line.startswith("| a")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _code(cell: str) -> str:
    """Return what stands between a cell's backquotes."""
    return cell.strip("` ")


STATEMENTS = [(_code(lite), answer, _code(there)) for lite, answer, there in _table("Statements")]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection to the page's table with three rows."""
    ddl = re.search(r"```sql\n(CREATE TABLE people.*?)```", PAGE.read_text(), re.DOTALL)
    assert ddl is not None
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection:
        connection.execute(ddl[1])
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
            [
                (1, "Ada", 1, 36, "2026-01-31 12:00:00", '{"a": 1}'),
                (2, "anna", 0, 36, "2026-02-28 08:30:00", '{"a": 2}'),
                (3, "Bob", 1, None, None, None),
            ],
        )
        connection.commit()
        yield connection


@pytest.fixture
def moved(
    people: sqlite3.Connection, tmp_path: Path, target: str, run_dbtune: RunDbtune
) -> Iterator[psycopg.Connection[Row]]:
    """Yield a connection to the same table on PostgreSQL, moved there by dbtune."""
    done = run_dbtune("migrate-to-postgres", str(tmp_path / "people.db"), target)
    assert done.returncode == 0, done.stderr
    with closing(psycopg.connect(target)) as connection:
        yield connection


def _rows(cursor: sqlite3.Cursor | psycopg.Cursor[Row]) -> list[Row]:
    """Return a statement's rows with booleans and numbers as SQLite has them."""
    if cursor.description is None:
        return []
    return [
        tuple(float(value) if isinstance(value, int | Decimal) else value for value in row)
        for row in cursor.fetchall()
    ]


def test_the_statements_of_the_page_differ_as_it_says(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """Each is SQLite's, does not do on PostgreSQL, and does once written as the page says."""
    assert len(STATEMENTS) > 20
    for written, answer, rewritten in STATEMENTS:
        expected = _rows(people.execute(written))
        if answer.startswith("`"):
            with pytest.raises(psycopg.Error, match=re.escape(_code(answer))):
                moved.execute(written.encode())
            moved.rollback()
        else:
            assert _rows(moved.execute(written.encode())) != expected, written
        assert _rows(moved.execute(rewritten.encode())) == expected, rewritten
        people.rollback()
        moved.rollback()


def test_the_values_of_the_page_come_back_as_it_says(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """Booleans, times, JSON and sums are other objects of Python."""
    columns = ("active", "joined", "settings", "sum(age)", "avg(age)")
    cases = _table("Values")
    assert len(cases) == len(columns)
    for column, (_, lite, there) in zip(columns, cases, strict=True):
        statement = f"SELECT {column} FROM people WHERE id = 1"
        assert repr(people.execute(statement).fetchone()[0]) == _code(lite)
        found = moved.execute(statement.encode()).fetchone()
        assert found is not None
        assert repr(found[0]) == _code(there)


def test_an_error_ends_a_transaction_on_postgres_only(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """After a unique violation SQLite goes on, and PostgreSQL wants a rollback."""
    again = "INSERT INTO people (name, active) VALUES ('Ada', {})"
    people.execute("BEGIN")
    with pytest.raises(sqlite3.IntegrityError):
        people.execute(again.format(1))
    assert people.execute("SELECT count(*) FROM people").fetchone() == (3,)
    with pytest.raises(psycopg.errors.UniqueViolation):
        moved.execute(again.format("true").encode())
    with pytest.raises(psycopg.Error, match="current transaction is aborted"):
        moved.execute("SELECT count(*) FROM people")


def test_a_transaction_sees_what_others_commit_on_postgres_only(
    people: sqlite3.Connection, moved: psycopg.Connection[Row], tmp_path: Path, target: str
) -> None:
    """READ COMMITTED gives another answer the second time; a SQLite reader does not."""
    look, change = "SELECT age FROM people WHERE id = 1", "UPDATE people SET age = 37 WHERE id = 1"
    people.execute("PRAGMA journal_mode = WAL")
    people.execute("BEGIN")
    assert people.execute(look).fetchone() == (36,)
    with closing(sqlite3.connect(tmp_path / "people.db")) as other:
        other.execute(change)
        other.commit()
    assert people.execute(look).fetchone() == (36,)

    assert moved.execute(look).fetchone() == (36,)
    with closing(psycopg.connect(target, autocommit=True)) as session:
        session.execute(change)
    assert moved.execute(look).fetchone() == (37,)


def test_a_select_begins_a_transaction_on_postgres_only(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """psycopg's connection is in one after a read, sqlite3's is not."""
    for connection in (people, moved):
        connection.execute("SELECT id FROM people").fetchall()
    assert not people.in_transaction
    assert moved.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS


def test_two_writers_can_deadlock_on_postgres(moved: psycopg.Connection[Row], target: str) -> None:
    """Each holds the row that the other wants: one of them is told, with the code of the page."""
    change = "UPDATE people SET age = 1 WHERE id = %s"
    with closing(psycopg.connect(target)) as other, ThreadPoolExecutor(1) as thread:
        moved.execute(change, (1,))
        other.execute(change, (2,))
        waiting = thread.submit(moved.execute, change, (2,))
        states = []
        attempts: list[Callable[[], object]] = [
            partial(other.execute, change, (1,)),
            waiting.result,
        ]
        for attempt in attempts:
            try:
                attempt()
            except psycopg.Error as error:
                states.append(error.sqlstate)
                other.rollback()
    assert states == ["40P01"]


def test_an_id_brought_along_does_not_move_an_identity(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """SQLite goes on after the largest key; PostgreSQL's next number is in use then."""
    brought = "INSERT INTO people (id, name, active) VALUES (4, 'Eve', {})"
    following = "INSERT INTO people (name, active) VALUES ('Zoe', {}) RETURNING id"
    people.execute(brought.format(1))
    assert people.execute(following.format(1)).fetchone() == (5,)
    moved.execute(brought.format("true").encode())
    with pytest.raises(psycopg.errors.UniqueViolation, match="people_pkey"):
        moved.execute(following.format("true").encode())


def test_a_rolled_back_insert_has_used_its_number(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """SQLite gives the number out again, PostgreSQL does not."""
    insert = "INSERT INTO people (name, active) VALUES ('Zoe', {}) RETURNING id"
    for _ in range(2):
        assert people.execute(insert.format(1)).fetchone() == (4,)
        people.rollback()
    numbers = []
    for _ in range(2):
        numbers.append(moved.execute(insert.format("true").encode()).fetchone())
        moved.rollback()
    assert numbers == [(4,), (5,)]


def test_rows_without_an_order_move_where_they_are_updated(
    people: sqlite3.Connection, moved: psycopg.Connection[Row]
) -> None:
    """An UPDATE keeps a row's place in SQLite and changes it in PostgreSQL."""
    for connection in (people, moved):
        connection.execute("UPDATE people SET age = 99 WHERE id = 1")
    look = "SELECT id, age FROM people"
    assert [row[0] for row in people.execute(look)] == [1, 2, 3]
    assert [row[0] for row in moved.execute(look)] == [2, 3, 1]


def test_postgres_refuses_what_the_page_says(moved: psycopg.Connection[Row]) -> None:
    """Empty dates, text for numbers, NUL characters and BEGIN IMMEDIATE are errors."""
    refused = {
        "INSERT INTO people (name, active, joined) VALUES ('x', true, '')": "type timestamp",
        "INSERT INTO people (name, active, age) VALUES ('x', true, '')": "type bigint",
        "INSERT INTO people (name, active, age) VALUES ('x', true, 'old')": "type bigint",
        "INSERT INTO people (name, active) VALUES (E'\\x00', true)": "byte sequence",
        "BEGIN IMMEDIATE": 'at or near "IMMEDIATE"',
    }
    for statement, error in refused.items():
        with pytest.raises(psycopg.Error, match=error):
            moved.execute(statement.encode())
        moved.rollback()


def test_the_server_has_the_settings_that_the_page_names(target: str) -> None:
    """100 connections, autovacuum on, READ COMMITTED, unless somebody set them otherwise."""
    with closing(psycopg.connect(target)) as connection:
        found = connection.execute(
            "SELECT name, boot_val FROM pg_settings WHERE name IN "
            "('max_connections', 'autovacuum', 'default_transaction_isolation') ORDER BY name"
        ).fetchall()
    assert found == [
        ("autovacuum", "on"),
        ("default_transaction_isolation", "read committed"),
        ("max_connections", "100"),
    ]
