"""Keys, indexes, checks, foreign keys and views, created once the rows are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import psycopg

from dbtune.model.advice import Evidence, Finding
from dbtune.model.event import Event, OnEvent
from dbtune.model.transfer import MigrationPlan, TablePlan, ViewPlan
from dbtune.postgres import ddl
from dbtune.postgres.names import quote_name
from dbtune.postgres.server.migration_state import Connection, Migration
from dbtune.postgres.server.target import target_failure
from dbtune.postgres.workers.worker import Task, Worker
from dbtune.postgres.workers.worker_pool import WorkerPool

ObjectKind = Literal["primary key", "index", "check", "foreign key", "validation", "view"]

# Sorting a large index in memory beats the default of 64 MB on disk; each worker needs it once.
_MAINTENANCE_MEMORY = "SET maintenance_work_mem = '256MB'"
# What an earlier run of the same plan has created already.
_EXISTS = ("42P07", "42710", "42P16")
# Resources, operator intervention, connections, locks: the server's state, not the object's fault.
_SERVER_CLASSES = ("08", "53", "57", "58", "40", "55", "XX")


@dataclass(frozen=True)
class PlannedObject:
    """One object and the statements that create it; `name` is its name on PostgreSQL."""

    kind: ObjectKind
    table: str
    name: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class RefusedObject:
    """An object that PostgreSQL would not create, and what it said."""

    object: PlannedObject
    message: str


@dataclass(frozen=True)
class BuildObjects(Task[tuple[RefusedObject, ...]]):
    """Creates objects one after the other, each in a transaction of its own."""

    staging: str
    objects: tuple[PlannedObject, ...]
    resumed: bool
    arrow: bool = False

    @property
    def subject(self) -> str:
        """Name the table whose objects these are."""
        return f"creating keys and indexes of {self.objects[0].table}"

    def run(self, worker: Worker) -> tuple[RefusedObject, ...]:
        """Return what PostgreSQL refused. Raises psycopg.Error for failures of the server."""
        connection = worker.postgres(self.staging)
        connection.execute(_MAINTENANCE_MEMORY)
        refused = (_create(connection, planned, self.resumed) for planned in self.objects)
        return tuple(found for found in refused if found is not None)


def build_tables(
    pool: WorkerPool, plan: MigrationPlan, migration: Migration, *, resumed: bool, on_event: OnEvent
) -> tuple[RefusedObject, ...]:
    """Create all keys, indexes, checks and foreign keys; the largest tables first.

    Foreign keys come last and are validated apart, since adding one locks both tables and
    validating it does not.
    """
    staging = migration.staging_schema
    largest_first = sorted(plan.tables, key=lambda table: -table.size_bytes)

    def build(stage: str, groups: Iterable[list[PlannedObject]]) -> list[RefusedObject]:
        tasks = [BuildObjects(staging, tuple(group), resumed) for group in groups if group]
        return _run(pool, stage, tasks, on_event)

    refused = build("keys and indexes", map(_own_objects, largest_first))
    refused += build("foreign keys", [[key for t in largest_first for key in _foreign_keys(t)]])
    missing = {found.object.name for found in refused}
    validations = ([v for v in _validations(t) if v.name not in missing] for t in largest_first)
    return tuple(refused + build("validating keys", validations))


def _run(
    pool: WorkerPool, stage: str, tasks: Sequence[BuildObjects], on_event: OnEvent
) -> list[RefusedObject]:
    refused: list[RefusedObject] = []
    done = 0
    on_event(Event(stage, 0, len(tasks)))

    def finished(task: Task[tuple[RefusedObject, ...]], found: tuple[RefusedObject, ...]) -> None:
        nonlocal done
        refused.extend(found)
        done += 1
        on_event(Event(stage, done, len(tasks)))

    pool.run(tasks, finished)
    return refused


def create_views(
    connection: Connection, plan: MigrationPlan, *, resumed: bool
) -> tuple[RefusedObject, ...]:
    """Create the views one by one; those that need a later one wait for it."""
    waiting = [
        _view(view, statement) for view, statement in zip(plan.views, ddl.views(plan), strict=True)
    ]
    refused: list[RefusedObject] = []
    while waiting:
        refused = [r for view in waiting if (r := _create(connection, view, resumed)) is not None]
        if len(refused) == len(waiting):
            break  # nothing more can be created
        waiting = [found.object for found in refused]
    return tuple(refused)


def drop_views(
    connection: Connection, schema: str, views: Iterable[tuple[ViewPlan, str]]
) -> tuple[RefusedObject, ...]:
    """Drop views of the staging schema that give other rows, each with what differs.

    A view that others are built on stays, for they may be right; it is told of all the same.
    """
    found = []
    for view, difference in views:
        planned = PlannedObject("view", view.source, view.target, (view.source_sql,))
        name = f"{quote_name(schema)}.{quote_name(view.target)}"
        try:
            connection.execute(f"DROP VIEW {name} RESTRICT".encode())
        except psycopg.errors.DependentObjectsStillExist:
            continue
        found.append(RefusedObject(planned, f"it gives other rows there: {difference}"))
    return tuple(found)


def set_identities(connection: Connection, plan: MigrationPlan) -> None:
    """Set the next value of each identity."""
    for table in plan.tables:
        for statement in ddl.identity(table):
            connection.execute(statement.sql.encode())


def without_refused(plan: MigrationPlan, refused: Iterable[RefusedObject]) -> MigrationPlan:
    """Return what the plan still promises, with a warning for each object that is not there."""
    refused = tuple(refused)
    gone = {(found.object.table, found.object.kind, found.object.name) for found in refused}
    return replace(
        plan,
        tables=tuple(_without(table, gone) for table in plan.tables),
        views=tuple(v for v in plan.views if (v.source, "view", v.target) not in gone),
        warnings=plan.warnings + tuple(_finding(found) for found in refused),
    )


def _own_objects(table: TablePlan) -> list[PlannedObject]:
    """Return a table's objects but its foreign keys, in the order they are created."""
    found = [
        PlannedObject("primary key", table.source, table.primary_key_name or "", (made.sql,))
        for made in ddl.primary_keys(table)
    ]
    ordered = sorted(table.indexes, key=lambda index: not index.constraint)
    found += [
        PlannedObject("index", table.source, index.target, (made.sql,))
        for index, made in zip(ordered, ddl.indexes(table), strict=True)
    ]
    found += [
        PlannedObject("check", table.source, check.target, (made.sql,))
        for check, made in zip(table.checks, ddl.checks(table), strict=True)
    ]
    return found


def _foreign_keys(table: TablePlan) -> list[PlannedObject]:
    """Return a table's foreign keys, unvalidated."""
    unvalidated = replace(
        table, foreign_keys=tuple(replace(key, validated=False) for key in table.foreign_keys)
    )
    return [
        PlannedObject("foreign key", table.source, key.target, (made.sql,))
        for key, made in zip(table.foreign_keys, ddl.foreign_keys(unvalidated), strict=True)
    ]


def _validations(table: TablePlan) -> list[PlannedObject]:
    statement = f"ALTER TABLE {quote_name(table.target)} VALIDATE CONSTRAINT "
    return [
        PlannedObject("validation", table.source, key.target, (statement + quote_name(key.target),))
        for key in table.foreign_keys
        if key.validated
    ]


def _view(view: ViewPlan, statement: ddl.Statement) -> PlannedObject:
    return PlannedObject("view", view.source, view.target, (statement.sql,))


def _create(connection: Connection, planned: PlannedObject, resumed: bool) -> RefusedObject | None:
    try:
        with connection.transaction():
            for statement in planned.statements:
                connection.execute(statement.encode())
    except psycopg.Error as error:
        code = error.sqlstate or "08"
        if resumed and code in _EXISTS:
            return None
        if code.startswith(_SERVER_CLASSES):
            raise target_failure(error, f"creating {planned.kind} {planned.name}") from error
        return RefusedObject(planned, " ".join(str(error).split()))
    return None


def _without(table: TablePlan, gone: set[tuple[str, ObjectKind, str]]) -> TablePlan:
    key_is_gone = (table.source, "primary key", table.primary_key_name or "") in gone
    return replace(
        table,
        primary_key=() if key_is_gone else table.primary_key,
        primary_key_name=None if key_is_gone else table.primary_key_name,
        indexes=tuple(i for i in table.indexes if (table.source, "index", i.target) not in gone),
        checks=tuple(c for c in table.checks if (table.source, "check", c.target) not in gone),
        foreign_keys=tuple(
            replace(
                key,
                validated=key.validated and (table.source, "validation", key.target) not in gone,
            )
            for key in table.foreign_keys
            if (table.source, "foreign key", key.target) not in gone
        ),
    )


def _finding(refused: RefusedObject) -> Finding:
    planned = refused.object
    if planned.kind == "validation":
        return _unvalidated(refused)
    subject, named = f"{planned.table}.{planned.name}", f"{planned.kind} {planned.name}"
    if planned.kind == "view":
        subject = planned.table
    else:
        named = f"{named} of {planned.table}"
    return Finding(
        code=f"{planned.kind.replace(' ', '-')}-refused",
        severity="high",
        subject=subject,
        message=f"{named} is not on PostgreSQL: {refused.message.rstrip('.')}. "
        "The rows are all there; this object is not.",
        evidence=(Evidence("sql", planned.statements),),
        help="create it by hand in a form that PostgreSQL takes",
    )


def _unvalidated(refused: RefusedObject) -> Finding:
    key = refused.object
    return Finding(
        code="foreign-key-not-valid",
        severity="high",
        subject=f"{key.table}.{key.name}",
        message=f"foreign key {key.name} of {key.table} holds for new rows only (NOT VALID): "
        f"{refused.message}. The rows are all there.",
        evidence=(Evidence("sql", key.statements),),
        help="mend the rows that are named, then run the statement under `sql`",
    )
