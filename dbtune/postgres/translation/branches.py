"""One type for the values of which an expression returns one: CASE, COALESCE, IIF, UNION."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbtune.postgres.translation.coercion import as_double, as_number, as_text, stored_number
from dbtune.postgres.translation.comparison import class_of
from dbtune.postgres.translation.json_values import json_element
from dbtune.postgres.translation.moments import moment_literal
from dbtune.postgres.translation.terms import ATOM, MOMENTS, NUMBERS, Constant, Kind, Term, cast
from dbtune.postgres.translation.translator import Translator

MIXED = "numbers in a column that holds texts too are texts on PostgreSQL"


@dataclass(frozen=True)
class Branches:
    """Values of one type; `extracted` where they are values taken out of JSON documents."""

    kind: Kind
    terms: tuple[Term, ...]
    extracted: bool = False

    def term(self, sql: str, *, never_null: bool = False) -> Term:
        """Return an expression that returns one of them."""
        return Term(sql, self.kind, ATOM, extracted=self.extracted, never_null=never_null)


def unified(t: Translator, terms: Sequence[Term]) -> Branches:
    """Return terms made one type; placeholders take the others' type."""
    terms = [stored_number(term) or term for term in terms]
    typed = [term for term in terms if term.kind not in {"null", "any"}]
    if any(class_of(term) == "mixed" for term in typed):
        t.difference(MIXED)
    kinds = {term.kind for term in typed}
    if any(term.extracted for term in typed):
        return Branches("jsonb", tuple(_element(t, term) for term in terms), extracted=True)
    if not kinds:
        return Branches("text", tuple(as_text(t, term) for term in terms))
    kind = _common(t, typed, kinds)
    return Branches(kind, tuple(converted(t, term, kind) for term in terms))


def converted(t: Translator, term: Term, kind: Kind) -> Term:
    """Return a term as a kind that it can become without loss."""
    if term.placeholder is not None:
        return t.parameter(term, kind)
    if term.kind == "null":
        return Term("NULL", "null")
    if term.kind == kind:
        return term
    if kind == "boolean":
        known = None if term.constant is None else term.constant.value
        return Term("TRUE" if known else "FALSE", "boolean", constant=Constant(known))
    if kind == "double":
        return as_double(t, term)
    if kind in NUMBERS:
        number = as_number(t, term)
        return number if number.kind == kind else cast(number, kind)
    if kind in MOMENTS:
        return Term(_moment_sql(term, kind) or "NULL", kind)
    return as_text(t, term)


def _element(t: Translator, term: Term) -> Term:
    if term.placeholder is not None:
        term = as_text(t, term)
    return term if term.kind == "null" else json_element(term)


def _common(t: Translator, typed: Sequence[Term], kinds: set[Kind]) -> Kind:
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds <= NUMBERS | {"boolean"}:
        if kinds == {"boolean", "integer"} and all(map(_is_truth, typed)):
            return "boolean"
        order: tuple[Kind, ...] = ("double", "numeric", "integer")
        return next(kind for kind in order if kind in kinds)
    moments = kinds & MOMENTS
    if len(moments) == 1 and kinds <= moments | {"text"}:
        kind = next(iter(moments))
        if all(_moment_sql(term, kind) is not None for term in typed if term.kind == "text"):
            return kind
    if kinds & (NUMBERS | {"boolean", "bytes"}):
        t.difference("values of several types in one expression are all text on PostgreSQL")
    return "text"


def _is_truth(term: Term) -> bool:
    return term.kind == "boolean" or (term.constant is not None and term.constant.value in (0, 1))


def _moment_sql(term: Term, kind: Kind) -> str | None:
    value = None if term.constant is None else term.constant.value
    return moment_literal(value, kind) if isinstance(value, str) else None
