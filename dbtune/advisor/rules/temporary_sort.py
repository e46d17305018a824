"""temporary-sort: rows are sorted on every run, though an index could hold them in that order.

Source: https://www.sqlite.org/eqp.html#temporary_sorting_b_trees
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import TableUse
from dbtune.advisor.reading.plan_steps import temporary_sorts
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.remedies.serving_index import create_sql, is_there, ordering_spec
from dbtune.advisor.rules.sizes import table_rows
from dbtune.advisor.rules.worth import (
    SMALL_TABLE_ROWS,
    CostlyShape,
    costly_shapes,
    is_small,
    severity_of,
)
from dbtune.advisor.wording import shown, statement
from dbtune.model.advice import Evidence, Finding, IndexSpec

CODE = "temporary-sort"

# Reading and sorting a row costs some 100 ns. A run that costs less than 1,000 of them sorts the
# few rows that an index has found, and another index would save nothing anybody notices.
_WORTH_NS = 100_000

# "LAST TERM OF ORDER BY" and the like sort one small group after the other.
_WHOLE_SORTS = ("ORDER BY", "GROUP BY", "DISTINCT")


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each costly shape that still sorts many rows by one table's columns."""
    found = []
    for shape in costly_shapes(facts):
        sorts = [s for s in temporary_sorts(shape.facts.plan_after) if s in _WHOLE_SORTS]
        if not sorts or shape.facts.cost_after_ns < _WORTH_NS:
            continue
        for reading in read_samples(facts, shape.facts.shape)[:1]:
            use, spec = _ordering(reading, sorts)
            if use is None or spec is None or _sorts_few(shape, reading):
                continue
            if not is_small(facts, use.table) and not is_there(facts, use, spec):
                found.append(_finding(facts, shape, reading, use, spec))
    return tuple(found)


def _sorts_few(shape: CostlyShape, reading: Statement) -> bool:
    returned = shape.facts.returned_rows
    whole = not reading.limited and not reading.aggregates
    return whole and returned is not None and returned < SMALL_TABLE_ROWS


def _ordering(reading: Statement, sorts: list[str]) -> tuple[TableUse | None, IndexSpec | None]:
    """Return the table sorted and the index that would hold its rows in order.

    An order by an aggregate, an expression or columns of two tables cannot be stored.
    """
    terms = reading.orders if sorts[0] == "ORDER BY" else reading.groups
    column = terms[0].column if terms else None
    if column is None or column.use.table.kind != "table":
        return None, None
    return column.use, ordering_spec(reading, column.use, terms)


def _finding(
    facts: Facts, shape: CostlyShape, reading: Statement, use: TableUse, spec: IndexSpec
) -> Finding:
    sorts = temporary_sorts(shape.facts.plan_after)
    keys = statement(", ".join(spec.terms))
    return Finding(
        code=CODE,
        # All rows are asked for: an index saves the sort, and looks each row up instead.
        severity=severity_of(shape.share) if reading.limited else "low",
        subject=shape.id,
        message=(
            f"{shown(use.table.name)}: each run sorts its rows in a temporary B-tree for "
            f"{sorts[0]}; {shape.described}"
        ),
        evidence=(
            *shape.evidence,
            Evidence("temporary_sorts", sorts),
            Evidence("returned_rows", shape.facts.returned_rows),
            *table_rows(facts, use.table.name),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=(
            f"An index on ({keys}) would hold the rows in that order. It is not among those "
            "recommended because of its cost to writes, the budget or the time limit: judge it "
            "with --consider."
            + ("" if reading.limited or reading.groups else " A LIMIT keeps the sort small, too.")
        ),
        command=create_sql(facts, spec),
    )
