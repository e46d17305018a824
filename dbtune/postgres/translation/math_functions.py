"""SQLite's mathematical functions as PostgreSQL's: outside their domain SQLite gives NULL.

Source: https://www.sqlite.org/lang_mathfunc.html
"""

from __future__ import annotations

from dbtune.postgres.translation.coercion import NUMBER_PATTERN, as_double, as_number
from dbtune.postgres.translation.function_rules import Arguments, FunctionHandler, FunctionRule
from dbtune.postgres.translation.terms import CAST, COMPARISON, OTHER, Term
from dbtune.postgres.translation.translator import Translator

OVERFLOW = "what overflows a double precision is an error on PostgreSQL"


def _number(t: Translator, term: Term) -> Term:
    """Return an argument as double precision; a text that is no number counts as NULL."""
    if term.kind != "text" or term.constant is not None or term.numeric_text:
        return as_double(t, term)
    sql = term.at(OTHER + 1)
    matches = f"{sql} ~ '{NUMBER_PATTERN}'"
    return Term(f"CASE WHEN {matches} THEN {term.at(CAST)}::double precision END", "double")


def _plain(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        return Term(f"{name}({_number(t, given[0]).sql})", "double")

    return handler


def _within(name: str, domain: str) -> FunctionHandler:
    """Return a function that is NULL outside its domain, which names its argument `x`."""

    def handler(t: Translator, given: Arguments) -> Term:
        number = _number(t, given[0])
        condition = domain.replace("x", number.at(COMPARISON + 1))
        return Term(f"CASE WHEN {condition} THEN {name}({number.sql}) END", "double")

    return handler


def _growing(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        t.difference(OVERFLOW)
        return Term(f"{name}({_number(t, given[0]).sql})", "double")

    return handler


def _rounded(name: str) -> FunctionHandler:
    def handler(t: Translator, given: Arguments) -> Term:
        if given[0].kind == "integer":
            return given[0]
        return Term(f"{name}({_number(t, given[0]).sql})", "double")

    return handler


def _atan2(t: Translator, given: Arguments) -> Term:
    return Term(f"atan2({_number(t, given[0]).sql}, {_number(t, given[1]).sql})", "double")


def _atanh(t: Translator, given: Arguments) -> Term:
    x = _number(t, given[0])
    sql = x.at(COMPARISON + 1)
    edges = f"WHEN {sql} = 1 THEN 'Infinity' WHEN {sql} = -1 THEN '-Infinity'"
    return Term(f"CASE {edges} WHEN abs({x.sql}) < 1 THEN atanh({x.sql}) END", "double")


def _log(t: Translator, given: Arguments) -> Term:
    if len(given) == 1:
        return _within("log", "x > 0")(t, given)
    base, x = _number(t, given[0]), _number(t, given[1])
    inside = f"{base.at(COMPARISON + 1)} > 0 AND {x.at(COMPARISON + 1)} > 0"
    quotient = f"ln({x.sql}) / NULLIF(ln({base.sql}), 0)"
    return Term(f"CASE WHEN {inside} THEN {quotient} END", "double")


def _log2(t: Translator, given: Arguments) -> Term:
    x = _number(t, given[0])
    sql = f"log(2, {x.at(CAST)}::numeric)::double precision"
    return Term(f"CASE WHEN {x.at(COMPARISON + 1)} > 0 THEN {sql} END", "double")


def _mod(t: Translator, given: Arguments) -> Term:
    sides = [f"{_number(t, term).at(CAST)}::numeric" for term in given]
    return Term(f"mod({sides[0]}, NULLIF({sides[1]}, 0))::double precision", "double", CAST)


def _power(t: Translator, given: Arguments) -> Term:
    x, y = (_number(t, term) for term in given)
    t.difference(OVERFLOW)
    exponent = None if given[1].constant is None else given[1].constant.value
    if isinstance(exponent, int) and exponent >= 0:
        return Term(f"power({x.sql}, {exponent})", "double")
    base, by = x.at(COMPARISON + 1), y.at(COMPARISON + 1)
    infinite = f"WHEN {base} = 0 AND {by} < 0 THEN 'Infinity'"
    inside = f"{base} >= 0 OR {by} = trunc({y.sql})"
    return Term(f"CASE {infinite} WHEN {inside} THEN power({x.sql}, {y.sql}) END", "double")


def _pi(t: Translator, given: Arguments) -> Term:
    return Term("pi()", "double", never_null=True)


def _sign(t: Translator, given: Arguments) -> Term:
    number = as_number(t, given[0]) if given[0].kind != "text" else _number(t, given[0])
    return Term(f"sign({number.sql})::integer", "integer", CAST)


MATH_FUNCTIONS: dict[str, FunctionRule] = {
    "acos": FunctionRule(1, 1, _within("acos", "x BETWEEN -1 AND 1")),
    "acosh": FunctionRule(1, 1, _within("acosh", "x >= 1")),
    "asin": FunctionRule(1, 1, _within("asin", "x BETWEEN -1 AND 1")),
    "asinh": FunctionRule(1, 1, _plain("asinh")),
    "atan": FunctionRule(1, 1, _plain("atan")),
    "atan2": FunctionRule(2, 2, _atan2),
    "atanh": FunctionRule(1, 1, _atanh),
    "ceil": FunctionRule(1, 1, _rounded("ceil")),
    "ceiling": FunctionRule(1, 1, _rounded("ceil")),
    "cos": FunctionRule(1, 1, _plain("cos")),
    "cosh": FunctionRule(1, 1, _growing("cosh")),
    "degrees": FunctionRule(1, 1, _growing("degrees")),
    "exp": FunctionRule(1, 1, _growing("exp")),
    "floor": FunctionRule(1, 1, _rounded("floor")),
    "ln": FunctionRule(1, 1, _within("ln", "x > 0")),
    "log": FunctionRule(1, 2, _log),
    "log10": FunctionRule(1, 1, _within("log", "x > 0")),
    "log2": FunctionRule(1, 1, _log2),
    "mod": FunctionRule(2, 2, _mod),
    "pi": FunctionRule(0, 0, _pi),
    "pow": FunctionRule(2, 2, _power),
    "power": FunctionRule(2, 2, _power),
    "radians": FunctionRule(1, 1, _plain("radians")),
    "sign": FunctionRule(1, 1, _sign),
    "sin": FunctionRule(1, 1, _plain("sin")),
    "sinh": FunctionRule(1, 1, _growing("sinh")),
    "sqrt": FunctionRule(1, 1, _within("sqrt", "x >= 0")),
    "tan": FunctionRule(1, 1, _plain("tan")),
    "tanh": FunctionRule(1, 1, _plain("tanh")),
    "trunc": FunctionRule(1, 1, _rounded("trunc")),
}
