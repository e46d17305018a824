"""Expressions of SQLite as expressions of PostgreSQL, by a table of constructs.

A construct that is in no table is a problem of the translation, never passed through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.branches import unified
from dbtune.postgres.translation.coercion import as_condition
from dbtune.postgres.translation.comparison import compare
from dbtune.postgres.translation.date_functions import now_term
from dbtune.postgres.translation.functions import call
from dbtune.postgres.translation.json_functions import step
from dbtune.postgres.translation.operators import OPERATORS
from dbtune.postgres.translation.patterns import glob_match, like_match
from dbtune.postgres.translation.scope import Scope
from dbtune.postgres.translation.sqlite_syntax import ParsedSql, UnreadableSql, parse_expression
from dbtune.postgres.translation.terms import Term, column_term
from dbtune.postgres.translation.translator import (
    Handler,
    Translation,
    TranslationOptions,
    Translator,
)

__all__ = ["Translation", "TranslationOptions", "translate_condition", "translate_expression"]


@dataclass(frozen=True)
class _TableNames:
    """The columns of one table, as a CHECK or an index sees them."""

    scope: Scope

    def resolve(self, qualifier: str | None, name: str) -> Term | None:
        column = self.scope.column(name)
        return None if column is None else column_term(column, quote_name(column.target))


def translate_expression(
    sql: str, scope: Scope, options: TranslationOptions | None = None
) -> Translation:
    """Return an expression over one table's columns as PostgreSQL's; unqualified names."""
    return _translated(sql, scope, options, condition=False)


def translate_condition(
    sql: str, scope: Scope, options: TranslationOptions | None = None
) -> Translation:
    """Return an expression as a condition, as CHECK and WHERE take it: any number but 0 is true."""
    return _translated(sql, scope, options, condition=True)


def _translated(
    sql: str, scope: Scope, options: TranslationOptions | None, *, condition: bool
) -> Translation:
    try:
        parsed: ParsedSql = parse_expression(sql)
    except UnreadableSql as error:
        return Translation(None, (f"not readable: {error}",))
    translator = Translator(
        HANDLERS, _TableNames(scope), options or TranslationOptions(), parsed.marks
    )
    term = translator.term(parsed.tree)
    if condition:
        term = as_condition(translator, term)
    return translator.result(term.sql)


def _case(t: Translator, node: exp.Expr) -> Term:
    subject = None if node.this is None else t.term(node.this)
    values = [t.term(branch.args["true"]) for branch in node.args["ifs"]]
    default = node.args.get("default")
    if default is not None:
        values.append(t.term(default))
    found = unified(t, values)
    terms = found.terms
    branches = []
    for branch, value in zip(node.args["ifs"], terms, strict=False):
        when = t.term(branch.this)
        met = as_condition(t, when) if subject is None else compare(t, subject, "=", when)
        branches.append(f"WHEN {met.sql} THEN {value.sql}")
    otherwise = f" ELSE {terms[-1].sql}" if default is not None else ""
    return found.term(f"CASE {' '.join(branches)}{otherwise} END")


def _like(t: Translator, node: exp.Expr, escape: str | None = None) -> Term:
    negated = bool(node.args.get("negate"))
    return like_match(t, t.term(node.this), t.term(node.expression), escape, negated=negated)


def _escape(t: Translator, node: exp.Expr) -> Term:
    if not isinstance(node.this, exp.Like) or not isinstance(node.expression, exp.Literal):
        return t.problem("not translatable: ESCAPE with something else than a literal")
    return _like(t, node.this, str(node.expression.this))


def _glob(t: Translator, node: exp.Expr) -> Term:
    return glob_match(t, t.term(node.this), t.term(node.expression))


def _arrow(t: Translator, node: exp.Expr) -> Term:
    extract = isinstance(node, exp.JSONExtractScalar)
    return step(t, t.term(node.this), t.term(node.expression), extract=extract)


def _current(t: Translator, node: exp.Expr) -> Term:
    if isinstance(node, exp.CurrentTimestamp):
        return now_term(t, "datetime")
    return now_term(t, "date" if isinstance(node, exp.CurrentDate) else "time")


HANDLERS: Mapping[type[exp.Expr], Handler] = {
    **OPERATORS,
    exp.Anonymous: call,
    exp.Case: _case,
    exp.Like: _like,
    exp.Escape: _escape,
    exp.Glob: _glob,
    exp.JSONExtract: _arrow,
    exp.JSONExtractScalar: _arrow,
    exp.CurrentDate: _current,
    exp.CurrentTime: _current,
    exp.CurrentTimestamp: _current,
}
