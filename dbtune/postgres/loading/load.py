"""Loading all tables of a plan into a schema: cut into parts, copied by several processes."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.transfer import MigrationPlan, Reject, TablePlan
from dbtune.postgres.loading.arrow_copy import arrow_able
from dbtune.postgres.loading.load_part import LoadedPart, LoadPart, ReadRejects
from dbtune.postgres.loading.table_part import TablePart
from dbtune.postgres.workers.worker import Task
from dbtune.postgres.workers.worker_pool import WorkerPool

_log = logging.getLogger(__name__)

# Smaller parts leave less to do for one process alone at the end, larger ones less to commit.
_PART_BYTES = 16 << 20
_MOST_PARTS = 1000
# What a row takes where nothing is known of a table's size.
_ROW_BYTES = 64


@dataclass(frozen=True)
class LoadedTable:
    """What became of a table: rows copied, rows kept back, and how: "arrow", "rows" or "both".

    Rows and seconds (of all processes together) are those of this run; `rejects` are complete
    also where an earlier run has copied some parts.
    """

    source: str
    rows: int
    rejects: tuple[Reject, ...] = ()
    seconds: float = 0.0
    method: str = "rows"

    @property
    def rejected(self) -> int:
        """How many rows were kept back."""
        return len(self.rejects)


def split(plan: MigrationPlan) -> tuple[TablePart, ...]:
    """Return the parts of all tables, the largest first; the same for the same plan every time.

    A table without a key is one part.
    """
    parts = (part for table in plan.tables for part in split_table(table))
    return tuple(sorted(parts, key=lambda part: -part.size_bytes))


def split_table(table: TablePlan) -> tuple[TablePart, ...]:
    """Return the parts of one table: ranges of rowids, then each row that is streamed."""
    whole = TablePart(table, 0, table.rows, table.size_bytes or table.rows * _ROW_BYTES)
    ranges = tuple(_ranges(whole)) or (whole,)
    streamed = tuple(_streamed(table, len(ranges)))
    return ranges + streamed


def load(
    pool: WorkerPool,
    plan: MigrationPlan,
    migration_id: str,
    schema: str,
    done: Collection[tuple[str, int]] = (),
    on_event: OnEvent = ignore_event,
) -> tuple[LoadedTable, ...]:
    """Copy all tables into those of `schema`; parts that are `done` (table, number) stay.

    Returns them in the plan's order. Raises SourceError and TargetError; parts that were copied
    before stay, and are journaled.
    """
    parts = split(plan)
    earlier = [part for part in parts if part.key in done]
    missing = [part for part in parts if part.key not in done]
    tally = _Tally(plan, earlier, on_event)
    tasks = [LoadPart(part, migration_id, schema, arrow=_by_arrow(part)) for part in missing]
    pool.run(tasks, tally.take, tally.progress)
    by_rows = [replace(task, arrow=False) for task in tally.refused]
    pool.run(by_rows, tally.take, tally.progress)
    kept_back = [ReadRejects(part) for part in earlier if part.table.reject_where]
    pool.run(kept_back, tally.take_rejects)
    return tally.tables()


class _Tally:
    """What has become of each table so far."""

    def __init__(
        self, plan: MigrationPlan, earlier: Iterable[TablePart], on_event: OnEvent
    ) -> None:
        self.refused: list[LoadPart] = []
        self._plan = plan
        self._on_event = on_event
        self._loaded: dict[str, list[LoadedPart]] = {table.source: [] for table in plan.tables}
        self._copied = {table.source: 0 for table in plan.tables}
        for part in earlier:
            self._copied[part.table.source] += part.rows
        for table in plan.tables:
            self._tell(table)

    def take(self, task: Task[LoadedPart], loaded: LoadedPart) -> None:
        """Count a part, or put it aside for the other path."""
        assert isinstance(task, LoadPart)
        table = task.part.table
        if loaded.cannot is not None:
            _log.info("%s goes row by row: %s", task.part.subject, loaded.cannot)
            self.refused.append(task)
            return
        self._loaded[table.source].append(loaded)

    def take_rejects(self, task: Task[LoadedPart], loaded: LoadedPart) -> None:
        """Count the rejects of a part that an earlier run did."""
        assert isinstance(task, ReadRejects)
        self._loaded[task.part.table.source].append(loaded)

    def progress(self, task: Task[LoadedPart], rows: int) -> None:
        """Tell of rows that are on their way."""
        assert isinstance(task, LoadPart)
        table = task.part.table
        self._copied[table.source] += rows
        self._tell(table)

    def tables(self) -> tuple[LoadedTable, ...]:
        """Return all tables in the plan's order."""
        return tuple(self._table(table.source) for table in self._plan.tables)

    def _table(self, name: str) -> LoadedTable:
        parts = self._loaded[name]
        ways = {"arrow" if part.arrow else "rows" for part in parts if part.rows}
        return LoadedTable(
            source=name,
            rows=sum(part.rows for part in parts),
            rejects=tuple(reject for part in parts for reject in part.rejects),
            seconds=sum(part.seconds for part in parts),
            method="both" if len(ways) == 2 else "".join(ways) or "rows",
        )

    def _tell(self, table: TablePlan) -> None:
        done = min(self._copied[table.source], table.rows)
        self._on_event(
            Event("load", done, table.rows, subject=table.source, size_bytes=table.size_bytes)
        )


def _by_arrow(part: TablePart) -> bool:
    return part.large_rowid is None and arrow_able(part.table)


def _ranges(whole: TablePart) -> Iterator[TablePart]:
    """Yield a large table's parts by ranges of rowids; nothing for one that stays whole."""
    table = whole.table
    if table.rowid_sql is None or table.rowid_min is None or table.rowid_max is None:
        return
    if not table.primary_key:
        return
    count = min(round(whole.size_bytes / _PART_BYTES), _MOST_PARTS, table.rows)
    if count < 2:
        return
    width = -((table.rowid_min - table.rowid_max - 1) // count)
    firsts = range(table.rowid_min, table.rowid_max + 1, width)
    for number, first in enumerate(firsts):
        yield replace(
            whole,
            number=number,
            rows=table.rows // len(firsts),
            size_bytes=whole.size_bytes // len(firsts),
            first=first,
            last=min(first + width - 1, table.rowid_max),
        )


def _streamed(table: TablePlan, first_number: int) -> Iterator[TablePart]:
    """Yield a part for each row with a value that is too long for the others."""
    if table.rowid_sql is None:
        return
    sizes: dict[int, int] = {}
    for rowid, _, size in table.large_values:
        sizes[rowid] = sizes.get(rowid, 0) + size
    for number, rowid in enumerate(sorted(sizes), first_number):
        yield TablePart(table, number, 1, sizes[rowid], large_rowid=rowid)
