"""Databases in the states in which they are opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fixtures.hostile import build
from tests.fixtures.other_process import other_process

posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions and special files of POSIX")


NAMES = (
    "plain.db",
    "with space.db",
    "what?.db",
    "a#b.db",
    "100%.db",
    "%41.db",
    "ünïcödé-🐟.db",
    "semi;colon&amp=1.db",
    "quo'te.db",
    "file:uri.db",
    "new\nline.db",
    "?mode=rw",
)


OPEN = """
import logging
from contextlib import closing
from pathlib import Path
from dbtune.errors import DbtuneError
logging.basicConfig(stream=sys.stdout)
try:
    with closing(dbtune.sqlite.connect.open_readonly(Path(sys.argv[1]))) as connection:
        print("read", connection.execute("SELECT count(*) FROM users").fetchone()[0])
except DbtuneError as error:
    print(type(error).__name__, error.message)
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file but -shm, which readers mark their places in."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith("-shm")
    }


def leave_hot_journal(database: Path) -> None:
    """Leave what a writer leaves that is killed while it writes pages."""
    with other_process(database) as other:
        other.run("PRAGMA cache_size = 2")
        other.run("BEGIN IMMEDIATE")
        other.run("UPDATE users SET email = email || 'x', city = city || 'y'")
        assert Path(f"{database}-journal").stat().st_size > 0
        other.kill()


def made_database(path: Path) -> Path:
    build(path, ("CREATE TABLE t (x)", "INSERT INTO t VALUES (7)"))
    return path
