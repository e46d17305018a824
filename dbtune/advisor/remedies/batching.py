"""One query for many keys instead of one query a key."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from dbtune.advisor.reading.columns import ColumnUse
from dbtune.advisor.reading.statement import Comparison, Statement
from dbtune.model.schema import Table


def batched_query(readings: tuple[Statement, ...]) -> str | None:
    """Return the read with IN in place of its key's equality; None where that is another query.

    A LIMIT would then hold for all keys together, unless the key finds one row anyway; and an
    aggregate needs its key as a group.
    """
    column = _key_column(readings)
    tree = readings[0].parsed.tree if readings else None
    if column is None or not isinstance(tree, exp.Select) or readings[0].groups:
        return None
    reading = readings[0]
    alone = _finds_one_row(column)
    if (reading.limited or reading.offset is not None) and not alone:
        return None
    batch = tree.copy()
    if alone:
        batch.set("limit", None)
    target = _equality_in(batch, column)
    if target is None:
        return None
    key = target.this if isinstance(target.this, exp.Column) else target.expression
    target.replace(exp.In(this=key.copy(), expressions=[exp.Placeholder(), exp.Var(this="...")]))
    if reading.aggregates:
        batch = batch.select(key.copy(), append=True).group_by(key.copy())
    elif not _selects(batch, key):
        batch = batch.select(key.copy(), append=True)
    rewritten = reading.parsed.restored(batch)
    return f"{rewritten};" if rewritten is not None else None


def looks_up(readings: tuple[Statement, ...]) -> tuple[str, bool] | None:
    """Return the column that each call looks up by, and whether it finds one row at most.

    None where there is none or several, or the samples do not tell which.
    """
    column = _key_column(readings)
    return (column.column.name, _finds_one_row(column)) if column is not None else None


def leafs_through(readings: tuple[Statement, ...]) -> bool:
    """Tell whether the samples are pages of one result: only the OFFSET differs."""
    offsets = {r.offset.values for r in readings if r.offset is not None}
    keys = [_key_equalities(reading) for reading in readings]
    return len(offsets) > 1 and not any(_vary(calls) for calls in zip(*keys, strict=False))


def _key_column(readings: tuple[Statement, ...]) -> ColumnUse | None:
    """Return the column whose value differs from call to call, or the only one compared."""
    found = [_key_equalities(reading) for reading in readings]
    if not found or any(len(equalities) != len(found[0]) for equalities in found):
        return None
    if len(found[0]) > 1:
        varying = [calls for calls in zip(*found, strict=True) if _vary(calls)]
    else:
        varying = list(zip(*found, strict=True))
    return varying[0][0].side.bare if len(varying) == 1 else None


def _vary(calls: tuple[Comparison, ...]) -> bool:
    return len({call.others[0].values for call in calls}) > 1


def _selects(tree: exp.Select, key: exp.Expr) -> bool:
    """Return whether the key is among the columns returned, under whatever name."""
    projections = [e.unalias() for e in tree.expressions]
    return tree.is_star or any(
        isinstance(e, exp.Column) and e.name.lower() == key.name.lower() for e in projections
    )


def _key_equalities(reading: Statement) -> list[Comparison]:
    """Return the conditions of the statement that name one value of a column."""
    return [
        comparison
        for predicate in reading.predicates
        for comparison in predicate.comparisons
        if predicate.required
        and comparison.operator == "="
        and comparison.side.bare is not None
        and comparison.is_constant
        and not isinstance(comparison.others[0].node, exp.Null)
    ]


def _finds_one_row(column: ColumnUse) -> bool:
    name = column.column.name.lower()
    return name in _unique_columns(column.use.table)


def _unique_columns(table: Table) -> set[str]:
    found = {table.rowid_alias.lower()} if table.rowid_alias else set()
    if len(table.primary_key) == 1:
        found.add(table.primary_key[0].lower())
    for index in table.indexes:
        if index.unique and not index.where_sql and len(index.columns) == 1:
            found.add((index.columns[0].name or "").lower())
    return found


def _equality_in(tree: exp.Select, column: ColumnUse) -> exp.EQ | None:
    where = tree.args.get("where")
    equalities: Iterable[exp.EQ] = where.find_all(exp.EQ) if where is not None else ()
    for node in equalities:
        sides = [s for s in (node.this, node.expression) if isinstance(s, exp.Column)]
        if len(sides) == 1 and sides[0].name.lower() == column.column.name.lower():
            return node
    return None
