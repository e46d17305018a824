"""A MigrationPlan, put together from the profile, the types, the names and the objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbtune.model.schema import Schema, Table
from dbtune.model.transfer import (
    MigrationPlan,
    PlanEdits,
    TablePlan,
    TableProfile,
    TargetFacts,
)
from dbtune.postgres.column_types.type_nouns import TypeChoices
from dbtune.postgres.objects.plan_objects import PlannedObjects, PlannedTableObjects
from dbtune.sqlite.schema.row_identity import rowid_expression

# Whole migrations on two cores: rows are profiled, loaded, indexed and read back twice.
_ROWS_A_SECOND = 250_000
_BYTES_A_SECOND = 40e6
_START_SECONDS = 1.5


@dataclass(frozen=True)
class PlanInput:
    """What a plan is made of; `sizes` are bytes by table."""

    source_path: str
    schema_name: str
    schema: Schema
    profiles: Mapping[str, TableProfile]
    choices: TypeChoices
    objects: PlannedObjects
    sizes: Mapping[str, int]
    target: TargetFacts


def assemble_plan(given: PlanInput) -> MigrationPlan:
    """Return the plan; pure."""
    by_name = {table.name: table for table in given.schema.tables}
    tables = tuple(_table(by_name[own.source], own, given) for own in given.objects.tables)
    objects, choices = given.objects, given.choices
    return MigrationPlan(
        source_path=given.source_path,
        schema_sha256=given.schema.sha256,
        schema_name=given.schema_name,
        tables=tables,
        views=objects.views,
        extensions=choices.extensions,
        warnings=(*choices.warnings, *objects.warnings),
        stops=(*choices.stops, *objects.stops),
        renamed=objects.renamed,
        saved_sql=objects.saved_sql,
        profile_name=choices.profile_name,
        target=given.target,
        estimated_seconds=round(estimate_seconds(tables), 1),
    )


def estimate_seconds(tables: Iterable[TablePlan]) -> float:
    """Return about how long a whole migration takes on two cores with a server beside it."""
    tables = tuple(tables)
    rows = sum(table.rows for table in tables)
    size = sum(table.size_bytes for table in tables)
    return _START_SECONDS + rows / _ROWS_A_SECOND + size / _BYTES_A_SECOND


def edited(plan: MigrationPlan, edits: PlanEdits) -> PlanEdits:
    """Return the edits that ask for something else than the plan has already.

    Tables and columns that the plan does not have are kept, for the message about them.
    """
    types = {(t.source, c.source): c.pg_type for t in plan.tables for c in t.columns}
    names = {t.source: t.target for t in plan.tables}
    names |= {f"{t.source}.{c.source}": c.target for t in plan.tables for c in t.columns}
    return PlanEdits(
        tuple(edit for edit in edits.types if types.get(edit[:2]) != edit[2]),
        tuple(edit for edit in edits.names if names.get(edit[0]) != edit[1]),
    )


def _table(table: Table, own: PlannedTableObjects, given: PlanInput) -> TablePlan:
    profile = given.profiles[table.name]
    return TablePlan(
        source=own.source,
        target=own.target,
        rows=profile.rows,
        size_bytes=given.sizes.get(table.name, 0),
        columns=own.columns,
        rowid_sql=rowid_expression(table),
        rowid_min=profile.rowid_min,
        rowid_max=profile.rowid_max,
        primary_key=own.primary_key,
        primary_key_name=own.primary_key_name,
        order_key=own.order_key,
        indexes=own.indexes,
        checks=own.checks,
        foreign_keys=own.foreign_keys,
        identity_next=own.identity_next,
        identity_sequence=own.identity_sequence,
        large_values=profile.large_values,
        reject_where=(*_rejecting(table, given.choices), *own.reject_where),
    )


def _rejecting(table: Table, choices: TypeChoices) -> tuple[str, ...]:
    return choices.table(table.name).reject_where
