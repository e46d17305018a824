"""What PostgreSQL would not have is told once, and is no difference afterwards."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from tests.fixtures.in_process import run_here


def make_values(path: Path) -> Path:
    """Make a unique column whose values are equal as texts, and a generated one that differs."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE stored (id INTEGER PRIMARY KEY, value UNIQUE, n REAL,
              m REAL AS (-n) STORED, CHECK (n + id < 5));
            INSERT INTO stored (id, value, n) VALUES (1, 5, 0.0), (2, '5', 1.5), (3, 'x', 1);
            CREATE VIEW joined AS SELECT group_concat(n) AS all_n FROM stored;
            """
        )
    return path


def test_a_later_comparison_knows_what_was_left_out(tmp_path: Path, target: str) -> None:
    """--verify-only after a migration that told of refused objects finds no difference."""
    database = make_values(tmp_path / "values.db")
    done = run_here("-q", "migrate-to-postgres", database, target, "--json")
    assert done.returncode == 0, done.stdout
    codes = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    assert {"index-refused", "generated-column-plain"} <= codes
    again = run_here("-q", "migrate-to-postgres", database, target, "--json", "--verify-only")
    assert again.returncode == 0, again.stdout


def test_a_later_comparison_misses_what_was_there(tmp_path: Path, target: str) -> None:
    """An object that the migration made and somebody dropped is a difference."""
    database = make_values(tmp_path / "values.db")
    assert run_here("-q", "migrate-to-postgres", database, target).returncode == 0
    with psycopg.connect(target) as connection:
        connection.execute("ALTER TABLE stored DROP CONSTRAINT stored_check")
    again = run_here("-q", "migrate-to-postgres", database, target, "--json", "--verify-only")
    assert again.returncode == 6
    assert "stored_check" in again.stdout
