"""One table while its objects are planned: what SQLite declares and what its columns become."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.schema import Table, fold_name
from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.translation.scope import Scope
from dbtune.sqlite.schema.constraints import TableConstraints, read_constraints


@dataclass(frozen=True)
class PlannedTable:
    """A table of SQLite, its name on PostgreSQL, and its columns with their names there."""

    table: Table
    target: str
    columns: tuple[ColumnPlan, ...]
    constraints: TableConstraints
    scope: Scope

    @property
    def source(self) -> str:
        """The table's name in SQLite."""
        return self.table.name

    def column(self, name: str) -> ColumnPlan | None:
        """Return a column by its name as SQLite compares names, None where there is none."""
        folded = fold_name(name)
        return next((c for c in self.columns if fold_name(c.source) == folded), None)

    def targets(self, names: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the columns' names on PostgreSQL, None where one of them is no column."""
        found = tuple(self.column(name) for name in names)
        return tuple(c.target for c in found if c is not None) if None not in found else None


def planned_table(table: Table, target: str, columns: tuple[ColumnPlan, ...]) -> PlannedTable:
    """Return a table to plan objects for."""
    return PlannedTable(
        table=table,
        target=target,
        columns=columns,
        constraints=read_constraints(table.sql),
        scope=Scope(table.name, target, columns, rowid=table.rowid_alias),
    )
