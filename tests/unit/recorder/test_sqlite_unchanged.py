"""What the application sees of sqlite3 stays as it is while it is recorded."""

from __future__ import annotations

import gc
import sqlite3
import sqlite3.dbapi2
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from dbtune.recorder.sqlite_patch import install
from tests.unit.recorder.listening import listening, texts


class OwnCursor(sqlite3.Cursor):
    """A cursor as frameworks have it: it rewrites statements on their way."""

    def execute(self, sql: str, values: Any = ()) -> OwnCursor:
        """Send a statement with `?` for each `%s`."""
        super().execute(sql.replace("%s", "?"), values)
        return self


class OwnConnection(sqlite3.Connection):
    """A connection of the application, with an argument of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what sqlite3 takes."""
        super().__init__(*arguments, **options)
        self.opened = True


def test_the_application_may_have_a_cursor_of_its_own() -> None:
    """It is one still, and what it makes of a statement is what is recorded."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor(OwnCursor)
        assert isinstance(cursor, OwnCursor)
        assert type(cursor).__name__ == "OwnCursor"
        assert cursor.execute("SELECT %s", (1,)).fetchall() == [(1,)]
        assert type(connection.cursor(factory=OwnCursor)) is type(cursor)
    assert texts(heard) == ["SELECT ?"]


@pytest.mark.parametrize("positional", [True, False])
def test_the_application_may_have_a_connection_of_its_own(positional: bool) -> None:
    """`factory=` keeps its meaning, wherever it stands."""
    if positional and sys.version_info >= (3, 13):
        pytest.skip("Python 3.13 warns of positional arguments")
    arguments = (":memory:", 5.0, 0, "", True, OwnConnection)
    with listening() as heard:
        opened = (
            sqlite3.connect(*arguments)
            if positional
            else sqlite3.connect(":memory:", factory=OwnConnection)
        )
        with closing(opened) as connection:
            assert isinstance(connection, OwnConnection)
            assert connection.opened
            connection.execute("SELECT 1").fetchall()
    assert texts(heard) == ["SELECT 1"]


def test_classes_that_cannot_be_derived_from_are_used_as_they_are() -> None:
    """A connection that is not recorded is better than none."""

    class Final(sqlite3.Connection):
        def __init_subclass__(cls, **options: object) -> None:
            raise TypeError("final")

    with listening() as heard, closing(sqlite3.connect(":memory:", factory=Final)) as connection:
        assert type(connection) is Final
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert not heard


def test_connections_are_those_of_sqlite3() -> None:
    """Checks for sqlite3's classes pass for those made before and within."""
    before = sqlite3.connect(":memory:")
    with listening(), closing(before), closing(sqlite3.connect(":memory:")) as within:
        assert isinstance(before, sqlite3.Connection)
        assert isinstance(within, sqlite3.dbapi2.Connection)
        assert isinstance(within.cursor(), sqlite3.Cursor)
        assert isinstance(within.execute("SELECT 1"), sqlite3.Cursor)


def test_the_names_may_mean_the_recording_classes() -> None:
    """Who calls sqlite3.Cursor.execute(self) or sqlite3.Connection(path) is recorded as well."""
    plain_connection, plain_cursor = sqlite3.Connection, sqlite3.Cursor
    heard: list[Any] = []
    undo = install(heard.append, types_too=True)
    try:

        class Old(sqlite3.dbapi2.Cursor):
            def execute(self, sql: str, values: Any = ()) -> Any:
                return sqlite3.Cursor.execute(self, sql.replace("%s", "?"), values)

        with closing(sqlite3.Connection(":memory:")) as connection:
            assert type(connection) is sqlite3.Connection
            connection.cursor(Old).execute("SELECT %s", (1,)).fetchall()
            sqlite3.Cursor(connection).execute("SELECT 2").fetchall()
    finally:
        undo()
    assert texts(heard) == ["SELECT ?", "SELECT 2"]
    assert (sqlite3.Connection, sqlite3.Cursor) == (plain_connection, plain_cursor)


def test_undone_it_is_as_before() -> None:
    """connect() is sqlite3's own again, and connections made meanwhile are silent."""
    plain = sqlite3.connect
    with listening() as heard:
        assert sqlite3.connect is not plain
        assert sqlite3.dbapi2.connect is not plain
        connection = sqlite3.connect(":memory:")
    with closing(connection):
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert not heard
    assert sqlite3.connect is sqlite3.dbapi2.connect is plain


def test_two_listeners_hear_the_same() -> None:
    """One that stops takes nothing from the other."""
    with listening() as first:
        with listening() as second, closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("SELECT 1").fetchall()
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("SELECT 2").fetchall()
    assert texts(second) == ["SELECT 1"]
    assert texts(first) == ["SELECT 1", "SELECT 2"]


def test_factories_of_rows_and_texts_are_kept() -> None:
    """row_factory, text_factory and arraysize do what they do."""
    with listening(), closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        connection.text_factory = bytes
        cursor = connection.cursor()
        cursor.arraysize = 2
        cursor.execute("SELECT 'a' AS name UNION ALL SELECT 'b' UNION ALL SELECT 'c'")
        assert [column[0] for column in cursor.description] == ["name"]
        rows = cursor.fetchmany()
        assert [row["name"] for row in rows] == [b"a", b"b"]
        assert [row["name"] for row in cursor] == [b"c"]
        assert cursor.fetchone() is None


def test_rows_that_are_none_are_rows() -> None:
    """A row factory may make None of a row: the others come still."""
    with listening(), closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = lambda cursor, row: None
        query = "SELECT 1 UNION ALL SELECT 2"
        assert list(connection.execute(query)) == [None, None]
        cursor = connection.execute(query)
        assert [cursor.fetchone(), cursor.fetchall()] == [None, [None]]


def test_rows_are_iterated_over_as_the_class_says() -> None:
    """A __next__ of the application's own is the one that for loops call."""

    class Upper(sqlite3.Cursor):
        def __next__(self) -> Any:
            return tuple(value.upper() for value in super().__next__())

    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        rows = connection.cursor(Upper).execute("SELECT 'a' UNION ALL SELECT 'b'")
        assert list(rows) == [("A",), ("B",)]
    assert [sent.rows for sent in heard] == [2]


def test_a_cursor_may_be_used_anew_while_it_is_iterated_over() -> None:
    """The loop goes on with the rows of the new statement, as sqlite3 has it."""

    def walk() -> Iterator[Any]:
        with closing(sqlite3.connect(":memory:")) as connection:
            cursor = connection.cursor()
            for row in cursor.execute("SELECT 1 UNION ALL SELECT 2"):
                yield row
                if row == (1,):
                    cursor.execute("SELECT 8 UNION ALL SELECT 9")

    plain = list(walk())
    with listening() as heard:
        assert list(walk()) == plain
    assert [sent.rows for sent in heard] == [1, len(plain) - 1]


def test_an_iterator_over_a_cursor_is_the_cursor() -> None:
    """It goes on with the rows of a later statement, and has the cursor's other methods."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.execute("SELECT 1")
        rows = iter(cursor)
        assert rows is cursor
        assert list(rows) == [(1,)]
        cursor.execute("SELECT 2")
        assert next(rows) == (2,)
    assert [sent.rows for sent in heard] == [1, 1]


def test_connections_and_cursors_are_shown_as_those_of_sqlite3() -> None:
    """In logs, in messages of Python's and to row factories that ask."""
    plain = sqlite3.connect(":memory:")
    with listening(), closing(sqlite3.connect(":memory:")) as connection:
        for ours, theirs in ((connection, plain), (connection.cursor(), plain.cursor())):
            assert repr(ours).partition(" at ")[0] == repr(theirs).partition(" at ")[0]
    plain.close()


class _Held:
    """Something that the application has in a frame, and expects to go with it."""


@pytest.mark.parametrize(
    "fail",
    [
        lambda connection: connection.commit(),
        lambda connection: connection.__exit__(None, None, None),
        lambda connection: connection.execute("no SQL"),
        lambda connection: connection.executemany("INSERT INTO nowhere VALUES (?)", [(1,)]),
        lambda connection: connection.execute("SELECT abs(-9223372036854775808)").fetchall(),
        lambda connection: list(connection.execute("SELECT abs(-9223372036854775808)")),
    ],
    ids=["commit", "with", "execute", "executemany", "fetchall", "iteration"],
)
def test_a_failure_keeps_nothing_alive(fail: Callable[[sqlite3.Connection], object]) -> None:
    """What its frames hold, such as a connection with a lock, goes as soon as it is handled."""

    def handle(held: object) -> None:
        with pytest.raises(sqlite3.Error):
            fail(connection)

    with listening(), closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("CREATE TABLE chefs (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE b (c REFERENCES chefs DEFERRABLE INITIALLY DEFERRED)")
        connection.execute("INSERT INTO b VALUES (1)")
        held = _Held()
        told = weakref.ref(held)
        gc.disable()
        try:
            handle(held)
            del held
            assert told() is None
        finally:
            gc.enable()
        connection.rollback()


def test_values_in_a_container_of_the_applications_are_left_alone() -> None:
    """sqlite3 asks it for as many as it needs, and it may have side effects, or no end."""

    class Endless:
        asked = 0

        def __bool__(self) -> bool:
            raise AssertionError("nobody needs to know")

        def __len__(self) -> int:
            return 1

        def __getitem__(self, place: int) -> int:
            type(self).asked += 1
            assert place == 0
            return 7

    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT ?", Endless()).fetchall() == [(7,)]
    assert Endless.asked == 1
    assert [sent.parameters for sent in heard] == [None]


def test_attributes_of_cursors_are_kept() -> None:
    """lastrowid, rowcount, and what execute() returns."""
    with listening(), closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor()
        assert cursor.execute("CREATE TABLE t (a)") is cursor
        assert cursor.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)]) is cursor
        assert cursor.rowcount == 2
        cursor.execute("INSERT INTO t VALUES (3)")
        assert cursor.lastrowid == 3
        assert connection.total_changes == 3
        assert connection.in_transaction


@pytest.mark.skipif(sys.version_info < (3, 12), reason="autocommit came with Python 3.12")
def test_autocommit_is_kept() -> None:
    """With autocommit=False there always is a transaction, and commit() begins another one."""
    with listening() as heard:
        connection: Any = sqlite3.connect(":memory:", autocommit=False)  # type: ignore[call-overload,unused-ignore]
        with closing(connection):
            assert connection.autocommit is False
            connection.execute("SELECT 1").fetchall()
            connection.commit()
            connection.execute("SELECT 2").fetchall()
    inserts = [sent for sent in heard if sent.text != "COMMIT"]
    first, second = (sent.transaction_id for sent in inserts)
    assert None not in (first, second)
    assert first != second


def test_threads_record_side_by_side() -> None:
    """Each thread's statements are all heard, once."""

    def work() -> None:
        with closing(sqlite3.connect(":memory:")) as connection:
            for number in range(200):
                connection.execute("SELECT ?", (number,)).fetchone()

    with listening() as heard:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(heard) == 8 * 200
    assert all(sent.rows == 1 for sent in heard)
