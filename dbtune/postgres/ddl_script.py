"""A plan's DDL as one script that psql can run, in the order the migration does."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.transfer import MigrationPlan
from dbtune.postgres import ddl
from dbtune.postgres.names import quote_name


def whole_script(plan: MigrationPlan) -> str:
    """Return all statements of a plan, each ended by a semicolon, tables first."""
    return "\n\n".join(f"{statement};" for statement in _statements(plan)) + "\n"


def _statements(plan: MigrationPlan) -> Iterator[str]:
    schema = quote_name(plan.schema_name)
    yield f"CREATE SCHEMA IF NOT EXISTS {schema}"
    yield f"SET search_path = {schema}, public"
    phases = (
        ddl.extensions(plan),
        ddl.create_tables(plan),
        *(phase(table) for table in plan.tables for phase in (ddl.primary_keys, ddl.indexes)),
        *(ddl.checks(table) for table in plan.tables),
        *(ddl.foreign_keys(table) for table in plan.tables),
        *(ddl.identity(table) for table in plan.tables),
        ddl.views(plan),
    )
    yield from (statement.sql for phase in phases for statement in phase)
