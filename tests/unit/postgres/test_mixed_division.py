"""Division in columns of doubles that have integers of SQLite among them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from tests.fixtures.in_process import run_here


def test_integers_among_reals_divide_without_a_fraction(tmp_path: Path, target: str) -> None:
    """SQLite divides 7 by 2 as integers and 7.5 by 2 as reals, in one column."""
    database = tmp_path / "mixed.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE t (a INTEGER);
            INSERT INTO t VALUES (7), (7.5), (-7);
            CREATE VIEW halves AS SELECT a / 2 AS half FROM t;
            """
        )
    done = run_here("-q", "migrate-to-postgres", database, target, "--json")
    assert done.returncode == 0
    assert "view-refused" not in {found["code"] for found in json.loads(done.stdout)["findings"]}
    with psycopg.connect(target) as connection:
        rows = connection.execute("SELECT half FROM halves ORDER BY half").fetchall()
    assert rows == [(-3.0,), (3.0,), (3.75,)]
