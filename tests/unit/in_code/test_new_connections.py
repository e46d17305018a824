"""dbtune.record: connections that an engine opens while it is recorded, and their commits."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

import dbtune
from tests.unit.in_code.kitchen import lines, texts

HERE = Path(__file__).name


@pytest.mark.parametrize("of", ["engine", "fresh_engine"])
def test_commits_are_recorded_with_their_time(
    of: str, path: Path, request: pytest.FixtureRequest
) -> None:
    """There a write waits for the disk; where nothing was written, nothing is sent."""
    engine: Engine = request.getfixturevalue(of)
    update = text("UPDATE chefs SET name = :n WHERE id = 1")
    with dbtune.record(engine, path):
        with engine.begin() as connection:
            connection.execute(text("SELECT 1")).all()
            connection.execute(update, {"n": "a"})
        with engine.connect() as connection:
            connection.execute(text("SELECT 2")).all()
        with engine.connect() as connection:
            connection.execute(update, {"n": "b"})
    found = lines(path)
    assert [line["db.query.text"].split()[0] for line in found] == [
        "SELECT", "UPDATE", "COMMIT", "SELECT", "UPDATE", "ROLLBACK"
    ]  # fmt: skip
    names = [line["transaction_id"] for line in found]
    assert [names.count(name) for name in dict.fromkeys(names)] == [3, 1, 2]
    assert all(line["duration_ns"] > 0 for line in found)
    assert {line["code.file.path"].endswith(HERE) for line in found} == {True}
    assert len({line["db.namespace"] for line in found}) == 1


@pytest.mark.parametrize("of", ["engine", "fresh_engine"])
def test_a_commit_that_fails_is_recorded_with_its_error(
    of: str, path: Path, request: pytest.FixtureRequest, database: Path
) -> None:
    """As where somebody else reads for longer than the application waits."""
    engine: Engine = request.getfixturevalue(of)
    reader = sqlite3.connect(database)
    with dbtune.record(engine, path), closing(reader), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        connection.execute(text("UPDATE chefs SET name = 'a'"))
        rows = reader.execute("SELECT id FROM chefs")
        rows.fetchone()
        with pytest.raises(OperationalError, match="locked"):
            connection.commit()
        rows.close()
    *_, update, commit = lines(path)
    assert (commit["db.query.text"], commit["error"]) == ("COMMIT", "database is locked")
    assert commit["transaction_id"] == update["transaction_id"]


def test_an_asynchronous_commit_is_recorded_with_its_line(database: Path, path: Path) -> None:
    """The driver sends it in a thread of its own."""

    async def work() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{database}")
        with dbtune.record(engine, path):
            async with engine.connect() as connection:
                await connection.execute(text("UPDATE chefs SET name = 'a'"))
                await connection.commit()
        await engine.dispose()

    asyncio.run(work())
    update, commit = lines(path)
    assert commit["db.query.text"] == "COMMIT"
    assert commit["transaction_id"] == update["transaction_id"]
    assert commit["code.line.number"] == update["code.line.number"] + 1


def test_new_connections_tell_only_what_sqlalchemy_executes(
    fresh_engine: Engine, path: Path
) -> None:
    """What sets up a connection, as the hook does, is no work of the application."""
    dbtune.install(fresh_engine)
    event.listen(fresh_engine, "connect", lambda raw, entry: raw.execute("PRAGMA cache_size = 9"))
    with dbtune.record(fresh_engine, path), fresh_engine.begin() as connection:
        connection.execute(text("UPDATE chefs SET name = 'x' WHERE id = 1"))
    assert texts(path) == ["UPDATE chefs SET name = ? WHERE id = ?", "COMMIT"]


def test_new_connections_are_those_that_the_application_wants(database: Path, path: Path) -> None:
    """Its own class of connections, and others of its events that open them."""

    class Own(sqlite3.Connection):
        pass

    engine = create_engine(f"sqlite:///{database}", connect_args={"factory": Own})
    asked: list[Any] = []
    event.listen(engine, "do_connect", lambda *arguments: asked.append(arguments))
    with dbtune.record(engine, path), engine.connect() as connection:
        assert isinstance(connection.connection.driver_connection, Own)
        connection.execute(text("SELECT id FROM chefs")).all()
    engine.dispose()
    assert len(asked) == 1
    assert [line["rows"] for line in lines(path)] == [8]


@pytest.mark.parametrize("isolation", [None, "AUTOCOMMIT"])
def test_connections_of_a_creator_are_recorded(
    isolation: str | None, database: Path, path: Path
) -> None:
    """SQLAlchemy asks nobody how to open them."""
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(database), isolation_level=isolation
    )
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.execute(text("SELECT id FROM chefs")).all()
    engine.dispose()
    assert [line["rows"] for line in lines(path)] == [8]


def test_engines_are_told_apart(engine: Engine, database: Path, tmp_path: Path) -> None:
    """Each recording has what its own engine sends, through connections from before and new."""
    other = create_engine(f"sqlite:///{database}")
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    with dbtune.record(engine, first), dbtune.record(other, second):
        for sender, number in ((engine, 1), (other, 2)):
            with sender.connect() as one, sender.connect() as two:
                one.exec_driver_sql(f"SELECT {number} AS one").all()
                two.exec_driver_sql(f"SELECT {number} AS two").all()
    other.dispose()
    assert texts(first) == ["SELECT ? AS one", "SELECT ? AS two"]
    assert texts(second) == ["SELECT ? AS one", "SELECT ? AS two"]


def test_connections_opened_meanwhile_serve_the_next_recording(
    fresh_engine: Engine, tmp_path: Path
) -> None:
    """And nobody in between."""
    for number in range(2):
        recording = dbtune.record(fresh_engine, tmp_path / f"{number}.jsonl")
        with recording, fresh_engine.connect() as connection:
            connection.execute(text(f"SELECT {number}")).all()
        with fresh_engine.connect() as connection:
            connection.execute(text("SELECT 'nobody'")).all()
    for number in range(2):
        assert texts(tmp_path / f"{number}.jsonl") == ["SELECT ?"]


def test_no_method_of_sqlalchemy_stays_ours(engine: Engine, path: Path) -> None:
    """Once nobody records, transactions end as before."""
    dialect = type(engine.dialect)
    before = (dialect.do_commit, dialect.do_rollback)
    with dbtune.record(engine, path), dbtune.recording(path):
        assert dialect.do_commit is not before[0]
    assert (dialect.do_commit, dialect.do_rollback) == before


def test_assertions_count_the_same_on_recorded_connections(
    fresh_engine: Engine, path: Path
) -> None:
    """A test may count what is recorded at the same time."""
    with dbtune.record(fresh_engine, path), fresh_engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
        with (
            dbtune.assert_queries(exactly=2, engine=fresh_engine),
            dbtune.assert_queries(exactly=2),
        ):
            connection.execute(text("SELECT 2")).all()
            connection.execute(text("SELECT 3")).all()
    assert len(lines(path)) == 3
