"""Which tables a query reads from end to end, by their own names."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.model.comparison import MeasuredShape
from dbtune.model.workload import Plan
from dbtune.sqlite.explain import full_scans

# A scan below this, some hundred rows, is what a small table is read by anyway.
LEAST_STEPS = 1_000.0


def scanned_tables(shape: MeasuredShape, *, least_steps: float = LEAST_STEPS) -> tuple[str, ...]:
    """Return the tables in the order of the plan, each once; none where it takes few steps.

    A plan names a table by its alias where it has one.
    """
    if shape.steps is not None and shape.steps < least_steps:
        return ()
    scanned = full_scans(Plan(shape.plan))
    aliases = _aliases(shape.text) if scanned else {}
    return tuple(dict.fromkeys(aliases.get(name.lower(), name) for name in scanned))


def _aliases(text: str) -> dict[str, str]:
    """Return the tables of a query by alias in lower case, as far as it can be read."""
    try:
        query = sqlglot.parse_one(text, dialect="sqlite")
    except (SqlglotError, RecursionError, ValueError):
        return {}
    tables = query.find_all(exp.Table)
    return {table.alias.lower(): table.name for table in tables if table.alias}
