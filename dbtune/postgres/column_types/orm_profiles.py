"""Applications whose framework made the tables: how it is known, and what it means by its types."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from dbtune.model.advice import Finding
from dbtune.model.schema import Schema, Table
from dbtune.postgres.column_types.held_values import HeldValues
from dbtune.postgres.column_types.text_types import is_uuid, json_type
from dbtune.postgres.column_types.type_nouns import Choice
from dbtune.sqlite.identifiers import quote_identifier


@dataclass(frozen=True)
class ApplicationProfile:
    """A framework: `tables` that it keeps its version in, and the `version` as an SQL value."""

    name: str
    title: str
    tables: tuple[str, ...]
    version: str
    effect: str = "its tables are converted by the general rules"


# In the order of precedence: tables of a framework that a tool beside it also has come first.
APPLICATIONS = (
    ApplicationProfile(
        "django",
        "Django",
        ("django_migrations",),
        "app || '.' || name",
        "date and time columns become timestamp with time zone in UTC, char(32) with UUIDs uuid, "
        "and text that is checked by JSON_VALID jsonb",
    ),
    ApplicationProfile("rails", "Rails", ("schema_migrations", "ar_internal_metadata"), "version"),
    ApplicationProfile("prisma", "Prisma", ("_prisma_migrations",), "migration_name"),
    ApplicationProfile(
        "entity-framework", "Entity Framework", ("__EFMigrationsHistory",), "MigrationId"
    ),
    ApplicationProfile("knex", "Knex", ("knex_migrations",), "name"),
    ApplicationProfile("alembic", "Alembic", ("alembic_version",), "version_num"),
    ApplicationProfile(
        "core-data",
        "Core Data",
        ("Z_METADATA",),
        "Z_UUID",
        "its dates count seconds since 2001-01-01 UTC, and stay numbers unless --profile "
        "core-data asks for timestamps",
    ),
)
PROFILES = ("auto", "none", *(application.name for application in APPLICATIONS))


def profile_of(schema: Schema, wanted: str) -> str:
    """Return the profile to apply: the one wanted, or for "auto" the one found, or "none"."""
    if wanted != "auto":
        return wanted
    for application in APPLICATIONS:
        if all(schema.table(name) is not None for name in application.tables):
            return application.name
    return "none"


def read_application_version(
    connection: sqlite3.Connection, schema: Schema, profile_name: str
) -> str:
    """Return the newest entry of a framework's version table, "" where there is none.

    `profile_name` is as in TypeOptions, "auto" included.
    Reads that table. A table of that name with other columns is no framework's: "".
    """
    application = _application(profile_of(schema, profile_name))
    table = schema.table(application.tables[0]) if application else None
    if application is None or table is None:
        return ""
    order = "rowid" if not table.without_rowid else "1"
    query = (
        f"SELECT count(*) OVER (), CAST({application.version} AS BLOB)"
        f" FROM {quote_identifier(table.name)} ORDER BY {order} DESC LIMIT 1"
    )
    try:
        row = connection.execute(query).fetchone()
    except sqlite3.OperationalError as error:
        if "no such column" in str(error):
            return ""
        raise
    if row is None:
        return ""
    newest = bytes(row[1] or b"").decode(errors="replace")
    return f"{newest} ({row[0]:,} {'entry' if row[0] == 1 else 'entries'})"


def application_finding(schema: Schema, profile_name: str, version: str) -> tuple[Finding, ...]:
    """Return the finding that names the framework found or chosen, none without one."""
    application = _application(profile_name)
    if application is None:
        return ()
    table = schema.table(application.tables[0])
    at = f" at {version}" if version else ""
    return (
        Finding(
            code="application-profile",
            severity="info",
            subject=table.name if table else application.tables[0],
            message=f"{application.title} made this database{at}: {application.effect}.",
            help="--profile none converts by the general rules alone",
        ),
    )


def orm_type(held: HeldValues, table: Table, profile_name: str) -> Choice | None:
    """Return the type that a framework means where its declaration does not say so, else None.

    Source: https://github.com/django/django/blob/main/django/db/backends/sqlite3/base.py
    """
    if profile_name != "django":
        return None
    if is_django_uuid(held.declared.name, held.declared.arguments) and is_uuid(held):
        return Choice("uuid", "uuid", "Django's UUIDField")
    if held.declared.family == "text" and checks_json(table, held.column.name):
        return json_type(held)
    return None


def is_django_uuid(name: str, arguments: tuple[int, ...]) -> bool:
    """Return whether a declared type is that of UUIDField; no other field of Django has it."""
    return name == "CHAR" and arguments == (32,)


def checks_json(table: Table, column: str) -> bool:
    """Return whether the table has the CHECK of a JSONField on a column."""
    name = re.escape(column.replace('"', '""'))
    return re.search(rf'JSON_VALID\(\s*"?{name}"?\s*\)', table.sql, re.IGNORECASE) is not None


def _application(profile_name: str) -> ApplicationProfile | None:
    return next((a for a in APPLICATIONS if a.name == profile_name), None)
