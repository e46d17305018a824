"""SQLite's aggregate and window functions as PostgreSQL's.

Source: https://www.sqlite.org/lang_aggfunc.html, https://www.sqlite.org/windowfunctions.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from dbtune.postgres.translation.branches import unified
from dbtune.postgres.translation.coercion import (
    as_condition,
    as_double,
    as_integer,
    as_number,
    as_text,
)
from dbtune.postgres.translation.comparison import class_of, collated, ordered_text
from dbtune.postgres.translation.json_functions import DOCUMENT, json_argument
from dbtune.postgres.translation.ordering import order_terms
from dbtune.postgres.translation.terms import CAST, Kind, Term
from dbtune.postgres.translation.translator import Translator

UNORDERED = "group_concat() without ORDER BY joins in any order"
_PLACE = "\0"


@dataclass(frozen=True)
class AggregateCall:
    """A call behind which FILTER and OVER may follow; `around` holds NUL in its place."""

    sql: str
    kind: Kind
    around: str = _PLACE
    level: int = CAST
    collation: str | None = None

    def term(self, suffix: str = "") -> Term:
        """Return the call with what follows it."""
        call = f"{self.sql}{suffix}"
        if suffix and self.around.startswith(_PLACE + "::"):
            call = f"({call})"
        sql = self.around.replace(_PLACE, call)
        return Term(sql, self.kind, self.level, collation=self.collation)


@dataclass(frozen=True)
class _Arguments:
    """The arguments of an aggregate: DISTINCT and ORDER BY stand apart."""

    terms: tuple[Term, ...]
    distinct: bool
    order: str


Handler = Callable[[Translator, _Arguments], AggregateCall]


def is_aggregate(node: exp.Expr) -> bool:
    """Return whether a call is of an aggregate; max() and min() of several values are none."""
    if not isinstance(node, exp.Anonymous):
        return False
    name = str(node.this).lower()
    return name in AGGREGATES and (name not in {"max", "min"} or len(node.expressions) == 1)


def aggregate_call(t: Translator, node: exp.Expr) -> AggregateCall | None:
    """Return an aggregate or window function, None where its arguments do not translate."""
    name = str(node.this).lower()
    rule = AGGREGATES.get(name) or WINDOW_FUNCTIONS.get(name)
    if rule is None:
        t.problem(f"not translatable: {name}() with OVER")
        return None
    fewest, most, handler = rule
    if not fewest <= len(node.expressions) <= most:
        t.problem(f"not translatable: {name}() with {len(node.expressions)} arguments")
        return None
    return handler(t, _arguments(t, node.expressions))


def _arguments(t: Translator, nodes: Sequence[exp.Expr]) -> _Arguments:
    terms: list[Term] = []
    distinct = False
    order = ""
    for node in nodes:
        if isinstance(node, exp.Star):
            continue
        if isinstance(node, exp.Order):
            order = f" ORDER BY {order_terms(t, node.expressions)}"
            node = node.this
        if isinstance(node, exp.Distinct):
            distinct = True
            terms += [t.term(inner) for inner in node.expressions]
        else:
            terms.append(t.term(node))
    return _Arguments(tuple(terms), distinct, order)


def _listed(given: _Arguments, *sql: str) -> str:
    return f"{'DISTINCT ' if given.distinct else ''}{', '.join(sql)}{given.order}"


def _count(t: Translator, given: _Arguments) -> AggregateCall:
    if not given.terms:
        return AggregateCall("count(*)", "integer")
    value = given.terms[0]
    if given.distinct and value.kind == "text":
        value = collated(t, value, value.collation or "BINARY")
    if value.kind in {"any", "null"}:
        value = as_text(t, value)
    return AggregateCall(f"count({_listed(given, value.sql)})", "integer")


def _sum(t: Translator, given: _Arguments) -> AggregateCall:
    number = as_number(t, given.terms[0])
    call = f"sum({_listed(given, number.sql)})"
    if number.kind == "integer":
        return AggregateCall(call, "integer", f"{_PLACE}::bigint")
    return AggregateCall(call, number.kind)


def _total(t: Translator, given: _Arguments) -> AggregateCall:
    number = as_double(t, given.terms[0])
    return AggregateCall(f"sum({_listed(given, number.sql)})", "double", f"COALESCE({_PLACE}, 0)")


def _avg(t: Translator, given: _Arguments) -> AggregateCall:
    number = as_number(t, given.terms[0])
    call = f"avg({_listed(given, number.sql)})"
    around = _PLACE if number.kind == "double" else f"{_PLACE}::double precision"
    return AggregateCall(call, "double", around)


def _extreme(name: str) -> Handler:
    def handler(t: Translator, given: _Arguments) -> AggregateCall:
        value = given.terms[0]
        if value.kind in {"any", "null"}:
            value = as_text(t, value)
        if value.extracted or class_of(value) == "mixed":
            t.problem(f"not translatable: {name}() of values of several types")
        if value.kind == "boolean":
            every = "bool_or" if name == "max" else "bool_and"
            return AggregateCall(f"{every}({value.sql})", "boolean")
        if value.kind in {"uuid", "json", "jsonb", "other"}:
            value = as_text(t, value)
        if value.kind == "bytes" and t.options.server_version < 180000:
            t.problem(f"not translatable: {name}() of blobs before PostgreSQL 18")
        if value.kind != "text":
            return AggregateCall(f"{name}({value.sql})", value.kind)
        if value.collation == "NOCASE" and not value.is_citext:
            t.difference(f"{name}() of a NOCASE column goes by the bytes on PostgreSQL")
        return AggregateCall(f"{name}({ordered_text(t, value)})", "text")

    return handler


def _group_concat(t: Translator, given: _Arguments) -> AggregateCall:
    value = as_text(t, given.terms[0])
    separator = as_text(t, given.terms[1]).sql if len(given.terms) > 1 else "','"
    if not given.order:
        t.difference(UNORDERED)
    if given.distinct:
        given = replace(given, terms=given.terms[:1])
    return AggregateCall(f"string_agg({_listed(given, value.sql, separator)})", "text")


def _median(t: Translator, given: _Arguments) -> AggregateCall:
    number = as_double(t, given.terms[0])
    return AggregateCall(f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {number.sql})", "double")


def _percentile(name: str, scale: float) -> Handler:
    def handler(t: Translator, given: _Arguments) -> AggregateCall:
        number = as_double(t, given.terms[0])
        constant = given.terms[1].constant
        share = None if constant is None else constant.value
        if not isinstance(share, (int, float)):
            t.problem(f"not translatable: {name}() of a share that is no literal")
            share = 0
        kind = "percentile_disc" if name == "percentile_disc" else "percentile_cont"
        call = f"{kind}({share * scale!r}) WITHIN GROUP (ORDER BY {number.sql})"
        return AggregateCall(call, "double")

    return handler


def _json_group_array(t: Translator, given: _Arguments) -> AggregateCall:
    t.difference(DOCUMENT)
    element = json_argument(t, given.terms[0])
    around = f"COALESCE({_PLACE}, '[]'::jsonb)"
    return AggregateCall(f"jsonb_agg({_listed(given, element.sql)})", "jsonb", around)


def _json_group_object(t: Translator, given: _Arguments) -> AggregateCall:
    t.difference(DOCUMENT)
    label, element = as_text(t, given.terms[0]), json_argument(t, given.terms[1])
    around = f"COALESCE({_PLACE}, '{{}}'::jsonb)"
    call = f"jsonb_object_agg({_listed(given, label.sql, element.sql)})"
    return AggregateCall(call, "jsonb", around)


def _rank(name: str, kind: Kind) -> Handler:
    def handler(t: Translator, given: _Arguments) -> AggregateCall:
        return AggregateCall(f"{name}()", kind)

    return handler


def _ntile(t: Translator, given: _Arguments) -> AggregateCall:
    return AggregateCall(f"ntile({_int(t, given.terms[0])})", "integer")


def _neighbour(name: str) -> Handler:
    def handler(t: Translator, given: _Arguments) -> AggregateCall:
        values = (given.terms[0], *given.terms[2:])
        found = unified(t, values)
        listed = [found.terms[0].sql]
        if len(given.terms) > 1:
            listed.append(_int(t, given.terms[1]))
        listed += [term.sql for term in found.terms[1:]]
        return AggregateCall(f"{name}({', '.join(listed)})", found.kind)

    return handler


def _value(name: str) -> Handler:
    def handler(t: Translator, given: _Arguments) -> AggregateCall:
        value = given.terms[0]
        listed = [value.sql, *(_int(t, term) for term in given.terms[1:])]
        return AggregateCall(f"{name}({', '.join(listed)})", value.kind)

    return handler


def _int(t: Translator, term: Term) -> str:
    return f"{as_integer(t, term).at(CAST)}::integer"


def filtered(t: Translator, node: exp.Expr) -> str:
    """Return ` FILTER (WHERE ...)`."""
    return f" FILTER (WHERE {as_condition(t, t.term(node.expression.this)).sql})"


# name -> fewest arguments, most arguments, handler.
AGGREGATES: dict[str, tuple[int, int, Handler]] = {
    "avg": (1, 1, _avg),
    "count": (0, 1, _count),
    "group_concat": (1, 2, _group_concat),
    "json_group_array": (1, 1, _json_group_array),
    "json_group_object": (2, 2, _json_group_object),
    "max": (1, 1, _extreme("max")),
    "median": (1, 1, _median),
    "min": (1, 1, _extreme("min")),
    "percentile": (2, 2, _percentile("percentile", 0.01)),
    "percentile_cont": (2, 2, _percentile("percentile_cont", 1)),
    "percentile_disc": (2, 2, _percentile("percentile_disc", 1)),
    "string_agg": (2, 2, _group_concat),
    "sum": (1, 1, _sum),
    "total": (1, 1, _total),
}

WINDOW_FUNCTIONS: dict[str, tuple[int, int, Handler]] = {
    "cume_dist": (0, 0, _rank("cume_dist", "double")),
    "dense_rank": (0, 0, _rank("dense_rank", "integer")),
    "first_value": (1, 1, _value("first_value")),
    "lag": (1, 3, _neighbour("lag")),
    "last_value": (1, 1, _value("last_value")),
    "lead": (1, 3, _neighbour("lead")),
    "nth_value": (2, 2, _value("nth_value")),
    "ntile": (1, 1, _ntile),
    "percent_rank": (0, 0, _rank("percent_rank", "double")),
    "rank": (0, 0, _rank("rank", "integer")),
    "row_number": (0, 0, _rank("row_number", "integer")),
}
