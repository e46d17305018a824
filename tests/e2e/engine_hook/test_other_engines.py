"""The engine hook on databases in memory, other pools and drivers that begin by themselves."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

import dbtune
from dbtune.integrations.work import Mark, marked
from tests.e2e.engine_hook.counter import MakeEngine, can_write, pragma, values


@pytest.mark.parametrize("read_only", [False, True])
def test_savepoints_work(make_engine: MakeEngine, database: Path, read_only: bool) -> None:
    """An inner rollback undoes the inner writes only."""
    engine = dbtune.install(make_engine())
    mark = Mark(strict=False) if read_only else None
    with marked(mark), Session(engine) as session:
        session.execute(text("INSERT INTO counter VALUES (1)"))
        with session.begin_nested():
            session.execute(text("INSERT INTO counter VALUES (2)"))
        with session.begin_nested() as inner:
            session.execute(text("INSERT INTO counter VALUES (3)"))
            inner.rollback()
        session.commit()
    assert values(database) == [0, 1, 2]


@pytest.mark.parametrize("pool", [None, StaticPool, SingletonThreadPool])
def test_a_database_in_memory_works_as_before(make_engine: MakeEngine, pool: type | None) -> None:
    """It keeps its data, takes nested use of its one connection, and rolls back."""
    options = {} if pool is None else {"poolclass": pool}
    engine = dbtune.install(make_engine("sqlite://", **options))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
        with engine.connect() as nested:
            nested.execute(text("SELECT * FROM t")).all()
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
        connection.rollback()
        assert connection.execute(text("SELECT count(*) FROM t")).scalar() == 0


def test_a_shared_database_in_memory_works_as_before(make_engine: MakeEngine) -> None:
    """Two transactions that only read do not lock each other out."""
    url = "sqlite:///file:shared?mode=memory&cache=shared&uri=true"
    engine = dbtune.install(make_engine(url, poolclass=QueuePool))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    with engine.connect() as first, engine.connect() as second:
        assert first.execute(text("SELECT count(*) FROM t")).scalar() == 0
        assert second.execute(text("SELECT count(*) FROM t")).scalar() == 0


def test_an_engine_without_a_pool_works(make_engine: MakeEngine, database: Path) -> None:
    """NullPool opens a connection each time, and each one is set up."""
    engine = dbtune.install(make_engine(poolclass=NullPool))
    for value in (1, 2):
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO counter VALUES (:v)"), {"v": value})
            assert pragma(connection, "synchronous") == 1
    assert values(database) == [0, 1, 2]


def test_an_application_that_begins_transactions_itself_gets_the_write_lock_too(
    make_engine: MakeEngine, other: sqlite3.Connection
) -> None:
    """The recipe of SQLAlchemy's documentation may stay in place."""
    engine = make_engine()

    @event.listens_for(engine, "connect")
    def set_autocommit(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    dbtune.install(engine)
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        assert not can_write(other)
        connection.execute(text("UPDATE counter SET value = 1"))
    with dbtune.read_only(), engine.begin() as connection:
        assert connection.execute(text("SELECT value FROM counter")).scalar() == 1
        assert can_write(other)


def test_a_transaction_that_the_driver_opened_is_left_alone(
    make_engine: MakeEngine, database: Path
) -> None:
    """What raw cursors wrote before SQLAlchemy began is committed with the rest."""
    engine = dbtune.install(make_engine())
    with engine.connect() as connection:
        connection.connection.cursor().execute("INSERT INTO counter VALUES (1)")
        connection.execute(text("INSERT INTO counter VALUES (2)"))
        connection.commit()
    assert values(database) == [0, 1, 2]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Connection.autocommit came with 3.12")
def test_the_drivers_own_open_transactions_give_way(
    make_engine: MakeEngine, other: sqlite3.Connection, database: Path
) -> None:
    """autocommit=False keeps a deferred transaction open, which could not be upgraded."""
    engine = dbtune.install(make_engine(connect_args={"autocommit": False}))
    with engine.connect() as connection:
        assert can_write(other)
        connection.execute(text("SELECT value FROM counter"))
        assert not can_write(other)
        connection.execute(text("UPDATE counter SET value = 1"))
        connection.rollback()
        assert can_write(other)
        connection.execute(text("UPDATE counter SET value = 2"))
        connection.commit()
    assert values(database) == [2]
