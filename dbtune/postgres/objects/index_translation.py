"""Primary keys, UNIQUE constraints and indexes, as PostgreSQL can have them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Index
from dbtune.model.transfer import IndexPlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.objects.index_keys import (
    Key,
    hashed,
    key_limit_exceeded,
    may_be_long,
    read_keys,
)
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.postgres.objects.source_facts import TableFacts
from dbtune.postgres.objects.typed_expressions import immutable_condition
from dbtune.postgres.translation.expressions import TranslationOptions


@dataclass(frozen=True)
class PlannedIndex:
    """One index on its way: its plans (more than one where a key needs two), and what to report.

    `unique_columns` are target columns that are unique thereby as foreign keys need it, and
    `possible_key` those that could be a primary key; both are empty where there are none.
    `saved_sql` is the SQL of an index that does not move.
    """

    plans: tuple[IndexPlan, ...] = ()
    findings: tuple[Finding, ...] = ()
    unique_columns: tuple[str, ...] = ()
    possible_key: tuple[str, ...] = ()
    saved_sql: str | None = None


@dataclass(frozen=True)
class IndexNaming:
    """How findings call an index, and its name on PostgreSQL; `second` is for one beside it."""

    subject: str
    described: str
    target: str
    second: str


def plan_index(
    planned: PlannedTable,
    index: Index,
    naming: IndexNaming,
    facts: TableFacts,
    *,
    referenced: Collection[frozenset[str]],
    options: TranslationOptions,
) -> PlannedIndex:
    """Return what an index becomes. `referenced` are the column sets that foreign keys name."""
    keys = read_keys(planned, index, options)
    if isinstance(keys, str):
        return _not_created(index, naming, keys)
    condition = None
    if index.where_sql:
        translated = immutable_condition(f"{index.where_sql}\n", planned.scope, options)
        if translated.sql is None:
            return _not_created(index, naming, "; ".join(translated.problems))
        # PostgreSQL makes a whole index of one whose condition is always true.
        condition = None if translated.sql == "TRUE" else translated.sql
    reports = tuple(_collation_findings(index, naming, keys))
    if condition is not None or any(key.column is None for key in keys):
        reports = (*reports, _translated(index, naming, keys, condition))
    plan = IndexPlan(
        source=index.name,
        target=naming.target,
        unique=index.unique,
        keys=tuple(key.ordered for key in keys),
        where_sql=condition,
    )
    if key_limit_exceeded(keys, facts.key_bytes(index.name)):
        return _long_index(plan, keys, naming, facts.key_bytes(index.name), reports)
    if index.unique:
        return _unique_index(plan, keys, index, naming, referenced, reports)
    return PlannedIndex((plan,), reports)


def _translated(
    index: Index, naming: IndexNaming, keys: tuple[Key, ...], condition: str | None
) -> Finding:
    """Tell what expressions became: a query on PostgreSQL has to use the same ones."""
    where = "" if condition is None else f" WHERE {condition}"
    return Finding(
        code="index-translated",
        severity="info",
        subject=naming.subject,
        message=f"{naming.described} is created on ({', '.join(key.ordered for key in keys)})"
        f"{where}.",
        evidence=(Evidence("sql", index.sql),),
        help="A query uses it where it holds the same expressions.",
    )


def _unique_index(
    plan: IndexPlan,
    keys: tuple[Key, ...],
    index: Index,
    naming: IndexNaming,
    referenced: Collection[frozenset[str]],
    reports: tuple[Finding, ...],
) -> PlannedIndex:
    """Return a UNIQUE constraint where it says the same, else a unique index.

    A foreign key of PostgreSQL needs plain columns that are unique, which those are too that are
    unique without regard to case.
    """
    columns = tuple(key.column.target for key in keys if key.column is not None)
    if plan.where_sql is not None or len(columns) < len(keys):
        return PlannedIndex((plan,), reports)
    # A constraint has no column twice; an index may, by two collations.
    columns = tuple(dict.fromkeys(columns))
    quoted = tuple(quote_name(column) for column in columns)
    if all(key.is_plain for key in keys):
        if index.origin != "c":
            plan = replace(plan, keys=quoted, constraint=True)
        elif len(columns) < len(keys):
            # The second time says nothing, and no foreign key could refer to it.
            first = {key.column.target: key for key in reversed(keys) if key.column is not None}
            plan = replace(plan, keys=tuple(first[column].ordered for column in columns))
        return PlannedIndex((plan,), reports, columns, columns)
    if any(key.folded == "json" for key in keys):
        return PlannedIndex((plan,), reports)
    if frozenset(columns) in referenced:
        plain = replace(plan, target=naming.second, keys=quoted, constraint=True)
        return PlannedIndex((plan, plain), reports, columns, columns)
    return PlannedIndex((plan,), reports, possible_key=columns)


def _long_index(
    plan: IndexPlan,
    keys: tuple[Key, ...],
    naming: IndexNaming,
    size: int,
    reports: tuple[Finding, ...],
) -> PlannedIndex:
    """Return an index in place of one with a key that PostgreSQL refuses."""
    short = tuple(hashed(key) if _is_long(key) else key for key in keys)
    if plan.unique:
        terms = tuple(key.ordered for key in short if key is not None)
        if len(terms) < len(keys):
            return PlannedIndex((), (*reports, _long(naming, size, "it is not created")))
        hash_plan = replace(plan, keys=terms)
        what = "it is unique over a hash of the long values, and serves neither order nor ranges"
        return PlannedIndex((hash_plan,), (*reports, _long(naming, size, what)))
    leading = _leading_short(keys)
    if leading:
        what = f"it is created on ({', '.join(key.sql for key in leading)}) alone"
        rest = replace(plan, keys=tuple(key.ordered for key in leading))
        return PlannedIndex((rest,), (*reports, _long(naming, size, what)))
    if len(keys) == 1:
        what = "it is a hash index, which serves = alone"
        hash_index = replace(plan, keys=(keys[0].sql,), method="hash")
        return PlannedIndex((hash_index,), (*reports, _long(naming, size, what)))
    return PlannedIndex((), (*reports, _long(naming, size, "it is not created")))


def _is_long(key: Key) -> bool:
    return key.column is None or may_be_long(key.column)


def _leading_short(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    for position, key in enumerate(keys):
        if _is_long(key):
            return keys[:position]
    return keys


def _collation_findings(index: Index, naming: IndexNaming, keys: tuple[Key, ...]) -> list[Finding]:
    found = []
    for collation in dict.fromkeys(key.folded for key in keys if key.folded in {"NOCASE", "RTRIM"}):
        terms = ", ".join(key.sql for key in keys if key.folded == collation)
        found.append(
            Finding(
                code="index-collation",
                severity="low",
                subject=naming.subject,
                message=(
                    f"{naming.described} compares by COLLATE {collation} and is created on {terms}."
                ),
                evidence=(Evidence("sql", index.sql),),
                help=f"Queries use it where they compare {terms}.",
            )
        )
    for foreign in dict.fromkeys(key.foreign for key in keys if key.foreign):
        found.append(
            Finding(
                code="index-collation",
                severity="medium",
                subject=naming.subject,
                message=(
                    f"{naming.described} sorts by COLLATE {foreign}, which is the application's "
                    "own; it is created in PostgreSQL's own order."
                ),
                evidence=(Evidence("sql", index.sql),),
                help="CREATE COLLATION with ICU may make one that sorts alike.",
            )
        )
    differences = dict.fromkeys(text for key in keys for text in key.differences)
    if differences:
        found.append(
            Finding(
                code="index-differs",
                severity="low",
                subject=naming.subject,
                message=f"{naming.described}: {'; '.join(differences)}.",
                evidence=(Evidence("sql", index.sql),),
            )
        )
    return found


def _not_created(index: Index, naming: IndexNaming, why: str) -> PlannedIndex:
    finding = Finding(
        code="index-not-translated",
        severity="medium",
        subject=naming.subject,
        message=f"{naming.described} is not created: {why}.",
        evidence=(Evidence("sql", index.sql),),
        help="Its SQL is saved with the report: write it for PostgreSQL by hand.",
    )
    return PlannedIndex(findings=(finding,), saved_sql=index.sql or naming.described)


def _long(naming: IndexNaming, size: int, what: str) -> Finding:
    return Finding(
        code="index-key-too-long",
        severity="medium",
        subject=naming.subject,
        message=(
            f"{naming.described} has a key of {size:,} bytes, and PostgreSQL takes 2,704: {what}."
        ),
        evidence=(Evidence("key_bytes", size),),
        help="Shorten the values, or index a part of them.",
    )
