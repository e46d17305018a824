"""Reads one side of a comparison: its column, its affinity and collation, its value."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from dbtune.advisor.reading.affinity import Affinity, affinity_of
from dbtune.advisor.reading.columns import ColumnFinder, ColumnUse, TableUse
from dbtune.advisor.reading.statement import Side
from dbtune.advisor.reading.statement_text import bound_value, placeholder_number
from dbtune.model.workload import Parameters, SqlValue

_CASES = frozenset(("lower", "upper"))

Known = tuple[SqlValue, ...]


class SideReader:
    """Reads sides within the SELECTs of one statement."""

    def __init__(
        self,
        finder: ColumnFinder,
        scopes: Iterable[Scope],
        marks: tuple[str, ...],
        parameters: Parameters,
    ) -> None:
        self._finder = finder
        self._scopes = {id(scope.expression): scope for scope in scopes}
        self._marks = marks
        self._parameters = parameters

    def read(self, scope: Scope, node: exp.Expr) -> Side:
        """Return the side that the node is, looked at from the SELECT around it."""
        collation = None
        node = node.unnest()
        if isinstance(node, exp.Collate):
            collation = node.expression.name.upper()
            node = node.this.unnest()
        bare = self._finder.find(scope, node)
        columns = [] if node.find(exp.Select) else list(node.find_all(exp.Column))
        found = [self._finder.find(scope, column) for column in columns]
        return Side(
            node=node,
            bare=bare,
            wrapped=_only(found) if bare is None and _is_expression(node) else None,
            uses=_uses(found),
            affinity=self._affinity(scope, node),
            collation=collation,
            values=self._value(node),
            begins_with=self._beginning(node),
        )

    def _affinity(self, scope: Scope, node: exp.Expr) -> Affinity | None:
        node = node.unnest() if not isinstance(node, exp.Subquery) else node.this
        if isinstance(node, exp.Collate):
            return self._affinity(scope, node.this)
        if isinstance(node, exp.Cast):
            return affinity_of(node.to.sql(dialect="sqlite"))
        if isinstance(node, exp.Select):
            inner = self._scopes.get(id(node))
            return self._affinity(inner, node.expressions[0].unalias()) if inner else None
        found = self._finder.find(scope, node)
        return found.affinity if found is not None else None

    def _value(self, node: exp.Expr) -> Known:
        node = node.unnest()
        number = placeholder_number(node)
        if number is not None:
            return bound_value(self._marks, number, self._parameters)
        if isinstance(node, exp.Neg):
            return tuple(-v for v in self._value(node.this) if isinstance(v, (int, float)))
        if isinstance(node, exp.DPipe):
            left, right = self._value(node.left), self._value(node.right)
            return (_as_text(left[0]) + _as_text(right[0]),) if left and right else ()
        return _literal_value(node)

    def _beginning(self, node: exp.Expr) -> str | None:
        values = self._value(node)
        if values:
            return values[0] if isinstance(values[0], str) else None
        node = node.unnest()
        if isinstance(node, exp.DPipe):
            return self._beginning(node.left)
        if isinstance(node, exp.Anonymous) and node.name.lower() in _CASES and node.expressions:
            return self._beginning(node.expressions[0])  # wildcards have no case
        return None


def _as_text(value: SqlValue) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)


def _literal_value(node: exp.Expr) -> Known:
    if isinstance(node, exp.Null):
        return (None,)
    if isinstance(node, exp.Boolean):
        return (int(node.this),)
    if not isinstance(node, exp.Literal):
        return ()
    if node.is_string:
        return (str(node.this),)
    return (int(node.this),) if node.is_int else (float(node.this),)


def _is_expression(node: exp.Expr) -> bool:
    if isinstance(node, (exp.Connector, exp.Predicate, exp.Not)):
        return False
    if node.find(exp.AggFunc, exp.Window, exp.Select):
        return False
    return isinstance(node, (exp.Func, exp.Binary, exp.Unary, exp.Bracket))


def _only(found: list[ColumnUse | None]) -> ColumnUse | None:
    first = found[0] if found else None
    return first if all(each == first for each in found) else None


def _uses(found: list[ColumnUse | None]) -> tuple[TableUse, ...]:
    uses: list[TableUse] = []
    for column in found:
        if column is not None and column.use not in uses:
            uses.append(column.use)
    return tuple(uses)
