"""Expressions that PostgreSQL refuses do not cost a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbtune.model.transfer import MigrationPlan
from dbtune.postgres import ddl
from dbtune.postgres.objects.try_tables import without_refused_expressions
from tests.fixtures.planned import emptied, make_database, module_database, plan_database


@pytest.fixture(scope="module")
def database(postgres_admin: str) -> Iterator[str]:
    """One database for all tests here."""
    with module_database(postgres_admin, "try_tables") as conninfo:
        yield conninfo


@pytest.fixture
def target(database: str) -> str:
    """That database, empty."""
    return emptied(database)


@pytest.fixture
def plan(tmp_path: Path) -> MigrationPlan:
    """A table with expressions that PostgreSQL takes, and one without any."""
    path = make_database(
        tmp_path / "s.db",
        "CREATE TABLE t (a INT DEFAULT 7, g INT AS (a + 1) STORED, h INT AS (a + 2) STORED)",
        "CREATE TABLE u (a INT)",
    )
    return plan_database(path).plan


def with_expression(plan: MigrationPlan, column: str, **changes: str) -> MigrationPlan:
    """The plan with another expression for a column of t."""
    table = plan.table("t")
    columns = tuple(
        replace(c, **changes) if c.source == column else c
        for c in table.columns  # type: ignore[arg-type]
    )
    return replace(plan, tables=(replace(table, columns=columns), *plan.tables[1:]))


def test_a_plan_that_postgresql_takes_stays(target: str, plan: MigrationPlan) -> None:
    """Nothing changes, and nothing remains on the server."""
    with psycopg.connect(target) as connection:
        assert without_refused_expressions(connection, plan) == plan
        connection.commit()
        count = connection.execute("SELECT count(*) FROM pg_class WHERE relname IN ('t', 'u')")
        assert count.fetchone() == (0,)


@pytest.mark.parametrize(
    ("column", "changes", "code"),
    [
        ("g", {"generated_sql": "length(lower('X'))"}, "generated-column-plain"),
        ("g", {"generated_sql": "no_such_function(1)"}, "generated-column-plain"),
        ("g", {"generated_sql": "extract(epoch FROM now())::bigint"}, "generated-column-plain"),
        ("a", {"default_sql": "'x'"}, "default-not-kept"),
        ("a", {"default_sql": "now()"}, "default-not-kept"),
    ],
)
def test_a_refused_expression_goes_alone(
    target: str, plan: MigrationPlan, column: str, changes: dict[str, str], code: str
) -> None:
    """The others stay, the column is named with the reason, and the table can be created."""
    asked = with_expression(plan, column, **changes)
    with psycopg.connect(target) as connection:
        found = without_refused_expressions(connection, asked)
        connection.execute(ddl.create_table(found.table("t")).sql.encode())
    (warning,) = found.warnings[len(asked.warnings) :]
    assert (warning.code, warning.subject) == (code, f"t.{column}")
    kept = [c.source for c in found.table("t").columns if c.default_sql or c.generated_sql]
    assert kept == [name for name in ("a", "g", "h") if name != column]


def test_other_reasons_are_left_to_create_table(target: str, plan: MigrationPlan) -> None:
    """A table that fails without its expressions too is not theirs to answer for."""
    asked = with_expression(plan, "h", pg_type="no_such_type")
    with psycopg.connect(target) as connection:
        assert without_refused_expressions(connection, asked) == asked


def test_a_role_without_temporary_tables_goes_on(
    database: str, postgres_admin: str, plan: MigrationPlan
) -> None:
    """The plan is then what it was."""
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    role = psycopg.conninfo.conninfo_to_dict(database)["user"]
    revoke = f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC, "{role}"'
    with psycopg.connect(postgres_admin, autocommit=True) as admin:
        admin.execute(revoke.encode())
    try:
        with psycopg.connect(database) as connection:
            assert without_refused_expressions(connection, plan) == plan
    finally:
        with psycopg.connect(postgres_admin, autocommit=True) as admin:
            admin.execute(revoke.replace("REVOKE", "GRANT").replace(" FROM ", " TO ").encode())
