"""The index that a statement's conditions and order on one table call for."""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.columns import ColumnUse, TableUse
from dbtune.advisor.reading.index_keys import free_name, keys_of_spec, keys_on
from dbtune.advisor.reading.statement import OrderTerm, Statement
from dbtune.model.advice import IndexSpec
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.index_ddl import create_index_sql

_EQUAL = frozenset(("=", "in"))
_RANGES = frozenset(("<", "<=", ">", ">=", "between"))


def filtering_spec(reading: Statement, use: TableUse) -> IndexSpec | None:
    """Return an index on the columns compared with values, one range last; None if none is."""
    terms = list(_equalities(reading, use, nulls=False))
    for comparison in reading.filters(use):
        column = comparison.side.bare
        if comparison.operator in _RANGES and column and comparison.is_constant:
            term = _term(column, comparison.side.collation)
            if term not in terms:
                terms.append(term)
                break
    return IndexSpec(use.table.name, tuple(terms)) if terms else None


def ordering_spec(
    reading: Statement, use: TableUse, terms: tuple[OrderTerm, ...]
) -> IndexSpec | None:
    """Return an index on the columns compared by equality, then those sorted by.

    None where a term is no plain column of the table.
    """
    keys = list(_equalities(reading, use, nulls=True))
    for term in terms:
        if term.column is None or term.column.use != use:
            return None
        key = _term(term.column, term.collation)
        if key not in keys:
            keys.append(f"{key} DESC" if term.descending else key)
    return IndexSpec(use.table.name, tuple(keys)) if keys else None


def is_there(facts: Facts, use: TableUse, spec: IndexSpec) -> bool:
    """Return whether an existing or recommended index begins with these keys."""
    wanted = keys_of_spec(spec, use.table)
    return any(wanted == keys or wanted.begins(keys) for keys in keys_on(facts, use.table))


def create_sql(facts: Facts, spec: IndexSpec) -> str:
    """Return the statement that creates the index under a name that is free."""
    return create_index_sql(free_name(facts, spec), spec) + ";"


def _equalities(reading: Statement, use: TableUse, *, nulls: bool) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for comparison in reading.filters(use):
        column = comparison.side.bare
        if comparison.is_null_test and not nulls:
            continue
        if comparison.operator in _EQUAL and column and comparison.is_constant:
            found.setdefault(_term(column, comparison.side.collation))
    return tuple(found)


def _term(column: ColumnUse, collation: str | None) -> str:
    quoted = quote_identifier(column.column.name)
    if collation is None or collation == column.column.collation.upper():
        return quoted
    return f"{quoted} COLLATE {quote_identifier(collation)}"
