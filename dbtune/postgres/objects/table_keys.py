"""The keys and indexes of one table, and what they are called on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Index, fold_name
from dbtune.model.transfer import ColumnPlan, IndexPlan
from dbtune.postgres.names import Names, unique_name
from dbtune.postgres.objects.index_translation import IndexNaming, PlannedIndex, plan_index
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.postgres.objects.source_facts import TableFacts
from dbtune.postgres.translation.expressions import TranslationOptions


@dataclass(frozen=True)
class PlannedKeys:
    """A table's keys and indexes; `primary_key` and `unique_keys` are target columns.

    `saved_sql` are (name, SQL) of indexes that do not move.
    """

    primary_key: tuple[str, ...]
    primary_key_name: str | None
    indexes: tuple[IndexPlan, ...]
    unique_keys: frozenset[frozenset[str]]
    findings: tuple[Finding, ...]
    saved_sql: tuple[tuple[str, str], ...]


def plan_keys(
    planned: PlannedTable,
    names: Names,
    taken: set[str],
    facts: TableFacts,
    *,
    referenced: Collection[frozenset[str]],
    options: TranslationOptions,
) -> PlannedKeys:
    """Return the keys and indexes of a table; names chosen here are added to `taken`."""
    key_name = _key_name(planned, facts, taken)
    made: list[PlannedIndex] = []
    key = () if key_name is None else planned.targets(planned.table.primary_key) or ()
    for index in planned.table.indexes:
        naming = _naming(planned, index, names, taken, referenced)
        found = plan_index(planned, index, naming, facts, referenced=referenced, options=options)
        if index.origin == "pk" and key_name is not None:
            key = found.possible_key
            # The primary key is that constraint itself.
            plans = tuple(plan for plan in found.plans if not (key and plan.constraint))
            found = replace(found, plans=plans)
        made.append(found)
    unique = {frozenset(found.unique_columns) for found in made} | {frozenset(key)}
    findings = tuple(finding for found in made for finding in found.findings)
    if planned.table.primary_key and key_name is None:
        findings += (_null_in_key(planned, facts),)
    return PlannedKeys(
        primary_key=key,
        primary_key_name=key_name if key else None,
        indexes=tuple(plan for found in made for plan in found.plans),
        unique_keys=frozenset(unique - {frozenset()}),
        findings=findings,
        saved_sql=tuple(
            (index.name, found.saved_sql)
            for index, found in zip(planned.table.indexes, made, strict=True)
            if found.saved_sql is not None
        ),
    )


def order_key(planned: PlannedTable) -> tuple[str, ...]:
    """Return the columns of the primary key where it orders rows alike on both sides."""
    key = tuple(planned.column(name) for name in planned.table.primary_key)
    if any(c is None or c.conversion != "integer" or c.counts.nulls for c in key):
        return ()
    return tuple(column.source for column in key if column is not None)


def sequence_name(planned: PlannedTable, identity: ColumnPlan, taken: set[str]) -> str:
    """Return the name of an identity's sequence, and add it to `taken`."""
    return _take(f"{planned.target}_{identity.target}_seq", taken)


def _key_name(planned: PlannedTable, facts: TableFacts, taken: set[str]) -> str | None:
    """Return the name of the primary key, None where there is none or NULLs forbid it."""
    names = planned.table.primary_key
    if not names or facts.null_keys.count:
        return None
    if any(column.counts.nulls for name in names if (column := planned.column(name))):
        return None
    declared = _declared_name(planned, names, primary=True)
    return _take(declared or f"{planned.target}_pkey", taken)


def _naming(
    planned: PlannedTable,
    index: Index,
    names: Names,
    taken: set[str],
    referenced: Collection[frozenset[str]],
) -> IndexNaming:
    columns = tuple(
        "expr" if term.name is None else term.name or "unnamed" for term in index.columns
    )
    targets = planned.targets(columns) or columns
    derived = "_".join([planned.target, *targets, "key"])
    if index.origin == "c":
        second = _take(derived, taken) if frozenset(targets) in referenced else ""
        target = names.index(planned.source, index.name)
        described = f"The index {index.name} of {planned.source}"
        return IndexNaming(f"{planned.source}.{index.name}", described, target, second)
    declared = _declared_name(planned, columns, primary=False) if index.origin == "u" else None
    target = _take(declared or derived, taken)
    return IndexNaming(
        subject=f"{planned.source}.{columns[0]}" if len(columns) == 1 else planned.source,
        described=f"{'PRIMARY KEY' if index.origin == 'pk' else 'UNIQUE'} "
        f"({', '.join(columns)}) of {planned.source}",
        target=target,
        second=_take(derived, taken) if frozenset(targets) in referenced else "",
    )


def _declared_name(planned: PlannedTable, columns: tuple[str, ...], *, primary: bool) -> str | None:
    folded = tuple(map(fold_name, columns))
    for key in planned.constraints.keys:
        if key.primary == primary and tuple(map(fold_name, key.columns)) == folded:
            return key.name
    return None


def _take(wanted: str, taken: set[str]) -> str:
    name = unique_name(wanted, taken)
    taken.add(name)
    return name


def _null_in_key(planned: PlannedTable, facts: TableFacts) -> Finding:
    columns = ", ".join(planned.table.primary_key)
    return Finding(
        code="primary-key-null",
        severity="medium",
        subject=planned.source,
        message=(
            f"{planned.source} holds NULL in its primary key ({columns}) in "
            f"{facts.null_keys.described}, which PostgreSQL does not allow: it becomes UNIQUE, "
            "and the table has no primary key."
        ),
        evidence=(
            Evidence("rows", facts.null_keys.count),
            Evidence("first_rows", facts.null_keys.first),
        ),
        help="Give these rows a key in SQLite first to keep the primary key.",
    )
