"""What is heard of sqlite3: each statement once it has ended, with rows, time and errors."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter_ns
from typing import NamedTuple

import pytest

from tests.unit.recorder.listening import listening, texts

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT i FROM n"
RUNS_LONG = NUMBERS.replace("LIMIT 5", "LIMIT 200000").replace(
    "SELECT i FROM", "SELECT sum(i) FROM"
)

Fetch = Callable[[sqlite3.Cursor], object]


@pytest.mark.parametrize(
    ("fetch", "rows"),
    [
        (lambda cursor: cursor.fetchall(), 5),
        (lambda cursor: list(cursor), 5),
        (lambda cursor: [next(cursor), next(cursor)], 2),
        (lambda cursor: cursor.fetchone(), 1),
        (lambda cursor: cursor.fetchmany(2), 2),
        (lambda cursor: cursor.fetchmany(size=100), 5),
        (lambda cursor: [cursor.fetchone() for _ in range(9)], 5),
        (lambda cursor: [next(iter(cursor)), *cursor.fetchall()], 5),
        (lambda cursor: None, 0),
    ],
)
def test_rows_are_those_fetched(fetch: Fetch, rows: int) -> None:
    """However rows are fetched, those are counted that came."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.execute(NUMBERS)
        fetch(cursor)
        cursor.close()
    assert [(sent.text, sent.rows) for sent in heard] == [(NUMBERS, rows)]


def test_a_statement_is_heard_when_its_rows_are_exhausted() -> None:
    """Nobody has to wait for the cursor to be closed, and nothing is heard before."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.execute(NUMBERS)
        next(cursor)
        assert not heard
        cursor.fetchall()
        assert [sent.rows for sent in heard] == [5]


def test_a_statement_ends_with_the_next_one_of_its_cursor() -> None:
    """Rows that nobody fetches any more do not keep a statement open."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.execute("SELECT 2")
        assert texts(heard) == ["SELECT 1"]
        del cursor
        assert texts(heard) == ["SELECT 1", "SELECT 2"]


def test_a_statement_ends_with_its_connection() -> None:
    """A cursor that outlives its connection has told its statement."""
    with listening() as heard:
        connection = sqlite3.connect(":memory:")
        cursor = connection.execute("SELECT 1")
        connection.close()
        assert texts(heard) == ["SELECT 1"]
        del cursor
    assert texts(heard) == ["SELECT 1"]


def spend(at_least_ns: int = 2_000_000) -> int:
    """Be busy for so long."""
    started = perf_counter_ns()
    while perf_counter_ns() - started < at_least_ns:
        pass
    return 1


def test_time_is_that_of_execute_and_of_fetches() -> None:
    """SQLite works while rows are fetched; what the application does in between is not its time."""
    query = "SELECT spend() FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)"
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("spend", 0, spend)
        started = perf_counter_ns()
        for _ in connection.execute(query):
            spend(5_000_000)
        passed_ns = perf_counter_ns() - started
    assert 3 * 2_000_000 <= heard[0].duration_ns <= passed_ns - 3 * 5_000_000


def test_rows_of_writes_are_those_written() -> None:
    """rowcount, where sqlite3 knows it."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1), (2)")
        connection.execute("INSERT INTO t VALUES (3) RETURNING a").fetchall()
        connection.execute("DELETE FROM t")
    assert [sent.rows for sent in heard] == [None, 2, 1, 3]


@pytest.mark.parametrize(
    "values", [[(1,), (2,), (3,)], ((n,) for n in (1, 2, 3)), iter([[1], [2], [3]])]
)
def test_executemany_is_one_line_for_all(values: object) -> None:
    """Its count is the number of rows of values, of which the first stand in the line."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", values)  # type: ignore[arg-type]
        assert connection.execute("SELECT a FROM t ORDER BY a").fetchall() == [(1,), (2,), (3,)]
    sent = heard[1]
    assert (sent.count, sent.parameters, sent.rows) == (3, (1,), 3)


def test_executescript_is_heard_as_it_is() -> None:
    """A script of several statements is one text."""
    script = "CREATE TABLE t (a); INSERT INTO t VALUES (1);"
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
    assert texts(heard) == [script]


def test_errors_are_heard_and_raised_as_they_are() -> None:
    """The application gets the very exception, and the recording its message."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a UNIQUE)")
        connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.IntegrityError, match=r"^UNIQUE constraint failed: t\.a$"):
            connection.execute("INSERT INTO t VALUES (1)")
    assert [sent.error for sent in heard] == [None, None, "UNIQUE constraint failed: t.a"]


def test_errors_of_the_application_are_heard_by_their_kind() -> None:
    """What its own iterator raises may say anything, and is not recorded."""

    def broken() -> object:
        yield (1,)
        raise ValueError("bob@example.org")

    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a)")
        with pytest.raises(ValueError, match="bob"):
            connection.executemany("INSERT INTO t VALUES (?)", broken())  # type: ignore[arg-type]
    assert heard[-1].error == "ValueError"


def test_errors_while_rows_are_fetched_belong_to_the_statement() -> None:
    """A row that cannot be computed ends its statement."""
    query = "SELECT abs(a) FROM (SELECT 1 AS a UNION ALL SELECT -9223372036854775808)"
    got: list[object] = []
    with (
        listening() as heard,
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError, match="integer overflow"),
    ):
        got.extend(row for row in connection.execute(query))
    assert [(sent.rows, sent.error) for sent in heard] == [(len(got), "integer overflow")]


def test_calls_that_are_no_statement_fail_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """Wrong arguments are sqlite3's to complain about, and no failure of the recorder."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        for arguments in ((), (1,), ("SELECT 1", (), 3)):
            with pytest.raises(TypeError):
                connection.execute(*arguments)  # type: ignore[call-overload]
        with pytest.raises(TypeError):
            connection.executemany("SELECT 1", 5)  # type: ignore[arg-type]
    assert {sent.error for sent in heard} == {"TypeError"}
    assert not caplog.records


def test_statements_on_a_closed_connection_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    """They fail as ever, and nothing else does."""
    with listening() as heard:
        connection = sqlite3.connect(":memory:")
        cursor = connection.cursor()
        connection.close()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            cursor.execute("SELECT 1")
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert [sent.error for sent in heard] == ["Cannot operate on a closed database."]
    assert not caplog.records


def test_values_are_kept_as_they_were() -> None:
    """The application may use its list for the next statement before this one is written."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        values = [1, "a"]
        connection.execute("SELECT ?, ?", values).fetchall()
        values[0] = 2
        connection.execute("SELECT :a", {"a": b"x"}).fetchall()
    assert [sent.parameters for sent in heard] == [(1, "a"), {"a": b"x"}]


def test_values_are_known_in_containers_of_the_standard_library() -> None:
    """Rows of another query among them, and what derives from tuples, lists and dicts."""

    class Named(NamedTuple):
        value: int

    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT 5").fetchone()
        for values in (row, Named(6), "7", deque([8]), OrderedDict(a=9), range(10, 11)):
            connection.execute("SELECT :a" if isinstance(values, dict) else "SELECT ?", values)
    assert [sent.parameters for sent in heard[1:]] == [(5,), (6,), ("7",), (8,), {"a": 9}, (10,)]


@pytest.mark.parametrize(
    ("end", "same"),
    [
        (lambda connection: None, True),
        (lambda connection: connection.commit(), False),
        (lambda connection: connection.rollback(), False),
        (lambda connection: connection.__exit__(None, None, None), False),
        (lambda connection: connection.execute("COMMIT"), False),
    ],
)
def test_transactions_have_a_name(end: Callable[[sqlite3.Connection], object], same: bool) -> None:
    """Writes between two commits are told together, whatever commits."""
    with listening() as heard, closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("SELECT 1").fetchall()
        connection.execute("INSERT INTO t VALUES (1)")
        end(connection)
        connection.execute("INSERT INTO t VALUES (2)")
    names = {sent.text: sent.transaction_id for sent in heard}
    assert names["CREATE TABLE t (a)"] is None
    assert names["SELECT 1"] is None
    first, second = names["INSERT INTO t VALUES (1)"], names["INSERT INTO t VALUES (2)"]
    assert first is not None
    assert second is not None
    assert (first == second) is same
    assert names.get("COMMIT", first) == first


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (lambda connection: connection.commit(), "COMMIT"),
        (lambda connection: connection.rollback(), "ROLLBACK"),
        (lambda connection: connection.__exit__(None, None, None), "COMMIT"),
        (lambda connection: connection.__exit__(ValueError, ValueError(), None), "ROLLBACK"),
    ],
    ids=["commit", "rollback", "block", "block that fails"],
)
def test_the_end_of_a_transaction_is_told_with_its_time(
    end: Callable[[sqlite3.Connection], object], text: str, tmp_path: Path
) -> None:
    """There a write waits for the disk. Where nothing was written there is nothing to tell."""
    with listening() as heard, closing(sqlite3.connect(tmp_path / "app.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
        end(connection)
        connection.execute("INSERT INTO t VALUES (1)")
        end(connection)
        connection.execute("SELECT a FROM t").fetchall()
        end(connection)
    assert [sent.text for sent in heard if sent.transaction_id] == [
        "INSERT INTO t VALUES (1)",
        text,
    ]
    assert all(sent.duration_ns > 0 for sent in heard)


def test_a_commit_that_fails_is_told_with_its_error(tmp_path: Path) -> None:
    """And the transaction goes on under its name."""
    path = tmp_path / "app.db"
    with listening() as heard, closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1)")
        with closing(sqlite3.connect(path)) as reader:
            rows = reader.execute("SELECT name FROM sqlite_master, (VALUES (1), (2))")
            rows.fetchone()
            with pytest.raises(sqlite3.OperationalError):
                connection.commit()
            rows.close()
        connection.commit()
    commits = [(sent.error, sent.transaction_id) for sent in heard if sent.text == "COMMIT"]
    assert [error for error, _ in commits] == ["database is locked", None]
    assert len({name for _, name in commits}) == 1


def test_transactions_of_two_connections_have_two_names(tmp_path: Path) -> None:
    """A name is one connection's."""
    with listening() as heard:
        for _ in range(2):
            with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
                connection.execute("BEGIN")
                connection.execute("COMMIT")
    assert len({sent.transaction_id for sent in heard}) == 2


@pytest.mark.parametrize(
    ("database", "options", "expected"),
    [
        ("{folder}/a.db", {}, "{folder}/a.db"),
        ("file:{folder}/b%20c.db?mode=rwc", {"uri": True}, "{folder}/b c.db"),
        ("file:x?mode=memory&cache=shared", {"uri": True}, ":memory:"),
        (":memory:", {}, ":memory:"),
        ("", {}, ":memory:"),
    ],
)
def test_the_namespace_is_the_file(
    database: str, options: dict[str, bool], expected: str, tmp_path: Path
) -> None:
    """An absolute path, however the application writes it."""
    opened = database.replace("{folder}", str(tmp_path))
    with listening() as heard, closing(sqlite3.connect(opened, **options)) as connection:  # type: ignore[call-overload]
        connection.execute("SELECT 1").fetchall()
    assert heard[0].namespace == expected.replace("{folder}", str(tmp_path))


def test_a_listener_that_fails_is_not_felt(caplog: pytest.LogCaptureFixture) -> None:
    """The application gets its rows; a warning says what went wrong, once."""
    from dbtune.recorder.complaint import _told
    from dbtune.recorder.sqlite_patch import install

    _told.clear()

    def fail(sent: object) -> None:
        raise RuntimeError("broken")

    undo = install(fail)
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
            assert connection.execute("SELECT 2").fetchall() == [(2,)]
    finally:
        undo()
    assert [record.name for record in caplog.records] == ["dbtune.recorder"]
    assert "RuntimeError: broken" in caplog.text
