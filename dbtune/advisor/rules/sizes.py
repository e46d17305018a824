"""Sizes of tables and indexes as evidence."""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.model.advice import Evidence
from dbtune.model.schema import Index


def table_rows(facts: Facts, table: str) -> tuple[Evidence, ...]:
    """Return how many rows a table has."""
    return (Evidence("table_rows", facts.statistics.rows(table)),)


def index_size(facts: Facts, index: Index, name: str = "size_bytes") -> tuple[Evidence, ...]:
    """Return an index's size under the evidence's name; nothing where it is not known."""
    size = next((i.size_bytes for i in facts.statistics.indexes if i.index == index.name), None)
    return (Evidence(name, size),) if size is not None else ()


def rows_stepped(facts: Facts, table: str, steps: float) -> float:
    """Return the rows behind a count of steps: SQLite counts the steps between rows, one less."""
    rows = facts.statistics.rows(table)
    return rows if steps == rows - 1 else steps
