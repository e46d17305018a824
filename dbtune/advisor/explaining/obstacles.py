"""What keeps a statement that reads a table whole from using an index, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.reading.columns import TableUse
from dbtune.advisor.reading.plan_steps import is_scanned
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.rules.function_on_column import wrapped_conditions
from dbtune.advisor.rules.leading_wildcard import searched_columns
from dbtune.advisor.rules.type_or_collation_mismatch import mismatches
from dbtune.advisor.rules.worth import CostlyShape
from dbtune.advisor.statements.dialect import to_sql
from dbtune.advisor.wording import listed, shown, statement

_FINDS = frozenset(("=", "<", "<=", ">", ">=", "in", "between"))
_FINDING = (exp.EQ, exp.Is, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between, exp.Glob)


def scanned_uses(facts: Facts, shape: ShapeFacts) -> tuple[TableUse, ...]:
    """Return the tables that the plan with the recommended indexes reads whole."""
    return tuple(
        use
        for reading in read_samples(facts, shape.shape)[:1]
        for use in reading.uses
        if use.table.kind == "table" and is_scanned(shape.plan_after, use.planned)
    )


def has_condition(facts: Facts, shape: ShapeFacts, use: TableUse) -> bool:
    """Return whether a statement leaves rows of a table out by comparing with values."""
    return any(
        comparison.is_constant
        for reading in read_samples(facts, shape.shape)[:1]
        for comparison in reading.filters(use, required=False)
    )


def find_obstacle(facts: Facts, shape: ShapeFacts) -> str | None:
    """Return why no index can serve the conditions on a large table that is read whole."""
    costly = CostlyShape(shape, 0.0, 0.0)
    columns = searched_columns(facts, costly)
    if columns:
        names = listed([column.column.name for column in columns])
        return f"the pattern for {names} begins with a wildcard"
    for reading in read_samples(facts, shape.shape)[:1]:
        for column, comparison in wrapped_conditions(facts, costly, reading):
            return (
                f"the condition is on {_sql(reading, comparison.side.node)}, not on the column "
                f"{shown(column.column.name)}"
            )
        for mismatch in mismatches(facts, costly, reading):
            return mismatch.what
        return _unserved_conditions(reading, scanned_uses(facts, shape))
    return None


def _unserved_conditions(reading: Statement, scanned: tuple[TableUse, ...]) -> str | None:
    if not scanned or any(_is_found(reading, use) for use in scanned):
        return None
    conditions = list(_conditions(reading.parsed.tree))
    for condition in conditions:
        if isinstance(condition, exp.Or):
            for arm in condition.flatten():
                if not _could_find(arm.unnest()):
                    return f"an arm of the OR has nothing to find rows by: {_sql(reading, arm)}"
    excluding = [node for node in conditions if isinstance(node, (exp.NEQ, exp.Not))]
    if conditions and len(excluding) == len(conditions):
        return f"its conditions only rule rows out ({_sql(reading, excluding[0])})"
    return None


def _is_found(reading: Statement, use: TableUse) -> bool:
    """Return whether a condition that every row has to pass compares a column of the table."""
    return any(
        comparison.side.bare is not None
        and comparison.operator in _FINDS
        and comparison.is_constant
        for comparison in reading.filters(use)
    )


def _conditions(tree: exp.Expr) -> Iterator[exp.Expr]:
    for where in tree.find_all(exp.Where):
        node = where.this.unnest()
        parts = node.flatten() if isinstance(node, exp.And) else (node,)
        yield from (part.unnest() for part in parts)


def _could_find(arm: exp.Expr) -> bool:
    """Return whether one condition of an OR's arm compares a plain column."""
    parts = arm.flatten() if isinstance(arm, exp.And) else (arm,)
    for part in parts:
        node = part.unnest()
        if isinstance(node, _FINDING) and not node.args.get("negate"):
            sides = (node.this, node.args.get("expression"))
            if any(isinstance(side, exp.Column) for side in sides):
                return True
    return False


def _sql(reading: Statement, node: exp.Expr) -> str:
    """Return a part of a statement with the placeholders that the application sent."""
    return statement(reading.parsed.restored(node) or to_sql(node))
