"""Whether a table would serve its queries better WITHOUT ROWID: tried on a copy.

Such a table is one tree in the order of its key, in place of the rows in the order they came and
an index beside them. https://www.sqlite.org/withoutrowid.html says when that pays; here it is
measured, beside the same table rebuilt as it is, since rebuilding alone packs its pages.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from dbtune.advisor.alternatives.table_rebuild import rebuild_steps
from dbtune.advisor.facts import RebuiltTable
from dbtune.advisor.measuring import planner_statistics
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.oracle import Oracle, ShapeCost
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.proving.proof import PlannedIndex, is_slower
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.schema import Schema, Statistics, Table

# A table that carries less of what is left is not worth an application's change.
_LEAST_SHARE = 0.05
_MOST_TABLES = 3
_LEAST_ROWS = 1_000
# Rows of a twentieth of a page, as SQLite's documentation has it, at the usual 4,096 bytes.
_MOST_ROW_BYTES = 200
_ROWID = re.compile(r"\b(?:rowid|_rowid_|oid|last_insert_rowid)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """What was advised, and on what: `after` is parallel to `baseline.subjects.ready`."""

    base: Path
    schema: Schema
    statistics: Statistics
    baseline: Baseline
    after: Sequence[ShapeCost]
    planned: Sequence[PlannedIndex]


def rebuilt_tables(setting: Setting, stop: Stop = never) -> tuple[RebuiltTable, ...]:
    """Rebuild the tables that qualify on copies of the closed scratch copy, and measure both ways.

    Copies nothing where none qualifies. Removes its copies.
    """
    found = []
    for table in _worth_trying(setting)[:_MOST_TABLES]:
        if stop():
            break
        with suppress(apsw.Error):  # NULL in the key, a broken view: it cannot be rebuilt
            tried = _try(setting, table)
            if tried is not None:
                found.append(tried)
    return tuple(found)


def _worth_trying(setting: Setting) -> list[Table]:
    """Return the tables that could be WITHOUT ROWID and matter, the dearest first."""
    shares = {t.name: _left(setting, t) for t in setting.schema.tables if _could_be(setting, t)}
    total = sum(
        s.shape.count * c.cost_ns
        for s, c in zip(setting.baseline.subjects.ready, setting.after, strict=True)
    )
    names = sorted(shares, key=lambda name: (-shares[name], name))
    return [
        t
        for t in map(setting.schema.table, names)
        if t is not None and total > 0 and shares[t.name] >= _LEAST_SHARE * total
    ]


def _could_be(setting: Setting, table: Table) -> bool:
    if table.kind != "table" or table.without_rowid or table.rowid_alias or not table.primary_key:
        return False
    sizes = {s.table: s for s in setting.statistics.tables}
    known = sizes.get(table.name)
    if known is None or known.rows < _LEAST_ROWS or known.size_bytes is None:
        return False
    return known.size_bytes <= _MOST_ROW_BYTES * known.rows and not _ROWID.search(
        " ".join(_texts(setting, table))
    )


def _texts(setting: Setting, table: Table) -> Iterator[str]:
    """Yield what may speak of the table's rowid; a virtual table may by its content option."""
    for subject in setting.baseline.subjects.ready:
        if table.name in subject.tables:
            yield from (statement.text for statement in subject.statements)
    yield from (view.sql for view in setting.schema.views)
    yield from (trigger.sql for trigger in setting.schema.triggers)
    for other in setting.schema.tables:
        if other.kind == "virtual" and table.name.lower() in other.sql.lower():
            yield "rowid"


def _left(setting: Setting, table: Table) -> float:
    return sum(
        setting.baseline.subjects.ready[i].shape.count * setting.after[i].cost_ns
        for i in _touching(setting.baseline, table)
    )


def _touching(baseline: Baseline, table: Table) -> list[int]:
    name = table.name.lower()
    return [
        i
        for i, subject in enumerate(baseline.subjects.ready)
        if name in {touched.lower() for touched in subject.tables}
    ]


def _try(setting: Setting, table: Table) -> RebuiltTable | None:
    steps = rebuild_steps(setting.schema, table, without_rowid=True)
    again = rebuild_steps(setting.schema, table, without_rowid=False)
    if steps is None or again is None:
        return None
    before = _measured(setting, table, again)
    after = _measured(setting, table, steps)
    numbers = _touching(setting.baseline, table)
    ready = setting.baseline.subjects.ready
    return RebuiltTable(
        table.name,
        steps,
        tuple(ready[i].shape.id for i in numbers),
        sum(
            ready[i].shape.count * cost.cost_ns
            for i, cost in zip(numbers, before.costs, strict=True)
        ),
        sum(
            ready[i].shape.count * cost.cost_ns
            for i, cost in zip(numbers, after.costs, strict=True)
        ),
        before.size_bytes,
        after.size_bytes,
        tuple(
            ready[i].shape.id
            for i, old, new in zip(numbers, before.costs, after.costs, strict=True)
            if not ready[i].writes and is_slower(old, new)
        ),
    )


@dataclass(frozen=True)
class _Form:
    """One form of a table: what each shape on it costs, and its bytes with all its indexes."""

    costs: tuple[ShapeCost, ...]
    size_bytes: int


def _measured(setting: Setting, table: Table, steps: Sequence[str]) -> _Form:
    path = setting.base.with_name("rebuilt.db")
    shutil.copyfile(setting.base, path)
    try:
        with closing(open_scratch(path, setting.baseline.subjects.functions)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA legacy_alter_table = ON")
            for step in steps:
                connection.execute(step)
            pool = Pool(connection)
            for index in setting.planned:
                pool.build(index.name, index.sql)
            touched = dict.fromkeys((table.name, *(index.table for index in setting.planned)))
            planner_statistics.analyze(connection, touched)
            pool.finish(analyze=(), hides_tables=False)
            oracle = Oracle(pool, setting.baseline.subjects.ready)
            numbers = _touching(setting.baseline, table)
            costs = tuple(oracle.cost(i, pool.names) for i in numbers)
            return _Form(costs, _size(connection, table))
    finally:
        path.unlink()


def _size(connection: apsw.Connection, table: Table) -> int:
    rows = connection.execute(
        "SELECT sum(pgsize) FROM dbstat('main', 1)"
        " WHERE name IN (SELECT name FROM sqlite_schema WHERE lower(tbl_name) = lower(?))",
        (table.name,),
    )
    return int(next(iter(rows))[0] or 0)
