"""dbtune.assert_queries: tests that send too many queries fail, with the lines they are of."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

import dbtune
from dbtune.errors import ConfigurationError

BY_KEY = "SELECT name FROM users WHERE id = ?"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Twenty users."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
        rows = [(n, f"user {n}") for n in range(20)]
        connection.executemany("INSERT INTO users VALUES (?, ?)", rows)
        connection.commit()
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """An engine with a connection that is older than the test."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    yield engine
    engine.dispose()


def ask(engine: Engine, *keys: int) -> None:
    """Send the same read for each key."""
    with engine.connect() as connection:
        for key in keys:
            connection.execute(text("SELECT name FROM users WHERE id = :key"), {"key": key}).all()


def complaint(block: Callable[[], object], **limits: object) -> str:
    """Return what a block is told that breaks its limits."""
    with pytest.raises(AssertionError) as caught, dbtune.assert_queries(**limits):  # type: ignore[arg-type]
        block()
    return str(caught.value)


def test_a_block_within_its_limits_passes_and_tells_its_count(engine: Engine) -> None:
    """Exactly, at most, and without a limit."""
    with dbtune.assert_queries(2), dbtune.assert_queries(max=2) as log:
        ask(engine, 1, 2)
    assert log.count == 2
    assert "select name from users where id = ?" in str(log)


def test_too_many_queries_are_listed_by_shape_and_line(engine: Engine) -> None:
    """The most frequent first, each with the line of the application."""
    told = complaint(lambda: ask(engine, 1, 2, 3), max=2)
    first, title, shape, site = told.splitlines()
    assert first == "3 queries were sent; expected at most 2"
    assert title == "Queries sent:"
    assert shape == "    3 x select name from users where id = ?"
    assert "test_assert_queries.py:" in site


def test_a_list_of_no_queries_is_left_out(engine: Engine) -> None:
    """There is nothing below its title."""
    told = complaint(lambda: None, exactly=3)
    assert told == "0 queries were sent; expected exactly 3"


def test_fewer_than_exactly_is_wrong_too(engine: Engine) -> None:
    """A cache that answers where a query was expected is found."""
    assert complaint(lambda: ask(engine, 1), exactly=2).startswith(
        "1 query was sent; expected exactly 2"
    )


def test_n_plus_one_names_its_line_and_its_fix(engine: Engine) -> None:
    """Five times from one line; four are a coincidence, unless the test says otherwise."""
    told = complaint(lambda: ask(engine, *range(5)), no_n_plus_one=True)
    assert told.startswith("N+1 at ")
    assert "5 times: one query is sent row by row: select name from users where id = ?" in told
    assert "Fix: collect the keys first and send one query with WHERE id IN (...)" in told
    with dbtune.assert_queries(no_n_plus_one=True):
        ask(engine, *range(4))
    told = complaint(lambda: ask(engine, 1, 2), no_n_plus_one=True, min_repeats=2)
    assert "2 times" in told


def test_batches_and_writes_of_many_rows_are_no_n_plus_one(database: Path) -> None:
    """An executemany is one query, and an IN list of a page is none of many."""
    page = f"SELECT name FROM users WHERE id IN ({', '.join('?' * 10)})"
    with (
        dbtune.assert_queries(7, no_n_plus_one=True),
        closing(sqlite3.connect(database)) as connection,
    ):
        connection.executemany("INSERT INTO users VALUES (?, ?)", [(n, "x") for n in range(30, 60)])
        for start in range(6):
            connection.execute(page, [start * 10 + n for n in range(10)]).fetchall()
        connection.rollback()


def test_what_manages_transactions_does_not_count(database: Path) -> None:
    """Drivers and frameworks differ in what they send there."""
    with (
        dbtune.assert_queries(1),
        closing(sqlite3.connect(database, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA busy_timeout = 100")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SAVEPOINT one")
        connection.execute("DELETE FROM users WHERE id = 1")
        connection.execute("RELEASE one")
        connection.execute("ROLLBACK")


def test_only_one_engine_counts_where_it_is_given(engine: Engine, database: Path) -> None:
    """Others may send what they like."""
    with (
        dbtune.assert_queries(1, engine=engine),
        closing(sqlite3.connect(database)) as connection,
    ):
        connection.execute("SELECT 1").fetchall()
        ask(engine, 1)


def test_an_error_of_the_block_is_raised_as_it_is(engine: Engine) -> None:
    """What went wrong first is what the test shows."""
    with pytest.raises(ZeroDivisionError), dbtune.assert_queries(0):
        ask(engine, 1)
        raise ZeroDivisionError
    with dbtune.assert_queries(1):
        ask(engine, 1)


def test_requests_of_a_test_client_are_units_of_their_own(engine: Engine) -> None:
    """Six requests that read one user each are no N+1; one that reads six is."""
    app = Flask("app")

    @app.get("/users/<int:user>")
    def one(user: int) -> str:
        ask(engine, user)
        return ""

    @app.get("/users")
    def all_users() -> str:
        ask(engine, *range(6))
        return ""

    client = app.test_client()
    with dbtune.assert_queries(6, no_n_plus_one=True):
        for user in range(6):
            client.get(f"/users/{user}")
    told = complaint(lambda: client.get("/users"), no_n_plus_one=True)
    assert told.startswith("N+1 of GET /users at ")


def test_an_n_plus_one_that_the_project_ignores_passes(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its line's file, with a reason; others are still found."""
    monkeypatch.chdir(tmp_path)
    rule = '[[ignore]]\nfinding = "n-plus-one"\ncall_site = "{}"\nreason = "few rows"\n'
    told = complaint(lambda: ask(engine, *range(5)), no_n_plus_one=True)
    file = told.removeprefix("N+1 at ").partition(":")[0]
    (tmp_path / "dbtune.toml").write_text(rule.format(file))
    with dbtune.assert_queries(no_n_plus_one=True):
        ask(engine, *range(5))
    (tmp_path / "dbtune.toml").write_text(rule.format("other.py"))
    assert complaint(lambda: ask(engine, *range(5)), no_n_plus_one=True).startswith("N+1")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max": -1}, "max is -1; expected a whole number from 0 on"),
        ({"exactly": "3"}, "exactly is '3'"),
        ({"min_repeats": 1}, "min_repeats is 1; expected a whole number from 2 on"),
        ({"exactly": 1, "max": 2}, "exactly and max exclude one another"),
    ],
)
def test_limits_that_mean_nothing_are_refused(limits: dict[str, object], message: str) -> None:
    """Before the block runs."""
    with (
        pytest.raises(ConfigurationError, match=message),
        dbtune.assert_queries(**limits),  # type: ignore[arg-type]
    ):
        pytest.fail("the block ran")
