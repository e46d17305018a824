"""type-or-collation-mismatch: a comparison that cannot use the index on its column.

Sources: https://www.sqlite.org/datatype3.html sections 4.2 and 7.1,
https://www.sqlite.org/optoverview.html#the_like_optimization
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.affinity import can_use_index, is_numeric
from dbtune.advisor.reading.columns import ColumnUse, TableUse
from dbtune.advisor.reading.index_keys import keys_on
from dbtune.advisor.reading.patterns import has_prefix
from dbtune.advisor.reading.plan_steps import automatic_index_columns, is_scanned, is_searched_by
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Comparison, Side, Statement
from dbtune.advisor.remedies.serving_index import create_sql
from dbtune.advisor.rules.sizes import table_rows
from dbtune.advisor.rules.worth import CostlyShape, costly_shapes, is_small, severity_of
from dbtune.advisor.wording import shown, statement
from dbtune.model.advice import Evidence, Finding, IndexSpec
from dbtune.sqlite.identifiers import quote_identifier

CODE = "type-or-collation-mismatch"

_COMPARING = frozenset(("=", "<", "<=", ">", ">=", "in", "between"))


@dataclass(frozen=True)
class Mismatch:
    """Why the comparison cannot use an index, and the way out."""

    column: ColumnUse
    what: str
    help: str
    command: str | None


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each comparison that keeps a costly shape from an index.

    A literal or a parameter takes the column's affinity, so comparing text with a number is no
    mismatch; comparing a text column with a numeric column is.
    """
    found = []
    for shape in costly_shapes(facts):
        for reading in read_samples(facts, shape.facts.shape)[:1]:
            for mismatch in mismatches(facts, shape, reading):
                found.append(_finding(facts, shape, mismatch))
                break  # the others of one query seldom matter once this one is mended
    return tuple(found)


def mismatches(facts: Facts, shape: CostlyShape, reading: Statement) -> Iterator[Mismatch]:
    for use in reading.uses:
        if use.table.kind != "table" or is_small(facts, use.table):
            continue
        if not _is_read_whole(shape.facts.plan_after, use):
            continue
        for comparison in reading.filters(use):
            if comparison.side.bare is None:
                continue
            mismatch = (
                _type_mismatch(shape, comparison, comparison.side.bare)
                or _collation_mismatch(facts, comparison, comparison.side.bare)
                or _pattern_mismatch(facts, comparison, comparison.side.bare)
            )
            if mismatch is not None:
                yield mismatch


def _is_read_whole(plan: tuple[str, ...], use: TableUse) -> bool:
    return is_scanned(plan, use.planned) or bool(automatic_index_columns(plan, use.planned))


def _type_mismatch(
    shape: CostlyShape, comparison: Comparison, column: ColumnUse
) -> Mismatch | None:
    if comparison.operator not in _COMPARING:
        return None
    for other in comparison.others:
        if can_use_index(column.affinity, other.affinity) or column.use in other.uses:
            continue
        if other.bare is not None and _is_found_from_here(shape, other.bare):
            continue
        side = _shown_side(other)
        return Mismatch(
            column,
            f"{_described(column)} is compared with {side}, which is numeric: SQLite turns each "
            "value into a number first, and no index on the column can be used",
            f"Compare text with text: CAST({side} AS TEXT), where numbers are always written one "
            "way ('7', never '07'); in the long run, declare both columns with one type.",
            None,
        )
    return None


def _shown_side(side: Side) -> str:
    if side.bare is None:
        return statement(side.sql)
    return f"{shown(side.bare.use.alias)}.{shown(side.bare.column.name)}"


def _is_found_from_here(shape: CostlyShape, other: ColumnUse) -> bool:
    """Return whether the plan goes through this table to look the other one up: no mismatch."""
    plan, names = shape.facts.plan_after, other.use.planned
    rowid = other.use.table.rowid_alias
    if rowid is not None and rowid.lower() == other.column.name.lower():
        return is_searched_by(plan, names, "rowid")
    return is_searched_by(plan, names, other.column.name)


def _collation_mismatch(facts: Facts, comparison: Comparison, column: ColumnUse) -> Mismatch | None:
    if comparison.operator not in _COMPARING or is_numeric(column.affinity):
        return None
    collation = _effective_collation(comparison, column)
    indexed = _collations_of_indexes(facts, column)
    if not indexed or collation in indexed:
        return None
    return Mismatch(
        column,
        f"{_described(column)} is compared under collation {collation}, and its index is in the "
        f"order of {' and '.join(sorted(indexed))}",
        "Create an index in the collation that the query compares by.",
        create_sql(facts, _spec(column, collation)),
    )


def _effective_collation(comparison: Comparison, column: ColumnUse) -> str:
    """Return the collation compared by: an explicit one, else that of the left column.

    Source: https://www.sqlite.org/datatype3.html#assigning_collating_sequences_from_sql
    """
    written = _written_sides(comparison)
    explicit = next((side.collation for side in written if side.collation), None)
    left = next((side.bare for side in written if side.bare is not None), column)
    return explicit or left.column.collation.upper()


def _written_sides(comparison: Comparison) -> tuple[Side, ...]:
    sides = (comparison.side, *comparison.others)
    return tuple(reversed(sides)) if comparison.swapped else sides


def _pattern_mismatch(facts: Facts, comparison: Comparison, column: ColumnUse) -> Mismatch | None:
    """Return why LIKE 'abc%' reads everything: it ignores case, and the index does not."""
    if comparison.operator != "like" or not has_prefix("like", comparison.others):
        return None
    indexed = _collations_of_indexes(facts, column)
    if not indexed:
        return None
    if column.affinity != "text":
        return Mismatch(
            column,
            f"{_described(column)} is matched by LIKE, which uses an index only on a TEXT column",
            "Compare a range of the column instead, or store the value as TEXT.",
            None,
        )
    if "NOCASE" in indexed:
        return None
    return Mismatch(
        column,
        f"{_described(column)} is matched by LIKE, which ignores case, and its index is in the "
        f"order of {' and '.join(sorted(indexed))}",
        "Create an index that ignores case, or write GLOB 'abc*' where case matters.",
        create_sql(facts, _spec(column, "NOCASE")),
    )


def _collations_of_indexes(facts: Facts, column: ColumnUse) -> frozenset[str]:
    """Return the collations of the indexes that the column leads, recommended ones included."""
    name = column.column.name.lower()
    return frozenset(
        keys.keys[0].collation
        for keys in keys_on(facts, column.use.table)
        if keys.keys[0].name == name and not keys.where
    )


def _spec(column: ColumnUse, collation: str) -> IndexSpec:
    name = quote_identifier(column.column.name)
    if collation != column.column.collation.upper():
        name += f" COLLATE {quote_identifier(collation)}"
    return IndexSpec(column.use.table.name, (name,))


def _described(column: ColumnUse) -> str:
    declared = column.column.declared_type.upper() or "no type"
    return f"{shown(column.use.table.name)}.{shown(column.column.name)} ({statement(declared)})"


def _finding(facts: Facts, shape: CostlyShape, mismatch: Mismatch) -> Finding:
    return Finding(
        code=CODE,
        severity=severity_of(shape.share),
        subject=shape.id,
        message=f"{mismatch.what}; {shape.described}",
        evidence=(
            *shape.evidence,
            Evidence("column", mismatch.column.column.name),
            Evidence("declared_type", mismatch.column.column.declared_type),
            *table_rows(facts, mismatch.column.use.table.name),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=mismatch.help,
        command=mismatch.command,
    )
