"""foreign-key-without-index: child rows can only be found by reading the whole child table.

Source: https://www.sqlite.org/foreignkeys.html#fk_indexes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.reading.columns import TableUse
from dbtune.advisor.reading.index_keys import free_name, is_served, keys_on
from dbtune.advisor.reading.plan_steps import automatic_index_columns, is_scanned
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.reading.statement import Statement
from dbtune.advisor.reading.writes import Write, read_write
from dbtune.advisor.rules.sizes import table_rows
from dbtune.advisor.rules.worth import is_small
from dbtune.advisor.wording import counted, listed, shown
from dbtune.model.advice import Change, Evidence, Finding, IndexSpec, Severity
from dbtune.model.schema import ForeignKey, Table
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.index_ddl import create_index_sql, drop_index_sql

CODE = "foreign-key-without-index"

# Actions that a schema declares because parents are meant to be deleted or changed.
_EXPECTING = frozenset(("CASCADE", "SET NULL", "SET DEFAULT"))


@dataclass(frozen=True)
class _Need:
    """Why child rows have to be found, and whether that is certain enough for a Change."""

    severity: Severity
    reason: str
    certain: bool
    shape_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Recorded:
    """What the recording does with tables, by their names in lower case."""

    writes: Mapping[str, tuple[tuple[str, Write], ...]]
    joins: Mapping[str, tuple[ShapeFacts, ...]]


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each foreign key of a large table whose columns no index begins with."""
    unserved = [
        (table, foreign_key)
        for table in facts.schema.tables
        if table.kind == "table" and not is_small(facts, table)
        for foreign_key in _unserved(facts, table)
    ]
    recorded = _recorded(facts) if unserved else _Recorded({}, {})
    return tuple(
        _finding(facts, table, foreign_key, _need(facts, recorded, table, foreign_key))
        for table, foreign_key in unserved
    )


def _recorded(facts: Facts) -> _Recorded:
    """Read the recording once for all foreign keys."""
    writes: dict[str, tuple[tuple[str, Write], ...]] = {}
    joins: dict[str, tuple[ShapeFacts, ...]] = {}
    for shape in facts.shapes:
        write = read_write(shape.shape) if shape.shape.kind == "write" else None
        if write is not None:
            target = (write.target or "").lower()
            writes[target] = (*writes.get(target, ()), (shape.shape.id, write))
        if len(shape.tables) > 1:
            for name in map(str.lower, shape.tables):
                joins[name] = (*joins.get(name, ()), shape)
    return _Recorded(writes, joins)


def _unserved(facts: Facts, table: Table) -> Iterator[ForeignKey]:
    seen: set[frozenset[str]] = set()
    keys = keys_on(facts, table)
    for foreign_key in table.foreign_keys:
        columns = frozenset(name.lower() for name in foreign_key.columns)
        known = columns <= {column.name.lower() for column in table.columns}
        if known and columns not in seen and not is_served(foreign_key, table, keys):
            seen.add(columns)
            yield foreign_key


def _need(facts: Facts, recorded: _Recorded, table: Table, foreign_key: ForeignKey) -> _Need:
    expected = {foreign_key.on_delete.upper(), foreign_key.on_update.upper()} & _EXPECTING
    if facts.workload is None:
        return _Need("low", "no recording says how often", True)
    writers = tuple(_parent_writers(recorded, foreign_key))
    if writers:
        return _Need("medium", "the recording does so", True, writers)
    joins = tuple(_scanning_joins(facts, recorded, table, foreign_key))
    if joins:
        return _Need("medium", "the recording joins the two and reads it whole", True, joins)
    if expected:
        action = ", ".join(sorted(expected))
        return _Need("low", f"the key declares {action} for that, the recording has none", True)
    return _Need("info", "the recording has none", False)


def _parent_writers(recorded: _Recorded, foreign_key: ForeignKey) -> Iterator[str]:
    """Yield the shapes that delete a parent or change the key that children refer to."""
    referenced = {name.lower() for name in foreign_key.referenced_columns}
    for shape_id, write in recorded.writes.get(foreign_key.referenced_table.lower(), ()):
        changed = {name.lower() for name in write.assigned}
        if write.verb in {"delete", "replace"} or changed & referenced:
            yield shape_id


def _scanning_joins(
    facts: Facts, recorded: _Recorded, table: Table, foreign_key: ForeignKey
) -> Iterator[str]:
    """Yield the shapes that join parent and child and still read the child whole."""
    parent = foreign_key.referenced_table.lower()
    for shape in recorded.joins.get(table.name.lower(), ()):
        if parent not in map(str.lower, shape.tables):
            continue
        for statement in read_samples(facts, shape.shape)[:1]:
            if _joins_by_scan(statement, shape.plan_after, table, foreign_key):
                yield shape.shape.id


def _joins_by_scan(
    statement: Statement, plan: tuple[str, ...], table: Table, foreign_key: ForeignKey
) -> bool:
    for use in statement.uses:
        if use.table != table or not _is_read_whole(plan, use):
            continue
        for comparison in statement.filters(use):
            column = comparison.side.bare
            others = {o.table.name.lower() for side in comparison.others for o in side.uses}
            if (
                column is not None
                and column.column.name.lower() in map(str.lower, foreign_key.columns)
                and foreign_key.referenced_table.lower() in others
            ):
                return True
    return False


def _is_read_whole(plan: tuple[str, ...], use: TableUse) -> bool:
    return is_scanned(plan, use.planned) or bool(automatic_index_columns(plan, use.planned))


def _finding(facts: Facts, table: Table, foreign_key: ForeignKey, need: _Need) -> Finding:
    names = tuple(_as_declared(table, name) for name in foreign_key.columns)
    spec = IndexSpec(table.name, tuple(quote_identifier(name) for name in names))
    name = free_name(facts, spec)
    create = create_index_sql(name, spec)
    rows = facts.statistics.rows(table.name)
    parent = shown(foreign_key.referenced_table)
    reason = f"finds the rows of {table.name} that refer to {foreign_key.referenced_table}"
    return Finding(
        code=CODE,
        severity=need.severity,
        subject=f"{table.name}({', '.join(names)})",
        message=(
            f"{shown(table.name)}: no index begins with ({listed(names)}), which refers to "
            f"{parent}. With foreign keys on, each {parent} row deleted or given another key "
            f"reads all {counted(rows, 'row')}; {need.reason}."
        ),
        evidence=(
            *table_rows(facts, table.name),
            Evidence("on_delete", foreign_key.on_delete),
            Evidence("on_update", foreign_key.on_update),
            Evidence("query_shapes", need.shape_ids),
        ),
        help=(
            "Create the index; it also serves joins from parent to child."
            if need.certain
            else "Create the index if rows of the parent are ever deleted; it slows every INSERT."
        ),
        command=create + ";",
        change=(
            Change((create,), (drop_index_sql(name),), reason, name, spec) if need.certain else None
        ),
    )


def _as_declared(table: Table, name: str) -> str:
    return next((c.name for c in table.columns if c.name.lower() == name.lower()), name)
