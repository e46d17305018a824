"""Whole statements of SQLite as PostgreSQL's.

Source: https://www.sqlite.org/lang.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp

from dbtune.model.workload import Parameters, SqlValue
from dbtune.postgres.translation.aggregates import aggregate_call, filtered, is_aggregate
from dbtune.postgres.translation.expressions import HANDLERS
from dbtune.postgres.translation.from_clause import Tables
from dbtune.postgres.translation.functions import call
from dbtune.postgres.translation.operators import OPERATORS
from dbtune.postgres.translation.query_translation import (
    Query,
    QueryOptions,
    translate_query,
)
from dbtune.postgres.translation.relations import QueryNames
from dbtune.postgres.translation.scope import Scope, fold
from dbtune.postgres.translation.sqlite_syntax import ParsedSql, UnreadableSql, parse_statement
from dbtune.postgres.translation.subqueries import exists, scalar_subquery, within_query
from dbtune.postgres.translation.terms import Term
from dbtune.postgres.translation.translator import (
    Handler,
    OutputPlan,
    Translation,
    TranslationOptions,
    Translator,
    construct_name,
)
from dbtune.postgres.translation.window_clause import windowed
from dbtune.postgres.translation.write_translation import translate_write

_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_WRITES = (exp.Insert, exp.Update, exp.Delete)
_REPLACE = re.compile(r"\A(\s*)REPLACE\b", re.IGNORECASE)
_UPDATE_OR = re.compile(r"\A(\s*UPDATE)\s+OR\s+([A-Z]+)\b", re.IGNORECASE)


def translate_statement(
    sql: str,
    scopes: Sequence[Scope],
    options: TranslationOptions | None = None,
    parameters: Parameters = None,
) -> Translation:
    """Return a SELECT, INSERT, UPDATE or DELETE as PostgreSQL's, its parameters `$1`, `$2`.

    `scopes` are all tables and views. Where the parameters' values are known they say as what
    type each is meant.
    """
    text = _REPLACE.sub(r"\1INSERT OR REPLACE", sql)
    text, conflict = _without_conflict(text)
    try:
        parsed = parse_statement(text)
    except UnreadableSql as error:
        return Translation(None, (f"not readable: {error}",))
    tables = Tables({fold(scope.source): scope for scope in scopes})
    t = statement_translator(parsed, tables, options, parameters)
    if conflict in {"IGNORE", "REPLACE"}:
        t.problem(f"not translatable: UPDATE OR {conflict}")
    if isinstance(parsed.tree, _QUERIES):
        found = translate_query(t, parsed.tree, tables, None)
        return t.result(found.sql, ordered=found.ordered, outputs=output_plans(found))
    if isinstance(parsed.tree, _WRITES):
        return t.result(translate_write(t, parsed.tree, tables))
    t.problem(f"not translatable: {_statement_name(parsed.tree)}")
    return t.result("")


def statement_translator(
    parsed: ParsedSql,
    tables: Tables,
    options: TranslationOptions | None = None,
    parameters: Parameters = None,
) -> Translator:
    """Return a translator that knows queries and aggregates."""
    return Translator(
        _handlers(tables),
        QueryNames(()),
        options or TranslationOptions(),
        parsed.marks,
        _values(parsed.marks, parameters),
    )


def output_plans(query: Query) -> tuple[OutputPlan, ...]:
    """Return what a query returns, as a comparison of its rows needs to know it."""
    return tuple(
        OutputPlan(
            output.name,
            None if output.term.column is None else output.term.column.conversion,
            output.term.extracted,
        )
        for output in query.outputs
    )


def translated_query(
    t: Translator, parsed: ParsedSql, tables: Tables, titles: Sequence[str]
) -> Query:
    """Return a query whose outputs have these names, as a view's do."""
    options = QueryOptions(titles=tuple(titles) or None, named=True)
    return translate_query(t, parsed.tree, tables, None, options)


def _handlers(tables: Tables) -> Mapping[type[exp.Expr], Handler]:
    """Return the handlers of expressions inside queries, which may hold queries themselves."""
    base_in = OPERATORS[exp.In]

    def among(t: Translator, node: exp.Expr) -> Term:
        left = node.this
        values = left.expressions if isinstance(left, exp.Tuple) else [left]
        query, table = node.args.get("query"), node.args.get("field")
        if query is None and table is None:
            listed = node.expressions
            if len(listed) == 1 and isinstance(listed[0], _QUERIES):
                query = listed[0]
        if query is None and isinstance(table, exp.Column):
            query = exp.select("*").from_(exp.Table(this=table.this.copy()))
        if query is None:
            return base_in(t, node)
        return within_query(t, [t.term(value) for value in values], query, tables)

    def subquery(t: Translator, node: exp.Expr) -> Term:
        return scalar_subquery(t, node, tables)

    def existing(t: Translator, node: exp.Expr) -> Term:
        return exists(t, node, tables)

    return {
        **HANDLERS,
        exp.Anonymous: _call,
        exp.Filter: _filter,
        exp.Window: windowed,
        exp.In: among,
        exp.Subquery: subquery,
        exp.Select: subquery,
        exp.Exists: existing,
    }


def _call(t: Translator, node: exp.Expr) -> Term:
    if not is_aggregate(node):
        return call(t, node)
    found = aggregate_call(t, node)
    return Term("NULL", "null") if found is None else found.term()


def _filter(t: Translator, node: exp.Expr) -> Term:
    if not is_aggregate(node.this):
        return t.problem("not translatable: FILTER behind something else than an aggregate")
    found = aggregate_call(t, node.this)
    return Term("NULL", "null") if found is None else found.term(filtered(t, node))


def _without_conflict(sql: str) -> tuple[str, str]:
    """Return UPDATE without its OR clause, which sqlglot does not read, and the clause's word."""
    match = _UPDATE_OR.match(sql)
    return (match[1] + sql[match.end() :], match[2].upper()) if match else (sql, "")


def _values(marks: Sequence[str | None], parameters: Parameters) -> dict[int, SqlValue] | None:
    """Return the values of parameters by SQLite's numbers."""
    if parameters is None:
        return None
    if not isinstance(parameters, Mapping):
        return dict(enumerate(parameters, start=1))
    found: dict[int, SqlValue] = {}
    for number, mark in enumerate(marks, start=1):
        name = "" if mark is None else mark[1:] or str(number)
        if name in parameters:
            found[number] = parameters[name]
    return found


def _statement_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    return construct_name(node)
