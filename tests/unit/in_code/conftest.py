"""A database of chefs, engines on it, and where to record to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Eight chefs with three bookings each."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE chefs (id INTEGER PRIMARY KEY, name TEXT);"
            "CREATE TABLE bookings (id INTEGER PRIMARY KEY, chef_id INT);"
        )
        rows = [(n, f"chef {n}") for n in range(8)]
        connection.executemany("INSERT INTO chefs VALUES (?, ?)", rows)
        bookings = [(n % 8,) for n in range(24)]
        connection.executemany("INSERT INTO bookings (chef_id) VALUES (?)", bookings)
        connection.commit()
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    """An engine that has been used before the test begins."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1")).all()
    yield engine
    engine.dispose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where to record to."""
    return tmp_path / "queries.jsonl"


@pytest.fixture
def fresh_engine(database: Path) -> Iterator[Engine]:
    """An engine that has opened no connection yet."""
    engine = create_engine(f"sqlite:///{database}")
    yield engine
    engine.dispose()
