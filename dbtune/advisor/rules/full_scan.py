"""full-scan: a large table is read whole for few rows, still with the recommended indexes."""

from __future__ import annotations

import re

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import TableUse
from dbtune.advisor.reading.plan_steps import is_scanned
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.remedies.serving_index import create_sql, filtering_spec, is_there
from dbtune.advisor.rules.sizes import rows_stepped, table_rows
from dbtune.advisor.rules.worth import (
    MEDIUM_SHARE,
    SMALL_TABLE_ROWS,
    CostlyShape,
    costly_shapes,
    is_small,
    severity_of,
)
from dbtune.advisor.wording import counted, shown
from dbtune.model.advice import Evidence, Finding

CODE = "full-scan"

# Above a tenth of the rows, looking each up through an index touches most of the table's pages
# anyway, in random order; below it an index nearly always reads less.
_FEW_ROWS_RATIO = 0.1

# A scan that is an inner loop reads the table again for each row of the outer one.
_REPEATED_SCANS = 2

_NOT_INDEXED = re.compile(r"\bnot indexed\b", re.IGNORECASE)


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each costly shape that reads a large table for few of its rows."""
    found = []
    for shape in costly_shapes(facts):
        if shape.facts.scanned_rows_after < SMALL_TABLE_ROWS or not _returns_few(shape):
            continue
        for reading in read_samples(facts, shape.facts.shape)[:1]:
            use = _largest_scanned(facts, shape, reading)
            if use is not None and (_is_known(shape, reading) or _weighs(shape)):
                found.append(_finding(facts, shape, reading, use))
    return tuple(found)


def _returns_few(shape: CostlyShape) -> bool:
    returned = shape.facts.returned_rows
    return returned is None or returned <= _FEW_ROWS_RATIO * shape.facts.scanned_rows_after


def _is_known(shape: CostlyShape, reading: Statement) -> bool:
    """Return whether the rows returned are the rows that pass the conditions.

    An aggregate returns fewer, and a write none: the scan may be right.
    """
    plain = not reading.aggregates and reading.verb == "select"
    return plain and shape.facts.returned_rows is not None


def _weighs(shape: CostlyShape) -> bool:
    return shape.share_left >= MEDIUM_SHARE


def _largest_scanned(facts: Facts, shape: CostlyShape, reading: Statement) -> TableUse | None:
    scanned = [
        use
        for use in reading.uses
        if use.table.kind == "table"
        and not is_small(facts, use.table)
        and is_scanned(shape.facts.plan_after, use.planned)
        and _could_skip_rows(facts, shape, reading, use)
    ]
    return max(scanned, key=lambda use: facts.statistics.rows(use.table.name), default=None)


def _could_skip_rows(facts: Facts, shape: CostlyShape, reading: Statement, use: TableUse) -> bool:
    """Return whether conditions leave rows out, and no index for them is there already.

    A join's own condition leaves none out of the table that it begins with, which is scanned
    once. Where the planner scans beside an index for the conditions, most rows pass.
    """
    rows = facts.statistics.rows(use.table.name)
    repeated = shape.facts.scanned_rows_after >= _REPEATED_SCANS * rows
    filters = [c for c in reading.filters(use, required=False) if not c.is_null_test]
    if not any(comparison.is_constant or repeated for comparison in filters):
        return False
    spec = filtering_spec(reading, use)
    return spec is None or not is_there(facts, use, spec)


def _finding(facts: Facts, shape: CostlyShape, reading: Statement, use: TableUse) -> Finding:
    spec = None if _refuses_indexes(shape) else filtering_spec(reading, use)
    known = _is_known(shape, reading)
    scanned = rows_stepped(facts, use.table.name, shape.facts.scanned_rows_after)
    returned = shape.facts.returned_rows
    outcome = f"to return {counted(returned or 0, 'row')}" if known else "to apply its conditions"
    return Finding(
        code=CODE,
        severity=severity_of(shape.share) if known else "low",
        subject=shape.id,
        message=(
            f"{shown(use.table.name)}: each run reads {counted(scanned, 'row')} from end to end "
            f"{outcome}; {shape.described}"
        ),
        evidence=(
            *shape.evidence,
            Evidence("scanned_rows", scanned),
            Evidence("returned_rows", returned),
            *table_rows(facts, use.table.name),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=_help(shape, has_index=spec is not None),
        command=create_sql(facts, spec) if spec is not None else None,
    )


def _refuses_indexes(shape: CostlyShape) -> bool:
    return _NOT_INDEXED.search(shape.facts.shape.template) is not None


def _help(shape: CostlyShape, *, has_index: bool) -> str:
    if _refuses_indexes(shape):
        return "The query says NOT INDEXED, so no index can serve it: take that out."
    if not has_index:
        return (
            "No index serves these conditions as they are written: compare plain columns with "
            "=, IN, < or BETWEEN, or narrow the query by a further column."
        )
    return (
        "This index is not among those recommended: most rows may pass the conditions, or its "
        "cost to writes, the budget or the time limit spoke against it. Judge it with --consider."
    )
