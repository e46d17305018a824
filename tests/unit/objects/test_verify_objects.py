"""Every object that is not as planned is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbtune.postgres.objects.plan_objects import ObjectOptions
from dbtune.postgres.objects.verify_objects import canonical_type, check_objects
from tests.fixtures.planned import (
    Planned,
    create_objects,
    emptied,
    make_database,
    module_database,
    plan_database,
    target_facts,
)

STATEMENTS = (
    "CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT NOT NULL DEFAULT 'x' UNIQUE)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE"
    " DEFERRABLE INITIALLY DEFERRED, n INT CHECK (n > 0), g INT AS (n + 1) STORED)",
    "CREATE INDEX i ON c (n DESC, p)",
    "CREATE INDEX e ON c (abs(n)) WHERE n IS NOT NULL",
    "CREATE VIEW v AS SELECT id FROM c",
    "INSERT INTO p (id) VALUES (7)",
)

MUTATIONS = [
    ("DROP VIEW v", "v", "view"),
    ("DROP VIEW v; DROP TABLE c", "c", "table"),
    ("ALTER TABLE c DROP COLUMN g", "c", "column"),
    ("ALTER TABLE c ADD COLUMN more int", "c", "column"),
    ("ALTER TABLE c ALTER COLUMN g DROP EXPRESSION", "c", "column"),
    ("ALTER TABLE p ALTER COLUMN code TYPE varchar(9)", "p", "column"),
    ("ALTER TABLE p ALTER COLUMN code DROP NOT NULL", "p", "column"),
    ("ALTER TABLE p ALTER COLUMN code DROP DEFAULT", "p", "column"),
    ("ALTER TABLE p ALTER COLUMN id DROP IDENTITY", "p", "column"),
    ("ALTER TABLE c DROP CONSTRAINT c_pkey", "c", "primary key"),
    ("ALTER TABLE p DROP CONSTRAINT p_code_key", "p", "unique p_code_key"),
    ("ALTER TABLE c DROP CONSTRAINT c_n_check", "c", "check c_n_check"),
    (
        "ALTER TABLE c DROP CONSTRAINT c_n_check;"
        " ALTER TABLE c ADD CONSTRAINT c_n_check CHECK (n > 0) NOT VALID",
        "c",
        "check c_n_check",
    ),
    ("ALTER TABLE c DROP CONSTRAINT c_p_fkey", "c", "foreign key c_p_fkey"),
    ("ALTER TABLE c ALTER CONSTRAINT c_p_fkey NOT DEFERRABLE", "c", "foreign key c_p_fkey"),
    (
        "ALTER TABLE c DROP CONSTRAINT c_p_fkey; ALTER TABLE c ADD CONSTRAINT c_p_fkey"
        " FOREIGN KEY (p) REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED",
        "c",
        "foreign key c_p_fkey",
    ),
    (
        "ALTER TABLE c DROP CONSTRAINT c_p_fkey; ALTER TABLE c ADD CONSTRAINT c_p_fkey FOREIGN"
        " KEY (p) REFERENCES p (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID",
        "c",
        "foreign key c_p_fkey",
    ),
    ("DROP INDEX i", "c", "index i"),
    ("DROP INDEX i; CREATE INDEX i ON c (n, p NULLS FIRST)", "c", "index i"),
    ("DROP INDEX i; CREATE INDEX i ON c (n DESC NULLS LAST, p)", "c", "index i"),
    ("DROP INDEX i; CREATE INDEX i ON c (n DESC NULLS LAST)", "c", "index i"),
    ("DROP INDEX i; CREATE UNIQUE INDEX i ON c (n DESC NULLS LAST, p NULLS FIRST)", "c", "index i"),
    ("DROP INDEX e; CREATE INDEX e ON c (abs(n) NULLS FIRST)", "c", "index e"),
    ("DROP INDEX e; CREATE INDEX e ON c (n NULLS FIRST) WHERE n IS NOT NULL", "c", "index e"),
    ("SELECT nextval('p_id_seq')", "p", "next value"),
    ("ALTER SEQUENCE p_id_seq RENAME TO other", "p", "sequence"),
]


@pytest.fixture(scope="module")
def database(postgres_admin: str) -> Iterator[str]:
    """One database for all tests here."""
    with module_database(postgres_admin, "verify") as conninfo:
        yield conninfo


@pytest.fixture
def target(database: str) -> str:
    """That database, empty."""
    return emptied(database)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, database: str) -> Planned:
    """A plan with one object of every kind."""
    path = make_database(tmp_path_factory.mktemp("verify") / "s.db", *STATEMENTS)
    planned = plan_database(path)
    assert planned.codes() == [("index-translated", "c.e")]
    return planned


@pytest.mark.parametrize(("mutation", "table", "named"), MUTATIONS)
def test_each_change_is_found(
    target: str, plan: Planned, mutation: str, table: str, named: str
) -> None:
    """Exactly one difference, under the table's name in SQLite."""
    with psycopg.connect(target) as connection:
        create_objects(connection, plan.plan)
        assert check_objects(connection, "public", plan.plan) == ()
        for statement in mutation.split(";"):
            connection.execute(statement.encode())
        found = check_objects(connection, "public", plan.plan)
    assert [(one.table, one.row) for one in found if one.table == table] == [(table, named)]
    assert all(one.kind == "object" and one.source != one.target for one in found)


def test_the_schema_asked_for_is_looked_at(target: str, plan: Planned) -> None:
    """What is right in public is missing elsewhere."""
    with psycopg.connect(target) as connection:
        create_objects(connection, plan.plan)
        connection.execute('CREATE SCHEMA "other one"')
        found = check_objects(connection, "other one", plan.plan)
    assert [(one.table, one.target) for one in found] == [
        ("p", "missing"),
        ("c", "missing"),
        ("v", "missing"),
    ]


@pytest.mark.parametrize(
    "pg_type",
    [
        "int",
        "int8",
        "varchar(10)",
        "char(3)",
        "numeric(10)",
        "numeric(10, 2)",
        "decimal(5,1)",
        "float8",
        "bool",
        "timestamptz",
        "timestamp",
        "timestamp(3)",
        "timestamp(0) with time zone",
        "time",
        "double  precision",
        "text",
        "uuid",
    ],
)
def test_types_are_spelled_as_the_server_spells_them(target: str, pg_type: str) -> None:
    """Whichever way DDL has them."""
    with psycopg.connect(target) as connection:
        connection.execute(f"CREATE TABLE t (c {pg_type})".encode())
        row = connection.execute(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 't'::regclass AND attname = 'c'"
        ).fetchone()
    assert row == (canonical_type(pg_type),)


def test_citext_is_citext_wherever_it_is(tmp_path: Path, target: str) -> None:
    """An extension's type may be written with its schema."""
    with psycopg.connect(target) as connection:
        available = connection.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'citext'"
        ).fetchone()
    if available is None:
        pytest.skip("this PostgreSQL has no citext")
    path = make_database(tmp_path / "s.db", "CREATE TABLE t (s TEXT COLLATE NOCASE UNIQUE)")
    facts = target_facts(target, citext=True)
    planned = plan_database(path, ObjectOptions(target=facts))
    assert planned.plan.extensions == ("citext",)
    with psycopg.connect(target) as connection:
        connection.execute("CREATE EXTENSION citext SCHEMA public")
        create_objects(connection, planned.plan)
        assert check_objects(connection, "public", planned.plan) == ()
        connection.execute("SET search_path = pg_catalog")
        assert check_objects(connection, "public", planned.plan) == ()
