"""When the engine hook takes the write lock: what reads stays out of writers' way."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import dbtune
from dbtune.integrations.work import Mark, WritingRoutes, marked
from tests.e2e.engine_hook.counter import MakeEngine, can_write, values


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
