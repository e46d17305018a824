"""function-on-column: a condition on an expression, so that the column's index does not serve.

Sources: https://www.sqlite.org/optoverview.html#where_clause_analysis,
https://www.sqlite.org/expridx.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import ColumnUse
from dbtune.advisor.reading.index_keys import keys_on
from dbtune.advisor.reading.plan_steps import is_scanned
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Comparison, Statement
from dbtune.advisor.reading.words import words
from dbtune.advisor.remedies.rewriting import Rewritten, bare_condition
from dbtune.advisor.remedies.serving_index import create_sql
from dbtune.advisor.rules.sizes import table_rows
from dbtune.advisor.rules.worth import CostlyShape, costly_shapes, is_small, severity_of
from dbtune.advisor.wording import shown, statement
from dbtune.model.advice import Evidence, Finding, IndexSpec

CODE = "function-on-column"

_COMPARING = frozenset(("=", "<", "<=", ">", ">=", "in", "between"))

# Functions that give the same result for the same value, which an index needs. The date
# functions are among them unless they are given 'now' or 'localtime'.
# Source: https://www.sqlite.org/deterministic.html
_DETERMINISTIC = frozenset(
    """
    abs ceil ceiling coalesce date datetime floor format hex ifnull iif instr json_extract
    julianday length lower ltrim nullif printf replace round rtrim sign strftime substr
    substring time trim typeof unicode unixepoch upper
    """.split()
)
_DATE_FUNCTIONS = frozenset("date datetime julianday strftime time unixepoch".split())
_NOT_OF_THE_VALUE = frozenset(("now", "localtime", "utc"))


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each condition on an expression for which a large table is scanned."""
    found = []
    for shape in costly_shapes(facts):
        for reading in read_samples(facts, shape.facts.shape)[:1]:
            for column, comparison in wrapped_conditions(facts, shape, reading):
                found.append(_finding(facts, shape, reading, column, comparison))
                break  # one condition that an index serves is enough for the query
    return tuple(found)


def wrapped_conditions(
    facts: Facts, shape: CostlyShape, reading: Statement
) -> Iterator[tuple[ColumnUse, Comparison]]:
    for use in reading.uses:
        if use.table.kind != "table" or is_small(facts, use.table):
            continue
        if not is_scanned(shape.facts.plan_after, use.planned):
            continue
        for comparison in reading.filters(use):
            column = comparison.side.wrapped
            if column is None or comparison.operator not in _COMPARING:
                continue
            if use in (other for side in comparison.others for other in side.uses):
                continue
            if not _is_indexed(facts, column, comparison.side.sql):
                yield column, comparison


def _is_indexed(facts: Facts, column: ColumnUse, sql: str) -> bool:
    wanted = words(sql)
    return any(key.name == wanted for keys in keys_on(facts, column.use.table) for key in keys.keys)


def _finding(
    facts: Facts,
    shape: CostlyShape,
    reading: Statement,
    column: ColumnUse,
    comparison: Comparison,
) -> Finding:
    expression = comparison.side.sql
    rewritten = bare_condition(column, comparison)
    spec = IndexSpec(column.use.table.name, (expression,))
    indexable = reading.parsed.spells(expression) and _can_be_indexed(comparison.side.node)
    create = create_sql(facts, spec) if indexable else None
    return Finding(
        code=CODE,
        severity=severity_of(shape.share),
        subject=shape.id,
        message=(
            f"{shown(column.use.table.name)}: the condition is on {statement(expression)}, not on "
            f"the column, so no index on {shown(column.column.name)} can be used and each run "
            f"reads the table; {shape.described}"
        ),
        evidence=(
            *shape.evidence,
            Evidence("expression", expression),
            Evidence("column", column.column.name),
            Evidence("rewritten_condition", rewritten.sql if rewritten else None),
            *table_rows(facts, column.use.table.name),
            Evidence("plan", shape.facts.plan_after),
        ),
        help=_help(rewritten, create),
        command=create,
    )


def _help(rewritten: Rewritten | None, create: str | None) -> str:
    ways = []
    if rewritten is not None:
        ways.append(f"compare the column itself, {statement(rewritten.sql)}, {rewritten.holds}")
    if create is not None:
        ways.append("create an index on the expression, spelled as in the query")
    if not ways:
        return "Store the value that is compared with in a column of its own, and index that."
    text = "; or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."


def _can_be_indexed(node: exp.Expr) -> bool:
    for function in node.find_all(exp.Anonymous, exp.Func):
        name = (function.name if isinstance(function, exp.Anonymous) else function.key).lower()
        if isinstance(function, exp.Anonymous) and name not in _DETERMINISTIC:
            return False
        literals = {str(e.this).lower() for e in function.find_all(exp.Literal)}
        if name in _DATE_FUNCTIONS and literals & _NOT_OF_THE_VALUE:
            return False
    return node.find(exp.Placeholder, exp.Parameter, exp.Select) is None
