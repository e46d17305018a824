"""All objects of one table, planned together: columns, keys, indexes, CHECKs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Table, fold_name
from dbtune.model.transfer import CheckPlan, ColumnPlan, IndexPlan
from dbtune.postgres.names import Names
from dbtune.postgres.objects.checks import plan_checks
from dbtune.postgres.objects.conflict_clauses import report_conflict_clauses
from dbtune.postgres.objects.defaults import plan_default
from dbtune.postgres.objects.generated import plan_generated
from dbtune.postgres.objects.planned_table import PlannedTable, planned_table
from dbtune.postgres.objects.source_facts import TableFacts
from dbtune.postgres.objects.table_keys import order_key, plan_keys, sequence_name
from dbtune.postgres.translation.expressions import TranslationOptions
from dbtune.sqlite.tokens import tokenize, unquote_name

_IDENTITY_TYPES = frozenset({"smallint", "integer", "bigint"})


@dataclass(frozen=True)
class TableObjects:
    """What is planned of one table but its foreign keys; the fields are those of TablePlan."""

    planned: PlannedTable
    columns: tuple[ColumnPlan, ...]
    primary_key: tuple[str, ...] = ()
    primary_key_name: str | None = None
    order_key: tuple[str, ...] = ()
    indexes: tuple[IndexPlan, ...] = ()
    checks: tuple[CheckPlan, ...] = ()
    identity_next: int | None = None
    identity_sequence: str | None = None
    unique_keys: frozenset[frozenset[str]] = frozenset()
    warnings: tuple[Finding, ...] = ()
    saved_sql: tuple[tuple[str, str], ...] = ()

    @property
    def constraint_names(self) -> frozenset[str]:
        """Names that no other constraint of the table may have."""
        own = {check.target for check in self.checks}
        own |= {index.target for index in self.indexes if index.constraint}
        # PostgreSQL 18 names NOT NULL too, and gives way to none that come later.
        own |= {f"{self.planned.target}_{column.target}_not_null" for column in self.columns}
        return frozenset(own | {self.primary_key_name or ""})


def name_columns(
    table: Table, columns: tuple[ColumnPlan, ...], names: Names
) -> tuple[PlannedTable, tuple[Finding, ...]]:
    """Return a table with its columns named, NOT NULL where no row breaks it, and identity."""
    found: list[Finding] = []
    named = []
    for column in columns:
        broken = column.not_null and column.counts.nulls > 0
        if broken:
            found.append(_not_null_broken(table, column))
        is_identity = column.source == table.rowid_alias and column.pg_type in _IDENTITY_TYPES
        named.append(
            replace(
                column,
                target=names.column(table.name, column.source),
                not_null=column.not_null and not broken,
                identity=is_identity,
            )
        )
    return planned_table(table, names.table(table.name), tuple(named)), tuple(found)


def plan_table(
    planned: PlannedTable,
    names: Names,
    taken: set[str],
    facts: TableFacts,
    *,
    referenced: Collection[frozenset[str]],
    options: TranslationOptions,
) -> TableObjects:
    """Return the objects of a table.

    `taken` are the names of the schema's relations, to which those chosen here are added;
    `referenced` are the sets of its target columns that foreign keys refer to.
    """
    keys = plan_keys(planned, names, taken, facts, referenced=referenced, options=options)
    columns, of_columns = _plan_columns(planned, referenced, options)
    identity = next((column for column in columns if column.identity), None)
    objects = TableObjects(
        planned=planned,
        columns=columns,
        primary_key=keys.primary_key,
        primary_key_name=keys.primary_key_name,
        order_key=order_key(planned),
        indexes=keys.indexes,
        identity_next=None if identity is None else _next_value(facts),
        identity_sequence=None if identity is None else sequence_name(planned, identity, taken),
        unique_keys=keys.unique_keys,
    )
    checks = plan_checks(planned, facts, options, objects.constraint_names)
    return replace(
        objects,
        checks=checks.checks,
        warnings=(
            *of_columns,
            *keys.findings,
            *checks.findings,
            *report_conflict_clauses(planned),
        ),
        saved_sql=keys.saved_sql + checks.saved_sql,
    )


def _plan_columns(
    planned: PlannedTable, referenced: Collection[frozenset[str]], options: TranslationOptions
) -> tuple[tuple[ColumnPlan, ...], tuple[Finding, ...]]:
    """Return the columns with defaults and expressions, and what to report of them."""
    generated = {fold_name(text.column): text for text in planned.constraints.generated}
    keyed = frozenset(_keyed(planned, referenced))
    columns, findings = [], []
    for column, declared in zip(planned.columns, planned.table.columns, strict=True):
        text = generated.get(fold_name(column.source))
        if text is not None:
            made = plan_generated(planned, text, keyed, options)
            columns.append(made.column)
            findings.append(made.finding)
        elif column.identity:
            columns.append(column)
        else:
            default = plan_default(planned.source, declared, column)
            columns.append(replace(column, default_sql=default.sql))
            findings.append(default.finding)
    return tuple(columns), tuple(finding for finding in findings if finding is not None)


def _keyed(planned: PlannedTable, referenced: Collection[frozenset[str]]) -> Iterator[str]:
    """Yield the folded names of columns that a key or index holds, or that one is made of."""
    yield from map(fold_name, planned.table.primary_key)
    for key in planned.table.foreign_keys:
        yield from map(fold_name, key.columns)
    targets = {name for columns in referenced for name in columns}
    yield from (fold_name(c.source) for c in planned.columns if c.target in targets)
    for index in planned.table.indexes:
        yield from (fold_name(term.name) for term in index.columns if term.name is not None)
        yield from (fold_name(unquote_name(token)) for token in tokenize(index.sql or ""))


def _next_value(facts: TableFacts) -> int:
    return max(facts.largest_id or 0, facts.sequence or 0, 0) + 1


def _not_null_broken(table: Table, column: ColumnPlan) -> Finding:
    rows = "1 row holds" if column.counts.nulls == 1 else f"{column.counts.nulls:,} rows hold"
    return Finding(
        code="not-null-broken",
        severity="medium",
        subject=f"{table.name}.{column.source}",
        message=f"{table.name}.{column.source} is NOT NULL, and {rows} NULL: it may be NULL.",
        evidence=(Evidence("rows", column.counts.nulls),),
        help="Mend the rows, then ALTER TABLE ... ALTER COLUMN ... SET NOT NULL.",
    )
