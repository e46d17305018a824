"""A lock that comes after opening is an error, and not taken for something that is not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.errors import LockedError, SourceError
from dbtune.model.event import Event
from dbtune.model.schema import Schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.backup import back_up
from dbtune.sqlite.copies.scratch import copy_database
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.contents import read_contents
from dbtune.sqlite.schema.row_estimate import counted_rows, estimated_rows
from dbtune.sqlite.schema.statistics import read_statistics
from dbtune.sqlite.schema.table_size import table_sizes
from tests.fixtures.hostile import ordinary
from tests.fixtures.other_process import other_process

Reader = Callable[[sqlite3.Connection, Schema, Path], object]

READERS: tuple[tuple[str, Reader], ...] = (
    ("read_schema", lambda connection, schema, path: read_schema(connection)),
    ("read_statistics", lambda connection, schema, path: read_statistics(connection, schema)),
    ("read_health", lambda connection, schema, path: read_health(connection, path)),
    ("read_contents", lambda connection, schema, path: read_contents(connection)),
    ("counted_rows", lambda connection, schema, path: counted_rows(connection, schema.tables[0])),
    (
        "estimated_rows",
        lambda connection, schema, path: estimated_rows(connection, schema.tables[0], None),
    ),
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small database."""
    path = tmp_path / "shop.db"
    ordinary(path)
    return path


@pytest.mark.parametrize("reader", [reader for _, reader in READERS], ids=[n for n, _ in READERS])
def test_no_reader_passes_over_a_lock(database: Path, reader: Reader) -> None:
    """Zero rows, no indexes or "not checked" would be wrong answers."""
    with closing(open_readonly(database, wait_ms=10)) as connection:
        schema = read_schema(connection)
        with other_process(database) as other:
            other.run("BEGIN EXCLUSIVE")
            with pytest.raises(sqlite3.OperationalError, match="is locked"):
                reader(connection, schema, database)
            other.run("ROLLBACK")
        reader(connection, schema, database)


def test_sizes_do_not_pass_over_a_lock(database: Path) -> None:
    """Rows of some places are read where trees cannot be measured."""
    with closing(open_readonly(database, wait_ms=10)) as connection:
        schema = read_schema(connection)
        statistics = read_statistics(connection, schema)
        blind = type(statistics)(
            tuple(type(t)(t.table, t.rows, t.exact, None, None) for t in statistics.tables), ()
        )
        with other_process(database) as other:
            other.run("BEGIN EXCLUSIVE")
            with pytest.raises(sqlite3.OperationalError, match="is locked"):
                table_sizes(connection, schema, blind)


def test_a_lock_after_the_last_page_ends_a_backup(database: Path) -> None:
    """The comparison cannot be made, so there is no backup."""
    with other_process(database) as other:

        def lock(event: Event) -> None:
            if event.done == event.total is not None:
                other.run("BEGIN EXCLUSIVE")

        with pytest.raises(LockedError, match="is locked by another connection"):
            back_up(database, database.with_name("copy.db"), wait_ms=10, on_event=lock)
    assert [path.name for path in database.parent.iterdir()] == ["shop.db"]


def test_a_file_that_shrinks_under_a_copy_is_an_error_of_the_source(database: Path) -> None:
    """Someone copies another file over it: no stack trace."""
    with closing(open_readonly(database)) as connection:
        schema = read_schema(connection)
    scratch = database.with_name("scratch")
    scratch.mkdir()
    database.write_bytes(database.read_bytes()[:10_000])
    with pytest.raises(SourceError, match="truncated"):
        copy_database(database, schema, scratch)


def test_failures_are_explained_within_a_block(database: Path) -> None:
    """What SQLite says becomes an error that names the file; other errors pass."""
    with (
        pytest.raises(LockedError, match=r"shop\.db is locked .* longer than 0\.05 s"),
        failures_explained(database, wait_ms=50),
    ):
        raise sqlite3.OperationalError("database is locked")
    with pytest.raises(KeyError), failures_explained(database):
        raise KeyError("x")
