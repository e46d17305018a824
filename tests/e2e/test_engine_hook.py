"""dbtune.install: what a SQLAlchemy engine does once the hook is on it."""

from __future__ import annotations

import logging
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, QueuePool, SingletonThreadPool, StaticPool

import dbtune
from dbtune.errors import ConfigurationError
from dbtune.integrations.work import Mark, WritingRoutes, marked

MakeEngine = Callable[..., Engine]

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
ENDLESS_ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


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
def make_engine(database: Path) -> Iterator[MakeEngine]:
    """Return a function that makes an engine on the database, disposed of at the end."""
    with ExitStack() as stack:

        def make(url: str | None = None, **options: object) -> Engine:
            engine = create_engine(url or f"sqlite:///{database}", **options)
            stack.callback(engine.dispose)
            return engine

        yield make


@pytest.fixture
def other(database: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection, which waits for no lock."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        yield connection


def pragma(connection: Connection, name: str) -> object:
    """Return a pragma's value on a connection."""
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def values(database: Path) -> list[int]:
    """Return what is committed."""
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM counter ORDER BY value")]


def can_write(other: sqlite3.Connection) -> bool:
    """Tell whether the write lock is free."""
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    other.rollback()
    return True


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


def test_unknown_work_holds_the_write_lock_from_its_first_statement(
    make_engine: MakeEngine, other: sqlite3.Connection
) -> None:
    """A transaction that has only read so far can still write whatever others do."""
    engine = dbtune.install(make_engine())
    with engine.begin() as connection:
        connection.execute(text("SELECT value FROM counter"))
        assert not can_write(other)
        connection.execute(text("UPDATE counter SET value = 7"))
    assert can_write(other)


@pytest.mark.parametrize("where", ["connection", "engine", "session", "block"])
def test_work_marked_as_reading_leaves_the_write_lock_free(
    make_engine: MakeEngine, other: sqlite3.Connection, where: str
) -> None:
    """The mark is seen on a connection, an engine, a session, and around any of them."""
    engine = dbtune.install(make_engine())
    with ExitStack() as stack:
        if where == "connection":
            reader = stack.enter_context(engine.connect())
            reader.execution_options(dbtune_read_only=True)
        elif where == "engine":
            readers = engine.execution_options(dbtune_read_only=True)
            reader = stack.enter_context(readers.connect())
        elif where == "session":
            session = stack.enter_context(Session(engine))
            reader = session.connection(execution_options={"dbtune_read_only": True})
        else:
            stack.enter_context(dbtune.read_only())
            reader = stack.enter_context(engine.connect())
        assert reader.execute(text("SELECT value FROM counter")).scalar() == 0
        assert can_write(other)
        assert reader.connection.driver_connection.in_transaction


def test_a_transaction_marked_as_reading_sees_one_state(
    make_engine: MakeEngine, other: sqlite3.Connection
) -> None:
    """What others commit meanwhile is not seen before the transaction ends."""
    engine = dbtune.install(make_engine())
    with dbtune.read_only(), engine.connect() as connection:
        read = text("SELECT value FROM counter")
        assert connection.execute(read).scalar() == 0
        other.execute("UPDATE counter SET value = 5")
        assert connection.execute(read).scalar() == 0
        connection.rollback()
        assert connection.execute(read).scalar() == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counter SET value = 9",
        "/* SELECT */ INSERT INTO counter VALUES (9)",
        "WITH n AS (SELECT 9 AS v) INSERT INTO counter SELECT v FROM n",
        "CREATE TABLE another (a)",
    ],
)
def test_writing_in_work_marked_as_reading_is_an_error(
    make_engine: MakeEngine, database: Path, statement: str
) -> None:
    """An explicit mark is a promise, and a write that breaks it never runs."""
    engine = dbtune.install(make_engine()).execution_options(dbtune_read_only=True)
    with engine.connect() as connection:
        with pytest.raises(OperationalError, match="marked as reading only") as caught:
            connection.execute(text(statement))
        assert isinstance(caught.value.orig, dbtune.ReadOnlyWorkError)
        connection.commit()
    assert values(database) == [0]


def test_a_guess_that_proves_wrong_before_reading_takes_the_write_lock(
    make_engine: MakeEngine, database: Path, other: sqlite3.Connection
) -> None:
    """A GET whose first statement writes works as if it had never been marked."""
    engine = dbtune.install(make_engine())
    with marked(Mark(strict=False)), engine.begin() as connection:
        connection.execute(text("UPDATE counter SET value = 1"))
        assert not can_write(other)
        connection.execute(text("UPDATE counter SET value = value + 1"))
    assert values(database) == [2]


def test_a_guess_that_proves_wrong_while_the_lock_is_taken_loses_nothing(
    make_engine: MakeEngine, database: Path, other: sqlite3.Connection
) -> None:
    """The write fails with the lock's error, and the same transaction can try it again."""
    engine = dbtune.install(make_engine(), busy_timeout_ms=10)
    other.execute("BEGIN IMMEDIATE")
    with marked(Mark(strict=False)), engine.connect() as connection:
        with pytest.raises(OperationalError, match="database is locked"):
            connection.execute(text("UPDATE counter SET value = 1"))
        other.rollback()
        connection.execute(text("UPDATE counter SET value = 2"))
        connection.execute(text("UPDATE counter SET value = value + 1"))
        connection.rollback()
        connection.execute(text("UPDATE counter SET value = 4"))
        connection.commit()
    assert values(database) == [4]


def test_a_route_that_writes_after_reading_is_remembered(
    make_engine: MakeEngine,
    database: Path,
    other: sqlite3.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first time SQLite may refuse, saying why; from then on the route counts as writing."""
    engine = dbtune.install(make_engine())
    guess = Mark(strict=False, route=lambda: "GET visit", writing_routes=WritingRoutes())

    def visit(interfere: Callable[[], object]) -> None:
        with marked(guess), engine.begin() as connection:
            connection.execute(text("SELECT value FROM counter"))
            interfere()
            connection.execute(text("UPDATE counter SET value = value + 1"))

    with (
        caplog.at_level(logging.WARNING, "dbtune"),
        pytest.raises(OperationalError, match="database is locked: this transaction began as"),
    ):
        visit(lambda: other.execute("UPDATE counter SET value = 10"))
    visit(lambda: None)
    assert values(database) == [11]
    assert caplog.messages == [
        "GET visit writes after reading: its transactions begin with BEGIN IMMEDIATE from now on"
    ]
    with marked(guess), engine.begin() as connection:
        connection.execute(text("SELECT value FROM counter"))
        assert not can_write(other)


@pytest.mark.parametrize("where", ["connection", "engine", "create_engine", "driver"])
def test_autocommit_begins_nothing(
    make_engine: MakeEngine, database: Path, other: sqlite3.Connection, where: str
) -> None:
    """However autocommit is asked for, each statement stands alone and VACUUM runs."""
    options: dict[str, object] = {}
    if where == "create_engine":
        options["isolation_level"] = "AUTOCOMMIT"
    if where == "driver":
        options["connect_args"] = {"isolation_level": None}
    engine = dbtune.install(make_engine(**options))
    if where == "engine":
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if where == "connection":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("UPDATE counter SET value = 3"))
        assert values(database) == [3]
        assert can_write(other)
        connection.execute(text("VACUUM"))


def test_a_connection_used_under_autocommit_begins_again_afterwards(
    make_engine: MakeEngine, other: sqlite3.Connection
) -> None:
    """The level belongs to one use of a pooled connection."""
    engine = dbtune.install(make_engine(), pool_size=1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("UPDATE counter SET value = 3"))
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        assert not can_write(other)


def test_a_write_retried_after_a_lock_on_the_same_connection_is_kept(
    make_engine: MakeEngine, database: Path, other: sqlite3.Connection
) -> None:
    """A BEGIN IMMEDIATE in a "begin" listener loses this write without any error."""
    engine = dbtune.install(make_engine(), busy_timeout_ms=10)
    other.execute("BEGIN IMMEDIATE")
    with engine.connect() as connection:
        with pytest.raises(OperationalError, match="database is locked"):
            connection.execute(text("UPDATE counter SET value = 1"))
        other.rollback()
        connection.execute(text("UPDATE counter SET value = 2"))
        connection.commit()
    assert values(database) == [2]


def test_no_increment_is_lost_among_threads_that_read_and_then_write(
    make_engine: MakeEngine, database: Path
) -> None:
    """Deferred transactions would fail here at once, whatever busy_timeout."""
    engine = dbtune.install(make_engine(), pool_size=8, busy_timeout_ms=60_000)
    failures: list[BaseException] = []

    def increment() -> None:
        try:
            for _ in range(25):
                with engine.begin() as connection:
                    found = connection.execute(text("SELECT value FROM counter")).scalar_one()
                    connection.execute(text("UPDATE counter SET value = :v"), {"v": found + 1})
        except BaseException as error:  # noqa: BLE001 - reported by the test itself
            failures.append(error)

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert values(database) == [200]


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
