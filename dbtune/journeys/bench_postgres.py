"""The PostgreSQL side of a load test: the migrated database, or throw-away copies of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.benchmark.load_units import reads_only, without
from dbtune.benchmark.session import OpenSession
from dbtune.errors import RefusedError
from dbtune.journeys.bench_workload import left_out
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.journeys.migration_plan import make_plan
from dbtune.journeys.migration_target import existing_target
from dbtune.model.event import Event, OnEvent
from dbtune.model.load import LoadPlan
from dbtune.model.transfer import MigrationPlan
from dbtune.model.workload import Parameters
from dbtune.postgres.queries.load_session import PostgresTarget, translate_load
from dbtune.postgres.queries.query_sides import SourceSide, TargetSide
from dbtune.postgres.queries.view_check import view_scopes
from dbtune.postgres.server.database_copy import CopyRefusedError, database_copy
from dbtune.postgres.server.migration_state import Connection, list_relations
from dbtune.postgres.server.target import target_conninfo
from dbtune.postgres.translation.scope import table_scope
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.connect import open_readonly

EMBEDDED = "embedded"


@dataclass(frozen=True)
class PostgresPlace:
    """Where a database was migrated to: a URL or "embedded", and the schema there."""

    url: str
    schema: str = "public"


@dataclass(frozen=True)
class PostgresSide:
    """A migrated database that a load may be sent to, and the part of a plan that it takes."""

    target: PostgresTarget
    plan: LoadPlan
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @contextmanager
    def fresh(self) -> Iterator[OpenSession]:
        """Yield how to connect: to a new copy of the database where the plan writes."""
        if not self.plan.writes:
            yield self.target.open
            return
        with database_copy(self.target.conninfo) as conninfo:
            yield replace(self.target, conninfo=conninfo).open


def require_url(url: str) -> None:
    """Raise ConfigurationError for what names no PostgreSQL."""
    _conninfo(url)


def postgres_side(
    database: Path, copy: Path, where: PostgresPlace, plan: LoadPlan, on_event: OnEvent
) -> PostgresSide:
    """Return what of a plan the database that DB was migrated to takes; it is only read.

    `copy` is a copy of DB, which the types are told from. Raises TargetError,
    ConfigurationError, and RefusedError where tables are missing there.
    """
    options = MigrateOptions(target=_conninfo(where.url), schema=where.schema)
    with ExitStack() as stack:
        target = stack.enter_context(existing_target(database, options))
        pool = stack.enter_context(WorkerPool(copy, 0, False, target.conninfo))
        planned = make_plan(pool, options, target.facts, target.connection, on_event)
        _require_tables(planned, target.connection, where.schema)
        on_event(Event("Translating the statements"))
        side = TargetSide(target.connection, where.schema)
        source = SourceSide(stack.enter_context(closing(open_readonly(copy))))
        scopes = (*map(table_scope, planned.tables), *view_scopes(source, planned))
        samples = _samples(plan)
        sent, refused = translate_load(plan.statements, samples, scopes, side)
    used = {place: reason for place, reason in refused.items() if place in samples}
    rest = without(plan, used)
    found = PostgresSide(
        PostgresTarget(target.conninfo, where.schema, sent),
        rest,
        left_out(plan, used, "PostgreSQL"),
    )
    return found if not rest.writes else _checked_for_writes(found)


def _conninfo(url: str) -> str | None:
    """Return the conninfo of a URL, None for the embedded server."""
    return None if url == EMBEDDED else target_conninfo(url, {})


def _checked_for_writes(side: PostgresSide) -> PostgresSide:
    """Return the side with its writes only where the server makes copies to write to."""
    try:
        with side.fresh():
            return side
    except CopyRefusedError as error:
        note = (
            "everything was measured with reads only: PostgreSQL makes no throw-away copy of the "
            f"target to write to ({error})"
        )
        return replace(side, plan=reads_only(side.plan), notes=(note,))


def _require_tables(planned: MigrationPlan, connection: Connection, schema: str) -> None:
    there = {name for _, name in list_relations(connection, schema)}
    missing = [table.target for table in planned.tables if table.target not in there]
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise RefusedError(
            f"schema {schema} of the target has no table {named}",
            hint="name the one that was migrated into with --schema, or migrate first: "
            "dbtune migrate-to-postgres DB URL",
        )


def _samples(plan: LoadPlan) -> dict[int, Parameters]:
    """Return values of each statement that is sent, by its place: the first ones."""
    found: dict[int, Parameters] = {}
    for unit in plan.units:
        for transaction in unit.transactions:
            for call in transaction.calls:
                found.setdefault(call.statement, call.values)
    return found
