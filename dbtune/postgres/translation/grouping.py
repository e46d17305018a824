"""Columns that are neither grouped nor aggregated: SQLite picks a row's value, PostgreSQL refuses.

Source: https://www.sqlite.org/lang_select.html#bareagg
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.aggregates import is_aggregate
from dbtune.postgres.translation.relations import QueryNames
from dbtune.postgres.translation.translator import Translator


def has_aggregate(node: exp.Expr) -> bool:
    """Return whether an expression aggregates rows of the query that it stands in."""
    return any(
        is_aggregate(part) and not isinstance(part.parent, exp.Window) and not _in_window(part)
        for part in own_parts(node)
    )


def own_parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of an expression, those inside subqueries left out."""
    yield node
    for child in node.iter_expressions():
        if not isinstance(child, (exp.Subquery, exp.Select, exp.SetOperation)):
            yield from own_parts(child)


def check_grouped(
    t: Translator, names: QueryNames, nodes: Sequence[exp.Expr], grouped: Sequence[str]
) -> None:
    """Report each column that is neither grouped nor aggregated."""
    for node in nodes:
        _check(t, names, node, frozenset(grouped))


def _check(t: Translator, names: QueryNames, node: exp.Expr, grouped: frozenset[str]) -> None:
    if isinstance(node, (exp.Subquery, exp.Select, exp.SetOperation)):
        return
    if is_aggregate(node) and not isinstance(node.parent, exp.Window) and not _in_window(node):
        return
    if isinstance(node, exp.Filter) and is_aggregate(node.this) and not _in_window(node.this):
        return
    if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
        _check_column(t, names, node, grouped)
        return
    if _is_grouped_expression(t, node, grouped):
        return
    for child in node.iter_expressions():
        _check(t, names, child, grouped)


def _check_column(
    t: Translator, names: QueryNames, node: exp.Expr, grouped: frozenset[str]
) -> None:
    qualifier = str(node.args["table"].this) if node.args.get("table") else None
    name = str(node.this.this)
    relation = names.owner(qualifier, name)
    if relation is None:
        return  # an alias or a column of the query around
    term = names.resolve(qualifier, name)
    several = len(names.relations) > 1 or names.parent is not None
    if term is None or term.sql in grouped or _plain(term.sql) in grouped:
        return
    prefix = f"{quote_name(relation.label)}."
    keys = [(f"{prefix}{quote_name(key)}", quote_name(key)) for key in relation.key]
    if keys and all(full in grouped or (not several and bare in grouped) for full, bare in keys):
        return
    t.problem(
        f"not translatable: {name} is neither grouped nor aggregated; SQLite takes it from any"
        " row of the group"
    )


def _plain(sql: str) -> str:
    return sql.rpartition(".")[2]


def _is_grouped_expression(t: Translator, node: exp.Expr, grouped: frozenset[str]) -> bool:
    if not isinstance(node, exp.Expr) or isinstance(node, (exp.Ordered, exp.Alias, exp.Star)):
        return False
    if any(has_aggregate(part) for part in [node]):
        return False
    problems, differences = list(t.problems), list(t.differences)
    found = t.term(node).sql in grouped
    t.problems[:], t.differences[:] = problems, differences
    return found


def _in_window(node: exp.Expr) -> bool:
    parent = node.parent
    return isinstance(parent, exp.Filter) and isinstance(parent.parent, exp.Window)
