"""Tables whose expressions are tried on the server before anything is written.

CREATE TABLE fails as a whole for one generated column or default that PostgreSQL does not take,
such as a constant that it evaluates before it knows the collation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg

from dbtune.model.advice import Evidence, Finding
from dbtune.model.transfer import ColumnPlan, MigrationPlan, TablePlan
from dbtune.postgres import ddl
from dbtune.postgres.server.target import target_failure

# Tables made in this transaction are temporary: nobody sees them, and none outlives it.
_TEMPORARY = "SET LOCAL search_path = pg_temp, public"
# Resources, operator intervention, connections, locks: the server's state, not the expression's.
_SERVER_CLASSES = ("08", "53", "57", "58", "40", "55", "XX", "42501")


def without_refused_expressions(
    connection: psycopg.Connection[Any], plan: MigrationPlan
) -> MigrationPlan:
    """Return a plan whose tables PostgreSQL creates, with a warning for each expression it refused.

    A generated column becomes a plain one with its values, a column without its default keeps
    none. Works in a transaction that is rolled back. Raises TargetError where the server fails.
    """
    if not any(_has_expressions(table) for table in plan.tables):
        return plan
    try:
        with connection.transaction(force_rollback=True):
            for statement in ddl.extensions(plan):
                connection.execute(statement.sql.encode())
            connection.execute(_TEMPORARY)
            tried = [_tried(connection, table) for table in plan.tables]
    except psycopg.errors.InsufficientPrivilege:
        return plan  # this role makes no temporary tables, so CREATE TABLE itself will tell
    except psycopg.Error as error:
        raise target_failure(error, "trying the tables of the plan") from error
    return replace(
        plan,
        tables=tuple(table for table, _ in tried),
        warnings=plan.warnings + tuple(found for _, findings in tried for found in findings),
    )


def _has_expressions(table: TablePlan) -> bool:
    return any(column.default_sql or column.generated_sql for column in table.columns)


def _tried(
    connection: psycopg.Connection[Any], table: TablePlan
) -> tuple[TablePlan, tuple[Finding, ...]]:
    if not _has_expressions(table) or _refusal(connection, table) is None:
        return table, ()
    bare = replace(table, columns=tuple(map(_plain, table.columns)))
    if _refusal(connection, bare) is not None:
        return table, ()  # for another reason, which is not for an expression to answer
    refused = tuple(_refused(connection, table))
    gone = {column.source for column, _ in refused}
    columns = tuple(_plain(c) if c.source in gone else c for c in table.columns)
    findings = tuple(_finding(table, column, why) for column, why in refused)
    return replace(table, columns=columns), findings


def _refused(
    connection: psycopg.Connection[Any], table: TablePlan
) -> Iterator[tuple[ColumnPlan, str]]:
    """Yield each column whose expression alone makes the table fail, and what PostgreSQL says."""
    for column in table.columns:
        if not column.default_sql and not column.generated_sql:
            continue
        alone = tuple(c if c.source == column.source else _plain(c) for c in table.columns)
        why = _refusal(connection, replace(table, columns=alone))
        if why is not None:
            yield column, why


def _refusal(connection: psycopg.Connection[Any], table: TablePlan) -> str | None:
    """Return what PostgreSQL says against a table, None where it takes it."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(ddl.create_table(table).sql.encode())
    except psycopg.Error as error:
        if (error.sqlstate or "08").startswith(_SERVER_CLASSES):
            raise
        return error.diag.message_primary or str(error)
    return None


def _plain(column: ColumnPlan) -> ColumnPlan:
    return replace(column, default_sql=None, generated_sql=None, generated_virtual=False)


def _finding(table: TablePlan, column: ColumnPlan, why: str) -> Finding:
    subject = f"{table.source}.{column.source}"
    sql = column.generated_sql or column.default_sql
    if column.generated_sql is not None:
        code, what = "generated-column-plain", "becomes a plain column with the values it has now"
    else:
        code, what = "default-not-kept", "has no default"
    return Finding(
        code=code,
        severity="medium",
        subject=subject,
        message=f"{subject} {what}: PostgreSQL refuses {sql} ({why}).",
        evidence=(Evidence("sql", sql),),
        help="Write the expression for PostgreSQL by hand.",
    )
