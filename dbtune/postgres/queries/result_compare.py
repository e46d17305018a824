"""Whether a query gave the same rows on both sides, in the same order where it has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from dbtune.postgres.queries.result_values import equal, is_real, source_form, target_form
from dbtune.postgres.translation.translator import OutputPlan

Row = tuple[Any, ...]
Likeness = Literal["same", "order", "rows"]


@dataclass(frozen=True)
class ResultRows:
    """Both results in canonical form; `reals` are the positions compared with a tolerance."""

    source: tuple[Row, ...]
    target: tuple[Row, ...]
    reals: frozenset[int]


def canonical_rows(
    source: Sequence[Row],
    target: Sequence[Row],
    types: Sequence[int],
    outputs: Sequence[OutputPlan],
) -> ResultRows:
    """Return both results with their values in one form; `types` are PostgreSQL's, by number."""
    hints = [*outputs, *([OutputPlan("")] * (len(types) - len(outputs)))]
    mine = [
        source_form(type_oid, hint.conversion, extracted=hint.extracted)
        for type_oid, hint in zip(types, hints, strict=False)
    ]
    others = [target_form(type_oid) for type_oid in types]
    return ResultRows(
        tuple(tuple(form(v) for form, v in zip(mine, row, strict=False)) for row in source),
        tuple(tuple(form(v) for form, v in zip(others, row, strict=False)) for row in target),
        frozenset(i for i, type_oid in enumerate(types) if is_real(type_oid)),
    )


def likeness(rows: ResultRows, *, ordered: bool) -> Likeness:
    """Return whether the rows are the same, the same in another order, or others."""
    if len(rows.source) != len(rows.target):
        return "rows"
    if ordered and _all_equal(rows.source, rows.target):
        return "same"
    if not _all_equal(_sorted(rows.source, rows.reals), _sorted(rows.target, rows.reals)):
        return "rows"
    return "order" if ordered else "same"


def first_difference(rows: ResultRows, *, ordered: bool) -> str:
    """Return the first rows that differ, as a message shows them."""
    source: Sequence[Row] = rows.source
    target: Sequence[Row] = rows.target
    if not ordered:
        source, target = _sorted(source, rows.reals), _sorted(target, rows.reals)
    if len(source) != len(target):
        return f"{len(source):,} rows in SQLite, {len(target):,} on PostgreSQL"
    for number, (mine, other) in enumerate(zip(source, target, strict=True), start=1):
        if not _row_equal(mine, other):
            return f"row {number}: {_shown(mine)} in SQLite, {_shown(other)} on PostgreSQL"
    return "no difference"


def is_rounding(rows: ResultRows) -> bool:
    """Return whether all that differs are numbers, by a hundredth at most."""
    if len(rows.source) != len(rows.target):
        return False
    pairs = zip(_sorted(rows.source, rows.reals), _sorted(rows.target, rows.reals), strict=True)
    return all(
        equal(mine, other) or _is_near(mine, other)
        for row, others in pairs
        for mine, other in zip(row, others, strict=False)
    )


def is_number_as_text(rows: ResultRows) -> bool:
    """Return whether all that differs are numbers on one side and their texts on the other."""
    if len(rows.source) != len(rows.target):
        return False
    as_text = ResultRows(
        tuple(tuple(_text(value) for value in row) for row in rows.source),
        tuple(tuple(_text(value) for value in row) for row in rows.target),
        frozenset(),
    )
    return likeness(as_text, ordered=False) == "same"


def _text(value: Any) -> Any:
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return value


def _is_near(mine: Any, other: Any) -> bool:
    if not all(isinstance(value, (int, float, Decimal)) for value in (mine, other)):
        return False
    return abs(float(mine) - float(other)) <= max(0.01, abs(float(mine)) * 1e-6)


def _all_equal(source: Sequence[Row], target: Sequence[Row]) -> bool:
    return all(_row_equal(mine, other) for mine, other in zip(source, target, strict=True))


def _row_equal(mine: Row, other: Row) -> bool:
    return len(mine) == len(other) and all(map(equal, mine, other))


def _sorted(rows: Sequence[Row], reals: frozenset[int]) -> list[Row]:
    """Return rows in an order that does not depend on the last digits of reals."""
    return sorted(rows, key=lambda row: (_exact_key(row, reals), _real_key(row, reals)))


def _exact_key(row: Row, reals: frozenset[int]) -> tuple[tuple[str, Any], ...]:
    return tuple(_key(value) for i, value in enumerate(row) if i not in reals)


def _real_key(row: Row, reals: frozenset[int]) -> tuple[tuple[str, Any], ...]:
    return tuple(_key(row[i]) for i in sorted(reals) if i < len(row))


def _key(value: Any) -> tuple[str, Any]:
    if isinstance(value, (int, float, Decimal)):
        return "number", float(value)
    return type(value).__name__, 0 if value is None else value


def _shown(row: Row) -> str:
    text = ", ".join("NULL" if value is None else repr(value) for value in row)
    return f"({text if len(text) <= 200 else text[:200] + ' …'})"
