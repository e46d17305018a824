"""The plan of a migration: schema and profiles read, then types, names and objects decided."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from dbtune.errors import ConfigurationError
from dbtune.journeys.existing_plan import plan_for_existing
from dbtune.journeys.migrate_options import MigrateOptions
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema, Statistics, Table, TableStatistics, fold_name
from dbtune.model.transfer import MigrationPlan, TableProfile, TargetFacts
from dbtune.postgres.column_types.collisions import keep_unique
from dbtune.postgres.column_types.orm_profiles import read_application_version
from dbtune.postgres.column_types.type_choice import choose_types
from dbtune.postgres.column_types.type_nouns import TypeOptions
from dbtune.postgres.names import choose_names
from dbtune.postgres.objects.plan_objects import ObjectOptions, plan_objects
from dbtune.postgres.objects.source_checks import check_source
from dbtune.postgres.plan import PlanInput, assemble_plan, edited
from dbtune.postgres.profiling.profile_tables import profile_tables
from dbtune.postgres.profiling.unreadable_columns import leave_out_unreadable
from dbtune.postgres.server.existing_tables import read_existing_tables
from dbtune.postgres.server.migration_state import Connection
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.table_size import table_sizes


def plan_digest(plan: MigrationPlan) -> str:
    """Return a digest of all that a plan decides, by which --resume knows it again."""
    return hashlib.sha256(repr(asdict(plan)).encode()).hexdigest()


def select_tables(schema: Schema, options: MigrateOptions) -> Schema:
    """Return a schema without the tables that --include and --exclude leave out.

    Names and wildcards match as SQLite compares names. Raises ConfigurationError for a pattern
    that matches no table, which is a typing error more often than not.
    """
    names = [table.name for table in schema.tables]
    for option, patterns in (("--include", options.include), ("--exclude", options.exclude)):
        for pattern in patterns:
            if not any(_matches(name, pattern) for name in names):
                raise ConfigurationError(
                    f"{option} {pattern} matches no table",
                    hint=f"tables are: {', '.join(names[:10])}",
                )
    return replace(schema, tables=tuple(t for t in schema.tables if _is_selected(t, options)))


def _is_selected(table: Table, options: MigrateOptions) -> bool:
    included = not options.include or any(_matches(table.name, p) for p in options.include)
    return included and not any(_matches(table.name, p) for p in options.exclude)


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(fold_name(name), fold_name(pattern))


def make_plan(
    pool: WorkerPool,
    options: MigrateOptions,
    target: TargetFacts,
    connection: Connection | None,
    on_event: OnEvent,
) -> MigrationPlan:
    """Return the plan for the snapshot that the pool reads.

    `connection` is the target's, None without one; it is read for --data-only only. Raises
    ConfigurationError for options that name what is not there.
    """
    on_event(Event("read schema"))
    schema = select_tables(read_schema(pool.sqlite), options)
    profiles = profile_tables(pool, schema, on_event, wanted_columns(schema, options))
    on_event(Event("plan"))
    schema, profiles, left_out = leave_out_unreadable(schema, profiles)
    read = SourceRead(pool, options, target, schema, profiles, _sizes(pool, schema, profiles))
    if options.data_only and connection is not None:
        plan = plan_for_existing(
            schema,
            profiles,
            read.sizes,
            read_existing_tables(connection, options.schema),
            type_options_of(read, options),
            source_path=str(pool.source),
            schema_name=options.schema,
            filled=options.verify_only,
        )
    else:
        plan = _edited_plan(read, options)
    return replace(plan, warnings=(*plan.warnings, *left_out))


def _edited_plan(read: SourceRead, options: MigrateOptions) -> MigrationPlan:
    """Return the plan, decided again where --map asks for something else."""
    plan = _decide(read, options)
    edits = edited(plan, options.edits)
    if edits.types or edits.names:
        plan = _decide(
            read,
            replace(
                options,
                types=(*edits.types, *options.types),
                renames=(*edits.names, *options.renames),
            ),
        )
    return plan


def wanted_columns(schema: Schema, options: MigrateOptions) -> tuple[tuple[str, str], ...]:
    """Return (table, column) of which everything has to be known: an option names them."""
    typed = ((table, column) for table, column, _ in (*options.types, *options.edits.types))
    asked = (*typed, *options.empty_as_null)
    folded = {(fold_name(table), fold_name(column)) for table, column in asked}
    return tuple(
        (table.name, column.name)
        for table in schema.tables
        for column in table.columns
        if options.data_only or (fold_name(table.name), fold_name(column.name)) in folded
    )


@dataclass(frozen=True)
class SourceRead:
    """What was read once, however often is decided on it."""

    pool: WorkerPool
    options: MigrateOptions
    target: TargetFacts
    schema: Schema
    profiles: Mapping[str, TableProfile]
    sizes: Mapping[str, int]


def _decide(read: SourceRead, options: MigrateOptions) -> MigrationPlan:
    type_options = type_options_of(read, options)
    choices = choose_types(read.schema, read.profiles, type_options)
    choices = keep_unique(read.pool.sqlite, read.schema, read.profiles, type_options, choices)
    names = choose_names(read.schema, options.names, options.renames)
    facts = check_source(read.pool.sqlite, read.schema, choices, options.orphans)
    objects = plan_objects(
        read.schema, choices, names, facts, ObjectOptions(options.orphans, read.target)
    )
    given = PlanInput(
        source_path=str(read.pool.source),
        schema_name=options.schema,
        schema=read.schema,
        profiles=read.profiles,
        choices=choices,
        objects=objects,
        sizes=read.sizes,
        target=read.target,
    )
    return assemble_plan(given)


def type_options_of(read: SourceRead, options: MigrateOptions) -> TypeOptions:
    return TypeOptions(
        overrides=options.types,
        varchar_keep=options.varchar == "keep",
        subsecond=options.subsecond,
        empty_as_null=options.empty_as_null,
        nul=options.nul,
        encoding_errors=options.encoding_errors,
        profile_name=options.profile,
        application_version=read_application_version(
            read.pool.sqlite, read.schema, options.profile
        ),
        target=read.target,
    )


def _sizes(
    pool: WorkerPool, schema: Schema, profiles: Mapping[str, TableProfile]
) -> Mapping[str, int]:
    """Return the bytes of tables from a few rows of each: only the order of parts needs them."""
    moving = (table for table in schema.tables if table.name in profiles)
    bare = replace(schema, tables=tuple(replace(table, indexes=()) for table in moving))
    statistics = Statistics(
        tables=tuple(
            TableStatistics(name, profile.rows, True, None, None)
            for name, profile in profiles.items()
        ),
        indexes=(),
    )
    return {size.table: size.size_bytes for size in table_sizes(pool.sqlite, bare, statistics)}
