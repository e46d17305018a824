"""SQLite's literals and operators as PostgreSQL's.

Source: https://www.sqlite.org/lang_expr.html
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dbtune.postgres.translation.coercion import (
    as_condition,
    as_double,
    as_integer,
    as_number,
    as_text,
    constant_term,
)
from dbtune.postgres.translation.comparison import Comparison, compare, comparison
from dbtune.postgres.translation.sqlite_syntax import placeholder_number
from dbtune.postgres.translation.terms import (
    AND,
    ATOM,
    CAST,
    IS,
    NOT,
    OR,
    OTHER,
    PRODUCT,
    RANGE,
    SIGN,
    SUM,
    Kind,
    Term,
    cast,
)
from dbtune.postgres.translation.translator import Handler, Translator, construct_name

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS",
    exp.NullSafeNEQ: "IS NOT",
}
# These bind as loosely as = in SQLite, and tighter in sqlglot's tree.
_RANGE_NODES = (
    exp.Like,
    exp.Glob,
    exp.In,
    exp.Between,
    exp.Is,
    exp.Escape,
    exp.Match,
    exp.RegexpLike,
)
_BITS: dict[type[exp.Expr], str] = {exp.BitwiseAnd: "&", exp.BitwiseOr: "|"}
_ORDERINGS = (exp.LT, exp.LTE, exp.GT, exp.GTE)


def _literal(t: Translator, node: exp.Expr) -> Term:
    text = str(node.this)
    if node.is_string:
        if "\0" in text:
            return t.problem("not translatable: a NUL in a text")
        return constant_term(text)
    if text.isdigit():
        value = int(text)
        return constant_term(value if value < 1 << 63 else float(value))
    return constant_term(float(text))


def _null(t: Translator, node: exp.Expr) -> Term:
    return constant_term(None)


def _boolean(t: Translator, node: exp.Expr) -> Term:
    return constant_term(bool(node.this))


def _hex(t: Translator, node: exp.Expr) -> Term:
    return constant_term(bytes.fromhex(str(node.this)))


def _column(t: Translator, node: exp.Expr) -> Term:
    qualifier = str(node.args["table"].this) if node.args.get("table") else None
    if isinstance(node.this, exp.Star):
        return t.problem("not translatable: * in an expression")
    name = str(node.this.this)
    found = t.names.resolve(qualifier, name)
    if found is not None:
        return found
    if qualifier is None and node.this.args.get("quoted"):
        # SQLite takes "x" for 'x' where there is no such column.
        return constant_term(name)
    shown = f"{qualifier}.{name}" if qualifier else name
    return t.problem(f"there is no column {shown}")


def _placeholder(t: Translator, node: exp.Expr) -> Term:
    number = placeholder_number(node)
    if number is None or number > len(t.marks):
        return t.problem(f"not translatable: {construct_name(node)}")
    return Term("NULL", "any", placeholder=number)


def _paren(t: Translator, node: exp.Expr) -> Term:
    inner = t.term(node.this)
    if inner.level == ATOM:
        return inner
    # What is known of the value stays known: (a) compares as a does.
    return replace(inner, sql=f"({inner.sql})", level=ATOM)


def _negative(t: Translator, node: exp.Expr) -> Term:
    inner = node.this
    if isinstance(inner, exp.Literal) and str(inner.this) == "9223372036854775808":
        return constant_term(-(1 << 63))
    number = as_number(t, t.term(inner))
    if number.constant is not None and isinstance(number.constant.value, (int, float)):
        return constant_term(-number.constant.value)
    return Term(f"-{number.at(SIGN + 1)}", number.kind, SIGN, never_null=number.never_null)


def _not(t: Translator, node: exp.Expr) -> Term:
    if isinstance(node.this, exp.Is):
        return _is(t, node.this, negated=True)
    if isinstance(node.this, exp.NullSafeEQ):
        return _compared(t, node.this, "IS NOT")
    inner = as_condition(t, t.term(node.this))
    return Term(f"NOT {inner.at(NOT)}", "boolean", NOT, never_null=inner.never_null)


def _and(t: Translator, node: exp.Expr) -> Term:
    left, right = as_condition(t, t.term(node.this)), as_condition(t, t.term(node.expression))
    return Term(f"{left.at(AND)} AND {right.at(AND)}", "boolean", AND)


def _or(t: Translator, node: exp.Expr) -> Term:
    left, right = as_condition(t, t.term(node.this)), as_condition(t, t.term(node.expression))
    return Term(f"{left.at(OR)} OR {right.at(OR)}", "boolean", OR)


def _comparison(t: Translator, node: exp.Expr) -> Term:
    ordering = isinstance(node, _ORDERINGS)
    if isinstance(node.expression, _RANGE_NODES) or (
        ordering and isinstance(node.this, _RANGE_NODES)
    ):
        return t.problem(
            "not translatable: a comparison beside LIKE, IN, IS or BETWEEN without parentheses"
        )
    return _compared(t, node, _COMPARISONS[type(node)])


def _compared(t: Translator, node: exp.Expr, operator: str) -> Term:
    if isinstance(node.this, exp.Tuple) or isinstance(node.expression, exp.Tuple):
        return _row_values(t, node, operator)
    return compare(t, t.term(node.this), operator, t.term(node.expression))


def _row_values(t: Translator, node: exp.Expr, operator: str) -> Term:
    left, right = _parts(node.this), _parts(node.expression)
    if len(left) != len(right) or operator not in {"=", "<>"}:
        return t.problem("not translatable: this comparison of row values")
    pairs = [compare(t, t.term(a), "=", t.term(b)) for a, b in zip(left, right, strict=True)]
    both = Term(" AND ".join(pair.at(AND + 1) for pair in pairs), "boolean", AND)
    return both if operator == "=" else Term(f"NOT {both.at(NOT)}", "boolean", NOT)


def _parts(node: exp.Expr) -> list[exp.Expr]:
    return list(node.expressions) if isinstance(node, exp.Tuple) else []


def _is(t: Translator, node: exp.Expr, *, negated: bool = False) -> Term:
    if isinstance(node.expression, exp.Boolean):
        inner = as_condition(t, t.term(node.this))
        word = "TRUE" if node.expression.this else "FALSE"
        sql = f"{inner.at(IS + 1)} IS {'NOT ' if negated else ''}{word}"
        return Term(sql, "boolean", IS, never_null=True)
    operator = "IS NOT" if negated else "IS"
    return compare(t, t.term(node.this), operator, t.term(node.expression))


def _in(t: Translator, node: exp.Expr) -> Term:
    if node.args.get("query") is not None or node.args.get("field") is not None:
        return t.problem("not translatable: IN with a query here")
    items = node.expressions
    if not items:
        return Term("FALSE", "boolean", never_null=True)
    left = t.term(node.this)
    # The list has no affinity of its own: x IN (y) is x = +y.
    values = [replace(t.term(item), affinity=None) for item in items]
    return _membership([comparison(t, left, "=", value) for value in values])


def _membership(parts: list[Comparison | Term]) -> Term:
    """Return `a = b OR a = c` as `a IN (b, c)` where all have the same left side."""
    plain = [part for part in parts if isinstance(part, Comparison) and part.operator == "="]
    if len(plain) == len(parts) and len({part.left for part in plain}) == 1:
        listed = ", ".join(part.right for part in plain)
        return Term(f"{plain[0].left} IN ({listed})", "boolean", RANGE)
    terms = [part.term() if isinstance(part, Comparison) else part for part in parts]
    return Term(" OR ".join(term.at(OR + 1) for term in terms), "boolean", OR)


def _between(t: Translator, node: exp.Expr) -> Term:
    value = t.term(node.this)
    low = compare(t, value, ">=", t.term(node.args["low"]))
    high = compare(t, value, "<=", t.term(node.args["high"]))
    return Term(f"{low.at(AND)} AND {high.at(AND)}", "boolean", AND)


def _sum(t: Translator, node: exp.Expr) -> Term:
    operator = "+" if isinstance(node, exp.Add) else "-"
    left, right = as_number(t, t.term(node.this)), as_number(t, t.term(node.expression))
    sql = f"{left.at(SUM)} {operator} {right.at(SUM + 1)}"
    return Term(sql, _wider(left, right), SUM, never_null=left.never_null and right.never_null)


def _product(t: Translator, node: exp.Expr) -> Term:
    left, right = as_number(t, t.term(node.this)), as_number(t, t.term(node.expression))
    sql = f"{left.at(PRODUCT)} * {right.at(PRODUCT + 1)}"
    return Term(sql, _wider(left, right), PRODUCT, never_null=left.never_null and right.never_null)


def _quotient(t: Translator, node: exp.Expr) -> Term:
    sides = (t.term(node.this), t.term(node.expression))
    left, right = (as_number(t, side) for side in sides)
    if any(side.extracted or (side.kind == "text" and side.constant is None) for side in sides):
        t.difference("whole numbers read from text divide with a fraction on PostgreSQL")
    kind = _wider(left, right)
    never_null = _is_nonzero(right) and left.never_null
    quotient = Term(f"{left.at(PRODUCT)} / {_divisor(right)}", kind, PRODUCT, never_null=never_null)
    if kind not in {"numeric", "double"} or "real" in (left.affinity, right.affinity):
        return quotient
    if kind == "double" and not any(
        _holds_integers(t, side) for side in (node.this, node.expression)
    ):
        return quotient
    return _whole_quotient(t, left, right, quotient)


def _holds_integers(t: Translator, node: exp.Expr) -> bool:
    """Return whether a column of doubles in an expression has integers of SQLite among them."""
    columns = (t.term(found).column for found in node.find_all(exp.Column))
    return any(
        column is not None and column.conversion == "double" and column.counts.integers > 0
        for column in columns
    )


def _whole_quotient(t: Translator, left: Term, right: Term, quotient: Term) -> Term:
    """Return a quotient of numbers of which SQLite stores whole ones as integers.

    It divides those without a fraction. A column without a type may hold 2.0 and 2 as well.
    """
    whole = []
    for side in (left, right):
        if side.kind == "integer":
            continue
        if side.constant is not None and isinstance(side.constant.value, float):
            return quotient
        if side.column is None or side.affinity == "blob":
            t.difference(
                f"dividing whole numbers kept as {side.kind} gives a fraction on PostgreSQL"
            )
            return quotient
        if side.column.counts.integers == 0:
            return quotient
        whole.append(f"{side.sql} = trunc({side.sql})")
    sql = f"CASE WHEN {' AND '.join(whole)} THEN trunc({quotient.sql}) ELSE {quotient.sql} END"
    return Term(sql, quotient.kind, never_null=quotient.never_null)


def _remainder(t: Translator, node: exp.Expr) -> Term:
    left, right = as_number(t, t.term(node.this)), as_number(t, t.term(node.expression))
    kind = _wider(left, right)
    if kind == "null":
        return Term("NULL::bigint", "null", CAST)
    sides = [as_integer(t, side) for side in (left, right)]
    sql = f"{sides[0].at(PRODUCT)} % {_divisor(sides[1])}"
    whole = Term(sql, "integer", PRODUCT)
    return whole if kind == "integer" else cast(whole, kind)


def _divisor(term: Term) -> str:
    """Return a divisor: SQLite's division by zero gives NULL."""
    return term.at(PRODUCT + 1) if _is_nonzero(term) else f"NULLIF({term.sql}, 0)"


def _is_nonzero(term: Term) -> bool:
    return term.constant is not None and term.constant.value not in (0, None)


def _wider(left: Term, right: Term) -> Kind:
    kinds = {left.kind, right.kind}
    order: tuple[Kind, ...] = ("double", "numeric", "integer")
    return next((kind for kind in order if kind in kinds), "null")


def _concatenation(t: Translator, node: exp.Expr) -> Term:
    left, right = as_text(t, t.term(node.this)), as_text(t, t.term(node.expression))
    never_null = left.never_null and right.never_null
    sql = f"{left.at(OTHER)} || {right.at(OTHER + 1)}"
    return Term(sql, "text", OTHER, never_null=never_null)


def _bits(t: Translator, node: exp.Expr) -> Term:
    left, right = as_integer(t, t.term(node.this)), as_integer(t, t.term(node.expression))
    return Term(f"{left.at(OTHER)} {_BITS[type(node)]} {right.at(OTHER + 1)}", "integer", OTHER)


def _complement(t: Translator, node: exp.Expr) -> Term:
    return Term(f"~ {as_integer(t, t.term(node.this)).at(OTHER + 1)}", "integer", OTHER)


def _shift(t: Translator, node: exp.Expr) -> Term:
    """Return a shift; PostgreSQL takes the distance modulo 64, SQLite shifts all bits out."""
    operators = ("<<", ">>") if isinstance(node, exp.BitwiseLeftShift) else (">>", "<<")
    left, right = as_integer(t, t.term(node.this)), as_integer(t, t.term(node.expression))
    value = cast(left, "integer").sql
    by = None if right.constant is None else right.constant.value
    if isinstance(by, int) and 0 <= by < 64:
        return Term(f"{value} {operators[0]} {by}", "integer", OTHER)
    emptied = {"<<": "0", ">>": f"CASE WHEN {left.at(OTHER)} < 0 THEN -1 ELSE 0 END"}
    distance = right.at(OTHER + 1)
    cases = (
        f"WHEN {distance} >= 64 THEN {emptied[operators[0]]}",
        f"WHEN {distance} >= 0 THEN {value} {operators[0]} ({right.sql})::integer",
        f"WHEN {distance} <= -64 THEN {emptied[operators[1]]}",
        f"WHEN {distance} < 0 THEN {value} {operators[1]} (-({right.sql}))::integer",
    )
    return Term(f"CASE {' '.join(cases)} END", "integer")


def _cast(t: Translator, node: exp.Expr) -> Term:
    name = node.args["to"].this.name
    inner = t.term(node.this)
    if name == "TEXT":
        return replace(as_text(t, inner), affinity="text", column=None)
    if name == "INT":
        return replace(as_integer(t, inner), affinity="integer", column=None)
    if name in {"DOUBLE", "FLOAT", "REAL"}:
        return replace(as_double(t, inner), affinity="real", column=None)
    if name == "DECIMAL":
        return replace(as_number(t, inner), affinity="numeric", column=None)
    if inner.kind == "bytes":
        return inner
    if inner.constant is not None and isinstance(inner.constant.value, str):
        return constant_term(inner.constant.value.encode())
    return Term(f"convert_to({as_text(t, inner).sql}, 'UTF8')", "bytes")


def _collate(t: Translator, node: exp.Expr) -> Term:
    inner = t.term(node.this)
    name = str(node.expression.this if hasattr(node.expression, "this") else node.expression)
    return replace(inner, collation=name.upper(), explicit_collation=True)


OPERATORS: dict[type[exp.Expr], Handler] = {
    exp.Literal: _literal,
    exp.Null: _null,
    exp.Boolean: _boolean,
    exp.HexString: _hex,
    exp.Column: _column,
    exp.Placeholder: _placeholder,
    exp.Paren: _paren,
    exp.Neg: _negative,
    exp.Not: _not,
    exp.And: _and,
    exp.Or: _or,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Add: _sum,
    exp.Sub: _sum,
    exp.Mul: _product,
    exp.Div: _quotient,
    exp.Mod: _remainder,
    exp.DPipe: _concatenation,
    exp.BitwiseAnd: _bits,
    exp.BitwiseOr: _bits,
    exp.BitwiseNot: _complement,
    exp.BitwiseLeftShift: _shift,
    exp.BitwiseRightShift: _shift,
    exp.Cast: _cast,
    exp.Collate: _collate,
    **dict.fromkeys(_COMPARISONS, _comparison),
}
