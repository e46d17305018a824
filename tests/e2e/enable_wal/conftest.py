"""Fixtures of these tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.other_process import OtherProcess, other_process


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with 1,000 rows in rollback-journal mode."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)")
        connection.executemany("INSERT INTO orders VALUES (?, 1.5)", [(i,) for i in range(1000)])
        connection.commit()
    return path


@pytest.fixture
def other(database: Path) -> Iterator[OtherProcess]:
    """The application: another process that has the database open."""
    with other_process(database) as process:
        yield process
