"""Which statements write."""

from __future__ import annotations

import pytest

from dbtune.integrations.statement_kind import writes


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "  update t set a = 1",
        "-- a note\nDELETE FROM t",
        "/* SELECT */ REPLACE INTO t VALUES (1)",
        "CREATE TABLE t (a)",
        "VACUUM",
        "ANALYZE",
        "WITH a AS (SELECT 1), b(x) AS MATERIALIZED (SELECT 2) DELETE FROM t",
        "with recursive a as (values (1)) insert into t select * from a",
    ],
)
def test_what_writes(sql: str) -> None:
    """The verb decides, wherever it stands."""
    assert writes(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "VALUES (1)",
        "SELECT 'INSERT INTO t'",
        "WITH a AS (SELECT 'delete'), \"update\" AS (SELECT 1) SELECT * FROM a",
        "WITH a(replace) AS (SELECT 1) SELECT * FROM a",
        "EXPLAIN QUERY PLAN DELETE FROM t",
        "PRAGMA table_info(t)",
        "SAVEPOINT s",
        "BEGIN IMMEDIATE",
        "",
        "-- nothing",
        ";",
    ],
)
def test_what_does_not_write(sql: str) -> None:
    """Words in strings, names and comments do not count, nor do a transaction's own."""
    assert not writes(sql)
