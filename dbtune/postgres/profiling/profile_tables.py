"""The profiles of all tables, read by several processes from one snapshot."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema, Table
from dbtune.model.transfer import TableProfile
from dbtune.postgres.profiling.profile import (
    BegunPart,
    begin_part,
    complete_profile,
    profile_texts,
    profile_texts_by_arrow,
)
from dbtune.postgres.profiling.profile_merge import merge_profiles
from dbtune.postgres.workers.worker import Task, Worker
from dbtune.postgres.workers.worker_pool import WorkerPool
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.row_identity import rowid_expression

# Rowids of one part: half a second of reading.
_PART_ROWIDS = 400_000
# A table with few rows far apart is not cut into thousands of empty parts.
_MOST_PARTS = 64


@dataclass(frozen=True)
class ProfilePart(Task[BegunPart]):
    """Profiles a range of rowids of a table, both included; the whole table without one.

    With `leave_texts`, texts that ADBC reads faster are left.
    """

    table: Table
    rowid_range: tuple[int, int] | None
    wanted: frozenset[str]
    leave_texts: bool = False
    arrow: bool = False

    @property
    def subject(self) -> str:
        """Name the table and the range."""
        if self.rowid_range is None:
            return f"table {self.table.name}"
        return f"{self.table.name} rowid {self.rowid_range[0]} to {self.rowid_range[1]}"

    def run(self, worker: Worker) -> BegunPart:
        """Return the profile of the part."""
        return begin_part(
            worker.sqlite,
            self.table,
            rowid_range=self.rowid_range,
            wanted=self.wanted,
            leave_texts=self.leave_texts,
        )


@dataclass(frozen=True)
class ReadTexts(Task[TableProfile | None]):
    """Reads the texts that were left of a part; no result where ADBC could not."""

    table: Table
    begun: BegunPart
    wanted: frozenset[str]
    arrow: bool = False

    @property
    def subject(self) -> str:
        """Name the table and the range."""
        profile = self.begun.profile
        return f"{self.table.name} rowid {profile.rowid_min} to {profile.rowid_max}"

    def run(self, worker: Worker) -> TableProfile | None:
        """Return the profile of the part with its texts."""
        if worker.kind == "arrow":
            return profile_texts_by_arrow(worker.adbc, self.table, self.begun, wanted=self.wanted)
        return profile_texts(worker.sqlite, self.table, self.begun, wanted=self.wanted)


@dataclass(frozen=True)
class CompleteProfile(Task[TableProfile]):
    """Asks for what only a whole table's counts say has to be asked."""

    table: Table
    profile: TableProfile
    wanted: frozenset[str]
    arrow: bool = False

    @property
    def subject(self) -> str:
        """Name the table."""
        return f"table {self.table.name}"

    def run(self, worker: Worker) -> TableProfile:
        """Return the profile with ranges and examples."""
        return complete_profile(worker.sqlite, self.table, self.profile, wanted=self.wanted)


def profile_tables(
    pool: WorkerPool,
    schema: Schema,
    on_event: OnEvent,
    wanted: Collection[tuple[str, str]] = (),
) -> Mapping[str, TableProfile]:
    """Return the profiles of all tables but virtual and shadow ones, by name.

    Of the columns `wanted`, as (table, column), everything is asked. Raises SourceError where the
    file is damaged, naming table and rowids.
    """
    tables = [table for table in schema.tables if table.kind == "table"]
    tasks = [task for table in tables for task in _parts(pool, table, _wanted(table, wanted))]
    tasks.sort(key=lambda task: -_width(task))
    parts: defaultdict[str, list[TableProfile]] = defaultdict(list)
    left: list[ReadTexts] = []
    on_event(Event("profile", 0, len(tasks)))

    def done(profile: TableProfile) -> None:
        parts[profile.table].append(profile)
        on_event(Event("profile", sum(map(len, parts.values())), len(tasks)))

    def begun(task: Task[BegunPart], found: BegunPart) -> None:
        assert isinstance(task, ProfilePart)
        if found.unread:
            left.append(ReadTexts(task.table, found, task.wanted, arrow=True))
        else:
            done(found.profile)

    def read(task: Task[TableProfile | None], found: TableProfile | None) -> None:
        assert isinstance(task, ReadTexts)
        if found is None:
            left.append(replace(task, arrow=False))
        else:
            done(found)

    pool.run(tasks, begun)
    while left:
        tasks_left, left = sorted(left, key=lambda task: -_texts(task)), []
        pool.run(tasks_left, read)
    merged = {table.name: merge_profiles(_ordered(parts[table.name])) for table in tables}
    return _completed(pool, tables, merged, wanted)


def _texts(task: ReadTexts) -> int:
    return sum(task.begun.profile.column(name).counts.texts for name in task.begun.unread)


def _completed(
    pool: WorkerPool,
    tables: list[Table],
    merged: Mapping[str, TableProfile],
    wanted: Collection[tuple[str, str]],
) -> Mapping[str, TableProfile]:
    completed = dict(merged)

    def finished(task: Task[TableProfile], found: TableProfile) -> None:
        completed[found.table] = found

    pool.run(
        [CompleteProfile(table, merged[table.name], _wanted(table, wanted)) for table in tables],
        finished,
    )
    return completed


def _parts(pool: WorkerPool, table: Table, wanted: frozenset[str]) -> Iterator[ProfilePart]:
    """Yield the parts of a table, by rowid where it has more than fit one part."""
    bounds = _rowids(pool, table)
    if bounds is None or bounds[1] - bounds[0] < _PART_ROWIDS:
        yield ProfilePart(table, None, wanted, pool.has_arrow)
        return
    first, last = bounds
    width = max(_PART_ROWIDS, -(-(last - first + 1) // _MOST_PARTS))
    for start in range(first, last + 1, width):
        end = min(start + width - 1, last)
        yield ProfilePart(table, (start, end), wanted, pool.has_arrow)


def _rowids(pool: WorkerPool, table: Table) -> tuple[int, int] | None:
    rowid = rowid_expression(table)
    if rowid is None:
        return None
    name = quote_identifier(table.name)
    try:
        row = pool.sqlite.execute(
            f"SELECT (SELECT min({rowid}) FROM {name}), (SELECT max({rowid}) FROM {name})"
        ).fetchone()
    except sqlite3.DatabaseError:
        return None  # a damaged page, which the profile of the whole table finds and names
    return None if row[0] is None else (row[0], row[1])


def _wanted(table: Table, wanted: Collection[tuple[str, str]]) -> frozenset[str]:
    return frozenset(column for name, column in wanted if name == table.name)


def _width(task: ProfilePart) -> int:
    return 0 if task.rowid_range is None else task.rowid_range[1] - task.rowid_range[0]


def _ordered(parts: list[TableProfile]) -> list[TableProfile]:
    return sorted(parts, key=lambda part: (part.rowid_min is None, part.rowid_min or 0))
