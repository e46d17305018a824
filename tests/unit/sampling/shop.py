"""The database that is sampled, and what is asked of its samples."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from dbtune.model.event import Event, ignore_event
from dbtune.model.schema import Schema
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import (
    ScratchCopy,
    copy_database,
)
from dbtune.sqlite.schema.catalog import read_schema

MB = 1_000_000


SHOP = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, pad TEXT)",
    "CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),"
    " kind_id INTEGER REFERENCES kinds (id), pad TEXT, total AS (length(pad)) STORED)",
    "CREATE INDEX ix_orders ON orders (user_id, total)",
    "CREATE TABLE notes (code TEXT PRIMARY KEY, line INTEGER, pad TEXT) WITHOUT ROWID",
    "CREATE VIEW recent AS SELECT * FROM orders WHERE id > 100",
    "CREATE TRIGGER on_order AFTER INSERT ON orders BEGIN DELETE FROM notes; END",
)


def sample(
    source: Path, room_bytes: int, on_event: Callable[[Event], None] = ignore_event
) -> ScratchCopy:
    """Return a copy in that room, which is too little for a whole one."""
    with closing(open_readonly(source)) as connection:
        schema = read_schema(connection)
    folder = source.with_name("scratch")
    folder.mkdir(exist_ok=True)
    copy = copy_database(source, schema, folder, room_bytes=room_bytes, on_event=on_event)
    with closing(apsw.Connection(str(copy.path))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return copy


def value(path: Path, query: str) -> int:
    """Return the one number that a query gives."""
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute(query).fetchone()[0]
        return found


def fractions(copy: ScratchCopy) -> dict[str, float]:
    """Return the fraction of each sampled table by name."""
    return {part.name: part.fraction for part in copy.sampled}


def new_file(path: Path) -> Path:
    """Return the path of a new file of 0 bytes."""
    path.touch()
    return path


def objects(schema: Schema) -> set[str]:
    """Return the names of all objects that have a statement of their own."""
    things = (*schema.tables, *schema.indexes, *schema.views, *schema.triggers)
    return {thing.name for thing in things if thing.sql}


def schema_of(*statements: str) -> Schema:
    """Return the schema that statements create."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        return read_schema(connection)
