"""Recorded statements on both databases: what runs, what breaks, what gives other rows, and why."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbtune.model.query_check import QueryCheck
from dbtune.model.transfer import MigrationPlan
from dbtune.model.workload import Parameters, QueryShape, Sample, Workload
from dbtune.postgres.queries.query_check import check_queries, without_limit
from dbtune.sqlite.copies.scratch import SampledTable, ScratchCopy
from tests.fixtures.planned import (
    create_objects,
    emptied,
    make_database,
    module_database,
    plan_database,
)

SCHEMA = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT COLLATE NOCASE,"
    " active BOOLEAN, score INTEGER, born DATE, price DECIMAL(10,2))",
    "CREATE INDEX people_lower ON people (lower(name))",
    "CREATE VIEW actives AS SELECT id, name FROM people WHERE active = 1",
)
PEOPLE = (
    (1, "Ann", "Ann@x.org", 1, 5, "2001-02-03", 5),
    (2, "bob", "bob@x.org", 0, None, "1999-01-01", 2.5),
    (3, "annie", "ANNIE@x.org", 1, 7, None, 7),
    (4, None, None, None, 5, "2001-02-03", None),
)


@pytest.fixture(scope="module")
def conninfo(postgres_admin: str) -> Iterator[str]:
    """One database for all tests here."""
    with module_database(postgres_admin, "query_check") as found:
        yield found


@pytest.fixture(scope="module")
def migrated(
    conninfo: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, MigrationPlan]:
    """A database with a few people, its plan, and the same rows on PostgreSQL."""
    path = make_database(tmp_path_factory.mktemp("source") / "people.db", *SCHEMA)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", PEOPLE)
        connection.commit()
    plan = plan_database(path).plan
    with psycopg.connect(emptied(conninfo)) as target:
        create_objects(target, plan)
        for row in PEOPLE:
            values = [bool(v) if i == 3 and v is not None else v for i, v in enumerate(row)]
            target.execute("INSERT INTO people VALUES (%s, %s, %s, %s, %s, %s, %s)", values)
    return path, conninfo, plan


Migrated = tuple[Path, str, MigrationPlan]


def check(
    migrated: Migrated, text: str, parameters: Parameters = (), kind: str = "read"
) -> QueryCheck:
    """What became of one recorded statement."""
    path, conninfo, plan = migrated
    shape = QueryShape("abc", text, kind, 2.0, None, (Sample(text, parameters),))  # type: ignore[arg-type]
    (found,) = check_queries(ScratchCopy(path), conninfo, Workload((shape,), 1), plan)
    return found


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("SELECT id, name FROM people WHERE active = ? ORDER BY id", (1,)),
        ("SELECT * FROM people WHERE id = :id", {"id": 2}),
        ("SELECT name FROM actives ORDER BY id", ()),
        ("SELECT strftime('%Y', born), count(*) FROM people WHERE born GROUP BY 1 ORDER BY 1", ()),
        ("SELECT sum(price), avg(score) FROM people", ()),
        ("SELECT id FROM people WHERE born >= %s ORDER BY id", ("2000-01-01",)),
        ("SELECT id FROM people WHERE email = 'ANN@X.ORG'", ()),
    ],
)
def test_equal_rows_are_the_same(migrated: Migrated, text: str, parameters: Parameters) -> None:
    """Types and functions are mended by the translation; the times of both are told."""
    found = check(migrated, text, parameters)
    assert (found.status, found.reasons) == ("same", ())
    assert found.source_ms is not None and found.target_ms is not None


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("SELECT id FROM people WHERE name LIKE 'ann%' ORDER BY id", "letter case"),
        ("SELECT id FROM people ORDER BY score, id", "null order"),
        ("SELECT coalesce(score, name) FROM people", "text against number"),
    ],
)
def test_other_rows_have_a_cause(migrated: Migrated, text: str, cause: str) -> None:
    """The statement as an application would send it, and why its rows are others."""
    found = check(migrated, text)
    assert (found.status, found.causes) == ("differs", (cause,))


def test_the_exact_statement_gives_sqlites_rows(migrated: Migrated) -> None:
    """With as little added as is needed."""
    found = check(migrated, "SELECT id FROM people WHERE name LIKE 'ANN%' ORDER BY score, id")
    assert found.causes == ("null order", "letter case") or found.causes == ("letter case",)
    assert found.exact_sql is not None and "ILIKE" in found.exact_sql


def test_the_order_of_texts_is_told(migrated: Migrated, conninfo: str, tmp_path: Path) -> None:
    """SQLite sorts byte by byte; a collation sorts as people do."""
    path = make_database(tmp_path / "w.db", "CREATE TABLE words (w TEXT)")
    words = ("apple", "Zoo", "banana")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO words VALUES (?)", [(word,) for word in words])
        connection.commit()
    plan = replace(plan_database(path).plan, schema_name="words")
    with psycopg.connect(conninfo) as target:
        row = target.execute(
            "SELECT collname FROM pg_collation WHERE collname IN ('und-x-icu', 'unicode')"
        ).fetchone()
        try:
            target.execute(f"SELECT 'a' < 'B' COLLATE \"{row[0] if row else ''}\"".encode())
        except psycopg.Error:
            pytest.skip("this PostgreSQL was built without ICU")
        assert row is not None
        target.execute("CREATE SCHEMA words")
        target.execute(f'CREATE TABLE words.words (w text COLLATE "{row[0]}")'.encode())
        for word in words:
            target.execute("INSERT INTO words.words VALUES (%s)", (word,))
    found = check((path, conninfo, plan), "SELECT w FROM words ORDER BY w")
    assert (found.status, found.causes) == ("differs", ("text order",))
    assert found.exact_sql == 'SELECT "w" FROM "words" ORDER BY "w" COLLATE "C"'


def test_ties_are_told_from_differences(migrated: Migrated) -> None:
    """LIMIT cuts through rows that sort equal: with their order undone, both have the same."""
    _, conninfo, _ = migrated
    with psycopg.connect(conninfo) as target:  # the row comes last in the heap then
        target.execute("UPDATE people SET name = name WHERE id = 1")
    found = check(migrated, "SELECT id FROM people WHERE score = 5 ORDER BY score LIMIT ?", (1,))
    assert (found.status, found.causes) == ("differs", ("ties in any order",))
    found = check(migrated, "SELECT id FROM people WHERE score = 5 LIMIT 1")
    assert (found.status, found.causes) == ("differs", ("limit without order",))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SELECT name, max(score) FROM people", "neither grouped nor aggregated"),
        ("SELECT soundex(name) FROM people", "soundex()"),
        ("SELECT * FROM people WHERE people MATCH 'x'", "MATCH"),
    ],
)
def test_what_has_no_translation_is_named(migrated: Migrated, text: str, word: str) -> None:
    """The construct, as the translation names it."""
    found = check(migrated, text)
    assert found.status == "untranslated"
    assert word in found.reasons[0]


def test_what_postgresql_refuses_breaks(migrated: Migrated) -> None:
    """An error at run time counts, such as a sum beyond 64 bits."""
    found = check(migrated, "SELECT score * 9223372036854775807 FROM people WHERE score > ?", (0,))
    assert found.status == "breaks"
    assert "out of range" in found.reasons[0]


def test_statements_that_only_need_rewriting_are_told(migrated: Migrated) -> None:
    """PostgreSQL's message for the statement as it is recorded."""
    assert "boolean = integer" in str(
        check(migrated, "SELECT id FROM people WHERE active = 1").unchanged_error
    )
    assert check(migrated, "SELECT id FROM people WHERE id = ?", (1,)).unchanged_error is None
    both = check(migrated, "SELECT id FROM people WHERE id = ?; DROP TABLE people", (1,))
    assert both.unchanged_error is not None and both.status == "untranslated"


def test_writes_are_never_run(migrated: Migrated) -> None:
    """Prepared and explained, and the rows stay."""
    path, conninfo, _ = migrated
    for text in (
        "DELETE FROM people",
        "UPDATE people SET active = 0",
        "INSERT OR REPLACE INTO people (id, name) VALUES (1, 'new')",
        "DELETE FROM people WHERE id = 1 RETURNING id",
    ):
        assert check(migrated, text, kind="write").status == "runs"
        # A recording may call a write a read: then the target itself refuses it.
        assert check(migrated, text, kind="read").status in {"runs", "breaks"}
    with psycopg.connect(conninfo) as target:
        assert target.execute("SELECT count(*), count(name) FROM people").fetchone() == (4, 3)
    with closing(sqlite3.connect(path)) as source:
        assert source.execute("SELECT count(*), count(name) FROM people").fetchone() == (4, 3)


def test_a_value_that_no_type_takes_breaks(migrated: Migrated) -> None:
    """The parameter's type is named."""
    found = check(migrated, "SELECT id FROM people WHERE name = ?", (b"\xff",))
    assert found.status == "breaks" and "blob" in found.reasons[0]


@pytest.mark.parametrize(
    ("text", "parameters", "why"),
    [
        ("SELECT random()", (), "other rows each time"),
        ("SELECT id FROM people WHERE id = ?", None, "no values"),
    ],
)
def test_what_is_not_compared_says_why(
    migrated: Migrated, text: str, parameters: Parameters, why: str
) -> None:
    """It is prepared and explained all the same."""
    found = check(migrated, text, parameters)
    assert found.status == "runs" and why in found.reasons[0]


def test_a_sampled_copy_is_not_compared(migrated: Migrated) -> None:
    """Its rows are not all rows."""
    path, conninfo, plan = migrated
    shape = QueryShape("abc", "SELECT 1", "read", 1.0, None, (Sample("SELECT 1", ()),))
    copy = ScratchCopy(path, (SampledTable("people", 0.5),))
    (found,) = check_queries(copy, conninfo, Workload((shape,), 1), plan)
    assert found.status == "runs" and "sample" in found.reasons[0]


def test_tables_that_postgresql_reads_whole_are_named(
    migrated: Migrated, conninfo: str, tmp_path: Path
) -> None:
    """Where SQLite searches by an index that PostgreSQL cannot use for the same condition."""
    statements = (
        "CREATE TABLE log (id INTEGER PRIMARY KEY, at TEXT)",
        "CREATE INDEX log_at ON log (at)",
    )
    path = make_database(tmp_path / "log.db", *statements)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO log (at) VALUES (?)", [(f"a{n}",) for n in range(2_000)]
        )
        connection.commit()
    plan = plan_database(path).plan
    with psycopg.connect(conninfo) as target:
        target.execute("CREATE SCHEMA logs")
        target.execute("SET search_path = logs")
        target.execute("CREATE TABLE log (id bigint PRIMARY KEY, at text)")
        target.execute("INSERT INTO log SELECT n, 'a' || n FROM generate_series(1, 2000) AS n")
    tables = tuple(replace(table, rows=2_000) for table in plan.tables)
    plan = replace(plan, schema_name="logs", tables=tables)
    text = "SELECT id FROM log WHERE at = ?"
    shape = QueryShape("abc", text, "read", 1.0, None, (Sample(text, ("a7",)),))
    (found,) = check_queries(ScratchCopy(path), conninfo, Workload((shape,), 1), plan)
    assert [(scan.table, scan.source_index) for scan in found.scans] == [("log", "log_at")]
    assert found.needs_index


@pytest.mark.parametrize(
    ("text", "values", "left"),
    [
        ("SELECT a FROM t WHERE b = ? LIMIT ?", (1, 2), ("SELECT a FROM t WHERE b = ?", (1,))),
        ("SELECT a FROM (SELECT 1 LIMIT 2)", (), ("SELECT a FROM (SELECT 1 LIMIT 2)", ())),
        ("SELECT a LIMIT :n", {"n": 1}, ("SELECT a", {"n": 1})),
    ],
)
def test_limit_is_cut_off(text: str, values: Parameters, left: tuple[str, Parameters]) -> None:
    """Only the statement's own, with its values."""
    assert without_limit(text, values) == left
