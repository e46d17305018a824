"""A migration in its staging schema: nothing of it is visible yet, all of it is compared."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql as compose

from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.journeys.migration_report import Results
from dbtune.model.event import Event, OnEvent
from dbtune.model.transfer import Difference, MigrationPlan, TableCheck
from dbtune.postgres import ddl
from dbtune.postgres.loading.load import LoadedTable, load
from dbtune.postgres.objects.build_objects import (
    build_tables,
    create_views,
    drop_views,
    set_identities,
    without_refused,
)
from dbtune.postgres.objects.generate_columns import generate_columns, with_plain_columns
from dbtune.postgres.objects.verify_objects import check_objects
from dbtune.postgres.queries.view_check import check_views
from dbtune.postgres.server.left_out import LeftOut, compare_plans
from dbtune.postgres.server.migration_state import (
    Connection,
    Migration,
    list_relations,
    read_done_parts,
)
from dbtune.postgres.server.target import target_failure
from dbtune.postgres.verification.verify import verify_tables
from dbtune.postgres.workers.worker_pool import WorkerPool


@dataclass(frozen=True)
class Staged:
    """What is in the staging schema: the plan without what PostgreSQL refused, and the results."""

    promised: MigrationPlan
    results: Results
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class StagedRun:
    """The steps of a migration in its staging schema, and what they share."""

    options: MigrateOptions
    connection: Connection
    pool: WorkerPool
    migration: Migration
    on_event: OnEvent

    def run(self, planned: MigrationPlan) -> Staged:
        """Create the tables, load them, build what belongs to them, and compare it all."""
        loadable = with_plain_columns(planned)
        self._create_tables(loadable)
        loaded = self._load(loadable)
        promised = self._build(self._generate(planned))
        promised = self._compare_views(promised)
        checks = self._verify(promised)
        staging = self.migration.staging_schema
        objects = compare_objects(self.connection, staging, promised, self.options)
        results = Results(
            checks=checks,
            objects=objects,
            rejects=tuple(reject for table in loaded for reject in table.rejects),
            rejected={table.source: table.rejected for table in loaded},
            seconds={table.source: table.seconds for table in loaded},
        )
        return Staged(promised, results, compare_plans(planned, promised))

    def _create_tables(self, planned: MigrationPlan) -> None:
        connection = self.connection
        staging = self.migration.staging_schema
        there = {name for kind, name in list_relations(connection, staging) if kind == "table"}
        try:
            for extension in ddl.extensions(planned):
                connection.execute(extension.sql.encode())
            connection.execute(
                compose.SQL("SET search_path = {}, public").format(compose.Identifier(staging))
            )
            with connection.transaction():
                for table in planned.tables:
                    if table.target not in there:
                        connection.execute(ddl.create_table(table).sql.encode())
        except psycopg.Error as error:
            raise target_failure(error, "creating the tables") from error

    def _load(self, planned: MigrationPlan) -> tuple[LoadedTable, ...]:
        if self.options.schema_only:
            return ()
        done = read_done_parts(self.connection, self.migration)
        return load(
            self.pool,
            planned,
            self.migration.id,
            self.migration.staging_schema,
            [(part.source_table, part.part) for part in done],
            self.on_event,
        )

    def _generate(self, planned: MigrationPlan) -> MigrationPlan:
        """Make generated columns of plain ones; return the plan with those that are."""
        try:
            return generate_columns(self.connection, planned)
        except psycopg.Error as error:
            raise target_failure(error, "making generated columns") from error

    def _build(self, planned: MigrationPlan) -> MigrationPlan:
        """Create what the tables need beside rows; return the plan without what was refused."""
        if self.options.data_only:
            return planned
        connection = self.connection
        resumed = self.options.resume
        refused = build_tables(
            self.pool, planned, self.migration, resumed=resumed, on_event=self.on_event
        )
        set_identities(connection, planned)
        self.on_event(Event("analyze"))
        for table in planned.tables:
            connection.execute(
                compose.SQL("ANALYZE {}").format(
                    compose.Identifier(self.migration.staging_schema, table.target)
                )
            )
        self.on_event(Event("views"))
        refused += create_views(connection, planned, resumed=resumed)
        return without_refused(planned, refused)

    def _compare_views(self, promised: MigrationPlan) -> MigrationPlan:
        """Compare the views' rows, and return the plan without views that give others."""
        if self.options.data_only or self.options.schema_only:
            return promised
        staging = self.migration.staging_schema
        checks = check_views(self.pool.sqlite, self.connection, staging, promised)
        details = {check.view: check.detail for check in checks if check.status == "differs"}
        wrong = [(view, details[view.source]) for view in promised.views if view.source in details]
        # The last one created first: what is built on another goes before it.
        dropped = drop_views(self.connection, staging, reversed(wrong))
        return without_refused(promised, dropped)

    def _verify(self, promised: MigrationPlan) -> tuple[TableCheck, ...]:
        staging = self.migration.staging_schema
        if self.options.schema_only:
            return ()
        return verify_tables(self.pool, promised, staging, self.options.verify, self.on_event)


def compare_objects(
    connection: Connection, schema: str, planned: MigrationPlan, options: MigrateOptions
) -> tuple[Difference, ...]:
    """Return what a schema's objects lack; tables that an ORM made have their own."""
    if options.data_only:
        return ()
    return check_objects(connection, schema, planned)
