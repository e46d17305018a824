"""INSERT, UPDATE and DELETE as PostgreSQL's.

Source: https://www.sqlite.org/lang_insert.html, https://www.sqlite.org/lang_conflict.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from dbtune.model.transfer import ColumnPlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.assignment import assigned
from dbtune.postgres.translation.coercion import as_condition
from dbtune.postgres.translation.from_clause import FromClause, Tables
from dbtune.postgres.translation.query_translation import (
    QueryOptions,
    named_subquery,
    translate_query,
    with_clause,
)
from dbtune.postgres.translation.relations import QueryNames, table_relation
from dbtune.postgres.translation.scope import Scope, fold
from dbtune.postgres.translation.select_list import select_entries
from dbtune.postgres.translation.terms import Term
from dbtune.postgres.translation.translator import Translator
from dbtune.postgres.translation.upsert import conflict_clause

_INSERT_KNOWN = (
    "this", "expression", "conflict", "returning", "alternative", "default", "with_",
)  # fmt: skip


def translate_write(t: Translator, node: exp.Expr, tables: Tables) -> str:
    """Return a statement that writes."""
    prefix, tables = with_clause(t, node, tables, None)
    if isinstance(node, exp.Insert):
        return prefix + _insert(t, node, tables)
    return prefix + (
        _update(t, node, tables) if isinstance(node, exp.Update) else _delete(t, node, tables)
    )


def _target(t: Translator, node: exp.Expr, tables: Tables) -> tuple[Scope, str | None]:
    t.only(node, "this", "db", "alias")
    alias = str(node.args["alias"].this.this) if node.args.get("alias") else None
    name = str(node.this.this)
    scope = tables.scopes.get(fold(name))
    if scope is None:
        t.problem(f"there is no table {name}")
        return Scope(name, name), alias
    return scope, alias


def _insert(t: Translator, node: exp.Expr, tables: Tables) -> str:
    t.only(node, *_INSERT_KNOWN)
    into = node.this
    listed = (
        [str(column.this) for column in into.expressions] if isinstance(into, exp.Schema) else []
    )
    scope, alias = _target(t, into.this if isinstance(into, exp.Schema) else into, tables)
    columns = _columns(t, scope, listed)
    relation = table_relation(scope, alias)
    sql = f"INSERT INTO {quote_name(scope.target)}" + (f" AS {quote_name(alias)}" if alias else "")
    if node.args.get("default"):
        sql += " DEFAULT VALUES"
    else:
        names = ", ".join(quote_name(column.target) for column in columns)
        sql += f" ({names}) {_source(t, node.expression, tables, scope, columns)}"
    sql += conflict_clause(t, node, scope, relation, columns)
    return sql + _returning(t, node, QueryNames((relation,)))


def _columns(t: Translator, scope: Scope, listed: Sequence[str]) -> list[ColumnPlan]:
    if not listed:
        return [column for column in scope.columns if column.generated_sql is None]
    found = [(name, scope.column(name)) for name in listed]
    for name, column in found:
        if column is None:
            t.problem(f"there is no column {scope.source}.{name}")
    return [column for _, column in found if column is not None]


def _source(
    t: Translator,
    node: exp.Expr | None,
    tables: Tables,
    scope: Scope,
    columns: Sequence[ColumnPlan],
) -> str:
    if isinstance(node, exp.Values):
        rows = [_row(t, row, scope, columns) for row in node.expressions]
        return f"VALUES {', '.join(rows)}"
    if node is None:
        t.problem("not translatable: this form of INSERT")
        return ""
    names = tuple(f"c{position + 1}" for position in range(len(columns)))
    found = translate_query(t, node, tables, None, QueryOptions(titles=names, named=True))
    inner = quote_name("dbtune_rows")
    values = [
        assigned(t, replace(output.term, sql=f"{inner}.{quote_name(name)}", constant=None), column)
        for output, name, column in zip(found.outputs, names, columns, strict=False)
    ]
    if all(value.sql.startswith(f"{inner}.") for value in values):
        return translate_query(t, node, tables, None).sql
    return f"SELECT {', '.join(value.sql for value in values)} FROM ({found.sql}) AS {inner}"


def _row(t: Translator, row: exp.Expr, scope: Scope, columns: Sequence[ColumnPlan]) -> str:
    if len(row.expressions) != len(columns):
        t.problem(f"{len(row.expressions)} values for {len(columns)} columns")
    values = [
        _new_value(t, t.term(item), scope, column)
        for item, column in zip(row.expressions, columns, strict=False)
    ]
    return f"({', '.join(values)})"


def _new_value(t: Translator, term: Term, scope: Scope, column: ColumnPlan) -> str:
    known = t.value_of(term)
    if column.source == scope.rowid and column.identity:
        # NULL asks SQLite for the next number.
        if term.kind == "null" or (known is not None and known.value is None):
            return "DEFAULT"
        if known is None:
            t.difference(f"NULL for {column.source} does not give the next number on PostgreSQL")
    return assigned(t, term, column).sql


def _update(t: Translator, node: exp.Expr, tables: Tables) -> str:
    t.only(node, "this", "expressions", "from_", "where", "returning", "with_")
    scope, alias = _target(t, node.this, tables)
    relation = table_relation(scope, alias)
    sql = f"UPDATE {quote_name(scope.target)}" + (f" AS {quote_name(alias)}" if alias else "")
    source = FromClause(t, tables, None, named_subquery)
    source.read(node)
    names = QueryNames((relation, *source.relations))
    with t.within(names):
        sql += f" SET {', '.join(assignments(t, node.expressions, scope))}"
        sql += f" FROM {source.sql}" if source.sql else ""
        sql += _where(t, node)
    return sql + _returning(t, node, names)


def assignments(t: Translator, nodes: Sequence[exp.Expr], scope: Scope) -> list[str]:
    """Return `a = 1` for each assignment of SET."""
    written = []
    for node in nodes:
        if not isinstance(node, exp.EQ):
            t.problem("not translatable: this form of SET")
            continue
        many = isinstance(node.this, exp.Tuple)
        targets = list(node.this.expressions) if many else [node.this]
        values = list(node.expression.expressions) if many else [node.expression]
        if len(targets) != len(values):
            t.problem("not translatable: SET of several columns to a query")
            continue
        for target, value in zip(targets, values, strict=True):
            column = scope.column(str(target.this.this))
            if column is None:
                t.problem(f"there is no column {scope.source}.{target.this.this}")
                continue
            new = assigned(t, t.term(value), column)
            written.append(f"{quote_name(column.target)} = {new.sql}")
    return written


def _delete(t: Translator, node: exp.Expr, tables: Tables) -> str:
    t.only(node, "this", "where", "returning", "with_")
    scope, alias = _target(t, node.this, tables)
    names = QueryNames((table_relation(scope, alias),))
    sql = f"DELETE FROM {quote_name(scope.target)}" + (f" AS {quote_name(alias)}" if alias else "")
    with t.within(names):
        sql += _where(t, node)
    return sql + _returning(t, node, names)


def _where(t: Translator, node: exp.Expr) -> str:
    where = node.args.get("where")
    return "" if where is None else f" WHERE {as_condition(t, t.term(where.this)).sql}"


def _returning(t: Translator, node: exp.Expr, names: QueryNames) -> str:
    clause = node.args.get("returning")
    if clause is None:
        return ""
    t.only(clause, "expressions")
    with t.within(names):
        entries = select_entries(t, names, clause.expressions, None)
    listed = [
        entry.shown if entry.shown is not None else entry.sql(entry.output.term, named=False)
        for entry in entries
        if entry.shown != ""
    ]
    return f" RETURNING {', '.join(listed)}"
