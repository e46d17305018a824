"""Fixtures of these tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.e2e.engine_hook.counter import MakeEngine


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
