"""Which table's column a name in a statement means, through aliases, subqueries and views."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from dbtune.advisor.reading.affinity import Affinity, affinity_of
from dbtune.advisor.reading.plan_steps import PlannedUse
from dbtune.model.schema import Column, Schema, Table

_ROWID_NAMES = frozenset(("rowid", "oid", "_rowid_"))
_MAX_DEPTH = 20


@dataclass(frozen=True)
class TableUse:
    """One use of a real table in a statement, under the alias that the plan prints."""

    alias: str
    table: Table

    @property
    def planned(self) -> PlannedUse:
        """The names by which a plan may call it."""
        return PlannedUse(self.alias, self.table.name)


@dataclass(frozen=True)
class ColumnUse:
    """A column of one use of a real table."""

    use: TableUse
    column: Column

    @property
    def affinity(self) -> Affinity:
        """Affinity of the column."""
        return affinity_of(self.column.declared_type, strict=self.use.table.strict)


class ColumnFinder:
    """Finds the real columns behind the names of one statement."""

    def __init__(self, schema: Schema) -> None:
        self._tables = {t.name.lower(): t for t in schema.tables}

    def uses(self, scope: Scope) -> Iterator[TableUse]:
        """Yield the real tables in the FROM clause of one SELECT."""
        for alias, source in scope.sources.items():
            use = self._use(alias, source)
            if use is not None and alias in scope.selected_sources:
                yield use

    def find(self, scope: Scope, node: exp.Expr, depth: int = 0) -> ColumnUse | None:
        """Return the real column that the node names in this SELECT, or None."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        inner: Scope | None = scope
        while inner is not None and depth < _MAX_DEPTH:
            known, found = self._find_within(inner, node, depth)
            if known:
                return found
            inner = inner.parent
            depth += 1
        return None

    def _find_within(
        self, scope: Scope, node: exp.Column, depth: int
    ) -> tuple[bool, ColumnUse | None]:
        """Return (whether the name belongs to this SELECT, the real column if there is one)."""
        wanted = node.table.lower()
        matches: list[ColumnUse | None] = []
        for alias in scope.selected_sources:
            if wanted and alias.lower() != wanted:
                continue
            known, found = self._find_in_source(scope.sources[alias], alias, node.name, depth)
            if known:
                matches.append(found)
        # Two tables with the column: an error in SQLite, or USING, where either may be meant.
        return bool(matches), matches[0] if len(matches) == 1 else None

    def _find_in_source(
        self, source: exp.Table | Scope, alias: str, name: str, depth: int
    ) -> tuple[bool, ColumnUse | None]:
        if isinstance(source, Scope):
            return self._find_in_projections(source, name, depth + 1)
        use = self._use(alias, source)
        if use is None:
            return True, None  # a table that is not known may have any column
        column = find_column(use.table, name)
        return column is not None, ColumnUse(use, column) if column else None

    def _find_in_projections(
        self, scope: Scope, name: str, depth: int
    ) -> tuple[bool, ColumnUse | None]:
        if depth > _MAX_DEPTH or not isinstance(scope.expression, exp.Select):
            return True, None
        for projection in scope.expression.expressions:
            if projection.alias_or_name.lower() == name.lower() and not projection.is_star:
                return True, self.find(scope, projection.unalias(), depth)
        if any(projection.is_star for projection in scope.expression.expressions):
            return self._find_within(scope, exp.column(name), depth)
        return False, None

    def _use(self, alias: str, source: object) -> TableUse | None:
        if not isinstance(source, exp.Table):
            return None
        table = self._tables.get(source.name.lower())
        return TableUse(alias, table) if table is not None else None


def find_column(table: Table, name: str) -> Column | None:
    """Return the table's column of that name, its rowid included, or None."""
    folded = name.lower()
    for column in table.columns:
        if column.name.lower() == folded:
            return column
    if folded not in _ROWID_NAMES or table.without_rowid:
        return None
    if table.rowid_alias is not None:
        return find_column(table, table.rowid_alias)
    return Column("rowid", "INTEGER", True, None, 0, False)
