"""What the engine hook sets on each connection, and which values it refuses."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

import dbtune
from dbtune.errors import ConfigurationError
from tests.e2e.engine_hook.counter import (
    ENDLESS,
    ENDLESS_ROWS,
    MakeEngine,
    can_write,
    pragma,
    values,
)


def test_every_connection_gets_the_settings(make_engine: MakeEngine) -> None:
    """Each of several connections open at a time has what the hook sets."""
    engine = dbtune.install(make_engine(), busy_timeout_ms=1234)
    readers = engine.execution_options(dbtune_read_only=True)
    with readers.connect() as first, readers.connect() as second:
        for connection in (first, second):
            assert pragma(connection, "busy_timeout") == 1234
            assert pragma(connection, "synchronous") == 1
            assert pragma(connection, "journal_size_limit") == 64 * 1024 * 1024
            assert pragma(connection, "trusted_schema") == 0


def test_synchronous_normal_is_used_under_wal_only(make_engine: MakeEngine, tmp_path: Path) -> None:
    """A rollback journal keeps FULL, where NORMAL could corrupt at a power cut."""
    engine = dbtune.install(make_engine(f"sqlite:///{tmp_path / 'new.db'}"))
    with engine.connect() as connection:
        assert pragma(connection, "synchronous") == 2


@pytest.mark.parametrize("pool", [QueuePool, StaticPool])
def test_connections_opened_before_the_hook_get_it_at_their_next_use(
    make_engine: MakeEngine, other: sqlite3.Connection, pool: type
) -> None:
    """Nothing is closed for it, so that a database in memory would survive."""
    engine = make_engine(poolclass=pool)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
    dbtune.install(engine, busy_timeout_ms=77)
    with engine.begin() as connection:
        assert connection.connection.driver_connection is driver
        assert pragma(connection, "busy_timeout") == 77
        assert not can_write(other)


def test_installing_twice_changes_the_settings_only(
    make_engine: MakeEngine, other: sqlite3.Connection
) -> None:
    """The second call wins, also for connections that exist, and one BEGIN is sent."""
    engine = make_engine()
    dbtune.install(engine, busy_timeout_ms=11)
    with engine.begin() as connection:
        assert pragma(connection, "busy_timeout") == 11
    dbtune.install(engine.execution_options(dbtune_read_only=True), busy_timeout_ms=22)
    with engine.begin() as connection:
        assert pragma(connection, "busy_timeout") == 22
        assert not can_write(other)


def test_an_engine_that_may_only_read_still_reads(make_engine: MakeEngine, database: Path) -> None:
    """mode=ro cannot take a write lock, and a write says so."""
    engine = dbtune.install(make_engine(f"sqlite:///file:{database}?mode=ro&uri=true"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM counter")).scalar() == 0
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("UPDATE counter SET value = 1"))


@pytest.mark.parametrize("query", [ENDLESS, ENDLESS_ROWS])
def test_a_query_past_its_limit_is_stopped_with_the_limit_in_the_message(
    make_engine: MakeEngine, query: str
) -> None:
    """It may be stopped before its first row or between two, and the connection goes on."""
    engine = dbtune.install(make_engine(), query_time_limit_ms=50)
    with engine.connect() as connection:
        with pytest.raises(OperationalError, match="query stopped after 50 ms") as caught:
            connection.execute(text(query)).all()
        assert isinstance(caught.value.orig, dbtune.QueryTimeLimitError)
        assert connection.execute(text("SELECT value FROM counter")).scalar() == 0


def test_installing_without_a_limit_lifts_it(make_engine: MakeEngine) -> None:
    """Also on connections that had it."""
    engine = dbtune.install(make_engine(), query_time_limit_ms=1)
    query = text(f"SELECT count(*) FROM ({ENDLESS_ROWS} LIMIT 300000)")
    with engine.connect() as connection, pytest.raises(OperationalError, match="stopped after 1"):
        connection.execute(query)
    dbtune.install(engine)
    with engine.connect() as connection:
        assert connection.execute(query).scalar() == 300_000


def test_the_limit_is_for_queries_and_not_for_writes(
    make_engine: MakeEngine, database: Path
) -> None:
    """A migration may take as long as it needs."""
    engine = dbtune.install(make_engine(), query_time_limit_ms=1)
    rows = ENDLESS_ROWS + " LIMIT 200000"
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO counter SELECT * FROM ({rows})"))
    assert len(values(database)) == 200_001


def test_a_small_pool_bounds_the_connections(make_engine: MakeEngine) -> None:
    """With all in use the next one waits for pool_timeout, and the bound survives dispose()."""
    engine = make_engine(pool_timeout=0.01)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    dbtune.install(engine, pool_size=2)
    for _ in range(2):
        with engine.connect(), engine.connect(), pytest.raises(PoolTimeoutError):
            engine.connect()
        engine.dispose()


@pytest.mark.parametrize("pool", [NullPool, StaticPool])
def test_a_pool_without_a_size_is_refused(make_engine: MakeEngine, pool: type) -> None:
    """The message names the pool that the engine has."""
    with pytest.raises(ConfigurationError, match=pool.__name__):
        dbtune.install(make_engine(poolclass=pool), pool_size=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"synchronous": "OFF"}, "synchronous is 'OFF'; expected NORMAL, FULL, EXTRA"),
        ({"busy_timeout_ms": -1}, "busy_timeout_ms is -1"),
        ({"busy_timeout_ms": 2.5}, "busy_timeout_ms is 2.5"),
        ({"query_time_limit_ms": 0}, "query_time_limit_ms is 0"),
        ({"pool_size": 0}, "pool_size is 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(
    make_engine: MakeEngine, settings: dict[str, object], message: str
) -> None:
    """The message names the setting, its value and what was expected."""
    with pytest.raises(ConfigurationError, match=message):
        dbtune.install(make_engine(), **settings)


def test_another_database_is_refused() -> None:
    """The message names the driver found."""
    with pytest.raises(ConfigurationError, match=r"postgresql\+psycopg"):
        dbtune.install(create_engine("postgresql+psycopg://localhost/x"))


def test_an_asynchronous_engine_is_refused() -> None:
    """The message says that aiosqlite is not supported."""
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import create_async_engine

    with pytest.raises(ConfigurationError, match="asynchronous"):
        dbtune.install(create_async_engine("sqlite+aiosqlite://"))


def test_what_is_no_engine_is_refused() -> None:
    """The message says what was given."""
    with pytest.raises(ConfigurationError, match="not str"):
        dbtune.install("sqlite:///app.db")


def test_a_connection_whose_settings_do_not_hold_is_not_handed_out(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """A file that is no database fails at connecting, with SQLite's own error."""
    (tmp_path / "text.db").write_text("not a database, " * 100)
    engine = dbtune.install(make_engine(f"sqlite:///{tmp_path / 'text.db'}"))
    with pytest.raises(Exception, match="file is not a database"):
        engine.connect()
