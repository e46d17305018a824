"""What a report shows of the database: its tables, and what the file says of itself. Pure."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dbtune.advisor.explaining.index_words import existing_specs
from dbtune.advisor.facts import Facts
from dbtune.advisor.reading.index_keys import is_served, keys_of
from dbtune.advisor.rules import (
    RULES,
    foreign_key_violation,
    fragmentation,
    freelist,
    integrity_error,
    missing_statistics,
    rollback_journal,
    small_page_size,
    stale_statistics,
    wal_reset_race,
)
from dbtune.advisor.wording import counted, megabytes, percent, statement
from dbtune.model.advice import Finding, IndexSpec
from dbtune.model.overview import ForeignKeyOverview, HealthFact, IndexOverview, TableOverview
from dbtune.model.schema import FileHealth, Index, Schema, Statistics, Table
from dbtune.sqlite.pragmas import MAX_VIOLATIONS

# What is wrong with a value is said by the finding about it, in the same words.
_CONCERNS: Mapping[str, tuple[str, ...]] = {
    "journal_mode": (rollback_journal.CODE, wal_reset_race.CODE),
    "page_size": (small_page_size.CODE,),
    "freelist_count": (freelist.CODE,),
    "fragmentation": (fragmentation.CODE,),
    "quick_check": (integrity_error.CODE,),
    "foreign_key_check": (foreign_key_violation.CODE,),
    "sqlite_stat1": (missing_statistics.CODE, stale_statistics.CODE),
}
_AUTO_VACUUM = {0: "none", 1: "full", 2: "incremental"}
_NOT_CHECKED = "not checked"


def table_overviews(schema: Schema, statistics: Statistics) -> tuple[TableOverview, ...]:
    """Return all tables in their order, but for the shadow tables of virtual ones."""
    specs = dict(existing_specs(schema))
    index_bytes = {index.index: index.size_bytes for index in statistics.indexes}
    table_bytes = _table_bytes(schema, statistics)
    sizes = {table.table: table for table in statistics.tables}
    return tuple(
        TableOverview(
            name=table.name,
            rows=sizes[table.name].rows,
            exact=sizes[table.name].exact,
            size_bytes=table_bytes[table.name],
            foreign_keys=tuple(_foreign_keys(table)),
            indexes=tuple(
                _index(index, specs[index.name], index_bytes.get(index.name))
                for index in table.indexes
            ),
            kind="virtual" if table.kind == "virtual" else "table",
            without_rowid=table.without_rowid,
        )
        for table in schema.tables
        if table.kind != "shadow"
    )


def _table_bytes(schema: Schema, statistics: Statistics) -> dict[str, int | None]:
    """Return the bytes of each table; a virtual one has those of the tables that it is kept in."""
    found = {table.table: table.size_bytes for table in statistics.tables}
    virtual = sorted((t.name for t in schema.tables if t.kind == "virtual"), key=len, reverse=True)
    for shadow in (table.name for table in schema.tables if table.kind == "shadow"):
        # Of docs and docs_old, docs_old_data belongs to the longer name.
        owner = next((v for v in virtual if shadow.lower().startswith(f"{v.lower()}_")), None)
        size = found.get(shadow)
        if owner is not None and size is not None:
            found[owner] = (found[owner] or 0) + size
    return found


def _foreign_keys(table: Table) -> Iterator[ForeignKeyOverview]:
    keys = [keys_of(index) for index in table.indexes]
    for foreign_key in table.foreign_keys:
        yield ForeignKeyOverview(
            foreign_key.columns,
            foreign_key.referenced_table,
            is_served(foreign_key, table, keys),
        )


def _index(index: Index, spec: IndexSpec, size_bytes: int | None) -> IndexOverview:
    return IndexOverview(
        index.name, spec.terms, spec.where, index.unique, index.origin != "c", size_bytes
    )


def health_facts(health: FileHealth, statistics: Statistics | None) -> tuple[HealthFact, ...]:
    """Return what the file says of itself, still without what is wrong with it."""
    facts = [
        ("journal_mode", health.journal_mode),
        ("wal_size", megabytes(health.wal_bytes) if health.wal_bytes else "no -wal file"),
        ("page_size", f"{health.page_size_bytes:,} bytes"),
        ("freelist_count", f"{health.freelist_count:,} of {counted(health.page_count, 'page')}"),
        ("auto_vacuum", _AUTO_VACUUM.get(health.auto_vacuum, str(health.auto_vacuum))),
        ("encoding", health.encoding),
        ("fragmentation", _fragmentation(health)),
        ("quick_check", _integrity(health)),
        ("foreign_key_check", _foreign_key_check(health)),
    ]
    if statistics is not None:
        facts.append(("sqlite_stat1", _analyzed(statistics)))
    return tuple(HealthFact(name, value) for name, value in facts)


def _fragmentation(health: FileHealth) -> str:
    return "unknown" if health.fragmentation_ratio is None else percent(health.fragmentation_ratio)


def _integrity(health: FileHealth) -> str:
    errors = health.integrity_errors
    if errors:
        return f"{counted(len(errors), 'error')}, first: {statement(errors[0])}"
    return _NOT_CHECKED if _left_out(health, "integrity") else "ok"


def _foreign_key_check(health: FileHealth) -> str:
    rows = len(health.foreign_key_violations)
    if rows:
        least = "at least " if rows >= MAX_VIOLATIONS else ""
        return f"{least}{counted(rows, 'row')} without the row referred to"
    # Of a damaged file nothing more is asked.
    unknown = health.integrity_errors or _left_out(health, "integrity, foreign keys", "foreign key")
    return _NOT_CHECKED if unknown else "ok"


def _left_out(health: FileHealth, *beginnings: str) -> bool:
    return any(text.startswith(beginnings) for text in health.not_checked)


def _analyzed(statistics: Statistics) -> str:
    known = sum(table.stat1_rows is not None for table in statistics.tables)
    if not known:
        return "ANALYZE has not run"
    return f"{known:,} of {counted(len(statistics.tables), 'table')} analyzed"


def judged_health(
    schema: Schema, health: FileHealth, application_version: str | None
) -> tuple[HealthFact, ...]:
    """Return what the file says of itself, and what analyze would find wrong with that alone."""
    facts = Facts(
        schema=schema,
        statistics=Statistics((), ()),
        health=health,
        python_sqlite_version=sqlite3.sqlite_version,
        application_sqlite_version=application_version,
    )
    codes = {code for found in _CONCERNS.values() for code in found}
    findings = [found for rule in RULES if rule.code in codes for found in rule.check(facts)]
    return with_concerns(health_facts(health, None), findings)


def with_concerns(
    facts: Sequence[HealthFact], findings: Sequence[Finding]
) -> tuple[HealthFact, ...]:
    """Return the facts with what the findings say is wrong with them."""
    return tuple(
        replace(
            fact,
            concern=" ".join(
                found.message for found in findings if found.code in _CONCERNS.get(fact.name, ())
            ),
        )
        for fact in facts
    )
