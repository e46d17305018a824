"""dbtune.flask: GET and HEAD read, everything else may write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

import dbtune


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A WAL database with one counter."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE counter (value INTEGER)")
        connection.execute("INSERT INTO counter VALUES (0)")
        connection.commit()
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """An engine with the hook."""
    engine = dbtune.install(create_engine(f"sqlite:///{database}"))
    yield engine
    engine.dispose()


@pytest.fixture
def app(engine: Engine, database: Path) -> Flask:
    """An application whose every view reads, asks whether others can write, and may write."""
    app = dbtune.flask(Flask("app"))

    def others_can_write() -> bool:
        with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            other.rollback()
            return True

    @app.route("/read", methods=["GET", "POST"])
    def read() -> dict[str, object]:
        with engine.connect() as connection:
            value = connection.execute(text("SELECT value FROM counter")).scalar()
            return {"value": value, "others_can_write": others_can_write()}

    @app.route("/write", methods=["GET", "POST"])
    def write() -> dict[str, object]:
        with engine.begin() as connection:
            connection.execute(text("UPDATE counter SET value = value + 1"))
            return {"others_can_write": others_can_write()}

    @app.route("/count")
    def count() -> dict[str, object]:
        with engine.begin() as connection:
            value = connection.execute(text("SELECT value FROM counter")).scalar_one()
            answer = {"others_can_write": others_can_write()}
            connection.execute(text("UPDATE counter SET value = :v"), {"v": value + 1})
            return answer

    @app.route("/fail")
    def fail() -> str:
        raise ZeroDivisionError

    return app


@pytest.mark.parametrize(
    ("method", "others_can_write"), [("GET", True), ("HEAD", True), ("POST", False)]
)
def test_only_reading_methods_leave_the_write_lock_free(
    app: Flask, engine: Engine, method: str, others_can_write: bool
) -> None:
    """The method says how the transactions of a request begin."""
    seen: list[object] = []

    @app.after_request
    def keep(response: object) -> object:
        seen.append(response.get_json())
        return response

    assert app.test_client().open("/read", method=method).status_code == 200
    assert seen == [{"value": 0, "others_can_write": others_can_write}]


def test_a_get_that_writes_first_works(app: Flask) -> None:
    """It holds the write lock, as if it were a POST."""
    assert app.test_client().get("/write").json == {"others_can_write": False}


def test_a_get_that_writes_after_reading_is_treated_as_writing_the_next_time(
    app: Flask, database: Path
) -> None:
    """The first time it was lucky; after that it needs no luck. Other routes stay as they are."""
    client = app.test_client()
    assert client.get("/count").json == {"others_can_write": True}
    assert client.get("/count").json == {"others_can_write": False}
    assert client.get("/read").json == {"value": 2, "others_can_write": True}


def test_nothing_stays_marked_after_a_request(app: Flask, engine: Engine, database: Path) -> None:
    """Work outside of requests may write, also after a request that failed."""
    app.test_client().get("/fail")
    app.test_client().get("/read")
    with (
        engine.begin() as connection,
        closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as other,
    ):
        connection.execute(text("SELECT value FROM counter"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")


def test_marking_an_application_twice_changes_nothing(app: Flask) -> None:
    """One function runs before each request."""
    before = list(app.before_request_funcs[None])
    assert dbtune.flask(app) is app
    assert app.before_request_funcs[None] == before
