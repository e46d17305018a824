"""dbtune.record and dbtune.recording: what an application sends, recorded from within."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, create_engine, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

import dbtune
from dbtune.errors import ConfigurationError
from dbtune.workload.sources import read_workload

HERE = "test_record_in_code.py"


class Base(DeclarativeBase):
    """The models of a small platform."""


class Chef(Base):
    """A chef with bookings."""

    __tablename__ = "chefs"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    bookings: Mapped[list[Booking]] = relationship(back_populates="chef")


class Booking(Base):
    """A booking of a chef."""

    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    chef: Mapped[Chef] = relationship(back_populates="bookings")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Eight chefs with three bookings each."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE chefs (id INTEGER PRIMARY KEY, name TEXT);"
            "CREATE TABLE bookings (id INTEGER PRIMARY KEY, chef_id INT);"
        )
        rows = [(n, f"chef {n}") for n in range(8)]
        connection.executemany("INSERT INTO chefs VALUES (?, ?)", rows)
        bookings = [(n % 8,) for n in range(24)]
        connection.executemany("INSERT INTO bookings (chef_id) VALUES (?)", bookings)
        connection.commit()
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """An engine that has been used before the test begins."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    yield engine
    engine.dispose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where to record to."""
    return tmp_path / "queries.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the statements of a recording."""
    read = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in read if "db.query.text" in line]


def texts(path: Path) -> list[str]:
    """Return the texts of a recording."""
    return [" ".join(line["db.query.text"].split()) for line in lines(path)]


def test_a_statement_is_recorded_with_all_that_is_known_of_it(
    engine: Engine, path: Path, database: Path
) -> None:
    """Rows are counted as they are fetched, and the line is that of the application."""
    with dbtune.record(engine, path, params=True), engine.connect() as connection:
        connection.execute(text("SELECT id FROM chefs WHERE id < :most"), {"most": 5}).all()
    (line,) = lines(path)
    assert line["db.query.text"] == "SELECT id FROM chefs WHERE id < ?"
    assert (line["db.query.parameters"], line["rows"]) == ([5], 5)
    assert line["duration_ns"] > 0
    assert line["code.file.path"].endswith(HERE)
    assert line["db.namespace"] == str(database)
    assert path.stat().st_mode & 0o777 == 0o600


def test_values_stay_out_unless_asked_for(engine: Engine, path: Path) -> None:
    """Neither bound values nor literals in the text are written."""
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.execute(text("SELECT 'secret' FROM chefs WHERE name = :n"), {"n": "hush"}).all()
    assert "secret" not in path.read_text()
    assert "hush" not in path.read_text()


def test_writes_of_one_transaction_belong_together(engine: Engine, path: Path) -> None:
    """executemany counts its rows, and AUTOCOMMIT has no transaction."""
    insert, update = text("INSERT INTO chefs (name) VALUES (:n)"), text("UPDATE chefs SET name = 1")
    with dbtune.record(engine, path):
        with engine.begin() as connection:
            connection.execute(insert, [{"n": "a"}, {"n": "b"}, {"n": "c"}])
            connection.execute(update)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(update)
    many, within, commit, alone = lines(path)
    assert (many["count"], many["rows"]) == (3, 3)
    assert many["transaction_id"] == within["transaction_id"] == commit["transaction_id"]
    assert "transaction_id" not in alone


def test_an_error_is_recorded_and_raised_as_it_is(engine: Engine, path: Path) -> None:
    """While it is sent, and while its rows are fetched."""
    broken = "SELECT abs(-9223372036854775807 - (id > 5)) FROM chefs ORDER BY id"
    with dbtune.record(engine, path), engine.connect() as connection:
        with pytest.raises(OperationalError, match="no such column"):
            connection.execute(text("SELECT nowhere FROM chefs"))
        with pytest.raises(OperationalError, match="integer overflow"):
            connection.execute(text(broken)).all()
    assert [line["error"] for line in lines(path)] == [
        "no such column: nowhere",
        "integer overflow",
    ]


def test_an_engine_may_connect_for_the_first_time(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLAlchemy looks at the connection then in a way of its own, which is no failure."""
    engine = create_engine("sqlite://")
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    engine.dispose()
    assert not caplog.records


def test_an_error_of_the_applications_own_is_recorded_by_its_kind(path: Path) -> None:
    """An adapter or a converter may say anything, values among it."""

    class Secret:
        def __conform__(self, protocol: object) -> str:
            raise LookupError("Hunter2")

    def convert(stored: bytes) -> object:
        raise LookupError(stored.decode())

    sqlite3.register_converter("secret", convert)
    options = {"detect_types": sqlite3.PARSE_DECLTYPES}
    engine = create_engine("sqlite://", connect_args=options)
    with dbtune.record(engine, path), engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a SECRET)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('Hunter2')")
        for values in ((Secret(),), ()):
            statement = "SELECT ?" if values else "SELECT a FROM t"
            with pytest.raises(LookupError, match="Hunter2"):
                connection.exec_driver_sql(statement, values).fetchall()
    engine.dispose()
    assert "Hunter2" not in path.read_text()
    assert path.read_text().count('"error": "LookupError"') == 2


def test_a_lazy_load_names_its_relationship_and_eager_ones_do_not(
    engine: Engine, path: Path
) -> None:
    """What selectinload and joinedload send is nobody's lazy load."""
    with dbtune.record(engine, path), Session(engine) as session:
        for chef in session.scalars(select(Chef)):
            assert len(chef.bookings) == 3
        session.expunge_all()
        session.scalars(select(Chef).options(selectinload(Chef.bookings))).all()
        session.expunge_all()
        session.scalars(select(Booking).options(joinedload(Booking.chef))).all()
    names = [line.get("dbtune.relationship") for line in lines(path)]
    assert names == [None, *["Chef.bookings"] * 8, None, None, None]
    (found,) = read_workload([path]).repeated
    assert (found.relationship, found.calls, found.unit) == ("Chef.bookings", 8, "transaction")


def test_closing_ends_the_recording_and_the_engine_goes_on(engine: Engine, path: Path) -> None:
    """Twice is once, and a second recording takes over."""
    recording = dbtune.record(engine, path)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
        recording.close()
        recording.close()
        connection.execute(text("SELECT 2")).all()
        with dbtune.record(engine, path):
            connection.execute(text("SELECT 3")).all()
    assert len(lines(path)) == 2


def test_two_recordings_of_one_engine_to_one_file_record_once(engine: Engine, path: Path) -> None:
    """Two parts of an application may both ask for it; the last one to close ends it."""
    with dbtune.record(engine, path), engine.connect() as connection:
        with dbtune.record(engine, path):
            connection.execute(text("SELECT 1")).all()
        connection.execute(text("SELECT 2")).all()
    assert len(lines(path)) == 2


def test_with_the_hook_each_statement_is_recorded_once(engine: Engine, path: Path) -> None:
    """What the hook sends by itself (BEGIN IMMEDIATE, PRAGMA) is no work of the application."""
    dbtune.install(engine)
    with dbtune.record(engine, path), engine.begin() as connection:
        connection.execute(text("UPDATE chefs SET name = 'x' WHERE id = 1"))
    assert texts(path) == ["UPDATE chefs SET name = ? WHERE id = ?", "COMMIT"]


def test_a_wait_for_the_pool_is_recorded_with_the_first_statement(
    database: Path, path: Path
) -> None:
    """The second thread gets its connection only when the first gives it back."""
    engine = create_engine(f"sqlite:///{database}", pool_size=1, max_overflow=0)
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with engine.connect() as connection:
            connection.execute(text("SELECT 2")).all()
            connection.execute(text("SELECT 3")).all()

    with dbtune.record(engine, path, params=True):
        thread = threading.Thread(target=second)
        with engine.connect() as connection:
            connection.execute(text("SELECT 1")).all()
            thread.start()
            assert waiting.wait(10)
            # It waits from some moment on, which the pool alone knows.
            while not engine.pool._pool.not_empty._waiters and thread.is_alive():  # type: ignore[attr-defined]
                pass
        thread.join(10)
    engine.dispose()
    assert ["wait_ns" in line for line in lines(path)] == [False, True, False]


def test_an_asynchronous_engine_is_recorded_with_the_lines_that_await(
    database: Path, path: Path
) -> None:
    """Its statements run in a greenlet and in a thread of their own."""

    async def work() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{database}")
        with dbtune.record(engine, path):
            async with engine.connect() as connection:
                result = await connection.execute(text("SELECT id FROM chefs"))
                assert len(result.all()) == 8
                streamed = await connection.stream(text("SELECT id FROM bookings"))
                assert len([row async for row in streamed]) == 24
        await engine.dispose()

    asyncio.run(work())
    first, second = lines(path)
    assert (first["rows"], second["rows"]) == (8, 24)
    assert first["code.file.path"].endswith(HERE)
    assert second["code.line.number"] == first["code.line.number"] + 2


def test_a_block_sees_new_connections_and_older_ones_of_engines(
    engine: Engine, path: Path, database: Path
) -> None:
    """Each statement once, whoever sends it; plain connections from before are not seen."""
    with closing(sqlite3.connect(database)) as older, engine.connect() as connection:
        with dbtune.recording(path), closing(sqlite3.connect(database)) as newer:
            newer.execute("SELECT 'new'").fetchall()
            older.execute("SELECT 'old'").fetchall()
            connection.execute(text("SELECT 1")).all()
            fresh = create_engine(f"sqlite:///{database}")
            with fresh.connect() as another:
                another.execute(text("SELECT 2, 2")).all()
            fresh.dispose()
        newer_texts = texts(path)
        connection.execute(text("SELECT 3")).all()
    selects = [found for found in newer_texts if found.startswith("SELECT")]
    assert selects == ["SELECT ?", "SELECT ?", "SELECT ?, ?"]
    assert texts(path) == newer_texts


def test_nothing_of_a_block_stays(database: Path, path: Path) -> None:
    """sqlite3 is as it was, and connections made inside go on unrecorded."""
    before = (sqlite3.connect, sqlite3.dbapi2.connect, sqlite3.Connection, sqlite3.Cursor)
    with dbtune.recording(path):
        connection = sqlite3.connect(database)
    with closing(connection):
        assert connection.execute("SELECT count(*) FROM chefs").fetchone() == (8,)
    after = (sqlite3.connect, sqlite3.dbapi2.connect, sqlite3.Connection, sqlite3.Cursor)
    assert after == before
    assert lines(path) == [] if path.exists() else True


def test_only_slow_statements_and_whole_requests_are_kept_where_asked(
    engine: Engine, path: Path
) -> None:
    """A query that takes no second is left out under slow_ms=1000."""
    with dbtune.record(engine, path, slow_ms=1000), engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    assert lines(path) == []


def test_inside_dbtune_record_nothing_is_recorded_twice(
    engine: Engine, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process is recorded from outside; that is said once, and closing works."""
    monkeypatch.setitem(sys.modules, "_dbtune_recorder", types.ModuleType("_dbtune_recorder"))
    with caplog.at_level(logging.INFO, "dbtune"), dbtune.record(engine, path) as recording:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1")).all()
        recording.flush()
    assert not path.exists()
    assert recording.dropped == 0
    assert "dbtune record records this process already" in caplog.text


def test_an_error_of_the_recorder_does_not_reach_the_application(
    engine: Engine, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The statements run, and the log says once why they were not recorded."""

    def fail(sent: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("dbtune.recorder.complaint._told", set())
    monkeypatch.setattr("dbtune.integrations.engine_watch.mark_origin", fail)
    with dbtune.record(engine, path), engine.connect() as connection:
        for number in range(3):
            found = connection.execute(text("SELECT :number"), {"number": number}).scalar()
            assert found == number
    assert caplog.text.count("could not be recorded: ZeroDivisionError: a bug") == 1


def test_listeners_of_the_application_still_see_the_drivers_cursor(
    engine: Engine, path: Path
) -> None:
    """Results are those of the driver: description, iteration, attributes."""
    seen: list[object] = []

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Any, cursor: Any, *more: Any) -> None:
        seen.append(cursor)

    with dbtune.record(engine, path), engine.connect() as connection:
        result = connection.execute(text("SELECT id FROM chefs ORDER BY id"))
        assert result.cursor.description[0][0] == "id"
        assert result.fetchone() == (0,)
        assert result.fetchmany(2) == [(1,), (2,)]
        assert [row[0] for row in result.cursor] == [3, 4, 5, 6, 7]
        result.close()
    assert isinstance(seen[0], sqlite3.Cursor)
    assert lines(path)[0]["rows"] == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_rate": 0}, "sample_rate is 0; expected a number above 0 and at most 1"),
        ({"sample_rate": "half"}, "sample_rate is 'half'"),
        ({"slow_ms": -1}, "slow_ms is -1"),
        ({"max_mb": 0}, "max_mb is 0"),
        ({"keep": 3}, "keep is 3; expected a number from 0 on, with max_mb"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    engine: Engine, path: Path, options: dict[str, Any], message: str
) -> None:
    """Before anything is written."""
    with pytest.raises(ConfigurationError) as caught:
        dbtune.record(engine, path, **options)
    assert message in str(caught.value)
    assert not path.exists()


def test_what_cannot_be_recorded_is_refused(engine: Engine, tmp_path: Path) -> None:
    """No engine, another database, a folder that is not there."""
    with pytest.raises(ConfigurationError, match="not str"):
        dbtune.record("app.db", tmp_path / "q.jsonl")
    other = create_engine("postgresql+psycopg://localhost/x")
    with pytest.raises(ConfigurationError, match="this engine is of postgresql"):
        dbtune.record(other, tmp_path / "q.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be recorded to: No such file"):
        dbtune.record(engine, tmp_path / "nowhere" / "q.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be recorded to"):
        dbtune.recording(tmp_path)


def test_a_relative_path_is_that_of_the_moment(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application that changes its directory does not move the recording."""
    monkeypatch.chdir(tmp_path)
    recording = dbtune.record(engine, "q.jsonl")
    os.mkdir("elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    recording.close()
    assert recording.path == tmp_path / "q.jsonl"
    assert len(lines(tmp_path / "q.jsonl")) == 1


@pytest.fixture
def fresh_engine(database: Path) -> Iterator[Engine]:
    """An engine that has opened no connection yet."""
    engine = create_engine(f"sqlite:///{database}")
    yield engine
    engine.dispose()


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
