"""OVER and WINDOW as PostgreSQL's.

Source: https://www.sqlite.org/windowfunctions.html
"""

from __future__ import annotations

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.aggregates import aggregate_call, filtered
from dbtune.postgres.translation.coercion import as_integer
from dbtune.postgres.translation.ordering import order_terms
from dbtune.postgres.translation.terms import Term
from dbtune.postgres.translation.translator import Translator

_KNOWN = ("this", "partition_by", "order", "spec", "alias", "over")


def windowed(t: Translator, node: exp.Expr) -> Term:
    """Return a function with OVER."""
    t.only(node, *_KNOWN)
    inner, suffix = node.this, ""
    if isinstance(inner, exp.Filter):
        suffix, inner = filtered(t, inner), inner.this
    if not isinstance(inner, exp.Anonymous):
        return t.problem(f"not translatable: {type(inner).__name__.upper()} with OVER")
    call = aggregate_call(t, inner)
    if call is None:
        return Term("NULL", "null")
    name, parts = _definition(t, node)
    over = quote_name(name) if name and not parts else f"({' '.join([*_quoted(name), *parts])})"
    return call.term(f"{suffix} OVER {over}")


def named_windows(t: Translator, node: exp.Expr) -> str:
    """Return the WINDOW clause of a SELECT."""
    definitions = []
    for window in node.args.get("windows") or ():
        t.only(window, *_KNOWN)
        base, parts = _definition(t, window)
        inner = " ".join([*_quoted(base), *parts])
        definitions.append(f"{quote_name(str(window.this.this))} AS ({inner})")
    return f" WINDOW {', '.join(definitions)}" if definitions else ""


def _quoted(name: str | None) -> list[str]:
    return [] if name is None else [quote_name(name)]


def _definition(t: Translator, node: exp.Expr) -> tuple[str | None, list[str]]:
    alias = node.args.get("alias")
    parts = []
    if node.args.get("partition_by"):
        listed = ", ".join(t.term(part).sql for part in node.args["partition_by"])
        parts.append(f"PARTITION BY {listed}")
    if node.args.get("order") is not None:
        parts.append(f"ORDER BY {order_terms(t, node.args['order'].expressions)}")
    if node.args.get("spec") is not None:
        parts.append(_frame(t, node.args["spec"]))
    return (str(alias.this) if alias is not None else None), parts


def _frame(t: Translator, spec: exp.Expr) -> str:
    t.only(spec, "kind", "start", "start_side", "end", "end_side", "exclude")
    start = _bound(t, spec.args.get("start"), spec.args.get("start_side"))
    sql = f"{spec.args['kind']} {start}"
    if spec.args.get("end"):
        end = _bound(t, spec.args["end"], spec.args.get("end_side"))
        sql = f"{spec.args['kind']} BETWEEN {start} AND {end}"
    exclude = spec.args.get("exclude")
    return sql if exclude is None else f"{sql} EXCLUDE {exclude.this}"


def _bound(t: Translator, bound: object, side: object) -> str:
    text = bound if isinstance(bound, str) else ""
    if isinstance(bound, exp.Expr):
        text = as_integer(t, t.term(bound)).sql
    return f"{text} {side}" if side else text
