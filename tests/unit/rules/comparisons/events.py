"""The events that conditions are tried on, and what each rule finds of a query."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import (
    function_on_column,
    leading_wildcard,
    type_or_collation_mismatch,
)
from dbtune.model.advice import Finding
from tests.unit.rules.measured import Query, facts_of, rows

EVENTS = (
    "CREATE TABLE events (id INTEGER PRIMARY KEY, code TEXT, number INT, name TEXT COLLATE NOCASE,"
    " city TEXT, created TEXT, seconds INT, payload TEXT)",
    "INSERT INTO events SELECT n, 'c' || n, n, 'Name ' || n, 'City ' || n,"
    " datetime('2024-01-01', (n * 37) || ' minutes'), 1700000000 + n * 2000,"
    f""" '{{"kind":' || (n % 500) || '}}' FROM {rows(3000)}""",
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, ref INT, label TEXT)",
    f"INSERT INTO keys SELECT n, n, 'City ' || n FROM {rows(20)}",
)


JOIN = "SELECT e.id FROM keys AS k CROSS JOIN events AS e ON e.code = k.ref WHERE k.id < 4"


def mismatches(path: Path, query: str | Query) -> tuple[Finding, ...]:
    """Return what type-or-collation-mismatch finds."""
    return type_or_collation_mismatch.check(facts_of(path, query))


def wrapped(path: Path, query: str | Query) -> tuple[Finding, ...]:
    """Return what function-on-column finds."""
    return function_on_column.check(facts_of(path, query))


def searches(path: Path, query: str | Query) -> tuple[Finding, ...]:
    """Return what leading-wildcard finds."""
    return leading_wildcard.check(facts_of(path, query))


def results(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a query, sorted."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(sql).fetchall())


def quiet(facts: Facts) -> Facts:
    """Return the facts of the same file in WAL mode, so that only queries are found."""
    return replace(facts, health=replace(facts.health, journal_mode="wal"))
