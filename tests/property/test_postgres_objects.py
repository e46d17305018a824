"""Objects of generated schemas: PostgreSQL takes all DDL, and has every object as planned."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbtune.model.schema import fold_name
from dbtune.postgres.objects.plan_objects import ObjectOptions
from dbtune.postgres.objects.try_tables import without_refused_expressions
from dbtune.postgres.objects.verify_objects import check_objects
from tests.fixtures.planned import (
    create_objects,
    emptied,
    module_database,
    plan_database,
    target_facts,
)

HOSTILE = ["a", "A", "é", "É", "ß", '"', "'", " ", "%", ";", "-", ".", "\n", "_", "1", "\\", "$"]
NAMES = st.one_of(
    st.text(st.sampled_from(HOSTILE), min_size=1, max_size=6),
    st.sampled_from(
        [
            "order", "ctid", "xmin", "oid", "rowid", "tableoid", "pg_class", "select", "text",
            "t_pkey", "t_id_seq", "t", "id", "user", "name", "x" * 63, "x" * 64, "x" * 80 + "y",
            "é" * 40, "CHECK", "unique", "__", "numeric",
        ]
    ),
)  # fmt: skip
TYPES = [
    "INTEGER", "INT", "TEXT", "REAL", "NUMERIC", "DECIMAL(5,2)", "BLOB", "", "BOOLEAN", "DATE",
    "DATETIME", "TIME", "JSON", "UUID", "VARCHAR(5)", "STRING", "POINT", "TEXT COLLATE NOCASE",
    "TEXT COLLATE RTRIM",
]  # fmt: skip
DEFAULTS = [
    "", "", "", "DEFAULT 0", "DEFAULT 'x'", "DEFAULT NULL", "DEFAULT CURRENT_TIMESTAMP",
    "DEFAULT 1e999", "DEFAULT x'00ff'", "DEFAULT (datetime('now'))", "DEFAULT true", "DEFAULT -1.5",
    "DEFAULT (lower(hex(randomblob(16))))", "DEFAULT 'it''s'", "DEFAULT (abs(-3) + 1)",
    "DEFAULT '2024-01-01'", "DEFAULT (strftime('%s', 'now'))", "DEFAULT \"word\"",
    "DEFAULT (random())", "DEFAULT (json_object('a', 1))", "DEFAULT (date('now', '-7 days'))",
]  # fmt: skip
VALUES = [
    None, 0, 1, -1, 2**63 - 1, 1.5, "x", "", "2024-01-01", b"\x00", "é", "X", "t", "x" * 3000,
]  # fmt: skip
CONSTRAINTS = [
    "", "", "", "UNIQUE", "NOT NULL", "UNIQUE ON CONFLICT IGNORE", "PRIMARY KEY",
    "CHECK ({c} > 0)", "CHECK (length({c}) < 9 OR {c} IS NULL)", "CHECK ({c})",
    "CHECK ({c} IN (0, 1))", "CHECK (typeof({c}) <> 'blob')", "CHECK ({c} LIKE 'x%')",
    "CHECK ({c} GLOB '[a-z]*')", "CHECK ({c} BETWEEN 1 AND 'z')", "CONSTRAINT ck CHECK ({c} <> '')",
]  # fmt: skip
TERMS = [
    "{c}", "{c} DESC", "{c} COLLATE NOCASE", "{c} COLLATE RTRIM DESC", "lower({c})", "abs({c})",
    "{c} || 'x'", "substr({c}, 1, 2)", "coalesce({c}, 0)", "{c} + 1", "typeof({c})", "{c} IS NULL",
    "json_extract({c}, '$.a')", "date({c})",
]  # fmt: skip
CONDITIONS = ["", "", " WHERE {c} IS NOT NULL", " WHERE {c} > 0", " WHERE {c} = 'x'", " WHERE {c}"]
GENERATED = ["{c} + 1", "{c} || '!'", "upper({c})", "{c}", "length({c})", "{c} > 0", "{c} * 0.5"]


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


@st.composite
def databases(draw: st.DrawFn) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Statements with rows for executemany; SQLite may refuse any of them."""
    made: list[tuple[str, list[tuple[object, ...]]]] = []
    tables = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=fold_name))
    columns = {
        table: draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=fold_name))
        for table in tables
    }
    for table in tables:
        own = columns[table]
        parts = []
        for position, column in enumerate(own):
            words = [quoted(column), draw(st.sampled_from(TYPES))]
            if position and draw(st.integers(0, 9)) == 0:
                made_of = draw(st.sampled_from(GENERATED)).format(c=quoted(own[0]))
                stored = draw(st.sampled_from(["", " STORED"]))
                words.append(f"AS ({made_of}){stored}")
            else:
                words.append(draw(st.sampled_from(DEFAULTS)))
                words.append(draw(st.sampled_from(CONSTRAINTS)).format(c=quoted(column)))
            if draw(st.integers(0, 4)) == 0:
                parent = draw(st.sampled_from(tables))
                theirs = draw(st.sampled_from(columns[parent]))
                action = draw(st.sampled_from(["", "ON DELETE CASCADE", "ON UPDATE SET NULL"]))
                words.append(f"REFERENCES {quoted(parent)} ({quoted(theirs)}) {action}")
            parts.append(" ".join(words))
        without = draw(st.sampled_from(["", "", "", " WITHOUT ROWID"]))
        made.append((f"CREATE TABLE {quoted(table)} ({', '.join(parts)}){without}", []))
        rows = draw(st.lists(st.tuples(*[st.sampled_from(VALUES) for _ in own]), max_size=4))
        marks = ", ".join("?" * len(own))
        made.append((f"INSERT OR IGNORE INTO {quoted(table)} VALUES ({marks})", list(rows)))
    for name in draw(st.lists(NAMES, max_size=3, unique_by=fold_name)):
        table = draw(st.sampled_from(tables))
        terms = draw(st.lists(st.sampled_from(TERMS), min_size=1, max_size=2))
        keys = ", ".join(
            term.format(c=quoted(draw(st.sampled_from(columns[table])))) for term in terms
        )
        where = draw(st.sampled_from(CONDITIONS)).format(c=quoted(columns[table][0]))
        unique = draw(st.sampled_from(["", "UNIQUE "]))
        made.append((f"CREATE {unique}INDEX {quoted(name)} ON {quoted(table)} ({keys}){where}", []))
    return made


@pytest.fixture(scope="module")
def database(postgres_admin: str) -> Iterator[str]:
    """One database for all examples."""
    with module_database(postgres_admin, "property") as conninfo:
        yield conninfo


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(statements=databases())
def test_every_planned_object_is_created(
    database: str, statements: list[tuple[str, list[tuple[object, ...]]]]
) -> None:
    """Names, types, defaults, CHECKs, indexes and keys of any kind, over any data."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        with closing(sqlite3.connect(path)) as connection:
            for statement, rows in statements:
                try:
                    if rows:
                        connection.executemany(statement, rows)
                    elif statement.startswith("CREATE"):
                        connection.execute(statement)
                except sqlite3.Error:
                    continue  # what SQLite refuses is in no database
            connection.commit()
        facts = target_facts(database)
        planned = plan_database(path, ObjectOptions(target=facts))
    with psycopg.connect(emptied(database)) as connection:
        plan = without_refused_expressions(connection, planned.plan)
        create_objects(connection, plan)
        assert check_objects(connection, "public", plan) == ()
