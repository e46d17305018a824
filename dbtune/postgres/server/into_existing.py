"""The last step of --data-only: verified rows from the staging schema into tables that exist."""

from __future__ import annotations

import psycopg
from psycopg import sql as compose

from dbtune.errors import VerificationError
from dbtune.model.transfer import MigrationPlan, TablePlan
from dbtune.postgres.server.existing_tables import (
    ExistingForeignKey,
    insertion_order,
    read_existing_foreign_keys,
    read_existing_tables,
)
from dbtune.postgres.server.migration_state import Connection, Migration
from dbtune.postgres.server.publish import finish
from dbtune.postgres.server.target import target_failure

_LOCK_WAIT = "SET LOCAL lock_timeout = '5s'"


def fill_existing(connection: Connection, migration: Migration, plan: MigrationPlan) -> None:
    """Insert all staged rows into the target's own tables, in one transaction, and compare.

    Keys stay: those on a circle are deferred within the transaction and put back. Raises
    VerificationError where a trigger or default of the target changed what was inserted, and
    TargetError where a constraint refuses it; the target is then as it was.
    """
    schema = migration.schema_name
    tables = {table.target: table for table in plan.tables}
    try:
        with connection.transaction():
            connection.execute(_LOCK_WAIT)
            keys = read_existing_foreign_keys(connection, schema)
            order, late = insertion_order(tables, keys)
            deferred = tuple(key for key in late if not key.deferrable)
            _set_deferrable(connection, schema, deferred, "DEFERRABLE INITIALLY IMMEDIATE")
            if late:
                connection.execute("SET CONSTRAINTS ALL DEFERRED")
            for name in order:
                _insert(connection, migration, tables[name])
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            _set_deferrable(connection, schema, deferred, "NOT DEFERRABLE")
            for name in order:
                _compare(connection, migration, tables[name])
            _advance_sequences(connection, schema, tables)
            _drop_staging(connection, migration, tables)
            finish(connection, migration)
    except psycopg.Error as error:
        raise target_failure(error, f"inserting into the tables of schema {schema}") from error


def _insert(connection: Connection, migration: Migration, table: TablePlan) -> None:
    columns = _columns(table)
    connection.execute(
        compose.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
            compose.Identifier(migration.schema_name, table.target),
            columns,
            columns,
            compose.Identifier(migration.staging_schema, table.target),
        )
    )


def _compare(connection: Connection, migration: Migration, table: TablePlan) -> None:
    """Compare as text, which all types have and which is exact with extra_float_digits = 1."""
    query = compose.SQL(
        "SELECT (SELECT count(*) FROM {target}), (SELECT count(*) FROM {staging}),"
        " (SELECT count(*) FROM (SELECT ROW({columns})::text FROM {staging}"
        " EXCEPT ALL SELECT ROW({columns})::text FROM {target}) AS lacking)"
    ).format(
        target=compose.Identifier(migration.schema_name, table.target),
        staging=compose.Identifier(migration.staging_schema, table.target),
        columns=_columns(table),
    )
    found, staged, lacking = connection.execute(query).fetchone() or (None, None, None)
    if lacking or found != staged:
        raise VerificationError(
            f"{table.target} would hold {found} rows after the insert, {lacking} of the {staged} "
            "verified ones not as they were",
            hint="a trigger or rule of the target changes what is inserted; disable it, and go on "
            "with --resume",
        )


def _advance_sequences(connection: Connection, schema: str, tables: dict[str, TablePlan]) -> None:
    """Set each sequence behind an identity or serial column to the next free value."""
    for existing in read_existing_tables(connection, schema):
        table = tables.get(existing.name)
        if table is None:
            continue
        for column in existing.columns:
            if column.sequence is None:
                continue
            # Not below what SQLite would give next, which AUTOINCREMENT remembers.
            query = compose.SQL(
                "SELECT setval(%s::regclass, greatest(coalesce(max({}), 0) + 1, %s), false) FROM {}"
            ).format(
                compose.Identifier(column.column_name), compose.Identifier(schema, existing.name)
            )
            connection.execute(query, (column.sequence, table.identity_next or 1))


def _set_deferrable(
    connection: Connection, schema: str, keys: tuple[ExistingForeignKey, ...], how: str
) -> None:
    for key in keys:
        connection.execute(
            compose.SQL("ALTER TABLE {} ALTER CONSTRAINT {} {}").format(
                compose.Identifier(schema, key.table_name),
                compose.Identifier(key.constraint_name),
                compose.SQL(how),
            )
        )


def _drop_staging(
    connection: Connection, migration: Migration, tables: dict[str, TablePlan]
) -> None:
    listed = compose.SQL(", ").join(
        compose.Identifier(migration.staging_schema, name) for name in tables
    )
    connection.execute(compose.SQL("DROP TABLE {} RESTRICT").format(listed))
    connection.execute(
        compose.SQL("DROP SCHEMA {} RESTRICT").format(compose.Identifier(migration.staging_schema))
    )


def _columns(table: TablePlan) -> compose.Composed:
    return compose.SQL(", ").join(
        compose.Identifier(column.target) for column in table.loaded_columns
    )
