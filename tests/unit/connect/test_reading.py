"""A database that is opened for reading keeps its bytes, beside writers too."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError, SourceError
from dbtune.sqlite.connect import open_readonly, open_unshared, open_writer
from tests.fixtures import hostile
from tests.fixtures.hostile import build, build_more
from tests.fixtures.other_process import other_process
from tests.unit.connect.files import contents, leave_hot_journal


def test_a_lock_is_waited_for_no_longer_than_asked(database: Path) -> None:
    """An exclusive lock of another process ends in a LockedError that says how long it waited."""
    with other_process(database) as other:
        other.run("BEGIN EXCLUSIVE")
        for open_database in (open_readonly, open_writer):
            with pytest.raises(LockedError, match=r"locked .* for longer than 0\.05 s"):
                open_database(database, wait_ms=50)
        other.run("ROLLBACK")
        with closing(open_readonly(database, wait_ms=50)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)


def test_reading_works_beside_a_writer(database: Path) -> None:
    """A transaction that is being written is not seen, and is not in the way."""
    with other_process(database) as other:
        other.run("BEGIN IMMEDIATE")
        other.run("DELETE FROM users")
        with closing(open_readonly(database, wait_ms=0)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)
        other.run("COMMIT")
        with closing(open_readonly(database, wait_ms=0)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_a_hot_journal_is_explained_and_left_alone(database: Path) -> None:
    """What a killed writer left can be rolled back by a writer only; its journal stays."""
    leave_hot_journal(database)
    before = contents(database.parent)
    with pytest.raises(SourceError, match=r"shop\.db-journal has to be rolled back") as caught:
        open_readonly(database)
    assert "PRAGMA schema_version" in (caught.value.hint or "")
    assert contents(database.parent) == before
    with closing(open_writer(database)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)


@pytest.mark.parametrize("left_over", [True, False], ids=["a -wal of a killed writer", "no -wal"])
def test_reading_a_wal_database_keeps_the_file_and_its_wal(database: Path, left_over: bool) -> None:
    """The .db and an existing -wal keep every byte; a new -wal is empty."""
    build_more(database, "PRAGMA journal_mode = WAL")
    if left_over:
        with other_process(database) as other:
            other.run("DELETE FROM users WHERE id <= 10")
            other.kill()
        Path(f"{database}-shm").unlink()
    before = contents(database.parent)
    with closing(open_readonly(database)) as connection:
        expected = 990 if left_over else 1000
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (expected,)
    assert contents(database.parent) == {"shop.db-wal": b"", **before}


def test_a_writer_is_in_autocommit(database: Path) -> None:
    """Statements stand at once, and transactions are begun by the caller only."""
    with closing(open_writer(database)) as connection:
        connection.execute("DELETE FROM users WHERE id = 1")
        assert not connection.in_transaction
    with closing(open_readonly(database)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (999,)


def test_json_in_a_schema_is_readable_on_any_sqlite(tmp_path: Path) -> None:
    """SQLite 3.38 to 3.40 call their own JSON functions unsafe under trusted_schema = OFF."""
    path = tmp_path / "json.db"
    build(
        path,
        (
            "CREATE TABLE t (doc TEXT CHECK (json_valid(doc)))",
            "CREATE INDEX ix_t ON t (json_extract(doc, '$.a'))",
            "CREATE VIEW v AS SELECT json_extract(doc, '$.a') AS a FROM t",
            """INSERT INTO t VALUES ('{"a": 5}')""",
        ),
    )
    for open_database in (open_readonly, open_writer, open_unshared):
        with closing(open_database(path)) as connection:
            assert connection.execute("SELECT a FROM v").fetchall() == [(5,)]
            assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]


def test_a_schema_is_distrusted(database: Path) -> None:
    """Without JSON in it, no function but innocuous ones may be called from a schema."""
    with closing(open_readonly(database)) as connection:
        assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
        assert connection.execute("PRAGMA cell_size_check").fetchone() == (1,)
        assert connection.execute("PRAGMA mmap_size").fetchone() in {(0,), None}


def test_text_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    """Bytes that are no character become the replacement character."""
    path = tmp_path / "dirty.db"
    hostile.dirty_values(path)
    with closing(open_readonly(path)) as connection:
        texts = [row[0] for row in connection.execute("SELECT t FROM dirty ORDER BY id LIMIT 2")]
    assert texts == ["\ufffd\0\ufffd", "a\0b"]


def test_an_unshared_file_is_read_without_a_trace(database: Path) -> None:
    """No -wal or -shm comes to a backup that is in WAL mode."""
    build_more(database, "PRAGMA journal_mode = WAL")
    with closing(open_unshared(database)) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1000,)
        assert os.listdir(database.parent) == ["shop.db"]


def test_an_unshared_file_with_a_wal_is_read_with_it(database: Path) -> None:
    """What is only in the -wal is seen."""
    build_more(database, "PRAGMA journal_mode = WAL")
    with other_process(database) as other:
        other.run("DELETE FROM users WHERE id <= 10")
        with closing(open_unshared(database)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (990,)


def test_nothing_is_logged_where_all_is_well(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning is for a reason."""
    caplog.set_level(logging.DEBUG)
    open_readonly(database).close()
    assert not caplog.records
