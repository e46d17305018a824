"""The last step: all tables and views from the staging schema into place, at once."""

from __future__ import annotations

from collections.abc import Collection

import psycopg
from psycopg import sql as compose

from dbtune.errors import TargetError, VerificationError
from dbtune.model.transfer import MigrationPlan
from dbtune.postgres.server.left_out import LeftOut, write_left_out
from dbtune.postgres.server.migration_state import Connection, Migration, list_relations
from dbtune.postgres.server.target import target_failure

# Whoever holds a lock on the target's schema for longer makes this fail, and nothing is lost.
_LOCK_WAIT = "SET LOCAL lock_timeout = '5s'"


def publish(
    connection: Connection,
    migration: Migration,
    plan: MigrationPlan,
    left_out: Collection[LeftOut] = (),
) -> None:
    """Move what was verified into the target's schema, in one transaction.

    `left_out` is remembered, for comparisons later on. SET SCHEMA keeps keys, identities,
    sequences and what views refer to. Raises TargetError where a name is taken meanwhile or a
    lock is not given; all is then as it was.
    """
    staging, schema = migration.staging_schema, migration.schema_name
    tables = tuple(table.target for table in plan.tables)
    # What was not created (a view that PostgreSQL refused) is not moved.
    staged = {name for kind, name in list_relations(connection, staging) if kind == "view"}
    views = tuple(view.target for view in plan.views if view.target in staged)
    try:
        with connection.transaction():
            connection.execute(_LOCK_WAIT)
            connection.execute(
                compose.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(compose.Identifier(schema))
            )
            for keyword, names in (("TABLE", tables), ("VIEW", views)):
                for name in names:
                    connection.execute(_move(keyword, staging, name, schema))
            connection.execute(
                compose.SQL("DROP SCHEMA {} RESTRICT").format(compose.Identifier(staging))
            )
            write_left_out(connection, migration.id, left_out)
            finish(connection, migration)
    except psycopg.errors.DuplicateTable as error:
        raise TargetError(
            f"schema {schema} has got a relation of the same name meanwhile: "
            f"{error.diag.message_primary}",
            hint="it is not touched; move it away, and go on with --resume",
        ) from error
    except psycopg.Error as error:
        raise target_failure(error, f"moving the tables into schema {schema}") from error
    _read_back(connection, schema, tables, views)


def finish(connection: Connection, migration: Migration) -> None:
    """Write down that a migration is done; part of the transaction that makes it so."""
    connection.execute(
        "UPDATE dbtune.migration SET state = 'done', finished_at = now() WHERE id = %s",
        (migration.id,),
    )


def _move(keyword: str, staging: str, name: str, schema: str) -> compose.Composed:
    return compose.SQL("ALTER {} {} SET SCHEMA {}").format(
        compose.SQL(keyword),
        compose.Identifier(staging, name),
        compose.Identifier(schema),
    )


def _read_back(
    connection: Connection, schema: str, tables: tuple[str, ...], views: tuple[str, ...]
) -> None:
    found = set(list_relations(connection, schema))
    wanted = {("table", name) for name in tables} | {("view", name) for name in views}
    missing = sorted(name for _, name in wanted - found)
    if missing:
        raise VerificationError(
            f"schema {schema} lacks {', '.join(missing[:5])} after the last transaction",
            hint="somebody dropped it meanwhile; migrate again into an empty schema",
        )
