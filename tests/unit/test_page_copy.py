"""A copy beside writers: consistent, and nobody waits for more than a step."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError, RefusedError, SourceError
from dbtune.model.event import Event
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.page_copy import (
    MAX_RESTARTS,
    CopyOptions,
    copy_pages,
    database_bytes,
    read_transaction,
)
from tests.fixtures.hostile import build, build_more, zeroed_data_page
from tests.fixtures.other_process import OtherProcess, other_process


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database of some 4 MB, which is several steps."""
    path = tmp_path_factory.mktemp("template") / "large.db"
    build(
        path,
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, pad)",),
        rows="WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4000)"
        " INSERT INTO t SELECT i, zeroblob(1000) FROM n",
    )
    return path.read_bytes()


@pytest.fixture
def database(template: bytes, tmp_path: Path) -> Path:
    """The same, with a rollback journal."""
    path = tmp_path / "large.db"
    path.write_bytes(template)
    return path


@pytest.fixture
def writer(database: Path) -> Iterator[OtherProcess]:
    """Another process that waits for no lock."""
    with other_process(database) as other:
        yield other


def copy(
    database: Path,
    *,
    on_event: Callable[[Event], None],
    allow_blocking: bool = False,
    wait_ms: int = 5000,
) -> int:
    """Copy a database into memory and return how many rows came over."""
    options = CopyOptions(wait_ms, allow_blocking, on_event, "copy")
    with (
        closing(open_readonly(database, wait_ms=wait_ms)) as source,
        closing(sqlite3.connect(":memory:")) as target,
    ):
        copy_pages(source, target, database, options)
        assert target.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        count: int = target.execute("SELECT count(*) FROM t").fetchone()[0]
        return count


def test_progress_is_told_in_pages(database: Path) -> None:
    """Each step says how many of how many are done, and the last one all."""
    events: list[Event] = []
    assert copy(database, on_event=events.append) == 4000
    assert len(events) >= 4
    assert [event.done for event in events] == sorted(event.done or 0 for event in events)
    assert events[-1].done == events[-1].total == database.stat().st_size / 4096


def test_a_commit_between_steps_needs_no_waiting_and_is_in_the_copy(
    database: Path, writer: OtherProcess
) -> None:
    """Under a rollback journal the lock is free between steps; the copy then begins again."""
    done = []

    def write_once(event: Event) -> None:
        if not done:
            writer.run("DELETE FROM t WHERE id = 1")
            done.append(event)

    assert copy(database, on_event=write_once) == 3999


def test_a_copy_gives_up_where_writers_never_rest(database: Path, writer: OtherProcess) -> None:
    """After three restarts it asks for --allow-blocking instead of going on for ever."""
    writes = 0

    def keep_writing(event: Event) -> None:
        nonlocal writes
        if event.done != event.total:
            writer.run(f"DELETE FROM t WHERE id = {writes}")
            writes += 1

    with pytest.raises(RefusedError, match="written to during the copy") as caught:
        copy(database, on_event=keep_writing)
    assert "--allow-blocking" in (caught.value.hint or "")
    assert MAX_RESTARTS <= writes <= MAX_RESTARTS + 2


def test_blocking_keeps_writers_out_if_asked(database: Path, writer: OtherProcess) -> None:
    """With allow_blocking commits wait until the copy is done, and it never begins again."""
    refused = []

    def try_to_write(event: Event) -> None:
        if event.done != event.total:
            with pytest.raises(RuntimeError, match="locked"):
                writer.run("DELETE FROM t WHERE id = 1")
            refused.append(event)

    assert copy(database, on_event=try_to_write, allow_blocking=True) == 4000
    assert refused
    writer.run("DELETE FROM t WHERE id = 1")


def test_under_wal_writers_write_on_and_the_copy_is_of_one_moment(
    database: Path, writer: OtherProcess
) -> None:
    """A snapshot blocks nobody and needs no restart."""
    build_more(database, "PRAGMA journal_mode = WAL")
    writes = 0

    def keep_writing(event: Event) -> None:
        nonlocal writes
        writes += 1
        writer.run(f"DELETE FROM t WHERE id = {writes}")

    assert copy(database, on_event=keep_writing) == 4000
    assert writes >= 4
    assert writer.run("SELECT count(*) FROM t") == [[4000 - writes]]


def test_a_lock_that_comes_in_between_is_waited_for(database: Path, writer: OtherProcess) -> None:
    """Someone who takes the file for himself and keeps it ends the copy after the wait."""

    def lock(event: Event) -> None:
        if event.done != event.total:
            writer.run("BEGIN EXCLUSIVE")

    with pytest.raises(LockedError, match="is locked by another connection"):
        copy(database, on_event=lock, wait_ms=100)


def test_a_page_that_cannot_be_read_is_an_error_of_the_source(tmp_path: Path) -> None:
    """Damage within pages is copied as it is; a file that ends early is not."""
    path = tmp_path / "cut.db"
    zeroed_data_page(path)
    with (
        closing(open_readonly(path)) as source,
        closing(sqlite3.connect(":memory:")) as target,
    ):
        copy_pages(source, target, path, CopyOptions())
        with open(path, "r+b") as file:
            file.truncate(8192)
        with pytest.raises(SourceError):
            copy_pages(source, target, path, CopyOptions())


def test_the_size_is_that_of_one_file(database: Path, writer: OtherProcess) -> None:
    """Pages that are in the -wal only count as well."""
    writer.run("PRAGMA journal_mode = WAL")
    writer.run("INSERT INTO t (pad) VALUES (zeroblob(1000000))")
    with closing(open_readonly(database)) as connection:
        assert database_bytes(connection) > database.stat().st_size


def test_a_read_transaction_within_another_is_the_same_one(database: Path) -> None:
    """The inner one does not end what the outer one began."""
    with closing(open_readonly(database)) as connection:
        with read_transaction(connection):
            with read_transaction(connection):
                pass
            assert connection.in_transaction
        assert not connection.in_transaction
