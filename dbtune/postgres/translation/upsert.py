"""ON CONFLICT, INSERT OR IGNORE and REPLACE as PostgreSQL's ON CONFLICT.

Source: https://www.sqlite.org/lang_upsert.html, https://www.sqlite.org/lang_conflict.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.assignment import assigned
from dbtune.postgres.translation.coercion import as_condition
from dbtune.postgres.translation.relations import QueryNames, Relation
from dbtune.postgres.translation.scope import Scope
from dbtune.postgres.translation.translator import Translator

IGNORED = "OR IGNORE also skips rows that break NOT NULL or CHECK in SQLite"
REPLACED = "REPLACE deletes the row it replaces in SQLite: ON DELETE and triggers act there"


def conflict_clause(
    t: Translator,
    node: exp.Expr,
    scope: Scope,
    relation: Relation,
    columns: Sequence[ColumnPlan],
) -> str:
    """Return what follows the rows of an INSERT."""
    action = str(node.args.get("alternative") or "").upper()
    if node.args.get("conflict") is not None:
        if action in {"IGNORE", "REPLACE"}:
            t.problem(f"not translatable: OR {action} with ON CONFLICT")
        return _on_conflict(t, node.args["conflict"], scope, relation)
    if action == "IGNORE":
        t.difference(IGNORED)
        return " ON CONFLICT DO NOTHING"
    if action == "REPLACE":
        return _replace_clause(t, scope, columns)
    if action in {"FAIL", "ROLLBACK"}:
        t.difference(f"OR {action} is as ABORT on PostgreSQL")
    return ""


def _replace_clause(t: Translator, scope: Scope, columns: Sequence[ColumnPlan]) -> str:
    """Return ON CONFLICT for REPLACE: a table with one key that the row gives has one meaning."""
    given = {column.target for column in columns}
    keys = [key for key in scope.keys if set(key) <= given]
    if not keys:
        return ""
    if len(keys) > 1:
        t.problem(f"not translatable: REPLACE into {scope.source}, which has several unique keys")
        return ""
    t.difference(REPLACED)
    stored = [column for column in scope.columns if column.generated_sql is None]
    values = [
        f"{quote_name(c.target)} = "
        + (f"excluded.{quote_name(c.target)}" if c.target in given else "DEFAULT")
        for c in stored
        if c.target not in keys[0]
    ]
    listed = ", ".join(map(quote_name, keys[0]))
    if not values:
        return f" ON CONFLICT ({listed}) DO NOTHING"
    return f" ON CONFLICT ({listed}) DO UPDATE SET {', '.join(values)}"


def _on_conflict(t: Translator, node: exp.Expr, scope: Scope, relation: Relation) -> str:
    t.only(node, "action", "expressions", "conflict_keys", "where", "index_predicate")
    updates = "UPDATE" in str(node.args.get("action") or "").upper()
    names = QueryNames((relation,))
    target = _conflict_target(t, node, scope, names)
    if not updates:
        return f" ON CONFLICT{target} DO NOTHING"
    if not target:
        t.problem("not translatable: ON CONFLICT DO UPDATE without the columns of a key")
    excluded = replace(relation, name="excluded", label="excluded")
    # Two relations, so that every column is written with its table: PostgreSQL asks for that.
    with t.within(QueryNames((relation, excluded))):
        sets = []
        for part in node.expressions:
            column = scope.column(str(part.this.this.this)) if _is_plain(part) else None
            if column is None:
                t.problem("not translatable: this form of SET")
                continue
            value = assigned(t, t.term(part.expression), column)
            sets.append(f"{quote_name(column.target)} = {value.sql}")
        sql = f" ON CONFLICT{target} DO UPDATE SET {', '.join(sets)}"
        where = node.args.get("where")
        if where is not None:
            sql += f" WHERE {as_condition(t, t.term(where.this)).sql}"
    return sql


def _is_plain(node: exp.Expr) -> bool:
    return isinstance(node, exp.EQ) and isinstance(node.this, exp.Column)


def _conflict_target(t: Translator, node: exp.Expr, scope: Scope, names: QueryNames) -> str:
    keys = node.args.get("conflict_keys") or ()
    if not keys:
        return ""
    listed = []
    with t.within(names):
        for key in keys:
            inner = key.this if isinstance(key, exp.Ordered) else key
            column = scope.column(str(inner.this.this)) if isinstance(inner, exp.Column) else None
            if column is None:
                t.problem("not translatable: ON CONFLICT of an expression")
                continue
            listed.append(quote_name(column.target))
        predicate = node.args.get("index_predicate")
        where = ""
        if predicate is not None:
            where = f" WHERE {as_condition(t, t.term(predicate.this)).sql}"
    return f" ({', '.join(listed)}){where}"
