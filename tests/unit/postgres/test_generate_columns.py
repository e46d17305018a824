"""Columns that SQLite generates: by PostgreSQL too where it computes every value alike."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.in_process import run_here
from tests.fixtures.independent_compare import compare_databases


def make_ledger(path: Path) -> Path:
    """Make a table whose generated columns differ: zeros below zero, an overflow, a division."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE entry (id INTEGER PRIMARY KEY, credit REAL, n INTEGER, s TEXT,
              debit REAL AS (-credit) STORED, next REAL AS (n + 1) STORED,
              label TEXT AS (s || '!') STORED, size INTEGER AS (length(s)));
            CREATE UNIQUE INDEX entry_label ON entry (label);
            INSERT INTO entry (id, credit, n, s)
            VALUES (1, 0.0, 1, 'a'), (7, 2.5, 9223372036854775807, 'é');
            """
        )
    return path


@pytest.mark.parametrize("jobs", [(), ("--jobs", "2")], ids=["one process", "several"])
def test_only_columns_that_prove_equal_are_generated(
    tmp_path: Path, target: str, jobs: tuple[str, ...]
) -> None:
    """The others keep SQLite's values and are named with a value that differs."""
    database = make_ledger(tmp_path / "ledger.db")
    done = run_here("-q", "migrate-to-postgres", database, target, "--json", *jobs)
    assert done.returncode == 0, done.stdout
    report = json.loads(done.stdout)
    plain = {
        finding["subject"]: finding["message"]
        for finding in report["findings"]
        if finding["code"] == "generated-column-plain"
    }
    assert list(plain) == ["entry.debit", "entry.next"]
    assert "PostgreSQL computes -0" in plain["entry.debit"]
    assert "out of range" in plain["entry.next"]
    assert compare_databases(database, target) == []
    with psycopg.connect(target) as connection:
        row = connection.execute(
            "INSERT INTO entry (credit, n, s) VALUES (1, 1, 'bc') RETURNING id, debit, label, size"
        ).fetchone()
    assert row == (8, None, "bc!", 2)


def test_tables_without_rows_are_generated_too(tmp_path: Path, target: str) -> None:
    """Nothing contradicts the expression, and the columns keep their order and their identity."""
    database = make_ledger(tmp_path / "ledger.db")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM entry")
    done = run_here("-q", "migrate-to-postgres", database, target, "--json")
    assert done.returncode == 0, done.stdout
    with psycopg.connect(target) as connection:
        columns = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'entry'::regclass AND attnum > 0"
            " ORDER BY attnum"
        ).fetchall()
        names = connection.execute(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " ORDER BY relname"
        ).fetchall()
    assert [name for (name,) in columns] == [
        "id", "credit", "n", "s", "debit", "next", "label", "size",
    ]  # fmt: skip
    assert [name for (name,) in names] == ["entry", "entry_id_seq", "entry_label", "entry_pkey"]
