"""leading-wildcard: LIKE '%text%' reads every row, whatever indexes there are.

Source: https://www.sqlite.org/optoverview.html#the_like_optimization
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import ColumnUse, TableUse
from dbtune.advisor.reading.patterns import has_leading_wildcard
from dbtune.advisor.reading.plan_steps import is_scanned
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.remedies.trigram_search import create_trigram_search, search_condition
from dbtune.advisor.rules.sizes import table_rows
from dbtune.advisor.rules.worth import CostlyShape, costly_shapes, is_small, severity_of
from dbtune.advisor.wording import counted, listed, shown, statement
from dbtune.model.advice import Evidence, Finding

CODE = "leading-wildcard"

_HELP_WITHOUT_FTS = (
    "Drop the wildcard at the start if the beginning of the value is known, or keep the searched "
    "text in an FTS5 table of its own with tokenize='trigram'."
)


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each costly shape that searches a large table for a text inside."""
    found = []
    for shape in costly_shapes(facts):
        columns = searched_columns(facts, shape)
        if columns:
            found.append(_finding(facts, shape, columns))
    return tuple(found)


def searched_columns(facts: Facts, shape: CostlyShape) -> tuple[ColumnUse, ...]:
    """Return the columns searched in the first large table that the plan scans for it."""
    for reading in read_samples(facts, shape.facts.shape):
        for use in reading.uses:
            if use.table.kind != "table" or is_small(facts, use.table):
                continue
            columns = _columnssearched_columns(reading, use)
            if columns and is_scanned(shape.facts.plan_after, use.planned):
                return columns
    return ()


def _columnssearched_columns(reading: Statement, use: TableUse) -> tuple[ColumnUse, ...]:
    found: list[ColumnUse] = []
    for comparison in reading.filters(use, required=False):
        column = comparison.side.bare or comparison.side.wrapped
        if column is None or column in found or comparison.operator not in {"like", "glob"}:
            continue
        if has_leading_wildcard(comparison.operator, comparison.others):
            found.append(column)
    return tuple(found)


def _finding(facts: Facts, shape: CostlyShape, columns: tuple[ColumnUse, ...]) -> Finding:
    table = columns[0].use.table
    names = [column.column.name for column in columns]
    create = create_trigram_search(facts.schema, columns)
    return Finding(
        code=CODE,
        severity=severity_of(shape.share),
        subject=shape.id,
        message=(
            f"{shown(table.name)}: the pattern for {listed(names)} begins with a wildcard, so "
            f"each run reads {counted(facts.statistics.rows(table.name), 'row')}; {shape.described}"
        ),
        evidence=(
            *shape.evidence,
            Evidence("columns", tuple(names)),
            Evidence("scanned_rows", shape.facts.scanned_rows_after),
            *table_rows(facts, table.name),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=_help(facts, columns) if create is not None else _HELP_WITHOUT_FTS,
        command=create,
    )


def _help(facts: Facts, columns: tuple[ColumnUse, ...]) -> str:
    rebuild = (
        ""
        if columns[0].use.table.rowid_alias
        else " VACUUM may renumber the rows of a table without INTEGER PRIMARY KEY: rebuild then."
    )
    return (
        "Build an FTS5 trigram index and search that, for three characters or more: "
        f"{statement(search_condition(facts.schema, columns[0]))}. It needs SQLite 3.34 and "
        f"slows writes to these columns.{rebuild}"
    )
