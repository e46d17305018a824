"""Comparing a value taken out of a JSON document: by what it is in each row.

Source: https://www.sqlite.org/json1.html#jex
"""

from __future__ import annotations

from dbtune.postgres.translation.coercion import as_number, as_text
from dbtune.postgres.translation.json_values import extracted_text, json_element
from dbtune.postgres.translation.terms import CAST, COMPARISON, IS, NOT, NUMBERS, OTHER, RANGE, Term
from dbtune.postgres.translation.translator import Translator

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NULL_SAFE = {"IS": "IS NOT DISTINCT FROM", "IS NOT": "IS DISTINCT FROM"}


def compare_extracted(t: Translator, left: Term, operator: str, right: Term) -> Term:
    """Return a comparison of which at least one side is an extracted value."""
    if not left.extracted:
        return compare_extracted(t, right, _MIRRORED.get(operator, operator), left)
    right = _adopted(t, right)
    if operator in _MIRRORED:
        return _ordered(t, left, operator, right)
    if right.kind not in NUMBERS | {"boolean"} and right.affinity == "text":
        text = extracted_text(left)
        return _plain(text, operator, as_text(t, right))
    if right.kind in NUMBERS | {"boolean", "text", "jsonb"}:
        truth = None if right.constant is None else right.constant.value
        if operator in {"=", "IS"} and truth in (0, 1) and right.kind != "text":
            words = f"'{truth}'::jsonb, '{'true' if truth else 'false'}'::jsonb"
            among = f"{left.at(RANGE + 1)} IN ({words})"
            if operator == "=":
                return Term(among, "boolean", RANGE)
            return Term(f"COALESCE({among}, FALSE)", "boolean", never_null=True)
        if truth in (0, 1) and right.kind != "text":
            equal = compare_extracted(t, left, "=" if operator == "<>" else "IS", right)
            return Term(f"NOT {equal.at(NOT)}", "boolean", NOT, never_null=operator != "<>")
        return _plain(left, operator, json_element(right))
    return _plain(extracted_text(left), operator, as_text(t, right))


def _adopted(t: Translator, term: Term) -> Term:
    """Return a placeholder as a parameter of its value's type, text where that is not known."""
    if term.placeholder is None:
        return term
    known = t.value_of(term)
    is_number = known is not None and isinstance(known.value, (int, float))
    return as_number(t, term) if is_number else as_text(t, term)


def _ordered(t: Translator, left: Term, operator: str, right: Term) -> Term:
    value, sql = left.at(CAST), left.sql
    if right.extracted or right.kind == "jsonb":
        return t.problem("not translatable: the order of two values from JSON")
    less = "TRUE" if operator in {"<", "<="} else "FALSE"
    more = "FALSE" if operator in {"<", "<="} else "TRUE"
    missing = f"WHEN {left.at(IS + 1)} IS NULL THEN NULL"
    kind = f"jsonb_typeof({sql})"
    if right.kind in NUMBERS | {"boolean"}:
        number = as_number(t, right).at(COMPARISON + 1)
        return Term(
            f"CASE {missing} WHEN {kind} = 'number' THEN {value}::numeric {operator} {number}"
            f" WHEN {kind} = 'boolean' THEN {value}::boolean::integer {operator} {number}"
            f" ELSE {more} END",
            "boolean",
        )
    text = as_text(t, right).at(COMPARISON + 1)
    order = ' COLLATE "C"' if t.options.byte_order else ""
    return Term(
        f"CASE {missing} WHEN {kind} IN ('number', 'boolean') THEN {less}"
        f" ELSE ({left.at(OTHER)} #>> '{{}}'){order} {operator} {text} END",
        "boolean",
    )


def _plain(left: Term, operator: str, right: Term) -> Term:
    level = IS if operator in _NULL_SAFE else COMPARISON
    sides = left.at(COMPARISON + 1), right.at(COMPARISON + 1)
    return Term(f"{sides[0]} {_NULL_SAFE.get(operator, operator)} {sides[1]}", "boolean", level)
