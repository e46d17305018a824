"""What reports tell of the database itself, read from real files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.journeys.analyze import AnalyzeOptions, analyze
from dbtune.journeys.database_overview import health_facts, table_overviews, with_concerns
from dbtune.journeys.enable_wal import EnableWalOptions, enable_wal, plan_wal
from dbtune.model.advice import Report
from dbtune.model.overview import ForeignKeyOverview, IndexOverview, TableOverview
from dbtune.model.page import SchemaMap
from dbtune.model.schema import FileHealth, Schema, Statistics
from dbtune.report.pages.page_of import page_of
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.statistics import read_statistics

TABLES = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE);
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY REFERENCES users (id),
        user_id INT REFERENCES users (id),
        "group" TEXT REFERENCES users (email),
        state TEXT
    );
    CREATE INDEX ix_open ON orders (user_id DESC, lower(state)) WHERE state <> 'done';
    CREATE INDEX ix_group ON orders ("group" COLLATE NOCASE, user_id);
    CREATE TABLE pairs (a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE VIEW broken AS SELECT * FROM missing;
    CREATE VIRTUAL TABLE docs USING fts5(body);
    CREATE VIRTUAL TABLE docs_old USING fts5(body);
    INSERT INTO users VALUES (1, 'a@example.org'), (2, NULL);
    INSERT INTO orders VALUES (1, 1, NULL, 'open'), (2, 7, NULL, 'done');
    INSERT INTO docs VALUES ('a word');
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a small file with tables of every kind."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    return path


def read(path: Path) -> tuple[Schema, Statistics, FileHealth]:
    """Return what a file says."""
    with closing(open_readonly(path)) as connection:
        schema = read_schema(connection)
        return schema, read_statistics(connection, schema), read_health(connection, path)


def overviews(path: Path) -> dict[str, TableOverview]:
    """Return the overviews of a file's tables by name."""
    schema, statistics, _ = read(path)
    return {table.name: table for table in table_overviews(schema, statistics)}


def test_tables_come_with_rows_keys_and_indexes(database: Path) -> None:
    """Keys are as SQL, with direction, collation and condition; views are no tables."""
    found = overviews(database)
    assert list(found) == ["users", "orders", "pairs", "docs", "docs_old"]
    orders = found["orders"]
    assert (orders.rows, orders.exact, orders.kind) == (2, True, "table")
    assert [replace(index, size_bytes=None) for index in orders.indexes] == [
        IndexOverview(
            "ix_open", ("user_id DESC", "lower(state)"), "state <> 'done'", False, False, None
        ),
        IndexOverview("ix_group", ('"group" COLLATE NOCASE', "user_id"), None, False, False, None),
    ]
    assert [index.constraint for index in found["users"].indexes] == [True]
    assert found["pairs"].without_rowid


def test_a_foreign_key_is_indexed_where_rows_are_found_by_it(database: Path) -> None:
    """By the rowid too, and not by a partial index."""
    found = overviews(database)["orders"].foreign_keys
    assert {key.columns: key.indexed for key in found} == {
        ("id",): True,
        ("user_id",): False,
        ("group",): True,
    }
    assert ForeignKeyOverview(("user_id",), "users", False) in found


def test_a_virtual_table_has_the_size_of_its_shadow_tables(database: Path) -> None:
    """They are left out themselves, and belong to the longest name that theirs begins with."""
    _, statistics, _ = read(database)
    if all(table.size_bytes is None for table in statistics.tables):
        pytest.skip("this SQLite has no DBSTAT")
    found = overviews(database)
    sizes = {table.table: table.size_bytes or 0 for table in statistics.tables}
    old = sum(size for name, size in sizes.items() if name.startswith("docs_old_"))
    own = sum(size for name, size in sizes.items() if name.startswith("docs_")) - old
    assert (found["docs"].size_bytes, found["docs_old"].size_bytes) == (own, old)
    assert found["docs"].kind == "virtual"


def test_sizes_are_unknown_without_dbstat(database: Path) -> None:
    """Unknown is None and not zero, of virtual tables too."""
    schema, statistics, _ = read(database)
    blind = Statistics(
        tuple(replace(table, size_bytes=None, exact=False) for table in statistics.tables),
        tuple(replace(index, size_bytes=None) for index in statistics.indexes),
    )
    for table in table_overviews(schema, blind):
        assert table.size_bytes is None and not table.exact
        assert all(index.size_bytes is None for index in table.indexes)


def test_health_has_a_value_for_each_thing_looked_at(database: Path) -> None:
    """As the pragmas say, and in words where they have numbers."""
    _, statistics, health = read(database)
    facts = {fact.name: fact.value for fact in health_facts(health, statistics)}
    assert facts == {
        "journal_mode": "delete",
        "wal_size": "no -wal file",
        "page_size": f"{health.page_size_bytes:,} bytes",
        "freelist_count": f"0 of {health.page_count} pages",
        "auto_vacuum": "none",
        "encoding": "UTF-8",
        "fragmentation": facts["fragmentation"],
        "quick_check": "ok",
        "foreign_key_check": "1 row without the row referred to",
        "sqlite_stat1": "ANALYZE has not run",
    }


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"auto_vacuum": 2}, "auto_vacuum", "incremental"),
        ({"wal_bytes": 4_100_000}, "wal_size", "4.1 MB"),
        ({"fragmentation_ratio": None}, "fragmentation", "unknown"),
        ({"integrity_errors": ("row 1 missing",)}, "quick_check", "1 error, first: row 1 missing"),
        ({"integrity_errors": ("bad",)}, "foreign_key_check", "not checked"),
        ({"not_checked": ("integrity, foreign keys and x: ...",)}, "quick_check", "not checked"),
        ({"not_checked": ("integrity, foreign keys: ...",)}, "foreign_key_check", "not checked"),
        ({"not_checked": ("foreign keys of t: no such",)}, "foreign_key_check", "not checked"),
        ({"not_checked": ("foreign keys of t: no such",)}, "quick_check", "ok"),
        (
            {"foreign_key_violations": (("a", 1, "b"),) * 1000},
            "foreign_key_check",
            "at least 1,000",
        ),
    ],
)
def test_what_was_not_looked_at_is_not_called_well(
    change: dict[str, object], name: str, value: str
) -> None:
    """A check that was left out says so, and one that was cut says at least."""
    health = FileHealth(4096, 0, 4096, 1, 0, "wal", 0, "UTF-8", (), (), 0.1, "3.50.4")
    changed = replace(health, **change)  # type: ignore[arg-type]
    facts = {fact.name: fact.value for fact in health_facts(changed, None)}
    assert facts[name].startswith(value)
    assert "sqlite_stat1" not in facts


def test_concerns_are_those_of_the_findings(database: Path) -> None:
    """In the same words, so that a page never says two things; none where nothing was found."""
    report = analyze(database, AnalyzeOptions())
    messages = {finding.code: finding.message for finding in report.findings}
    concerns = {fact.name: fact.concern for fact in report.health}
    assert concerns["journal_mode"].startswith(messages["rollback-journal"])
    assert messages["foreign-key-violation"] in concerns["foreign_key_check"]
    assert concerns["encoding"] == concerns["freelist_count"] == ""
    assert not any(fact.concern for fact in with_concerns(report.health, ()))


def test_analyze_tells_where_it_ran_and_not_on_which_machine(database: Path) -> None:
    """Versions of what took part; no name of the machine or of its user."""
    report = analyze(database, AnalyzeOptions(application_sqlite_version="3.45.1"))
    assert report.environment is not None
    versions = dict(report.environment.versions)
    assert versions["SQLite"] == sqlite3.sqlite_version
    assert versions["the application's SQLite"] == "3.45.1"
    assert set(versions) == {"dbtune", "Python", "SQLite", "the application's SQLite"}
    assert report.environment.cpu_count


def test_enable_wal_tells_of_before_and_after(database: Path) -> None:
    """What was found with what is wrong about it, and what was read back."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("DELETE FROM orders")
    options = EnableWalOptions(application_sqlite_version="3.51.3")
    report: Report = enable_wal(plan_wal(database, options), options)
    facts = {fact.name: fact for fact in report.health}
    assert facts["journal_mode"].value == "delete" and facts["journal_mode"].concern
    assert facts["journal_mode_after"].value == "wal" and not facts["journal_mode_after"].concern
    assert report.environment is not None and "Alembic" in dict(report.environment.versions)


def test_the_map_of_a_page_counts_no_rows_that_nobody_counted(database: Path) -> None:
    """A virtual table is called that, and an estimate is told as one."""
    report = analyze(database, AnalyzeOptions())
    guessed = tuple(replace(t, exact=t.name != "users", rows=1) for t in report.overview)
    page = page_of(replace(report, overview=guessed))
    blocks = (block for section in page.sections for block in section.blocks)
    drawn = next(block for block in blocks if isinstance(block, SchemaMap))
    rows = {table.name: table.rows for table in drawn.tables}
    assert (rows["docs"], rows["users"], rows["pairs"]) == ("virtual", "about 1 row", "1 row")
