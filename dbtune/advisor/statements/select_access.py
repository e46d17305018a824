"""What one SELECT asks of each of its tables, read from sqlglot's qualified tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from dbtune.advisor.statements.comparisons import comparison, conjuncts, partial_condition
from dbtune.advisor.statements.dialect import to_sql
from dbtune.model.schema import Column, Table
from dbtune.sqlite.identifiers import quote_identifier


@dataclass(frozen=True)
class Term:
    """One key of a possible index: its SQL, and the column if it is a plain one.

    `inner` are columns that the statement reads within this expression and nowhere else.
    """

    sql: str
    column: str | None
    descending: bool = False
    inner: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Link:
    """A column that is joined to another table's."""

    column: str
    other_table: str
    other_column: str


@dataclass(frozen=True)
class TableAccess:
    """What one use of a table in one SELECT asks of it, with names as the schema spells them.

    `orders` and `groups` are leading runs of terms in clause order. `filters` are all columns
    that conditions on this table alone look at, those that no index can search too.
    `conditions` are comparisons with literals and NULL tests as (SQL, column) that could make an
    index partial.
    `needed` are all columns read; `cover` is False where the row itself is written.
    """

    table: str
    equalities: tuple[Term, ...] = ()
    joins: tuple[Term, ...] = ()
    ranges: tuple[Term, ...] = ()
    prefixes: tuple[Term, ...] = ()
    orders: tuple[tuple[Term, ...], ...] = ()
    groups: tuple[tuple[Term, ...], ...] = ()
    extremes: tuple[Term, ...] = ()
    filters: tuple[Term, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    arms: tuple[tuple[Term, ...], ...] = ()
    needed: frozenset[str] = frozenset()
    cover: bool = True
    links: tuple[Link, ...] = ()


@dataclass
class _Draft:
    """A TableAccess while its SELECT is being read."""

    table: Table
    equalities: dict[Term, None] = field(default_factory=dict)
    joins: dict[Term, None] = field(default_factory=dict)
    ranges: dict[Term, None] = field(default_factory=dict)
    prefixes: dict[Term, None] = field(default_factory=dict)
    orders: dict[tuple[Term, ...], None] = field(default_factory=dict)
    groups: dict[tuple[Term, ...], None] = field(default_factory=dict)
    extremes: dict[Term, None] = field(default_factory=dict)
    filters: dict[Term, None] = field(default_factory=dict)
    conditions: dict[tuple[str, str], None] = field(default_factory=dict)
    arms: dict[tuple[Term, ...], None] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    links: dict[Link, None] = field(default_factory=dict)

    def freeze(self, cover: bool) -> TableAccess:
        return TableAccess(
            self.table.name,
            equalities=tuple(self.equalities),
            joins=tuple(self.joins),
            ranges=tuple(self.ranges),
            prefixes=tuple(self.prefixes),
            orders=tuple(self.orders),
            groups=tuple(self.groups),
            extremes=tuple(self.extremes),
            filters=tuple(self.filters),
            conditions=tuple(self.conditions),
            arms=tuple(self.arms),
            needed=frozenset(self.needed),
            links=tuple(self.links),
            cover=cover,
        )


class SelectReader:
    """Reads one SELECT of a qualified tree."""

    def __init__(self, scope: Scope, tables: dict[str, Table], cover: bool) -> None:
        self._select = scope.expression
        self._cover = cover
        self._drafts = {
            alias.lower(): _Draft(tables[source.name.lower()])
            for alias, source in scope.sources.items()
            if isinstance(source, exp.Table) and source.name.lower() in tables
        }

    def read(self) -> Iterator[TableAccess]:
        if not self._drafts:
            return
        for column in self._select.find_all(exp.Column):
            draft = self._draft(column)
            name = self._name(column)
            if draft and name:
                draft.needed.add(name)
        for condition in self._conditions():
            self._read_condition(condition)
        self._read_orders()
        for draft in self._drafts.values():
            yield draft.freeze(self._cover)

    def _conditions(self) -> Iterator[exp.Expr]:
        where = self._select.args.get("where")
        if where is not None:
            yield where.this
        for join in self._select.args.get("joins") or ():
            if join.args.get("on") is not None:
                yield join.args["on"]

    def _read_condition(self, node: exp.Expr) -> None:
        for part in conjuncts(node):
            self._read_filter(part)
            if isinstance(part, exp.Or):
                self._read_or(part)
            else:
                self._read_predicate(part, self._drafts)

    def _read_filter(self, node: exp.Expr) -> None:
        """Note the columns of a condition on one table, and what only a partial index can use."""
        alias = self._alias(node)
        if alias is None or node.find(exp.Select):
            return
        draft = self._drafts[alias]
        terms = [self._plain_term(column, None) for column in node.find_all(exp.Column)]
        draft.filters.update(dict.fromkeys(term for term in terms if term))
        unsearched = node.this if isinstance(node, (exp.NEQ, exp.Not)) else None
        if isinstance(unsearched, exp.Column) and (term := self._plain_term(unsearched, None)):
            condition = partial_condition(node, term.sql, term.column)
            if condition:
                draft.conditions.setdefault(condition)

    def _read_or(self, node: exp.Or) -> None:
        # SQLite answers an OR with one index an arm (MULTI-INDEX OR), so each arm stands alone.
        for arm in node.flatten():
            drafts = {alias: _Draft(draft.table) for alias, draft in self._drafts.items()}
            for part in conjuncts(arm):
                self._read_predicate(part, drafts)
            for alias, draft in drafts.items():
                terms = (*draft.equalities, *draft.joins, *draft.ranges, *draft.prefixes)
                if terms:
                    self._drafts[alias].arms.setdefault(terms)

    def _read_predicate(self, node: exp.Expr, drafts: dict[str, _Draft]) -> None:
        found = comparison(node)
        if found is None:
            return
        kind, left, rights, collation = found
        sides = [(left, rights)]
        if len(rights) == 1 and kind in {"equality", "range"}:
            sides.append((rights[0], [left]))
        for side, others in sides:
            self._read_side(node, kind, side, others, collation, drafts)

    def _read_side(
        self,
        node: exp.Expr,
        kind: str,
        side: exp.Expr,
        others: list[exp.Expr],
        collation: str | None,
        drafts: dict[str, _Draft],
    ) -> None:
        alias = self._alias(side)
        if alias is None or any(
            alias == c.table.lower() for o in others for c in o.find_all(exp.Column)
        ):
            return
        # LIKE can use an index under NOCASE only.
        term = self._term(side, "NOCASE" if kind == "prefix" else collation)
        if term is None:
            return
        draft = drafts[alias]
        if kind == "prefix":
            draft.prefixes.setdefault(term)
        elif kind == "range":
            draft.ranges.setdefault(term)
        elif any(o.find(exp.Column) for o in others):
            draft.joins.setdefault(term)
            self._read_link(draft, term, others)
        else:
            draft.equalities.setdefault(term)
        condition = partial_condition(node, term.sql, term.column)
        if condition:
            draft.conditions.setdefault(condition)

    def _read_link(self, draft: _Draft, term: Term, others: list[exp.Expr]) -> None:
        """Note what a plain column joins, if that is a plain column of another table."""
        other = others[0] if len(others) == 1 else None
        if term.column is None or not isinstance(other, exp.Column):
            return
        joined, name = self._draft(other), self._name(other)
        if joined is not None and name is not None and joined.table.name != draft.table.name:
            draft.links.setdefault(Link(term.column, joined.table.name, name))

    def _read_orders(self) -> None:
        select = self._select
        aliases = {e.alias.lower(): e.this for e in select.expressions if isinstance(e, exp.Alias)}
        order = select.args.get("order")
        if order is not None:
            self._put_run(order.expressions, aliases, "orders")
        group = select.args.get("group")
        if group is not None:
            self._put_run(group.expressions, aliases, "groups")
        if select.args.get("distinct") is not None:
            self._put_run([e.unalias() for e in select.expressions], aliases, "groups")
        for counted in select.find_all(exp.Distinct):
            if isinstance(counted.parent, exp.AggFunc):
                self._put_run(counted.expressions, aliases, "groups")
        for window in select.find_all(exp.Window):
            sorted_by = window.args.get("order")
            run = [
                *window.args.get("partition_by", ()),
                *(sorted_by.expressions if sorted_by else ()),
            ]
            self._put_run(run, aliases, "orders")
        for extreme in select.find_all(exp.Min, exp.Max):
            alias = self._alias(extreme.this)
            term = self._term(extreme.this, None)
            if alias and term:
                self._drafts[alias].extremes.setdefault(term)

    def _put_run(
        self, nodes: Iterable[exp.Expr], aliases: dict[str, exp.Expr], clause: str
    ) -> None:
        run: list[Term] = []
        owner: str | None = None
        for node in nodes:
            inner = self._resolve(node, aliases)
            alias, term = self._alias(inner), self._term(inner, None)
            if alias is None or term is None or owner not in {None, alias}:
                break
            owner = alias
            descending = bool(isinstance(node, exp.Ordered) and node.args.get("desc"))
            run.append(replace(term, descending=descending))
        if owner is not None:
            getattr(self._drafts[owner], clause).setdefault(tuple(run))

    def _resolve(self, node: exp.Expr, aliases: dict[str, exp.Expr]) -> exp.Expr:
        inner: exp.Expr = node.this if isinstance(node, exp.Ordered) else node
        if isinstance(inner, exp.Literal) and inner.is_int:
            position = int(inner.this) - 1
            if 0 <= position < len(self._select.expressions):
                projection: exp.Expr = self._select.expressions[position].unalias()
                return projection
        if isinstance(inner, exp.Column) and not inner.table:
            return aliases.get(inner.name.lower(), inner)
        return inner

    def _draft(self, column: exp.Column) -> _Draft | None:
        return self._drafts.get(column.table.lower())

    def _column(self, column: exp.Column) -> Column | None:
        draft = self._draft(column)
        if draft is None:
            return None
        folded = column.name.lower()
        return next((c for c in draft.table.columns if c.name.lower() == folded), None)

    def _name(self, column: exp.Column) -> str | None:
        found = self._column(column)
        return found.name if found else None

    def _alias(self, node: exp.Expr) -> str | None:
        """Return the one table alias whose columns the node is made of, if they are ours."""
        aliases = {c.table.lower() for c in node.find_all(exp.Column)}
        alias = aliases.pop() if len(aliases) == 1 else None
        return alias if alias in self._drafts else None

    def _term(self, node: exp.Expr, collation: str | None) -> Term | None:
        if isinstance(node, exp.Collate):
            collation = node.expression.name
            node = node.this
        collation = collation.upper() if collation else None
        suffix = f" COLLATE {collation}" if collation else ""
        if isinstance(node, exp.Column):
            return self._plain_term(node, collation)
        if node.find(exp.Select, exp.AggFunc, exp.Window, exp.Placeholder, exp.Parameter):
            return None
        if not isinstance(node, (exp.Func, exp.Binary, exp.Cast)) or isinstance(
            node, exp.Connector
        ):
            return None
        bare = node.copy()
        for column in bare.find_all(exp.Column):
            name = self._name(column)
            if name is None:
                return None
            column.replace(
                exp.column(exp.to_identifier(name, quoted=quote_identifier(name) != name))
            )
        return Term(to_sql(bare) + suffix, None, inner=self._only_within(node))

    def _only_within(self, node: exp.Expr) -> frozenset[str]:
        """Return the columns that the statement reads in this expression and nowhere else."""
        everywhere = Counter(map(self._name, self._select.find_all(exp.Column)))
        same = (found for found in self._select.find_all(type(node)) if found == node)
        within = Counter(self._name(c) for found in same for c in found.find_all(exp.Column))
        return frozenset(n for n, count in within.items() if n and count >= everywhere[n])

    def _plain_term(self, node: exp.Column, collation: str | None) -> Term | None:
        column = self._column(node)
        if column is None:
            return None
        name = quote_identifier(column.name)
        if collation is None or collation == column.collation.upper():
            return Term(name, column.name)
        return Term(f"{name} COLLATE {collation}", column.name)
