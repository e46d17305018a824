"""What reports of a migration say of each column, from plans of real files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.journeys.column_decisions import column_decisions
from dbtune.journeys.migrate import plan
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.model.overview import ColumnDecision
from dbtune.model.transfer import MigrationPlan

TABLES = """
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        paid BOOLEAN NOT NULL,
        at DATETIME,
        note,
        photo BLOB,
        share REAL,
        twice INT GENERATED ALWAYS AS (id * 2) STORED
    );
    INSERT INTO orders VALUES
        (1, 0, '2026-01-01 10:00:00', 'a', x'00', 1.5),
        (2, 1, NULL, 7, 'text', 2);
"""


@pytest.fixture
def planned(tmp_path: Path) -> MigrationPlan:
    """Return the plan of a small file with values of mixed kinds."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    return plan(path, MigrateOptions(jobs=0))


def by_column(planned: MigrationPlan) -> dict[str, ColumnDecision]:
    """Return the decisions by column."""
    return {decision.column: decision for decision in column_decisions(planned)}


def test_each_column_has_its_type_and_why(planned: MigrationPlan) -> None:
    """In the order of the table, with the type that was declared."""
    found = by_column(planned)
    assert list(found) == ["id", "paid", "at", "note", "photo", "share", "twice"]
    assert (found["paid"].declared, found["paid"].type) == ("BOOLEAN", "boolean")
    assert found["paid"].not_null and not found["at"].not_null
    assert all(decision.reason for decision in found.values())
    assert found["note"].declared == ""


@pytest.mark.parametrize(
    ("column", "conversion"),
    [
        ("id", ""),
        ("paid", "0 and 1 as false and true"),
        ("at", "ISO texts as timestamps"),
        ("note", "numbers as their digits"),
        ("photo", "texts as their bytes"),
        ("share", ""),
        ("twice", "computed by PostgreSQL"),
    ],
)
def test_what_becomes_of_values_is_said_in_words(
    planned: MigrationPlan, column: str, conversion: str
) -> None:
    """Nothing of values that stay what they are."""
    assert by_column(planned)[column].conversion == conversion


def test_repairs_are_told_with_the_conversion(planned: MigrationPlan) -> None:
    """What the user asked for changes values, and is not to be overlooked."""
    table = planned.tables[0]
    column = replace(
        table.columns[3],
        empty_as_null=True,
        nul_repair="strip",
        encoding_repair="latin-1",
        null_where=("rowid = 2",),
    )
    changed = replace(planned, tables=(replace(table, columns=(column,)),))
    assert column_decisions(changed)[0].conversion == (
        "numbers as their digits; empty texts become NULL; references to rows that are not there "
        "become NULL; U+0000 is left out; texts that are not UTF-8 are read as Latin-1"
    )
