"""ORDER BY of a query: outputs come before columns, and a key may need the query wrapped.

Source: https://www.sqlite.org/lang_select.html#orderby
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dbtune.postgres.names import quote_name
from dbtune.postgres.translation.ordering import direction, sort_key
from dbtune.postgres.translation.relations import QueryNames, output_term
from dbtune.postgres.translation.scope import fold
from dbtune.postgres.translation.select_list import Entry, SelectBody, settled
from dbtune.postgres.translation.terms import ATOM, Term
from dbtune.postgres.translation.translator import Translator

# What a query is called around which another is wrapped.
ROWS = "dbtune_rows"


def select_order(
    t: Translator, node: exp.Expr, body: SelectBody, names: QueryNames
) -> tuple[str, bool]:
    """Return ORDER BY, and whether the query has to be wrapped for it."""
    order = node.args.get("order")
    if order is None:
        return "", False
    by_alias = {fold(e.alias): e for e in body.entries if e.alias is not None}
    keys: list[tuple[str, str, Entry | None]] = []
    # PostgreSQL calls CAST(id AS TEXT) "id", and a bare name in ORDER BY is such an output first.
    qualify = not body.distinct and any(e.alias is None and not _is_column(e) for e in body.entries)
    with t.within(replace(names, qualify=qualify)):
        for ordered in order.expressions:
            entry = _ordered_entry(ordered.this, body, by_alias)
            term = entry.output.term if entry is not None else t.term(bare(ordered.this))
            term = collated_again(ordered.this, term)
            if term.constant is not None and entry is None:
                continue
            if body.distinct and entry is None:
                entry = next((e for e in body.entries if e.output.term.sql == term.sql), None)
                if entry is None:
                    t.problem("not translatable: DISTINCT ordered by what it does not return")
            keys.append((sort_key(t, settled(t, term)), direction(t, term, ordered), entry))
    wrapped = body.distinct and any(
        entry is not None and key != entry.output.term.sql for key, _, entry in keys
    )
    if not keys:
        return "", False
    if wrapped:
        written = [_wrapped_key(t, entry, key) + way for key, way, entry in keys]
    else:
        written = [key + way for key, way, _ in keys]
    return f" ORDER BY {', '.join(written)}", wrapped


def _is_column(entry: Entry) -> bool:
    term = entry.output.term
    return term.column is not None and term.level == ATOM


def _wrapped_key(t: Translator, entry: Entry | None, key: str) -> str:
    if entry is None:
        return key
    term = replace(output_term(entry.output.term), sql=quote_name(entry.alias or entry.output.name))
    return sort_key(t, term)


def _ordered_entry(node: exp.Expr, body: SelectBody, by_alias: dict[str, Entry]) -> Entry | None:
    node = bare(node)
    position = ordinal(node)
    if position is not None:
        return body.entries[position - 1] if 0 < position <= len(body.entries) else None
    if isinstance(node, exp.Column) and not node.args.get("table"):
        return by_alias.get(fold(str(node.this.this)))
    return None


def bare(node: exp.Expr) -> exp.Expr:
    """Return a term of ORDER BY without its COLLATE."""
    return node.this if isinstance(node, exp.Collate) else node


def collated_again(node: exp.Expr, term: Term) -> Term:
    """Return an output with the COLLATE that ORDER BY gives it."""
    if not isinstance(node, exp.Collate):
        return term
    name = str(node.expression.this).upper()
    return replace(term, collation=name, explicit_collation=True)


def ordinal(node: exp.Expr) -> int | None:
    """Return the number that a bare literal names an output by."""
    is_number = isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit()
    return int(str(node.this)) if is_number else None
