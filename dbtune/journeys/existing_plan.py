"""The plan for tables that an application made on the target: its names and its types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbtune.model.advice import Finding
from dbtune.model.schema import Schema, Table, fold_name
from dbtune.model.transfer import ColumnPlan, MigrationPlan, TablePlan, TableProfile
from dbtune.postgres.column_types.existing_types import TargetColumn, types_for_existing
from dbtune.postgres.column_types.type_nouns import TableTypes, TypeOptions
from dbtune.postgres.plan import estimate_seconds
from dbtune.postgres.server.existing_tables import ExistingColumn, ExistingTable
from dbtune.sqlite.schema.row_identity import rowid_expression


@dataclass(frozen=True)
class _Pair:
    """A table of SQLite and the one of the same name on the target."""

    table: Table
    existing: ExistingTable

    def column(self, name: str) -> ExistingColumn | None:
        """Return the target's column of a name: the same one, else one that differs in case."""
        columns = self.existing.columns
        exact = (c for c in columns if c.column_name == name)
        folded = (c for c in columns if fold_name(c.column_name) == fold_name(name))
        return next(exact, next(folded, None))


def plan_for_existing(
    schema: Schema,
    profiles: Mapping[str, TableProfile],
    sizes: Mapping[str, int],
    existing: tuple[ExistingTable, ...],
    options: TypeOptions,
    *,
    source_path: str,
    schema_name: str,
    filled: bool,
) -> MigrationPlan:
    """Return the plan that fills tables which exist, or has filled them (`filled`); pure.

    Tables and columns are matched by name. Stops: a table that is missing, or has rows before it
    is filled, a value that does not fit, a column of either side that the other would need.
    """
    moving = [table for table in schema.tables if table.name in profiles]
    pairs = [pair for table in moving if (pair := _pair(table, existing)) is not None]
    targets = {
        (pair.table.name, column.name): TargetColumn(there.pg_type, there.not_null, there.generated)
        for pair in pairs
        for column in pair.table.columns
        if (there := pair.column(column.name)) is not None
    }
    paired = replace(schema, tables=tuple(pair.table for pair in pairs))
    choices = types_for_existing(paired, profiles, targets, options)
    tables = tuple(
        _table_plan(pair, choices.table(pair.table.name), profiles[pair.table.name], sizes)
        for pair in pairs
    )
    missing = (table for table in moving if _pair(table, existing) is None)
    return MigrationPlan(
        source_path=source_path,
        schema_sha256=schema.sha256,
        schema_name=schema_name,
        tables=tables,
        warnings=choices.warnings,
        stops=(
            *(_no_table(table, schema_name) for table in missing),
            *(_has_rows(pair) for pair in pairs if pair.existing.rows and not filled),
            *(stop for pair in pairs for stop in _needed_columns(pair)),
            *choices.stops,
        ),
        profile_name=choices.profile_name,
        target=options.target,
        estimated_seconds=round(estimate_seconds(tables), 1),
    )


def _pair(table: Table, existing: tuple[ExistingTable, ...]) -> _Pair | None:
    exact = (there for there in existing if there.name == table.name)
    folded = (there for there in existing if fold_name(there.name) == fold_name(table.name))
    found = next(exact, next(folded, None))
    return None if found is None else _Pair(table, found)


def _table_plan(
    pair: _Pair, types: TableTypes, profile: TableProfile, sizes: Mapping[str, int]
) -> TablePlan:
    table = pair.table
    columns = tuple(
        _column_plan(column, there)
        for column in types.columns
        if (there := pair.column(column.source)) is not None and not there.generated
    )
    return TablePlan(
        source=table.name,
        target=pair.existing.name,
        rows=profile.rows,
        size_bytes=sizes.get(table.name, 0),
        columns=columns,
        rowid_sql=rowid_expression(table),
        rowid_min=profile.rowid_min,
        rowid_max=profile.rowid_max,
        order_key=_order_key(table, columns),
        large_values=profile.large_values,
        reject_where=types.reject_where,
    )


def _column_plan(column: ColumnPlan, there: ExistingColumn) -> ColumnPlan:
    # Staged without NOT NULL and defaults: those of the target's own table count at the end.
    return replace(column, target=there.column_name, identity=False, default_sql=None)


def _order_key(table: Table, columns: tuple[ColumnPlan, ...]) -> tuple[str, ...]:
    """Return the INTEGER PRIMARY KEY where it arrives as an integer: its order is the same."""
    key = next((c for c in columns if c.source == table.rowid_alias), None)
    return () if key is None or key.conversion != "integer" else (key.source,)


def _has_rows(pair: _Pair) -> Finding:
    name = pair.table.name
    return Finding(
        "target-has-rows",
        "high",
        name,
        f"{pair.existing.name} of the target has rows already; they would not be told from "
        "those of SQLite, and are not touched.",
        help=f"empty it yourself if its rows may go, or --exclude {name}",
    )


def _needed_columns(pair: _Pair) -> Iterator[Finding]:
    name = pair.table.name
    sources = {there for c in pair.table.columns if (there := pair.column(c.name)) is not None}
    for there in pair.existing.columns:
        if there.not_null and not there.has_default and there not in sources:
            yield Finding(
                "target-needs-column",
                "high",
                f"{name}.{there.column_name}",
                f"{pair.existing.name}.{there.column_name} of the target is NOT NULL without "
                "default, and SQLite has no such column.",
                help="give it a default in the target, or let it be NULL",
            )


def _no_table(table: Table, schema_name: str) -> Finding:
    return Finding(
        "target-lacks-table",
        "high",
        table.name,
        f"schema {schema_name} of the target has no table {table.name}.",
        help=f"let the application create it, or --exclude {table.name}",
    )
