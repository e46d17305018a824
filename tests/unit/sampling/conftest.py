"""Fixtures of these tests."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.hostile import build
from tests.unit.sampling.shop import SHOP


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A shop of some 13 MB: users, three orders each with one in ten of nobody, kinds, notes."""
    path = tmp_path_factory.mktemp("template") / "shop.db"
    build(path, SHOP[:-1])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
        for rows, insert in (
            (10, "INSERT INTO kinds SELECT i, 'kind' || i FROM n"),
            (10_000, "INSERT INTO users SELECT i * 3, 'u' || i, printf('%.200c', 'x') FROM n"),
            (
                30_000,
                "INSERT INTO orders SELECT i, iif(i % 10, (i % 10000 + 1) * 3, NULL), i % 10 + 1,"
                " printf('%.200c', 'y') FROM n",
            ),
            (5_000, "INSERT INTO notes SELECT hex(i * 7919), i, printf('%.200c', 'z') FROM n"),
        ):
            connection.execute(numbers.format(rows) + insert)
        connection.execute(SHOP[-1])
        connection.commit()
    return path.read_bytes()


@pytest.fixture
def shop(template: bytes, tmp_path: Path) -> Path:
    """The same as a file."""
    path = tmp_path / "shop.db"
    path.write_bytes(template)
    return path
