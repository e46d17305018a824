"""FROM and JOIN as PostgreSQL's, and the relations that they bring.

Source: https://www.sqlite.org/lang_select.html#fromclause
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.coercion import as_condition
from dbtune.postgres.translation.json_functions import document, json_path
from dbtune.postgres.translation.relations import (
    Output,
    QueryNames,
    Relation,
    output_term,
    query_relation,
    table_relation,
)
from dbtune.postgres.translation.scope import Scope, fold
from dbtune.postgres.translation.terms import OTHER, Term, quote_text
from dbtune.postgres.translation.translator import Names, Translator

_SYSTEM_TABLES = frozenset(
    "sqlite_master sqlite_schema sqlite_temp_master sqlite_temp_schema sqlite_sequence"
    " sqlite_stat1 sqlite_stat4 dbstat".split()
)
_JOIN_KNOWN = ("this", "on", "using", "side", "kind", "method")


@dataclass(frozen=True)
class Tables:
    """What a FROM clause may name: planned tables and views, and the query's common tables."""

    scopes: Mapping[str, Scope]
    common: Mapping[str, tuple[Output, ...]] = field(default_factory=dict)

    def with_common(self, name: str, outputs: tuple[Output, ...]) -> Tables:
        """Return them with one more common table."""
        return replace(self, common={**self.common, fold(name): outputs})


# Translates a subquery whose outputs must have names: (translator, node, tables, outside names).
Subquery = Callable[[Translator, exp.Expr, Tables, "Names | None"], tuple[str, tuple[Output, ...]]]


@dataclass
class FromClause:
    """A FROM clause under translation."""

    translator: Translator
    tables: Tables
    outside: Names | None
    subquery: Subquery
    relations: list[Relation] = field(default_factory=list)
    sql: str = ""

    def read(self, select: exp.Expr) -> None:
        """Translate the FROM clause and joins of a SELECT."""
        start = select.args.get("from_")
        if start is None:
            return
        self.sql = self._item(start.this)
        for join in select.args.get("joins") or ():
            self._join(join)

    def names(self) -> QueryNames:
        """Return what names mean behind what was read so far."""
        return QueryNames(tuple(self.relations), self.outside)

    def _join(self, join: exp.Expr) -> None:
        t = self.translator
        t.only(join, *_JOIN_KNOWN)
        side, kind = str(join.args.get("side") or ""), str(join.args.get("kind") or "")
        before = len(self.relations)
        item = self._item(join.this)
        self._note_nulls(side, before)
        using = [str(name.this) for name in join.args.get("using") or ()]
        if str(join.args.get("method") or "") == "NATURAL":
            using = self._shared(before)
        if using:
            self._merge(using, before)
            listed = ", ".join(map(quote_name, self._targets(using, before)))
            self.sql += f" {side or 'INNER'} JOIN {item} USING ({listed})"
            return
        on = join.args.get("on")
        if on is None or (isinstance(on, exp.Boolean) and on.this and not side):
            cross = kind in {"CROSS", "INNER", ""} and not side
            self.sql += f" CROSS JOIN {item}" if cross else f" {side} JOIN {item} ON TRUE"
            return
        with t.within(self.names()):
            condition = as_condition(t, t.term(on))
        self.sql += f" {side or 'INNER'} JOIN {item} ON {condition.sql}"

    def _note_nulls(self, side: str, before: int) -> None:
        """Take columns of the optional sides of an outer join as possibly NULL."""
        for position, relation in enumerate(self.relations):
            optional = position >= before if side == "LEFT" else position < before
            if side == "FULL" or (side in {"LEFT", "RIGHT"} and optional):
                self.relations[position] = relation.nullable()

    def _shared(self, before: int) -> list[str]:
        earlier = {fold(c[0]) for relation in self.relations[:before] for c in relation.columns}
        later = [c[0] for relation in self.relations[before:] for c in relation.columns]
        return [name for name in later if fold(name) in earlier]

    def _merge(self, using: list[str], before: int) -> None:
        merged = frozenset(map(fold, using))
        for position in range(before, len(self.relations)):
            self.relations[position] = replace(self.relations[position], merged=merged)

    def _targets(self, using: list[str], before: int) -> list[str]:
        """Return the names that USING lists on PostgreSQL, the same on both sides there."""
        targets = []
        for name in using:
            found = [relation.find(name) for relation in self.relations]
            sides = [
                [column[0] for column in part if column is not None]
                for part in (found[:before], found[before:])
            ]
            if not sides[0] or not sides[1] or sides[0][0] != sides[1][0]:
                self.translator.problem(f"not translatable: USING ({name})")
                continue
            targets.append(sides[0][0])
        return targets

    def _item(self, node: exp.Expr) -> str:
        t = self.translator
        if isinstance(node, exp.Table):
            return self._table(node)
        alias = str(node.args["alias"].this.this) if node.args.get("alias") else None
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and alias is None:
            return self._group(node.this)
        if not isinstance(node, (exp.Subquery, exp.Values)):
            t.problem(f"not translatable: {type(node).__name__.upper()} in FROM")
            return "NULL"
        inner = node.this if isinstance(node, exp.Subquery) else node
        sql, outputs = self.subquery(t, inner, self.tables, self.outside)
        label = alias or f"dbtune_{len(self.relations) + 1}"
        self.relations.append(query_relation(label, outputs))
        return f"({sql}) AS {quote_name(label)}"

    def _group(self, table: exp.Expr) -> str:
        """Return joins in parentheses."""
        outer, self.sql = self.sql, ""
        self.sql = self._table(table)
        for join in table.args.get("joins") or ():
            self._join(join)
        inner, self.sql = self.sql, outer
        return f"({inner})"

    def _table(self, node: exp.Expr) -> str:
        t = self.translator
        t.only(node, "this", "db", "alias", "joins", "indexed")
        alias = str(node.args["alias"].this.this) if node.args.get("alias") else None
        if isinstance(node.this, exp.Anonymous):
            return self._table_function(node.this, alias)
        if isinstance(node.args.get("indexed"), exp.Expr):
            t.difference("INDEXED BY is left out: PostgreSQL chooses its indexes itself")
        name, schema = str(node.this.this), node.args.get("db")
        if schema is not None and fold(str(schema.this)) not in {"main", "temp"}:
            t.problem(f"not translatable: the attached database {schema.this}")
            return "NULL"
        common = self.tables.common.get(fold(name)) if schema is None else None
        if common is not None:
            relation = query_relation(alias or name, common)
            self.relations.append(relation)
            return quote_name(name) + (f" AS {quote_name(alias)}" if alias else "")
        scope = self.tables.scopes.get(fold(name))
        if scope is None:
            system = fold(name) in _SYSTEM_TABLES
            t.problem(f"not translatable: {name}" if system else f"there is no table {name}")
            return "NULL"
        self.relations.append(table_relation(scope, alias))
        return quote_name(scope.target) + (f" AS {quote_name(alias)}" if alias else "")

    def _table_function(self, node: exp.Expr, alias: str | None) -> str:
        t = self.translator
        name = str(node.this).lower()
        if name != "json_each" or not 1 <= len(node.expressions) <= 2:
            t.problem(f"not translatable: {name}() in FROM")
            return "NULL"
        with t.within(self.names()):
            value = document(t, t.term(node.expressions[0]))
            path = t.term(node.expressions[1]) if len(node.expressions) > 1 else None
        label = alias or name
        self.relations.append(_each_relation(label))
        return f"LATERAL ({_json_each(t, value, path)}) AS {quote_name(label)}"


def _each_relation(label: str) -> Relation:
    extracted = Term("", "jsonb", extracted=True)
    outputs = (
        Output("key", extracted),
        Output("value", extracted),
        Output("type", Term("", "text")),
        Output("atom", extracted),
    )
    columns = tuple((o.name, o.name, output_term(o.term)) for o in outputs)
    return Relation(label, label, columns)


def _json_each(t: Translator, value: Term, path: Term | None) -> str:
    """Return the members of an object or array as rows, as json_each() does."""
    sql = value.sql
    if path is not None:
        known = None if path.constant is None else path.constant.value
        steps = json_path(known) if isinstance(known, str) else None
        if steps is None:
            t.problem("not translatable: a JSON path that is no plain literal")
        array = quote_text("{" + ",".join(f'"{part}"' for part in steps or ()) + "}")
        sql = f"({value.at(OTHER)} #> {array})"
    kind = f"jsonb_typeof({sql})"
    members = (
        "SELECT to_jsonb(m.key) AS key, m.value FROM"
        f" jsonb_each(CASE {kind} WHEN 'object' THEN {sql} ELSE '{{}}'::jsonb END) AS m"
    )
    elements = (
        "SELECT to_jsonb(a.ordinality - 1), a.value FROM jsonb_array_elements("
        f"CASE {kind} WHEN 'array' THEN {sql} ELSE '[]'::jsonb END) WITH ORDINALITY AS a"
    )
    # A document that is one value has one row.
    single = f"SELECT NULL::jsonb, {sql} WHERE {kind} NOT IN ('object', 'array')"
    number = "CASE WHEN e.value::text ~ '[.eE]' THEN 'real' ELSE 'integer' END"
    type_of = (
        f"CASE jsonb_typeof(e.value) WHEN 'string' THEN 'text' WHEN 'number' THEN {number}"
        " WHEN 'boolean' THEN e.value::text ELSE jsonb_typeof(e.value) END"
    )
    present = "NULLIF(e.value, 'null'::jsonb)"
    atom = f"CASE WHEN jsonb_typeof(e.value) NOT IN ('object', 'array') THEN {present} END"
    return (
        f"SELECT e.key, {present} AS value, {type_of} AS type, {atom} AS atom"
        f" FROM ({members} UNION ALL {elements} UNION ALL {single}) AS e"
    )
