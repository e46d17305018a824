"""automatic-index: SQLite builds an index for each run of the query and throws it away.

Source: https://www.sqlite.org/optoverview.html#automatic_query_time_indexes
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import TableUse, find_column
from dbtune.advisor.reading.index_keys import free_name
from dbtune.advisor.reading.plan_steps import automatic_index_columns
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.rules.sizes import rows_stepped, table_rows
from dbtune.advisor.rules.worth import (
    SMALL_TABLE_ROWS,
    CostlyShape,
    costly_shapes,
    is_small,
    severity_of,
)
from dbtune.advisor.wording import counted, listed, shown
from dbtune.model.advice import Evidence, Finding, IndexSpec
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.index_ddl import create_index_sql

CODE = "automatic-index"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each costly shape whose plan still builds an index on a large table.

    An index over a subquery's rows cannot be kept, so such a plan is left alone.
    """
    found = []
    for shape in costly_shapes(facts):
        if shape.facts.automatic_index_rows_after < SMALL_TABLE_ROWS:
            continue
        for reading in read_samples(facts, shape.facts.shape)[:1]:
            for use in reading.uses:
                columns = automatic_index_columns(shape.facts.plan_after, use.planned)
                if columns and use.table.kind == "table" and not is_small(facts, use.table):
                    found.append(_finding(facts, shape, use, columns))
    return tuple(found)


def _finding(facts: Facts, shape: CostlyShape, use: TableUse, columns: tuple[str, ...]) -> Finding:
    rows = rows_stepped(facts, use.table.name, shape.facts.automatic_index_rows_after)
    declared = tuple(c.name for n in columns if (c := find_column(use.table, n)) is not None)
    spec = IndexSpec(use.table.name, tuple(quote_identifier(name) for name in declared))
    create = create_index_sql(free_name(facts, spec), spec) + ";" if declared else None
    return Finding(
        code=CODE,
        severity=severity_of(shape.share),
        subject=shape.id,
        message=(
            f"{shown(use.table.name)}: every run builds an index on ({listed(columns)}) from "
            f"{counted(rows, 'row')} and throws it away; {shape.described}"
        ),
        evidence=(
            *shape.evidence,
            Evidence("automatic_index_rows", rows),
            *table_rows(facts, use.table.name),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=(
            "An index that stays would be built once. It is not among those recommended because "
            "of its cost to writes, the budget or the time limit: judge it with --consider."
        ),
        command=create,
    )
