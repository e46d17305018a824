"""A statement in a form that sqlglot's optimiser can work on, and back again.

Functions keep their spelling as anonymous calls, any of which might return many rows: sqlglot then
merges no view or subquery that calls one. And it gives up a statement in which a column might
belong to a table function.
"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp
from sqlglot.optimizer.merge_subqueries import merge_subqueries
from sqlglot.optimizer.pushdown_predicates import pushdown_predicates

from dbtune.advisor.statements.dialect import VerbatimSQLite


class _ScalarCall(exp.Expression, exp.Func):
    """A call that returns one value, as all of SQLite's outside FROM do."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "expressions": False}


def merged(tree: exp.Expr) -> exp.Expr:
    """Return a qualified statement with conditions pushed into its subqueries, and those merged."""
    plain = _renamed(tree.copy(), exp.Anonymous, _ScalarCall)
    plain = merge_subqueries(pushdown_predicates(plain, dialect=VerbatimSQLite))
    return _renamed(plain, _ScalarCall, exp.Anonymous)


def with_owned_columns(tree: exp.Expr) -> exp.Expr:
    """Return the statement with the columns of SELECTs on one table function said to be its own.

    `SELECT value FROM json_each(?)`: what else `value` is of, sqlglot would have to know.
    """
    for select in tree.find_all(exp.Select):
        source = select.args.get("from_") or select.args.get("from")
        table = source.this if source is not None else None
        if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Func):
            continue
        if select.args.get("joins"):
            continue
        name = table.alias or table.name or str(table.this.name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
        for column in select.find_all(exp.Column):
            if not column.table and column.find_ancestor(exp.Select) is select:
                column.set("table", exp.to_identifier(name))
    return tree


def _renamed(tree: exp.Expr, old: type[exp.Expr], new: type[exp.Expr]) -> exp.Expr:
    for node in list(tree.find_all(old)):
        if type(node) is old and not isinstance(node.parent, exp.Table):
            node.replace(new(this=node.this, expressions=node.expressions))
    return tree
