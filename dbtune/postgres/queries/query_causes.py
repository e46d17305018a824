"""Why a statement gives other rows on PostgreSQL: which exact form of it gives SQLite's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtune.model.query_check import DifferenceReason
from dbtune.postgres.queries.query_sides import SideRows
from dbtune.postgres.queries.result_compare import (
    ResultRows,
    canonical_rows,
    is_number_as_text,
    is_rounding,
    likeness,
)
from dbtune.postgres.translation.translator import Translation
from dbtune.sqlite.tokens import tokenize

_OPTIONS: dict[str, DifferenceReason] = {
    "byte_order": "text order",
    "nulls_order": "null order",
    "ignore_case": "letter case",
}

# Translates and runs a statement with some of the exact options.
Rerun = Callable[..., "tuple[Translation, SideRows | None]"]
# Says whether both sides give the same rows without LIMIT, None where that is not known.
SameUnlimited = Callable[[], "bool | None"]


@dataclass(frozen=True)
class Explained:
    """Causes of a difference, and the statement that gives SQLite's rows where there is one."""

    causes: tuple[DifferenceReason, ...]
    exact_sql: str | None = None


def explain_difference(
    text: str, source: SideRows, rerun: Rerun, same_unlimited: SameUnlimited
) -> Explained:
    """Return why rows differ: the options without which the exact form differs too."""
    exact, found = rerun(*_OPTIONS)
    if found is None:
        return Explained(("other",))
    rows = _canonical(source, found, exact)
    if likeness(rows, ordered=exact.ordered) != "same":
        return Explained((_partial_cause(text, exact, rows, same_unlimited),))
    needed = [
        option
        for option in _OPTIONS
        if not _is_same(source, rerun, tuple(other for other in _OPTIONS if other != option))
    ]
    # Each alone may do where one is enough for all.
    chosen = needed or [next(iter(_OPTIONS))]
    smallest, _ = rerun(*chosen)
    if not _is_same(source, rerun, tuple(chosen)):
        chosen, smallest = list(_OPTIONS), exact
    return Explained(tuple(_OPTIONS[option] for option in chosen), smallest.sql)


def _is_same(source: SideRows, rerun: Rerun, options: tuple[str, ...]) -> bool:
    translation, found = rerun(*options)
    if found is None:
        return False
    rows = _canonical(source, found, translation)
    return likeness(rows, ordered=translation.ordered) == "same"


def _canonical(source: SideRows, target: SideRows, translation: Translation) -> ResultRows:
    return canonical_rows(source.rows, target.rows, target.types, translation.outputs)


def _partial_cause(
    text: str, exact: Translation, rows: ResultRows, same_unlimited: SameUnlimited
) -> DifferenceReason:
    """Return what else is known to make rows differ."""
    words = {token.text.upper() for token in tokenize(text) if token.kind == "word"}
    if likeness(rows, ordered=exact.ordered) == "order":
        return "ties in any order"
    if "LIMIT" in words and len(rows.source) == len(rows.target) and same_unlimited():
        return "ties in any order" if exact.ordered else "limit without order"
    if is_rounding(rows):
        return "rounding"
    if is_number_as_text(rows):
        return "text against number"
    return "known difference" if exact.differences else "other"
