"""LIMIT and OFFSET: a negative LIMIT means all rows in SQLite, a negative OFFSET none to skip.

Source: https://www.sqlite.org/lang_select.html#limitoffset
"""

from __future__ import annotations

from sqlglot import exp

from dbtune.postgres.translation.coercion import as_integer
from dbtune.postgres.translation.terms import CAST
from dbtune.postgres.translation.translator import Names, Translator


def paging(t: Translator, node: exp.Expr, names: Names) -> str:
    """Return ` LIMIT n OFFSET m`, empty without either."""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    with t.within(names):
        sql = "" if limit is None else _limit(t, limit)
        return sql + ("" if offset is None else _offset(t, offset))


def _limit(t: Translator, node: exp.Expr) -> str:
    t.only(node, "expression", "this")
    count = as_integer(t, t.term(node.expression))
    known = t.value_of(count)
    value = None if known is None else known.value
    if count.constant is not None and isinstance(value, int):
        return "" if value < 0 else f" LIMIT {value}"
    if isinstance(value, (int, str)) and str(value).isdigit():
        return f" LIMIT {count.sql}"
    return f" LIMIT NULLIF(GREATEST({count.sql}, -1), -1)"


def _offset(t: Translator, node: exp.Expr) -> str:
    t.only(node, "expression", "this")
    count = as_integer(t, t.term(node.expression))
    known = t.value_of(count)
    value = None if known is None else known.value
    if count.constant is not None and isinstance(value, int):
        return f" OFFSET {value}" if value > 0 else ""
    if isinstance(value, (int, str)) and str(value).isdigit():
        return f" OFFSET {count.sql}"
    return f" OFFSET GREATEST({count.at(CAST)}, 0)"
