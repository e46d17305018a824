"""SELECT, compound queries and common tables as PostgreSQL's.

Source: https://www.sqlite.org/lang_select.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.branches import unified
from dbtune.postgres.translation.coercion import as_condition
from dbtune.postgres.translation.from_clause import FromClause, Tables
from dbtune.postgres.translation.grouping import check_grouped, has_aggregate
from dbtune.postgres.translation.ordering import direction, sort_key
from dbtune.postgres.translation.paging import paging
from dbtune.postgres.translation.query_order import (
    ROWS,
    bare,
    collated_again,
    ordinal,
    select_order,
)
from dbtune.postgres.translation.relations import Output, QueryNames, output_term
from dbtune.postgres.translation.scope import fold
from dbtune.postgres.translation.select_list import Entry, SelectBody, select_entries, settled
from dbtune.postgres.translation.terms import TYPE_NAMES, Term, cast
from dbtune.postgres.translation.translator import Names, Translator
from dbtune.postgres.translation.window_clause import named_windows

_SELECT_KNOWN = (
    "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset",
    "distinct", "windows", "with_",
)  # fmt: skip
_OPERATORS: dict[type[exp.Expr], str] = {
    exp.Union: "UNION",
    exp.Except: "EXCEPT",
    exp.Intersect: "INTERSECT",
}


@dataclass(frozen=True)
class Query:
    """A translated query; `single` where it returns one row whatever the data."""

    sql: str
    outputs: tuple[Output, ...]
    ordered: bool = False
    single: bool = False


@dataclass(frozen=True)
class QueryOptions:
    """How a query is wanted: its outputs' names, all of them named, cast to their types."""

    titles: tuple[str, ...] | None = None
    named: bool = False
    casted: bool = False


def translate_query(
    t: Translator,
    node: exp.Expr,
    tables: Tables,
    outside: Names | None,
    options: QueryOptions = QueryOptions(),
) -> Query:
    """Return a query of any form as PostgreSQL's."""
    if isinstance(node, exp.Subquery):
        t.only(node, "this")
        return translate_query(t, node.this, tables, outside, options)
    prefix, tables = with_clause(t, node, tables, outside)
    if isinstance(node, exp.Select):
        found = _select(t, node, tables, outside, options)
    elif isinstance(node, exp.SetOperation):
        found = _compound(t, node, tables, outside, options)
    elif isinstance(node, exp.Values):
        found = _values(t, node, outside, options)
    else:
        t.problem(f"not translatable: {type(node).__name__.upper()}")
        found = Query("SELECT NULL", ())
    return replace(found, sql=prefix + found.sql)


def with_clause(
    t: Translator, node: exp.Expr, tables: Tables, outside: Names | None
) -> tuple[str, Tables]:
    """Return WITH and the tables that the statement behind it may name."""
    clause = node.args.get("with_")
    if clause is None:
        return "", tables
    parts = []
    recursive = False
    for common in clause.expressions:
        name = str(common.args["alias"].this.this)
        titles = tuple(
            str(column.this) for column in common.args["alias"].args.get("columns") or ()
        )
        refers = any(fold(str(table.this)) == fold(name) for table in _tables(common.this))
        if refers:
            recursive = True
            found = _recursive(t, common.this, name, titles, tables, outside)
        else:
            wanted = QueryOptions(titles=titles or None, named=True)
            found = translate_query(t, common.this, tables, outside, wanted)
        tables = tables.with_common(name, found.outputs)
        kept = common.args.get("materialized")
        word = "" if kept is None else "MATERIALIZED " if kept else "NOT MATERIALIZED "
        parts.append(f"{quote_name(name)} AS {word}({found.sql})")
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} ", tables


def _tables(node: exp.Expr) -> list[exp.Expr]:
    return [
        table.this for table in node.find_all(exp.Table) if isinstance(table.this, exp.Identifier)
    ]


def _recursive(
    t: Translator,
    node: exp.Expr,
    name: str,
    titles: tuple[str, ...],
    tables: Tables,
    outside: Names | None,
) -> Query:
    """Return a recursive common table; its types are those of its first part."""
    if not isinstance(node, exp.Union) or any(
        node.args.get(k) for k in ("order", "limit", "offset")
    ):
        t.problem("not translatable: this form of a recursive query")
        return Query("SELECT NULL", ())
    options = QueryOptions(titles=titles or None, named=True, casted=True)
    first = translate_query(t, node.this, tables, outside, options)
    inner = tables.with_common(name, first.outputs)
    kinds = [output.term.kind for output in first.outputs]
    body = _arm(t, node.expression, inner, outside)
    if body is None or len(body.entries) != len(kinds):
        t.problem("not translatable: this form of a recursive query")
        return first
    terms = [
        cast(output.term, kind) if kind in TYPE_NAMES else output.term
        for output, kind in zip(body.outputs, kinds, strict=True)
    ]
    word = "UNION" if node.args.get("distinct") else "UNION ALL"
    return Query(f"{first.sql} {word} {body.sql(terms)}", first.outputs)


def _select(
    t: Translator, node: exp.Expr, tables: Tables, outside: Names | None, options: QueryOptions
) -> Query:
    body, names = _select_body(t, node, tables, outside, options.titles)
    terms = [_casted(term.term) for term in body.outputs] if options.casted else None
    order, wrapped = select_order(t, node, body, names)
    page = paging(t, node, names)
    if not wrapped:
        sql = body.sql(terms, named=options.named) + order + page
    else:
        inner = body.sql(terms, named=True)
        sql = f"SELECT * FROM ({inner}) AS {quote_name(ROWS)}{order}{page}"
    single = body.single or bool(page == " LIMIT 1")
    return Query(sql, body.outputs, ordered=bool(order), single=single)


def _casted(term: Term) -> Term:
    return cast(term, term.kind) if term.kind in TYPE_NAMES else term


def _select_body(
    t: Translator,
    node: exp.Expr,
    tables: Tables,
    outside: Names | None,
    titles: Sequence[str] | None,
) -> tuple[SelectBody, QueryNames]:
    t.only(node, *_SELECT_KNOWN)
    source = FromClause(t, tables, outside, named_subquery)
    source.read(node)
    names = source.names()
    with t.within(names):
        entries = select_entries(t, names, node.expressions, titles)
        aliases = {fold(e.alias): e.output.term for e in entries if e.alias is not None}
        names = replace(names, aliases=aliases)
        t.names = names
        tail = f" FROM {source.sql}" if source.sql else ""
        if node.args.get("where") is not None:
            tail += f" WHERE {as_condition(t, t.term(node.args['where'].this)).sql}"
        grouped, clause = _group(t, node, entries)
        tail += clause
        aggregates = bool(grouped) or any(map(has_aggregate, _judged(node)))
        if aggregates:
            check_grouped(t, names, _judged(node), grouped)
        if node.args.get("having") is not None:
            tail += f" HAVING {as_condition(t, t.term(node.args['having'].this)).sql}"
        tail += named_windows(t, node)
    distinct = _distinct(t, node, entries)
    single = aggregates and not node.args.get("group")
    return SelectBody(entries, distinct, tail, single=single), names


def named_subquery(
    t: Translator, node: exp.Expr, tables: Tables, outside: Names | None
) -> tuple[str, tuple[Output, ...]]:
    """Return a subquery of a FROM clause, all its outputs with names."""
    found = translate_query(t, node, tables, outside, QueryOptions(named=True))
    return found.sql, found.outputs


def _judged(node: exp.Expr) -> list[exp.Expr]:
    """Return what has to be grouped or aggregated: the list, HAVING and ORDER BY."""
    having, order = node.args.get("having"), node.args.get("order")
    parts = list(node.expressions)
    parts += [having.this] if having is not None else []
    return parts + ([ordered.this for ordered in order.expressions] if order is not None else [])


def _group(t: Translator, node: exp.Expr, entries: Sequence[Entry]) -> tuple[list[str], str]:
    """Return the SQL of what is grouped by, and the clause."""
    group = node.args.get("group")
    if group is None:
        return [], ""
    t.only(group, "expressions")
    grouped, written = [], []
    for part in group.expressions:
        position = ordinal(part)
        if position is not None and 0 < position <= len(entries):
            grouped.append(entries[position - 1].output.term.sql)
            written.append(str(position))
            continue
        term = t.term(part)
        if term.kind == "text" and (term.collation or "BINARY") != "BINARY" and not term.is_citext:
            t.difference(f"GROUP BY tells letters apart that {term.collation} does not")
        if term.constant is None:
            grouped.append(term.sql)
            written.append(term.sql)
    return grouped, f" GROUP BY {', '.join(written)}" if written else ""


def _distinct(t: Translator, node: exp.Expr, entries: Sequence[Entry]) -> bool:
    distinct = node.args.get("distinct")
    if distinct is None:
        return False
    t.only(distinct)
    for entry in entries:
        term = entry.output.term
        if term.kind == "json":
            t.problem("not translatable: DISTINCT of a column of type json")
        if term.collation == "NOCASE" and term.kind == "text" and not term.is_citext:
            t.difference("DISTINCT tells letters apart that NOCASE does not")
    return True


def _arm(t: Translator, node: exp.Expr, tables: Tables, outside: Names | None) -> SelectBody | None:
    """Return one SELECT of a compound query."""
    if isinstance(node, exp.Values):
        return _values_body(t, node, outside)
    if not isinstance(node, exp.Select):
        return None
    t.only(node, *(set(_SELECT_KNOWN) - {"order", "limit", "offset", "with_"}))
    return _select_body(t, node, tables, outside, None)[0]


def _arms(node: exp.Expr) -> list[tuple[str, exp.Expr]]:
    """Return the SELECTs of a compound query in order, each with the operator before it."""
    arms: list[tuple[str, exp.Expr]] = []
    while isinstance(node, exp.SetOperation):
        every = "" if node.args.get("distinct") else " ALL"
        arms.append((_OPERATORS[type(node)] + every, node.expression))
        node = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    return [("", node), *reversed(arms)]


def _compound(
    t: Translator, node: exp.Expr, tables: Tables, outside: Names | None, options: QueryOptions
) -> Query:
    t.only(node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
    arms = _arms(node)
    found = [_arm(t, arm, tables, outside) for _, arm in arms]
    bodies = [body for body in found if body is not None]
    if len(bodies) < len(arms) or len({len(body.entries) for body in bodies}) != 1:
        t.problem("not translatable: this form of a compound query")
        return Query("SELECT NULL", ())
    columns = [
        unified(t, [settled(t, body.outputs[i].term) for body in bodies]).terms
        for i in range(len(bodies[0].entries))
    ]
    first = replace(bodies[0], entries=_titled(bodies[0].entries, options.titles))
    order = node.args.get("order")
    named = options.named or order is not None
    sql = ""
    previous = ""
    for k, (operator, _) in enumerate(arms):
        terms = [column[k] for column in columns]
        text = (first if k == 0 else bodies[k]).sql(terms, named=named and k == 0)
        if previous and previous != operator:
            sql = f"({sql})"
        sql = f"{sql} {operator} {text}" if k else text
        previous = operator
    outputs = tuple(
        Output(entry.output.name, _output_of(column))
        for entry, column in zip(first.entries, columns, strict=True)
    )
    return _ordered_compound(t, node, sql, outputs)


def _output_of(column: Sequence[Term]) -> Term:
    """Return what a column of a compound query holds: its type is the first SELECT's."""
    typed = next((term for term in column if term.kind != "null"), column[0])
    return replace(output_term(typed), never_null=all(term.never_null for term in column))


def _titled(entries: tuple[Entry, ...], titles: Sequence[str] | None) -> tuple[Entry, ...]:
    if titles is None:
        return entries
    return tuple(
        replace(entry, alias=title, output=replace(entry.output, name=title), shown=None)
        for entry, title in zip(entries, titles, strict=False)
    )


def _ordered_compound(
    t: Translator, node: exp.Expr, sql: str, outputs: tuple[Output, ...]
) -> Query:
    """Return a compound query with its ORDER BY, which sorts by what it returns."""
    order = node.args.get("order")
    page = paging(t, node, QueryNames(()))
    if order is None:
        return Query(sql + page, outputs)
    keys = []
    for ordered in order.expressions:
        wanted = bare(ordered.this)
        position = ordinal(wanted)
        if position is not None and 0 < position <= len(outputs):
            output: Output | None = outputs[position - 1]
        else:
            is_name = isinstance(wanted, exp.Column)
            name = fold(str(wanted.this.this)) if is_name else ""
            output = next((o for o in outputs if fold(o.name) == name), None)
        if output is None:
            t.problem("not translatable: a compound query ordered by an expression")
            return Query(sql, outputs)
        term = collated_again(ordered.this, replace(output.term, sql=quote_name(output.name)))
        keys.append(sort_key(t, term) + direction(t, term, ordered))
    wrapped = f"SELECT * FROM ({sql}) AS {quote_name(ROWS)}"
    return Query(f"{wrapped} ORDER BY {', '.join(keys)}{page}", outputs, ordered=True)


def _values(t: Translator, node: exp.Expr, outside: Names | None, options: QueryOptions) -> Query:
    body = _values_body(t, node, outside)
    entries = _titled(body.entries, options.titles)
    sql = body.tail
    if options.named or options.titles is not None:
        names = ", ".join(quote_name(entry.output.name) for entry in entries)
        sql = f"SELECT * FROM ({sql}) AS {quote_name(ROWS)} ({names})"
    return Query(sql, tuple(entry.output for entry in entries))


def _values_body(t: Translator, node: exp.Expr, outside: Names | None) -> SelectBody:
    """Return VALUES; all of it stands in the tail."""
    with t.within(QueryNames((), outside)):
        rows = [[settled(t, t.term(item)) for item in row.expressions] for row in node.expressions]
    if not rows or len({len(row) for row in rows}) != 1:
        t.problem("not translatable: VALUES with rows of different lengths")
        return SelectBody((), False, "")
    columns = [unified(t, [row[i] for row in rows]) for i in range(len(rows[0]))]
    listed = ", ".join(
        f"({', '.join(column.terms[k].sql for column in columns)})" for k in range(len(rows))
    )
    entries = tuple(
        Entry(Output(f"column{i + 1}", Term("", column.kind, extracted=column.extracted)))
        for i, column in enumerate(columns)
    )
    return SelectBody(entries, False, f"VALUES {listed}")
