"""Comparing two terms as SQLite does: affinity, storage classes, collations, dates as text.

Source: https://www.sqlite.org/datatype3.html#comparison_expressions
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.postgres.translation.coercion import (
    NUMBER_PATTERN,
    as_number,
    as_text,
    constant_term,
    stored_number,
    text_of,
    whole_number,
)
from dbtune.postgres.translation.json_comparison import compare_extracted
from dbtune.postgres.translation.moments import compare_moments, parameter_kind
from dbtune.postgres.translation.terms import (
    COMPARISON,
    IS,
    MOMENTS,
    NUMBERS,
    OTHER,
    Term,
    cast,
    quote_bytes,
)
from dbtune.postgres.translation.translator import Translator

_NULL_SAFE = {"IS": "IS NOT DISTINCT FROM", "IS NOT": "IS DISTINCT FROM"}
_ORDERING = frozenset({"<", "<=", ">", ">="})
# What SQLite sorts first: numbers, texts, blobs.
_RANKS = {"number": 0, "text": 1, "blob": 2}
_NUMERIC = frozenset({"integer", "real", "numeric"})
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Comparison:
    """Two sides that PostgreSQL compares with `operator`."""

    left: str
    operator: str
    right: str

    def term(self) -> Term:
        """Return it as a condition."""
        level = IS if self.operator.startswith("IS") else COMPARISON
        return Term(f"{self.left} {self.operator} {self.right}", "boolean", level)


def compare(t: Translator, left: Term, operator: str, right: Term) -> Term:
    """Return `left operator right`; the operator is =, <>, <, <=, >, >=, IS or IS NOT."""
    found = comparison(t, left, operator, right)
    return found.term() if isinstance(found, Comparison) else found


def comparison(t: Translator, left: Term, operator: str, right: Term) -> Comparison | Term:
    """Return the two sides made comparable, or a term where there is nothing to compare."""
    if "null" in (left.kind, right.kind):
        return _with_null(left, operator, right)
    if left.extracted or right.extracted:
        return compare_extracted(t, left, operator, right)
    collation = _collation(left, right)
    left, right = _adopted(t, left, right)
    left, right = _with_affinity(t, left, right), _with_affinity(t, right, left)
    moment = compare_moments(t, left, operator, right)
    if moment is not None:
        return moment if isinstance(moment, Term) else Comparison(*moment)
    classes = (class_of(left), class_of(right))
    if "boolean" in (left.kind, right.kind) and classes == ("number", "number"):
        return _with_boolean(t, left, operator, right)
    if "mixed" in classes:
        return _mixed(t, left, operator, right)
    if classes == ("number", "number"):
        return _plain(_number(t, left, right), operator, _number(t, right, left))
    if classes == ("text", "text"):
        return _texts(t, left, operator, right, collation)
    if classes == ("blob", "blob"):
        return _blobs(t, left, operator, right)
    return _across(t, left, operator, right)


def class_of(term: Term) -> str:
    """Return what SQLite sees: "number", "text", "blob", or "mixed" where it differs by row."""
    column = term.column
    if term.kind in NUMBERS or term.kind == "boolean":
        return "number"
    if column is not None and stored_number(term) is not None:
        return "number"
    if column is not None and term.kind in {"text", "bytes"}:
        counts = column.counts
        stored = (counts.integers + counts.reals > 0, counts.texts > 0, counts.blobs > 0)
        if sum(stored) > 1 or (term.kind == "text" and stored[0]):
            return "mixed"
    if term.kind == "bytes" or (column is not None and column.storage == "blob"):
        return "blob"
    return "text"


def ordered_text(t: Translator, term: Term) -> str:
    """Return a text so that it is ordered byte by byte, where that was asked for."""
    plain = not t.options.byte_order or term.instant is not None or term.is_citext
    return term.at(OTHER + 1) if plain else f'{term.at(OTHER + 1)} COLLATE "C"'


def collated(t: Translator, term: Term, collation: str) -> Term:
    """Return a text as a collation of SQLite's compares it."""
    if collation == "NOCASE" and not term.is_citext:
        return Term(f'lower({term.sql} COLLATE "C")', "text", never_null=term.never_null)
    if collation == "RTRIM":
        return Term(f"rtrim({term.sql}, ' ')", "text", never_null=term.never_null)
    if collation not in {"BINARY", "NOCASE"}:
        t.problem(f"not translatable: the collation {collation}")
    if collation == "BINARY" and term.is_citext:
        return cast(term, "text")
    return term


def always(value: bool, *terms: Term) -> Term:
    """Return a condition of this value, but NULL where one of the terms is NULL."""
    nullable = [term.at(IS + 1) for term in terms if not term.never_null]
    if not nullable:
        return Term("TRUE" if value else "FALSE", "boolean")
    if value:
        sql = " AND ".join(f"{sql} IS NOT NULL" for sql in nullable)
        return Term(f"({sql} OR NULL::boolean)", "boolean")
    sql = " OR ".join(f"{sql} IS NULL" for sql in nullable)
    return Term(f"(({sql}) AND NULL::boolean)", "boolean")


def _with_null(left: Term, operator: str, right: Term) -> Term:
    if operator not in _NULL_SAFE:
        return Term("NULL::boolean", "boolean")
    other = left if right.kind == "null" else right
    sql = f"{other.at(IS + 1)} {'IS NULL' if operator == 'IS' else 'IS NOT NULL'}"
    return Term(sql, "boolean", IS, never_null=True)


def _collation(left: Term, right: Term) -> str:
    """Return what both sides are compared with: an explicit COLLATE, else a column's."""
    for term in (left, right):
        if term.explicit_collation and term.collation:
            return term.collation
    return left.collation or right.collation or "BINARY"


def _adopted(t: Translator, left: Term, right: Term) -> tuple[Term, Term]:
    """Return both sides with placeholders as parameters of the other side's type."""
    if left.placeholder is not None and right.placeholder is not None:
        return as_text(t, left), as_text(t, right)
    if left.placeholder is not None:
        return _parameter(t, left, right), right
    if right.placeholder is not None:
        return left, _parameter(t, right, left)
    return left, right


def _parameter(t: Translator, term: Term, other: Term) -> Term:
    """Return a placeholder as a parameter of what the other side is compared with in SQLite."""
    known = t.value_of(term)
    value = None if known is None else known.value
    if class_of(other) == "number":
        if other.kind == "boolean" and value in (0, 1, None):
            return t.parameter(term, "boolean")
        if isinstance(value, str) and whole_number(value) is None:
            return t.parameter(term, "text")
        is_exact = other.kind == "numeric" and not isinstance(value, (int, str))
        if is_exact or (known is None and stored_number(other) is None):
            return t.parameter(term, other.kind)
        return as_number(t, term)
    if other.instant is not None or other.kind == "text":
        return t.parameter(term, "text")
    if other.kind in MOMENTS and isinstance(value, str):
        return t.parameter(term, parameter_kind(value, other.kind))
    if other.kind in {"uuid", "json", "jsonb"} and isinstance(value, bytes):
        return t.parameter(term, "bytes")
    return t.parameter(term, other.kind)


def _with_affinity(t: Translator, term: Term, other: Term) -> Term:
    """Return a term as the affinity of the other side makes it before comparing."""
    own, others = class_of(term), class_of(other)
    numeric = other.affinity in _NUMERIC
    if own == "text" and numeric and term.constant is not None:
        number = whole_number(str(term.constant.value))
        return term if number is None else constant_term(number)
    textual = others == "text" and other.affinity == "text"
    if own == "number" and textual and term.affinity is None:
        return replace(as_text(t, term), affinity="text")
    return term


def _with_boolean(t: Translator, left: Term, operator: str, right: Term) -> Comparison | Term:
    """Compare truth values, 0 and 1 being their names."""
    if left.kind != "boolean" or right.kind != "boolean":
        left, right = _truth_of(left), _truth_of(right)
    if left.kind != "boolean" or right.kind != "boolean":
        left, right = as_number(t, left), as_number(t, right)
    return _plain(left, operator, right)


def _truth_of(term: Term) -> Term:
    if term.kind == "integer" and term.constant is not None and term.constant.value in (0, 1):
        return constant_term(bool(term.constant.value))
    return term


def _number(t: Translator, term: Term, other: Term) -> Term:
    """Return a number; a literal beside an exact number stays exact, so that an index serves."""
    value = None if term.constant is None else term.constant.value
    if isinstance(value, float) and other.kind != "double" and abs(value) < 1e15:
        text = repr(value)
        if "e" not in text:
            return Term(f"({text})" if value < 0 else text, "numeric", constant=term.constant)
    return as_number(t, term)


def _plain(left: Term, operator: str, right: Term) -> Comparison:
    level = COMPARISON + 1
    return Comparison(left.at(level), _NULL_SAFE.get(operator, operator), right.at(level))


def _texts(
    t: Translator, left: Term, operator: str, right: Term, collation: str
) -> Comparison | Term:
    if {"uuid"} == {left.kind, right.kind} - {"text"} and operator not in _ORDERING:
        return _uuids(t, left, operator, right)
    if any(term.kind in MOMENTS for term in (left, right)) and not _known(left, right):
        t.difference("texts that read as numbers compare with dates as texts on PostgreSQL")
    left, right = (
        collated(t, as_text(t, left), collation),
        collated(t, as_text(t, right), collation),
    )
    if operator not in _ORDERING:
        return _plain(left, operator, right)
    level = COMPARISON + 1
    if t.options.byte_order and collation != "NOCASE":
        return Comparison(left.at(level), operator, ordered_text(t, right))
    if not t.options.byte_order:
        t.difference("texts are compared for order by the database's collation on PostgreSQL")
    return _plain(left, operator, right)


def _known(*terms: Term) -> bool:
    return any(term.constant is not None or term.bound is not None for term in terms)


def _uuids(t: Translator, left: Term, operator: str, right: Term) -> Comparison | Term:
    for term in (left, right):
        if term.kind == "text" and term.constant is None:
            return _plain(as_text(t, left), operator, as_text(t, right))
        digits = (
            str(term.constant.value).replace("-", "") if term.constant is not None else "0" * 32
        )
        if len(digits) != 32 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
            return _unequal(operator, left, right)
    t.difference("letter case does not matter in a uuid on PostgreSQL")
    sides = [term if term.kind == "uuid" else cast(term, "uuid") for term in (left, right)]
    return _plain(sides[0], operator, sides[1])


def _blobs(t: Translator, left: Term, operator: str, right: Term) -> Comparison:
    sides = []
    for term in (left, right):
        value = None if term.constant is None else term.constant.value
        if isinstance(value, bytes) and len(value) == 16 and "uuid" in (left.kind, right.kind):
            term = Term(f"'{value.hex()}'::uuid", "uuid")
        sides.append(term)
    return _plain(sides[0], operator, sides[1])


def _mixed(t: Translator, left: Term, operator: str, right: Term) -> Comparison | Term:
    """Compare a column whose rows hold values of several classes, where that can be right."""
    if operator in _ORDERING:
        return t.problem("not translatable: the order of a column that holds texts and numbers")
    if "bytes" in (left.kind, right.kind):
        t.difference("a blob and a text of the same bytes are equal on PostgreSQL")
        return _plain(_as_bytes(t, left), operator, _as_bytes(t, right))
    t.difference("a number and its text are equal in a column that holds both on PostgreSQL")
    return _plain(as_text(t, left), operator, as_text(t, right))


def _as_bytes(t: Translator, term: Term) -> Term:
    if term.kind == "bytes":
        return term
    if term.constant is not None:
        return Term(quote_bytes(text_of(term.constant.value).encode()), "bytes")
    return Term(f"convert_to({as_text(t, term).sql}, 'UTF8')", "bytes")


def _across(t: Translator, left: Term, operator: str, right: Term) -> Comparison | Term:
    """Compare values of two classes: numbers come before texts, texts before blobs."""
    if class_of(left) == "text" and class_of(right) == "number":
        mirrored = _MIRRORED.get(operator, operator)
        return _across(t, right, mirrored, left)
    numeric = left.affinity in _NUMERIC
    if numeric and class_of(right) == "text" and right.constant is None:
        return _number_and_text(t, as_number(t, left), operator, as_text(t, right))
    if "mixed" in (class_of(left), class_of(right)):
        return _mixed(t, left, operator, right)
    t.difference(f"a {class_of(left)} never equals a {class_of(right)}, as in SQLite")
    ranks = (_RANKS[class_of(left)], _RANKS[class_of(right)])
    outcomes = {
        "<": ranks[0] < ranks[1],
        "<=": ranks[0] < ranks[1],
        ">": ranks[0] > ranks[1],
        ">=": ranks[0] > ranks[1],
    }
    if operator in outcomes:
        return always(outcomes[operator], left, right)
    return _unequal(operator, left, right)


def _unequal(operator: str, left: Term, right: Term) -> Term:
    """Return =, <>, IS or IS NOT of two values that are never equal, but may both be NULL."""
    if operator in _NULL_SAFE:
        both = f"({left.at(IS + 1)} IS NULL AND {right.at(IS + 1)} IS NULL)"
        return Term(both if operator == "IS" else f"(NOT {both})", "boolean", never_null=True)
    return always(operator == "<>", left, right)


def _number_and_text(t: Translator, number: Term, operator: str, text: Term) -> Term:
    """Compare a number with a text that counts as a number where it reads as one."""
    plain = f"{number.at(OTHER)} {_NULL_SAFE.get(operator, operator)} {text.at(OTHER + 1)}::numeric"
    otherwise = "TRUE" if operator in {"<>", "IS NOT", "<", "<="} else "FALSE"
    matches = f"{text.at(OTHER + 1)} ~ '{NUMBER_PATTERN}'"
    missing = f"{number.at(IS + 1)} IS NULL OR {text.at(IS + 1)} IS NULL"
    if operator in _NULL_SAFE:
        both = f"({number.at(IS + 1)} IS NULL) = ({text.at(IS + 1)} IS NULL)"
        null = both if operator == "IS" else f"NOT ({both})"
    else:
        null = "NULL"
    sql = f"CASE WHEN {missing} THEN {null} WHEN {matches} THEN {plain} ELSE {otherwise} END"
    return Term(sql, "boolean")
