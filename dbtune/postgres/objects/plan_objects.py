"""All objects of a schema, planned: what each table gets, what is reported, what stops the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dbtune.model.advice import Finding
from dbtune.model.schema import Schema, Trigger, View, fold_name
from dbtune.model.transfer import (
    CheckPlan,
    ColumnPlan,
    ForeignKeyPlan,
    IndexPlan,
    TablePlan,
    TargetFacts,
    ViewPlan,
)
from dbtune.postgres.column_types.type_nouns import TypeChoices
from dbtune.postgres.names import Names
from dbtune.postgres.objects.foreign_keys import (
    Orphans,
    Parents,
    PlannedForeignKeys,
    plan_foreign_keys,
)
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.postgres.objects.source_facts import SourceFacts
from dbtune.postgres.objects.table_objects import TableObjects, name_columns, plan_table
from dbtune.postgres.objects.triggers import report_trigger
from dbtune.postgres.objects.virtual_tables import report_virtual_tables
from dbtune.postgres.translation.expressions import TranslationOptions
from dbtune.postgres.translation.scope import Scope, table_scope
from dbtune.postgres.translation.views import PlannedViews, plan_views


@dataclass(frozen=True)
class ObjectOptions:
    """What the user decided about objects, and the server they are for."""

    orphans: Orphans = "keep"
    target: TargetFacts = field(default_factory=TargetFacts)


@dataclass(frozen=True)
class PlannedTableObjects:
    """The fields of a TablePlan that objects decide, under the names they have there."""

    source: str
    target: str
    columns: tuple[ColumnPlan, ...]
    primary_key: tuple[str, ...]
    primary_key_name: str | None
    order_key: tuple[str, ...]
    indexes: tuple[IndexPlan, ...]
    checks: tuple[CheckPlan, ...]
    foreign_keys: tuple[ForeignKeyPlan, ...]
    identity_next: int | None
    identity_sequence: str | None
    reject_where: tuple[str, ...]


@dataclass(frozen=True)
class PlannedObjects:
    """The objects of all tables that have types, in the schema's order, and the views.

    `saved_sql` are (name, SQL) of objects that do not move.
    """

    tables: tuple[PlannedTableObjects, ...]
    views: tuple[ViewPlan, ...] = ()
    warnings: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    saved_sql: tuple[tuple[str, str], ...] = ()

    def table(self, source: str) -> PlannedTableObjects:
        """Return a table's objects by its exact name in SQLite. Raises KeyError."""
        for table in self.tables:
            if table.source == source:
                return table
        raise KeyError(source)


def plan_objects(
    schema: Schema, choices: TypeChoices, names: Names, facts: SourceFacts, options: ObjectOptions
) -> PlannedObjects:
    """Return what all that a schema declares becomes on PostgreSQL.

    Pure. The findings of `choices` are not repeated; those of `names` are here.
    """
    named = [
        name_columns(table, choices.table(table.name).columns, names)
        for table in schema.tables
        if any(types.table == table.name for types in choices.tables)
    ]
    translation = TranslationOptions(server_version=options.target.server_version)
    objects = _plan_tables([planned for planned, _ in named], names, facts, translation)
    keys = _plan_foreign_keys(objects, facts, options.orphans)
    made = tuple(map(_table_objects, objects, keys))
    views = _plan_views(schema.views, made, names, translation)
    triggers = tuple(_triggers(schema))
    return PlannedObjects(
        tables=made,
        views=views.views,
        warnings=(
            *names.warnings,
            *(finding for _, found in named for finding in found),
            *_warnings(objects, keys),
            *views.findings,
            *report_virtual_tables(schema, facts),
            *(report_trigger(trigger) for trigger in triggers),
        ),
        stops=(*names.stops, *(stop for own in keys for stop in own.stops)),
        renamed=names.renamed,
        saved_sql=tuple(_saved_sql(schema, objects, views.views, triggers)),
    )


def _plan_tables(
    tables: list[PlannedTable], names: Names, facts: SourceFacts, options: TranslationOptions
) -> list[TableObjects]:
    """Return all objects of the tables but foreign keys; names are given out in their order."""
    referenced = _referenced(tables)
    taken = set(names.relations)
    return [
        plan_table(
            planned,
            names,
            taken,
            facts.table(planned.source),
            referenced=referenced.get(fold_name(planned.source), ()),
            options=options,
        )
        for planned in tables
    ]


def _warnings(objects: list[TableObjects], keys: list[PlannedForeignKeys]) -> Iterator[Finding]:
    for own, own_keys in zip(objects, keys, strict=True):
        yield from own.warnings
        yield from own_keys.warnings


def _saved_sql(
    schema: Schema,
    objects: list[TableObjects],
    views: tuple[ViewPlan, ...],
    triggers: tuple[Trigger, ...],
) -> Iterator[tuple[str, str]]:
    """Yield (name, SQL) of what does not move."""
    moved = {view.source for view in views}
    for own in objects:
        yield from own.saved_sql
    yield from ((view.name, view.sql) for view in schema.views if view.name not in moved)
    yield from ((table.name, table.sql) for table in schema.tables if table.kind == "virtual")
    yield from ((trigger.name, trigger.sql) for trigger in triggers)


def _triggers(schema: Schema) -> Iterator[Trigger]:
    """Yield the triggers of all that is there: a table may have been left out."""
    there = {fold_name(table.name) for table in schema.tables}
    there |= {fold_name(view.name) for view in schema.views}
    yield from (trigger for trigger in schema.triggers if fold_name(trigger.table) in there)


def _referenced(tables: Iterable[PlannedTable]) -> Mapping[str, Collection[frozenset[str]]]:
    """Return the sets of target columns that foreign keys refer to, by folded table."""
    by_name = {fold_name(planned.source): planned for planned in tables}
    found: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for planned in by_name.values():
        for key in planned.table.foreign_keys:
            parent = by_name.get(fold_name(key.referenced_table))
            if parent is None:
                continue
            columns = parent.targets(key.referenced_columns or parent.table.primary_key)
            if columns:
                found[fold_name(parent.source)].add(frozenset(columns))
    return found


def _plan_foreign_keys(
    objects: list[TableObjects], facts: SourceFacts, orphans: Orphans
) -> list[PlannedForeignKeys]:
    # With what is generated: such a column takes no action of a key.
    tables = [replace(own.planned, columns=own.columns) for own in objects]
    parents = Parents(
        tables={fold_name(planned.source): planned for planned in tables},
        unique_keys={fold_name(own.planned.source): own.unique_keys for own in objects},
    )
    return [
        plan_foreign_keys(
            planned, parents, facts.table(planned.source), orphans, own.constraint_names
        )
        for planned, own in zip(tables, objects, strict=True)
    ]


def _table_objects(own: TableObjects, keys: PlannedForeignKeys) -> PlannedTableObjects:
    return PlannedTableObjects(
        source=own.planned.source,
        target=own.planned.target,
        columns=tuple(_with_nulls(column, keys) for column in own.columns),
        primary_key=own.primary_key,
        primary_key_name=own.primary_key_name,
        order_key=own.order_key,
        indexes=own.indexes,
        checks=own.checks,
        foreign_keys=keys.keys,
        identity_next=own.identity_next,
        identity_sequence=own.identity_sequence,
        reject_where=keys.reject_where,
    )


def _plan_views(
    views: tuple[View, ...],
    tables: tuple[PlannedTableObjects, ...],
    names: Names,
    options: TranslationOptions,
) -> PlannedViews:
    """Return the views, with their own and their columns' names on PostgreSQL."""
    titled = [
        replace(view, columns=tuple(names.column(view.name, column) for column in view.columns))
        for view in views
    ]
    targets = {view.name: names.view(view.name) for view in views}
    return plan_views(titled, tuple(map(_scope, tables)), options, targets)


def _scope(table: PlannedTableObjects) -> Scope:
    """Return what statements see of a table whose objects are planned."""
    keyed = TablePlan(
        source=table.source,
        target=table.target,
        rows=0,
        size_bytes=0,
        columns=table.columns,
        primary_key=table.primary_key,
        indexes=table.indexes,
    )
    return table_scope(keyed)


def _with_nulls(column: ColumnPlan, keys: PlannedForeignKeys) -> ColumnPlan:
    where = tuple(where for name, where in keys.null_where if name == column.source)
    return replace(column, null_where=where, clean=False) if where else column
