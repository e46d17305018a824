"""ORDER BY as SQLite sorts: NULLs first, texts byte by byte.

Source: https://www.sqlite.org/lang_select.html#orderby
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from dbtune.postgres.translation.coercion import as_text
from dbtune.postgres.translation.comparison import class_of, collated, ordered_text
from dbtune.postgres.translation.terms import Term
from dbtune.postgres.translation.translator import Translator

MIXED = "values of several types in one column sort otherwise on PostgreSQL"
COLLATED = "texts sort by the database's collation on PostgreSQL"
NULLS = "NULLs sort last on PostgreSQL, first in SQLite"


def order_terms(t: Translator, nodes: Sequence[exp.Expr]) -> str:
    """Return the terms of an ORDER BY whose expressions stand for themselves."""
    terms = [order_term(t, t.term(node.this), node) for node in nodes]
    return ", ".join(terms)


def order_term(t: Translator, term: Term, node: exp.Expr) -> str:
    """Return one term of an ORDER BY with its direction and the place of NULLs."""
    return sort_key(t, term) + direction(t, term, node)


def sort_key(t: Translator, term: Term) -> str:
    """Return what to sort by, so that PostgreSQL sorts as SQLite does."""
    if term.extracted or class_of(term) == "mixed":
        t.difference(MIXED)
        return term.sql
    if term.kind in {"json", "jsonb", "any"}:
        term = as_text(t, term)
    if term.kind != "text":
        return term.sql
    collation = term.collation or "BINARY"
    text = collated(t, term, collation)
    if not t.options.byte_order and text.instant is None and collation != "NOCASE":
        t.difference(COLLATED)
    return text.sql if collation == "NOCASE" else ordered_text(t, text)


def direction(t: Translator, term: Term, node: exp.Expr) -> str:
    """Return ` DESC` and ` NULLS FIRST` where they are needed."""
    descending = bool(node.args.get("desc"))
    # sqlglot fills in what SQLite does by itself: NULLs are its smallest values.
    asked = bool(node.args.get("nulls_first"))
    word = " DESC" if descending else ""
    if term.never_null or asked == descending:
        return word
    if not t.options.nulls_order:
        t.difference(NULLS)
        return word
    return f"{word} NULLS {'FIRST' if asked else 'LAST'}"
