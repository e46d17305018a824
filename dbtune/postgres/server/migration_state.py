"""What a target remembers of migrations into it: schema dbtune, and the staging schemas."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import psycopg
from psycopg import sql as compose
from psycopg.rows import class_row

from dbtune._version import __version__
from dbtune.errors import RefusedError, TargetError
from dbtune.postgres.server.target import target_failure
from dbtune.resources import sql

Connection = psycopg.Connection[tuple[object, ...]]

STAGING_PREFIX = "dbtune_staging_"
# Of one database: two migrations into it at once would see each other's unfinished work.
_LOCK_KEY = 0x646274756E65  # "dbtune"
# Longer than a backend needs to notice that its client was killed.
_LOCK_WAIT = "SET lock_timeout = '15s'"


@dataclass(frozen=True)
class Migration:
    """One migration as the target remembers it. `state` is "loading" until it is published."""

    id: str
    source_path: str
    source_state: str
    plan_sha256: str
    schema_name: str
    staging_schema: str
    state: str = "loading"

    @staticmethod
    def new(source_path: str, source_state: str, plan_sha256: str, schema_name: str) -> Migration:
        """Return a migration with an id of its own."""
        name = secrets.token_hex(4)
        return Migration(
            name, source_path, source_state, plan_sha256, schema_name, f"{STAGING_PREFIX}{name}"
        )


@dataclass(frozen=True)
class DonePart:
    """A part of a table that is loaded and committed."""

    source_table: str
    part: int
    rows: int
    rejected: int


def lock_target(connection: Connection) -> None:
    """Take the lock that only one migration into a database has, for this session.

    Raises RefusedError where another migration runs.
    """
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK_KEY,)).fetchone()
    if row is None or not row[0]:
        raise RefusedError(
            "another migration into this database is running; nothing was written",
            hint="wait until it has ended",
        )
    connection.execute(_LOCK_WAIT)


def find_unfinished(connection: Connection) -> tuple[Migration, ...]:
    """Return the migrations that were not published, the oldest first."""
    row = connection.execute("SELECT to_regclass('dbtune.migration') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return ()
    with connection.cursor(row_factory=class_row(Migration)) as cursor:
        cursor.execute(sql("postgres/unfinished_migrations").encode())
        return tuple(cursor.fetchall())


def begin_migration(connection: Connection, migration: Migration) -> None:
    """Write down a new migration and make its staging schema, in one transaction."""
    try:
        with connection.transaction():
            connection.execute(sql("postgres/create_state").encode())
            connection.execute(
                sql("postgres/insert_migration").encode(),
                {
                    "id": migration.id,
                    "source_path": migration.source_path,
                    "source_state": migration.source_state,
                    "plan_sha256": migration.plan_sha256,
                    "schema_name": migration.schema_name,
                    "staging_schema": migration.staging_schema,
                    "dbtune_version": __version__,
                },
            )
            connection.execute(
                compose.SQL("CREATE SCHEMA {}").format(compose.Identifier(migration.staging_schema))
            )
    except psycopg.Error as error:
        raise target_failure(error, "preparing schema dbtune") from error


def read_done_parts(connection: Connection, migration: Migration) -> tuple[DonePart, ...]:
    """Return the parts of a migration's tables that are loaded."""
    with connection.cursor(row_factory=class_row(DonePart)) as cursor:
        cursor.execute(sql("postgres/done_parts").encode(), {"id": migration.id})
        return tuple(cursor.fetchall())


def list_relations(connection: Connection, schema: str) -> tuple[tuple[str, str], ...]:
    """Return (kind, name) of a schema's relations that no extension owns."""
    rows = connection.execute(sql("postgres/relations").encode(), {"schema": schema}).fetchall()
    return tuple((str(kind), str(name)) for kind, name in rows)


def discard(connection: Connection, migration: Migration) -> None:
    """Drop a migration's staging schema with what it holds, and nothing else.

    Never with CASCADE: what somebody else made depend on it stops this with TargetError.
    """
    schema = migration.staging_schema
    if not schema.startswith(STAGING_PREFIX):
        raise TargetError(f"{schema} is no staging schema of dbtune; it is not dropped")
    relations = list_relations(connection, schema)
    try:
        with connection.transaction():
            for kind, keyword in (("view", "VIEW"), ("table", "TABLE")):
                _drop(connection, keyword, schema, [n for k, n in relations if k == kind])
            if _exists(connection, schema):
                connection.execute(
                    compose.SQL("DROP SCHEMA {} RESTRICT").format(compose.Identifier(schema))
                )
            connection.execute(
                "UPDATE dbtune.migration SET state = 'discarded', finished_at = now()"
                " WHERE id = %s",
                (migration.id,),
            )
    except psycopg.Error as error:
        raise target_failure(error, f"dropping the unfinished {schema}") from error


def _drop(connection: Connection, keyword: str, schema: str, names: list[str]) -> None:
    """Drop relations in one statement, which lets their keys on each other be."""
    if names:
        listed = compose.SQL(", ").join(compose.Identifier(schema, name) for name in names)
        connection.execute(compose.SQL("DROP {} {} RESTRICT").format(compose.SQL(keyword), listed))


def _exists(connection: Connection, schema: str) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = %s", (schema,)
    ).fetchone()
    return bool(row and row[0])
