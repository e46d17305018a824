"""SQLite's scalar functions: which translate and how, and which do not and why.

Source: https://www.sqlite.org/lang_corefunc.html
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dbtune.postgres.translation.branches import unified
from dbtune.postgres.translation.coercion import (
    as_condition,
    as_double,
    as_number,
    constant_term,
    stored_number,
)
from dbtune.postgres.translation.comparison import class_of, collated, compare, ordered_text
from dbtune.postgres.translation.constant_folding import fixed_value
from dbtune.postgres.translation.date_functions import DATE_FUNCTIONS
from dbtune.postgres.translation.function_rules import Arguments, FunctionHandler, FunctionRule
from dbtune.postgres.translation.json_functions import JSON_FUNCTIONS, JSON_NOT_TRANSLATABLE
from dbtune.postgres.translation.math_functions import MATH_FUNCTIONS
from dbtune.postgres.translation.terms import CAST, IS, Term
from dbtune.postgres.translation.text_functions import TEXT_FUNCTIONS
from dbtune.postgres.translation.translator import Translator

ROUNDING = "round() of a half follows the decimal digits on PostgreSQL, not the binary value"


def call(t: Translator, node: exp.Expr) -> Term:
    """Translate a function call."""
    name = str(node.this).lower()
    rule = SCALAR_FUNCTIONS.get(name)
    if rule is None:
        reason = NOT_TRANSLATABLE.get(name)
        return t.problem(f"not translatable: {name}()" + (f" ({reason})" if reason else ""))
    if not rule.fewest <= len(node.expressions) <= rule.most:
        return t.problem(f"not translatable: {name}() with {len(node.expressions)} arguments")
    given = tuple(t.term(argument) for argument in node.expressions)
    values = [term.constant.value for term in given if term.constant is not None]
    if len(values) == len(given):
        fixed = fixed_value(name, values)
        if fixed is not None:
            return constant_term(fixed.value)
    return rule.translate(t, given)


def _abs(t: Translator, given: Arguments) -> Term:
    is_number = class_of(given[0]) == "number"
    number = as_number(t, given[0]) if is_number else as_double(t, given[0])
    return Term(f"abs({number.sql})", number.kind, never_null=number.never_null)


def _coalesce(t: Translator, given: Arguments) -> Term:
    found = unified(t, given)
    never_null = any(term.never_null for term in found.terms)
    return found.term(f"COALESCE({_listed(found.terms)})", never_null=never_null)


def _nullif(t: Translator, given: Arguments) -> Term:
    value = stored_number(given[0]) or given[0]
    if value.placeholder is not None:
        value = unified(t, given).terms[0]
    # A function's arguments are compared as they are: no affinity has its say.
    sides = [replace(term, affinity=None) for term in (value, given[1])]
    equal = compare(t, sides[0], "=", sides[1])
    sql = f"CASE WHEN {equal.sql} THEN NULL ELSE {value.sql} END"
    return Term(sql, value.kind, extracted=value.extracted)


def _iif(t: Translator, given: Arguments) -> Term:
    """Return CASE for IIF with any number of pairs, as SQLite 3.48 takes it."""
    pairs = len(given) // 2
    values = [given[2 * i + 1] for i in range(pairs)] + [*given[2 * pairs :]]
    found = unified(t, values)
    cases = [
        f"WHEN {as_condition(t, given[2 * i]).sql} THEN {found.terms[i].sql}" for i in range(pairs)
    ]
    last = f" ELSE {found.terms[-1].sql}" if len(given) % 2 else ""
    return found.term(f"CASE {' '.join(cases)}{last} END")


def _extreme(name: str) -> FunctionHandler:
    """Return max() or min() of several values, which is NULL where one of them is."""

    def handler(t: Translator, given: Arguments) -> Term:
        collation = next((term.collation for term in given if term.collation), "BINARY")
        found = unified(t, given)
        kind, terms = found.kind, found.terms
        if found.extracted or kind in {"json", "jsonb", "uuid", "other"}:
            return t.problem("not translatable: max() and min() of several documents or UUIDs")
        if kind == "text":
            if collation != "BINARY" and not all(term.is_citext for term in terms):
                return t.problem(f"not translatable: max() and min() by {collation}")
            terms = tuple(collated(t, term, collation) for term in terms)
            listed = ", ".join(ordered_text(t, term) for term in terms)
        else:
            listed = _listed(terms)
        nullable = [term.at(IS + 1) for term in terms if not term.never_null]
        sql = f"{name}({listed})"
        if not nullable:
            return Term(sql, kind, never_null=True)
        present = " AND ".join(f"{term} IS NOT NULL" for term in nullable)
        return Term(f"CASE WHEN {present} THEN {sql} END", kind)

    return handler


def _round(t: Translator, given: Arguments) -> Term:
    number = as_number(t, given[0])
    digits = "0"
    if len(given) > 1:
        value = None if given[1].constant is None else given[1].constant.value
        count = as_number(t, given[1])
        within = f"GREATEST(0, LEAST(30, {count.sql}))::integer"
        digits = str(max(0, min(30, value))) if isinstance(value, int) else within
    if number.kind == "double":
        t.difference(ROUNDING)
    if number.kind == "integer":
        return Term(f"{number.at(CAST)}::double precision", "double", CAST)
    exact = f"round({number.at(CAST)}::numeric, {digits})"
    return Term(f"{exact}::double precision", "double", CAST, never_null=number.never_null)


def _likely(t: Translator, given: Arguments) -> Term:
    return given[0]


def _typeof(t: Translator, given: Arguments) -> Term:
    """Return typeof(): what SQLite stored in a column is known from its profile."""
    value = given[0]
    if value.kind == "any":
        return t.problem("not translatable: typeof() of a parameter")
    if value.kind == "null":
        return Term("'null'", "text", never_null=True)
    name = _stored_class(t, value)
    if name is None:
        return t.problem("not translatable: typeof() of a column that holds several types")
    if value.never_null:
        return Term(f"'{name}'", "text", never_null=True)
    missing = f"{value.at(IS + 1)} IS NULL"
    return Term(f"CASE WHEN {missing} THEN 'null' ELSE '{name}' END", "text", never_null=True)


def _stored_class(t: Translator, value: Term) -> str | None:
    column = value.column
    if column is not None:
        counts = column.counts
        found = {
            "integer": counts.integers,
            "real": counts.reals,
            "text": counts.texts,
            "blob": counts.blobs,
        }
        held = [name for name, count in found.items() if count]
        if len(held) > 1:
            return None
        if held:
            return held[0]
    names = {"integer": "integer", "boolean": "integer", "double": "real", "bytes": "blob"}
    if value.kind == "numeric":
        return None
    return names.get(value.kind, "text" if class_of(value) == "text" else "integer")


def _listed(terms: Arguments | list[Term]) -> str:
    return ", ".join(term.sql for term in terms)


_NO_COUNTERPART = "PostgreSQL has no counterpart"
_EXTENSION = "it needs an extension on PostgreSQL"

# What is known not to translate, with the reason; a name in neither table is an application's.
NOT_TRANSLATABLE: dict[str, str] = {
    "changes": "PostgreSQL tells the driver how many rows a statement changed",
    "total_changes": "PostgreSQL tells the driver how many rows a statement changed",
    "last_insert_rowid": "use INSERT ... RETURNING",
    "load_extension": _NO_COUNTERPART,
    "soundex": _EXTENSION,
    "sqlite_compileoption_get": _NO_COUNTERPART,
    "sqlite_compileoption_used": _NO_COUNTERPART,
    "sqlite_offset": _NO_COUNTERPART,
    "sqlite_source_id": _NO_COUNTERPART,
    "sqlite_version": _NO_COUNTERPART,
    "subtype": _NO_COUNTERPART,
    "timediff": _NO_COUNTERPART,
    "unistr_quote": _NO_COUNTERPART,
    "unistr": "its escapes differ on PostgreSQL",
    "raise": "it belongs to triggers",
    "match": "full-text search is another one on PostgreSQL",
    "regexp": "it is a function of the application's",
    "bm25": "full-text search is another one on PostgreSQL",
    "highlight": "full-text search is another one on PostgreSQL",
    "snippet": "full-text search is another one on PostgreSQL",
    **JSON_NOT_TRANSLATABLE,
}

SCALAR_FUNCTIONS: dict[str, FunctionRule] = {
    "abs": FunctionRule(1, 1, _abs),
    "coalesce": FunctionRule(2, 127, _coalesce),
    "ifnull": FunctionRule(2, 2, _coalesce),
    "nullif": FunctionRule(2, 2, _nullif),
    "iif": FunctionRule(2, 127, _iif),
    "if": FunctionRule(2, 127, _iif),
    "max": FunctionRule(2, 127, _extreme("GREATEST")),
    "min": FunctionRule(2, 127, _extreme("LEAST")),
    "round": FunctionRule(1, 2, _round),
    "likely": FunctionRule(1, 1, _likely),
    "unlikely": FunctionRule(1, 1, _likely),
    "likelihood": FunctionRule(2, 2, _likely),
    "typeof": FunctionRule(1, 1, _typeof),
    **TEXT_FUNCTIONS,
    **MATH_FUNCTIONS,
    **DATE_FUNCTIONS,
    **JSON_FUNCTIONS,
}
