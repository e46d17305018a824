"""Reads a recorded statement once for all rules.

Views are expanded, an UPDATE or DELETE is read as the SELECT that finds its rows, and negated
conditions are left out: no index serves them, and no rule has a way out for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import ColumnFinder, TableUse
from dbtune.advisor.reading.identity import Same
from dbtune.advisor.reading.sides import SideReader
from dbtune.advisor.reading.statement import Operator, OrderTerm, Predicate, Statement
from dbtune.advisor.reading.statement_text import ParsedText, parse
from dbtune.advisor.reading.writes import verb_of
from dbtune.advisor.statements.dialect import VerbatimSQLite
from dbtune.advisor.statements.statement_forms import as_selects
from dbtune.model.schema import Schema
from dbtune.model.workload import QueryShape, Sample
from dbtune.sqlite.unreadable import UNREADABLE

_OPERATORS: dict[type[exp.Expr], Operator] = {
    exp.EQ: "=",
    exp.NullSafeEQ: "=",
    exp.Is: "=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.In: "in",
    exp.Between: "between",
    exp.Like: "like",
    exp.Glob: "glob",
}


def read_samples(facts: Facts, shape: QueryShape) -> tuple[Statement, ...]:
    """Return readings of a shape's samples, or of its template where none can be read."""
    found = [read_statement(facts.schema, sample) for sample in shape.samples]
    readings = tuple(statement for statement in found if statement is not None)
    if readings:
        return readings
    fallback = read_statement(facts.schema, Sample(shape.template))
    return (fallback,) if fallback is not None else ()


def read_statement(schema: Schema, sample: Sample) -> Statement | None:
    """Return a reading of one statement, or None where sqlglot cannot read it.

    Values that dbtune has drawn say nothing about the application and are left out.
    """
    return _read_cached(Same(schema), Same(sample))


# A workload has thousands of shapes, of which the rules read a hundred again and again.
@lru_cache(maxsize=512)
def _read_cached(schema: Same[Schema], sample: Same[Sample]) -> Statement | None:
    parsed = parse(sample.value.text)
    if parsed is None:
        return None
    try:
        return _StatementReader(_names(schema), parsed, sample.value).read()
    except UNREADABLE:
        return None


@dataclass(frozen=True)
class _Names:
    """A schema's tables and views, found by name."""

    finder: ColumnFinder
    views: Mapping[str, str]


@lru_cache(maxsize=4)
def _names(schema: Same[Schema]) -> _Names:
    views = {view.name.lower(): view.sql for view in schema.value.views}
    return _Names(ColumnFinder(schema.value), views)


class _StatementReader:
    """Reads one parsed statement against a schema."""

    def __init__(self, names: _Names, parsed: ParsedText, sample: Sample) -> None:
        self._parsed = parsed
        self._root = parsed.tree
        self._finder = names.finder
        self._scopes = [
            scope
            for query, _ in as_selects(self._root)
            for scope in traverse_scope(_with_views_expanded(query, names.views))
        ]
        parameters = None if sample.drawn else sample.parameters
        self._sides = SideReader(self._finder, self._scopes, parsed.marks, parameters)

    def read(self) -> Statement:
        outer = self._scopes[-1] if self._scopes else None
        query = outer.expression if outer is not None else None
        offset = query.args.get("offset") if query is not None else None
        groups = tuple(self._groups(outer)) if outer is not None else ()
        return Statement(
            verb=verb_of(self._root),
            uses=self._uses(),
            predicates=tuple(self._predicates()),
            orders=tuple(self._orders(outer)) if outer is not None else (),
            groups=groups,
            aggregates=bool(groups) or _has_aggregate(query),
            limited=query is not None and query.args.get("limit") is not None,
            offset=self._sides.read(outer, offset.expression) if outer and offset else None,
            parsed=self._parsed,
        )

    def _uses(self) -> tuple[TableUse, ...]:
        found: list[TableUse] = []
        for scope in self._scopes:
            found.extend(use for use in self._finder.uses(scope) if use not in found)
        return tuple(found)

    def _predicates(self) -> Iterator[Predicate]:
        for scope in self._scopes:
            if isinstance(scope.expression, exp.Select):
                for condition in _conditions(scope.expression):
                    yield from self._read_condition(scope, condition, required=True)

    def _read_condition(
        self, scope: Scope, node: exp.Expr, *, required: bool
    ) -> Iterator[Predicate]:
        node = node.unnest()
        if isinstance(node, (exp.And, exp.Or)):
            required = required and isinstance(node, exp.And)
            for part in node.flatten():
                yield from self._read_condition(scope, part, required=required)
            return
        if isinstance(node, exp.Escape):
            node = node.this
        operator = _OPERATORS.get(type(node))
        if operator is None or node.args.get("negate"):
            return
        rights = [self._sides.read(scope, right) for right in _right_sides(node)]
        yield Predicate(operator, self._sides.read(scope, node.this), tuple(rights), required)

    def _orders(self, scope: Scope) -> Iterator[OrderTerm]:
        order = scope.expression.args.get("order")
        yield from self._terms(scope, order.expressions if order is not None else ())

    def _groups(self, scope: Scope) -> Iterator[OrderTerm]:
        if not isinstance(scope.expression, exp.Select):
            return
        group = scope.expression.args.get("group")
        if group is not None:
            yield from self._terms(scope, group.expressions)
        elif scope.expression.args.get("distinct") is not None:
            yield from self._terms(scope, scope.expression.expressions)

    def _terms(self, scope: Scope, nodes: Iterable[exp.Expr]) -> Iterator[OrderTerm]:
        for node in nodes:
            inner = node.this if isinstance(node, exp.Ordered) else node.unalias()
            side = self._sides.read(scope, _projected(scope.expression, inner))
            descending = isinstance(node, exp.Ordered) and bool(node.args.get("desc"))
            yield OrderTerm(side.bare, descending, side.collation)


def _with_views_expanded(query: exp.Expr, views: Mapping[str, str]) -> exp.Expr:
    needed: dict[str, exp.Query | Callable[[], exp.Query]] = {}
    pending: list[exp.Expr] = [query]
    while views and pending:
        for table in pending.pop().find_all(exp.Table):
            name = table.name.lower()
            definition = parse(views[name]) if name in views and name not in needed else None
            body = definition.tree.args.get("expression") if definition else None
            if isinstance(body, exp.Query):
                needed[name] = body
                pending.append(body)
    return exp.expand(query, needed, dialect=VerbatimSQLite) if needed else query


def _conditions(select: exp.Select) -> Iterator[exp.Expr]:
    where = select.args.get("where")
    if where is not None:
        yield where.this
    before = [source.alias_or_name for source in (_from(select),) if source is not None]
    for join in select.args.get("joins") or ():
        if join.args.get("on") is not None:
            yield join.args["on"]
        for name in join.args.get("using") or ():
            for earlier in before[:1]:
                # Of the tables before, the first is nearly always the one meant.
                yield exp.EQ(
                    this=exp.column(name.copy(), table=earlier),
                    expression=exp.column(name.copy(), table=join.alias_or_name),
                )
        before.append(join.alias_or_name)


def _from(select: exp.Select) -> exp.Expr | None:
    clause = select.args.get("from_") or select.args.get("from")
    return clause.this if clause is not None else None


def _right_sides(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Between):
        return [node.args["low"], node.args["high"]]
    if isinstance(node, exp.In):
        query = node.args.get("query")
        return [query] if query is not None else list(node.expressions)
    return [node.expression]


def _projected(query: exp.Expr, node: exp.Expr) -> exp.Expr:
    """Return what an ORDER BY or GROUP BY term stands for: a position or an alias counts."""
    if not isinstance(query, exp.Select):
        return node
    if isinstance(node, exp.Literal) and node.is_int and not query.is_star:
        position = int(node.this) - 1
        return query.expressions[position].unalias() if position < len(query.expressions) else node
    if isinstance(node, exp.Column) and not node.table:
        name = node.name.lower()
        aliased = (e for e in query.expressions if isinstance(e, exp.Alias))
        return next((e.unalias() for e in aliased if e.alias.lower() == name), node)
    return node


def _has_aggregate(query: exp.Expr | None) -> bool:
    if not isinstance(query, exp.Select):
        return query is not None  # a UNION counts as one: its rows are no table's rows
    found = (node for e in query.expressions for node in e.find_all(exp.AggFunc))
    # max(a, b) of several values is a plain function.
    return any(not (isinstance(n, (exp.Max, exp.Min)) and n.expressions) for n in found)
