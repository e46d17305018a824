"""Predicates as an index sees them: what is compared with what, how, and under which collation."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from dbtune.advisor.statements.dialect import to_sql


def conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the predicates that all have to hold; row values come as what an index can use."""
    # With a stack: generated conditions may be nested deeper than Python's calls.
    stack = [node]
    while stack:
        part = stack.pop().unnest()
        if isinstance(part, exp.And):
            stack += [part.expression, part.this]
        else:
            yield from _columnwise(part)


def _columnwise(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield (a, b) = (1, 2) as a = 1 and b = 2, and (a, b) < (1, 2) as a <= 1."""
    left = node.args.get("this")
    if not isinstance(left, exp.Tuple) or not isinstance(node, (exp.Binary, exp.In)):
        yield node
        return
    if isinstance(node, exp.In):
        yield from (exp.In(this=side.copy()) for side in left.expressions)
        return
    right = node.expression
    if not isinstance(right, exp.Tuple) or len(right.expressions) != len(left.expressions):
        return
    pairs = list(zip(left.expressions, right.expressions, strict=True))
    if isinstance(node, (exp.LT, exp.LTE, exp.GT, exp.GTE)):
        pairs = pairs[:1]
    yield from (type(node)(this=one.copy(), expression=other.copy()) for one, other in pairs)


def comparison(
    node: exp.Expr,
) -> tuple[str, exp.Expr, list[exp.Expr], str | None] | None:
    """Return (kind, left side, right sides, collation) of a predicate an index can serve."""
    if isinstance(node, exp.Escape):
        node = node.this
    if isinstance(node, exp.Between):
        return "range", *_collated(node.this, [node.args["low"], node.args["high"]])
    if isinstance(node, exp.In):
        return "equality", *_collated(node.this, list(node.expressions))
    if isinstance(node, (exp.EQ, exp.Is, exp.NullSafeEQ)):
        return "equality", *_collated(node.this, [node.expression])
    if isinstance(node, (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Glob)):
        return "range", *_collated(node.this, [node.expression])
    if isinstance(node, exp.Like):
        pattern = node.expression
        leads = isinstance(pattern, exp.Literal) and pattern.this.startswith(("%", "_"))
        return None if leads else ("prefix", *_collated(node.this, [pattern]))
    if isinstance(node, exp.Not) and isinstance(node.this.unnest(), exp.Is):
        inner = node.this.unnest()
        return "range", inner.this, [inner.expression], None
    if isinstance(node, exp.Column):
        return "equality", node, [], None
    return None


def _collated(
    left: exp.Expr, rights: list[exp.Expr]
) -> tuple[exp.Expr, list[exp.Expr], str | None]:
    # "a = b COLLATE NOCASE" compares with NOCASE on either side; the left operand wins.
    collation: str | None = None
    bare: list[exp.Expr] = []
    for side in (left, *rights):
        node = side.unnest()
        if isinstance(node, exp.Collate):
            collation = collation or node.expression.name
            node = node.this
        bare.append(node)
    return bare[0], bare[1:], collation


# Comparisons with a literal that may be true of so few rows that an index of those alone pays.
_LITERAL_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}


def partial_condition(node: exp.Expr, term_sql: str, column: str | None) -> tuple[str, str] | None:
    """Return the condition of a partial index that the predicate implies, and its column."""
    if column is None or "COLLATE" in term_sql:
        return None
    if isinstance(node, exp.Column):
        return term_sql, column
    if isinstance(node, exp.Not):
        test = "NOT {}" if isinstance(node.this, exp.Column) else "{} IS NOT NULL"
        inner = node.this.unnest()
        return (test.format(term_sql), column) if isinstance(inner, _NEGATED) else None
    value = node.args.get("expression")
    if isinstance(node, exp.Is) and isinstance(value, exp.Null):
        return f"{term_sql} IS NULL", column
    operator = _LITERAL_COMPARISONS.get(type(node))
    if operator is not None and value is not None and _is_literal(value):
        return f"{term_sql} {operator} {to_sql(value)}", column
    if isinstance(node, exp.In) and node.expressions and all(map(_is_literal, node.expressions)):
        return f"{term_sql} IN ({', '.join(map(to_sql, node.expressions))})", column
    return None


# NOT x, and x IS NOT NULL as sqlglot has it.
_NEGATED = (exp.Column, exp.Is)


def _is_literal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) or (
        isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal)
    )
