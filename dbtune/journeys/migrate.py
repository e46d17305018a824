"""SQLite -> PostgreSQL: planned from the data, staged, verified, and published at once."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg import sql as compose

from dbtune.errors import RefusedError
from dbtune.journeys.embedded import start_for
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.journeys.migration_plan import make_plan, plan_digest
from dbtune.journeys.migration_report import (
    MigrationResult,
    Results,
    finished_result,
    save_rejects,
    save_sql,
    source_of,
    stopped_result,
)
from dbtune.model.advice import Source
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.transfer import Difference, MigrationPlan, Reject, TableCheck, TargetFacts
from dbtune.postgres import ddl
from dbtune.postgres.build_objects import (
    build_tables,
    create_views,
    set_identities,
    without_refused,
)
from dbtune.postgres.embedded import throw_away_server
from dbtune.postgres.into_existing import fill_existing
from dbtune.postgres.load import LoadedTable, load
from dbtune.postgres.migration_state import (
    Connection,
    Migration,
    begin_migration,
    discard,
    find_unfinished,
    list_relations,
    lock_target,
    read_done_parts,
)
from dbtune.postgres.publish import publish
from dbtune.postgres.target import (
    connect_target,
    describe_target,
    read_target_state,
    require_usable,
    target_failure,
)
from dbtune.postgres.verify import verify_tables
from dbtune.postgres.verify_objects import check_objects
from dbtune.postgres.worker_pool import WorkerPool
from dbtune.sqlite.file_state import read_file_state
from dbtune.sqlite.location import require_database_file

_MOST_JOBS = 8


@dataclass(frozen=True)
class _Target:
    """Where it goes. `notes` tell how to reach an embedded server."""

    conninfo: str
    connection: Connection
    facts: TargetFacts
    notes: tuple[str, ...] = ()


def plan(
    database: Path, options: MigrateOptions, on_event: OnEvent = ignore_event
) -> MigrationPlan:
    """Return what a migration would do; nothing is written anywhere.

    With a target its version and rights are asked for; without, those of an embedded server are
    taken. Raises SourceError, LockedError, and TargetError or RefusedError of a target.
    """
    require_database_file(database)
    with ExitStack() as stack:
        facts, connection = TargetFacts(), None
        if options.target is not None:
            target = stack.enter_context(_connected(options.target, options, ()))
            facts, connection = target.facts, target.connection
        pool = stack.enter_context(_pool(database, options, options.target))
        return make_plan(pool, options, facts, connection, on_event)


def migrate(
    database: Path, options: MigrateOptions, on_event: OnEvent = ignore_event
) -> MigrationResult:
    """Move a database to PostgreSQL; what is visible afterwards is verified, or nothing is.

    Raises SourceError, LockedError, TargetError where the server fails, RefusedError where the
    target cannot be used or holds something already. Differences end as exit code 6 of the
    result, with the staging schema dropped.
    """
    require_database_file(database)
    with ExitStack() as stack:
        target = stack.enter_context(_target(database, options))
        lock_target(target.connection)
        unfinished = find_unfinished(target.connection)
        if not options.resume:
            _clear(target.connection, unfinished, options, on_event)
        _require_room(target.connection, options)
        # Before the snapshot: what is committed in between makes a later --resume refuse.
        state = read_file_state(database)
        pool = stack.enter_context(_pool(database, options, target.conninfo))
        planned = make_plan(pool, options, target.facts, target.connection, on_event)
        source = source_of(database, planned, sqlite3.sqlite_version)
        if planned.stops:
            return stopped_result(source, planned)
        migration = _begin(target.connection, unfinished, database, state, planned, options)
        run = _Run(database, options, target, pool, migration, source, on_event)
        return run.to_the_end(planned)


def verify(
    database: Path, options: MigrateOptions, on_event: OnEvent = ignore_event
) -> MigrationResult:
    """Compare a database with the target that it was migrated to; changes nothing.

    Raises RefusedError where the target has no such tables, else as `migrate`.
    """
    require_database_file(database)
    with ExitStack() as stack:
        target = stack.enter_context(_target(database, options))
        pool = stack.enter_context(_pool(database, options, target.conninfo))
        planned = make_plan(pool, options, target.facts, target.connection, on_event)
        source = source_of(database, planned, sqlite3.sqlite_version)
        if planned.stops:
            return stopped_result(source, planned)
        there = {name for _, name in list_relations(target.connection, options.schema)}
        missing = [table.target for table in planned.tables if table.target not in there]
        if missing:
            raise RefusedError(
                f"schema {options.schema} of the target has no table {missing[0]}"
                f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}",
                hint="migrate first, or name the --schema it was migrated to",
            )
        checks = verify_tables(pool, planned, options.schema, options.verify, on_event)
        objects = _check_objects(target.connection, options.schema, planned, options)
        return finished_result(source, planned, Results(checks=checks, objects=objects))


@dataclass(frozen=True)
class _Run:
    """A migration under way: everything that its steps share."""

    database: Path
    options: MigrateOptions
    target: _Target
    pool: WorkerPool
    migration: Migration
    source: Source
    on_event: OnEvent

    def to_the_end(self, planned: MigrationPlan) -> MigrationResult:
        """Load, build, verify and publish."""
        connection = self.target.connection
        self._create_tables(planned)
        loaded = self._load(planned)
        promised = self._build(planned)
        checks = self._verify(promised)
        objects = _check_objects(connection, self.migration.staging_schema, promised, self.options)
        rejects = tuple(reject for table in loaded for reject in table.rejects)
        results = Results(
            checks=checks,
            objects=objects,
            rejects=rejects,
            rejected={table.source: table.rejected for table in loaded},
            seconds={table.source: table.seconds for table in loaded},
        )
        result = finished_result(self.source, promised, results)
        if result.exit_code == 6:
            discard(connection, self.migration)
            return result
        self._publish(promised)
        notes = (*self.target.notes, *self._files(promised, rejects))
        return finished_result(self.source, promised, replace(results, notes=notes))

    def _create_tables(self, planned: MigrationPlan) -> None:
        connection = self.target.connection
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
        done = read_done_parts(self.target.connection, self.migration)
        return load(
            self.pool,
            planned,
            self.migration.id,
            self.migration.staging_schema,
            [(part.source_table, part.part) for part in done],
            self.on_event,
        )

    def _build(self, planned: MigrationPlan) -> MigrationPlan:
        """Create what the tables need beside rows; return the plan without what was refused."""
        if self.options.data_only:
            return planned
        connection = self.target.connection
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

    def _verify(self, promised: MigrationPlan) -> tuple[TableCheck, ...]:
        staging = self.migration.staging_schema
        if self.options.schema_only:
            return ()
        return verify_tables(self.pool, promised, staging, self.options.verify, self.on_event)

    def _publish(self, promised: MigrationPlan) -> None:
        self.on_event(Event("publish"))
        if self.options.data_only:
            fill_existing(self.target.connection, self.migration, promised)
        else:
            publish(self.target.connection, self.migration, promised)

    def _files(self, promised: MigrationPlan, rejects: tuple[Reject, ...]) -> Iterator[str]:
        for path in save_rejects(self.database, rejects) if rejects else ():
            yield f"Rejected rows are in {path}."
        saved = save_sql(self.database, promised)
        if saved is not None:
            yield f"The SQL of triggers and of what else cannot move is in {saved}."


def _check_objects(
    connection: Connection, schema: str, planned: MigrationPlan, options: MigrateOptions
) -> tuple[Difference, ...]:
    if options.data_only:
        return ()
    return check_objects(connection, schema, planned)


@contextmanager
def _target(database: Path, options: MigrateOptions) -> Iterator[_Target]:
    """Yield the target: the one named, a throw-away one, or the database's embedded one."""
    if options.rehearse:
        note = "This was a rehearsal: its server is gone, nothing is left but this report."
        with throw_away_server() as url, _connected(url, options, (note,)) as target:
            yield target
    elif options.target is not None:
        where = f"The data is in {describe_target(options.target)}, schema {options.schema}."
        with _connected(options.target, options, (where,)) as target:
            yield target
    else:
        server, url = start_for(database)
        notes = (
            f"The data is at {url}",
            f"Stop its server with: dbtune embedded stop {server.folder}; "
            f"start it with: dbtune embedded start {server.folder}",
        )
        with _connected(url, options, notes) as target:
            yield target


@contextmanager
def _connected(conninfo: str, options: MigrateOptions, notes: tuple[str, ...]) -> Iterator[_Target]:
    with connect_target(conninfo) as connection:
        state = read_target_state(connection, options.schema)
        require_usable(state, options.schema)
        yield _Target(conninfo, connection, state.facts(), notes)


def _pool(database: Path, options: MigrateOptions, conninfo: str | None) -> WorkerPool:
    jobs = options.jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    return WorkerPool(database, jobs, True, conninfo)


def _clear(
    connection: Connection,
    unfinished: tuple[Migration, ...],
    options: MigrateOptions,
    on_event: OnEvent,
) -> None:
    """Discard unfinished migrations if asked to. Raises RefusedError naming them if not."""
    if unfinished and not options.discard:
        left = unfinished[-1]
        relations = list_relations(connection, left.staging_schema)
        names = (
            ", ".join(name for kind, name in relations if kind in {"table", "view"}) or "nothing"
        )
        raise RefusedError(
            f"an unfinished migration of {left.source_path} is in schema {left.staging_schema}, "
            f"which holds {names}",
            hint="go on with it with --resume, or drop it (that schema only) with --discard",
        )
    for migration in unfinished:
        on_event(Event(f"dropping unfinished {migration.staging_schema}"))
        discard(connection, migration)


def _require_room(connection: Connection, options: MigrateOptions) -> None:
    """Raise RefusedError where the target's schema holds something, which is never touched."""
    if options.data_only:
        return
    relations = list_relations(connection, options.schema)
    if relations:
        listed = ", ".join(f"{kind} {name}" for kind, name in relations[:8])
        more = f" and {len(relations) - 8} more" if len(relations) > 8 else ""
        raise RefusedError(
            f"schema {options.schema} of the target is not empty: {listed}{more}",
            hint="choose another --schema or database; --data-only fills tables that an ORM made",
        )


def _begin(
    connection: Connection,
    unfinished: tuple[Migration, ...],
    database: Path,
    state: str,
    planned: MigrationPlan,
    options: MigrateOptions,
) -> Migration:
    """Write down a new migration, or return the one to go on with."""
    new = Migration.new(str(database.resolve()), state, plan_digest(planned), options.schema)
    if not options.resume:
        begin_migration(connection, new)
        return new
    if not unfinished:
        raise RefusedError(
            "there is no unfinished migration in the target to go on with",
            hint="leave --resume out",
        )
    left = unfinished[-1]
    differs = [
        name
        for name, one, other in (
            ("the database file", left.source_path, new.source_path),
            ("its content", left.source_state, new.source_state),
            ("the plan", left.plan_sha256, new.plan_sha256),
            ("the schema", left.schema_name, new.schema_name),
        )
        if one != other
    ]
    if differs:
        raise RefusedError(
            f"the unfinished migration of {left.source_path} cannot go on: "
            f"{' and '.join(differs)} is not what it was",
            hint="begin anew with --discard, which drops its staging schema",
        )
    return left
