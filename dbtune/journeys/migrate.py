"""SQLite -> PostgreSQL: planned from the data, staged, verified, and published at once."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from dbtune.errors import DbtuneError, ExitCode, RefusedError
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.journeys.migration_plan import make_plan, plan_digest
from dbtune.journeys.migration_report import (
    NOTHING_VISIBLE,
    MigrationResult,
    Results,
    finished_result,
    save_rejects,
    save_sql,
    source_of,
    stopped_result,
)
from dbtune.journeys.migration_target import (
    Target,
    connected_target,
    existing_target,
    open_target,
)
from dbtune.journeys.query_findings import (
    queries_not_tried,
    queries_note,
    query_findings,
    try_queries,
)
from dbtune.journeys.staging import StagedRun, compare_objects
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.transfer import MigrationPlan, TargetFacts
from dbtune.model.workload import Workload
from dbtune.postgres.objects.try_tables import without_refused_expressions
from dbtune.postgres.server.into_existing import fill_existing
from dbtune.postgres.server.left_out import read_left_out, without_left_out
from dbtune.postgres.server.migration_state import (
    Connection,
    Migration,
    begin_migration,
    discard,
    find_unfinished,
    list_relations,
    lock_target,
)
from dbtune.postgres.server.publish import publish
from dbtune.postgres.verification.verify import verify_tables
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.file.file_state import read_file_state
from dbtune.sqlite.file.location import require_database_file
from dbtune.workload.databases import wanted_database
from dbtune.workload.omissions import not_taken
from dbtune.workload.sources import read_workload

_MOST_JOBS = 8
# Read in this process sooner than two others have started, which takes them a second.
_SMALL_BYTES = 8 << 20


def plan(
    database: Path, options: MigrateOptions, on_event: OnEvent = ignore_event
) -> MigrationPlan:
    """Return what a migration would do; nothing is written anywhere.

    With a target its version and rights are asked for; without, those of an embedded server are
    taken. Raises SourceError, LockedError, and TargetError or RefusedError of a target.
    """
    require_database_file(database)
    on_event(Event("open both sides" if options.target else "open the source"))
    with ExitStack() as stack:
        facts, connection = TargetFacts(), None
        if options.target is not None:
            target = stack.enter_context(connected_target(options.target, options))
            facts, connection = target.facts, target.connection
        pool = stack.enter_context(_pool(database, options, options.target))
        return _planned(pool, options, facts, connection, on_event)


def migrate(
    database: Path, options: MigrateOptions, on_event: OnEvent = ignore_event
) -> MigrationResult:
    """Move a database to PostgreSQL; what is visible afterwards is verified, or nothing is.

    Raises SourceError, LockedError, TargetError where the server fails, RefusedError where the
    target cannot be used or holds something already. Differences end as exit code 6 of the
    result, with the staging schema dropped.
    """
    require_database_file(database)
    workload = _read_workload(database, options, on_event)
    on_event(Event("open both sides"))
    with open_target(database, options) as target:
        lock_target(target.connection)
        unfinished = find_unfinished(target.connection)
        if options.resume:
            _require_unfinished(unfinished)
        else:
            _clear(target.connection, unfinished, options, on_event)
        _require_room(target.connection, options)
        # Before the snapshot: what is committed in between makes a later --resume refuse.
        state = read_file_state(database)
        with _pool(database, options, target.conninfo) as pool:
            planned = _planned(pool, options, target.facts, target.connection, on_event)
            source = source_of(database, planned, sqlite3.sqlite_version)
            if planned.stops:
                return stopped_result(source, planned)
            # A rehearsal leaves nothing but its report, where each finding has its SQL.
            saved = None if options.rehearse else save_sql(database, planned)
            migration = _begin(target.connection, unfinished, database, state, planned, options)
            staged = StagedRun(options, target.connection, pool, migration, on_event).run(planned)
        # The workers are gone, and with them every lock on the staged tables.
        result = finished_result(source, staged.promised, staged.results)
        if result.exit_code == ExitCode.VERIFICATION:
            discard(target.connection, migration)
            results = replace(staged.results, notes=(NOTHING_VISIBLE,))
            return finished_result(source, staged.promised, results)
        # Before anything is visible: rows that are kept back must not be lost.
        rejects = () if options.rehearse else save_rejects(database, staged.results.rejects)
        on_event(Event("publish"))
        if options.data_only:
            fill_existing(target.connection, migration, staged.promised)
        else:
            publish(target.connection, migration, staged.promised, staged.left_out)
        results = replace(staged.results, notes=(*target.notes, *_said_of(rejects, saved)))
        results = _with_queries(results, database, target, staged.promised, workload, on_event)
        return finished_result(source, staged.promised, results)


def _read_workload(database: Path, options: MigrateOptions, on_event: OnEvent) -> Workload | None:
    """Return the recording, read before anything else: a broken one shows at once."""
    if not options.check_queries:
        return None
    on_event(Event("read the recording"))
    wanted = wanted_database(database, options.recorded_as)
    return read_workload(options.check_queries, database=wanted)


def _with_queries(
    results: Results,
    database: Path,
    target: Target,
    planned: MigrationPlan,
    workload: Workload | None,
    on_event: OnEvent,
) -> Results:
    """Return the results with what became of the recorded queries, if there are any.

    The rows are in place by now: what fails here is a finding, not a failed migration.
    """
    if workload is None:
        return results
    try:
        checks = try_queries(database, target.conninfo, workload, planned, on_event)
    except DbtuneError as error:
        return replace(results, findings=(*results.findings, queries_not_tried(error)))
    return replace(
        results,
        queries=checks,
        findings=(*results.findings, *query_findings(checks)),
        notes=(queries_note(checks), *not_taken(workload), *results.notes),
    )


def _said_of(rejects: tuple[Path, ...], saved: Path | None) -> Iterator[str]:
    """Yield what is left beside the source, and where."""
    for path in rejects:
        yield f"Rejected rows are in {path}."
    if saved is not None:
        yield f"The SQL of triggers and of what else cannot move is in {saved}."


def verify(
    database: Path, options: MigrateOptions, on_event: OnEvent = ignore_event
) -> MigrationResult:
    """Compare a database with the target that it was migrated to; changes nothing.

    Raises RefusedError where the target has no such tables, else as `migrate`.
    """
    require_database_file(database)
    workload = _read_workload(database, options, on_event)
    on_event(Event("open both sides"))
    with ExitStack() as stack:
        target = stack.enter_context(existing_target(database, options))
        pool = stack.enter_context(_pool(database, options, target.conninfo))
        planned = _planned(pool, options, target.facts, target.connection, on_event)
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
        planned = without_left_out(planned, read_left_out(target.connection, options.schema))
        checks = verify_tables(pool, planned, options.schema, options.verify, on_event)
        objects = compare_objects(target.connection, options.schema, planned, options)
        results = Results(checks=checks, objects=objects)
        results = _with_queries(results, database, target, planned, workload, on_event)
        return finished_result(source, planned, results)


def _planned(
    pool: WorkerPool,
    options: MigrateOptions,
    facts: TargetFacts,
    connection: Connection | None,
    on_event: OnEvent,
) -> MigrationPlan:
    with failures_explained(pool.source, wait_ms=options.wait_ms):
        plan = make_plan(pool, options, facts, connection, on_event)
    if connection is None or plan.stops or options.data_only:
        return plan
    return without_refused_expressions(connection, plan)


def _pool(database: Path, options: MigrateOptions, conninfo: str | None) -> WorkerPool:
    jobs = options.jobs
    if jobs is None:
        small = database.stat().st_size < _SMALL_BYTES
        jobs = 0 if small else min(os.cpu_count() or 1, _MOST_JOBS)
    return WorkerPool(database, jobs, True, conninfo, wait_ms=options.wait_ms)


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


def _require_unfinished(unfinished: tuple[Migration, ...]) -> None:
    if not unfinished:
        raise RefusedError(
            "there is no unfinished migration in the target to go on with",
            hint="leave --resume out",
        )


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
