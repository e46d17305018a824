"""Queries inside expressions: a value, EXISTS, IN.

Source: https://www.sqlite.org/lang_expr.html#subq
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.comparison import comparison
from dbtune.postgres.translation.from_clause import Tables
from dbtune.postgres.translation.query_translation import translate_query
from dbtune.postgres.translation.relations import output_term
from dbtune.postgres.translation.terms import RANGE, Term
from dbtune.postgres.translation.translator import Translator

_ROWS = "dbtune_rows"


def scalar_subquery(t: Translator, node: exp.Expr, tables: Tables) -> Term:
    """Return a subquery as a value: SQLite takes the first row's."""
    found = translate_query(t, node, tables, t.names)
    if len(found.outputs) != 1:
        return t.problem("not translatable: a subquery of several columns as a value")
    limited = found.single or " LIMIT " in found.sql.rpartition(")")[2]
    sql = found.sql if limited else f"{found.sql} LIMIT 1"
    return replace(output_term(found.outputs[0].term), sql=f"({sql})", never_null=False)


def exists(t: Translator, node: exp.Expr, tables: Tables) -> Term:
    """Return EXISTS (SELECT ...)."""
    found = translate_query(t, node.this, tables, t.names)
    return Term(f"EXISTS ({found.sql})", "boolean", never_null=True)


def within_query(t: Translator, left: Sequence[Term], node: exp.Expr, tables: Tables) -> Term:
    """Return `left IN (SELECT ...)`, each value as the type that both sides share."""
    found = translate_query(t, node, tables, t.names)
    if len(found.outputs) != len(left):
        return t.problem("not translatable: IN with another number of columns")
    sides: list[str] = []
    wanted: list[str] = []
    for position, (value, output) in enumerate(zip(left, found.outputs, strict=True)):
        name = f"{quote_name(_ROWS)}.{quote_name(f'c{position + 1}')}"
        inner = replace(output_term(output.term), sql=name)
        pair = comparison(t, value, "=", inner)
        if isinstance(pair, Term):
            return t.problem("not translatable: IN with values of another type")
        sides.append(pair.left)
        wanted.append(pair.right)
    names = [f"{quote_name(_ROWS)}.{quote_name(f'c{i + 1}')}" for i in range(len(left))]
    values = sides[0] if len(sides) == 1 else f"({', '.join(sides)})"
    if wanted == names:
        return Term(f"{values} IN ({found.sql})", "boolean", RANGE)
    titles = ", ".join(quote_name(f"c{i + 1}") for i in range(len(left)))
    source = f"({found.sql}) AS {quote_name(_ROWS)} ({titles})"
    return Term(f"{values} IN (SELECT {', '.join(wanted)} FROM {source})", "boolean", RANGE)
