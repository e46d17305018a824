"""dbtune.record and dbtune.recording: from their beginning to their end, and what they refuse."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import threading
import types
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import create_async_engine

import dbtune
from dbtune.errors import ConfigurationError
from tests.unit.in_code.kitchen import lines, texts

HERE = Path(__file__).name


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
