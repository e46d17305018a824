"""The task that copies one part of a table, with its line in the journal, in one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbtune.model.transfer import Reject
from dbtune.postgres.loading.arrow_casts import CannotCast
from dbtune.postgres.loading.arrow_copy import copy_arrow
from dbtune.postgres.loading.copy_rows import copy_rows
from dbtune.postgres.loading.large_values import copy_large_row
from dbtune.postgres.loading.part_rows import read_rejects
from dbtune.postgres.loading.table_part import TablePart, select_sql, target_sql
from dbtune.postgres.workers.worker import Worker
from dbtune.resources import sql


@dataclass(frozen=True)
class LoadedPart:
    """What became of a part. `cannot` says why it has to be copied row by row instead."""

    rows: int
    rejects: tuple[Reject, ...] = ()
    seconds: float = 0.0
    arrow: bool = False
    cannot: str | None = None


@dataclass(frozen=True)
class LoadPart:
    """Copies a part into a schema, and journals it under a migration, all or nothing."""

    part: TablePart
    migration_id: str
    schema: str
    arrow: bool = field(default=False, kw_only=True)

    @property
    def subject(self) -> str:
        """The part in words."""
        return f"copying {self.part.subject}"

    def run(self, worker: Worker) -> LoadedPart:
        """Copy. Raises SourceError and TargetError, with nothing of the part left behind."""
        started = time.monotonic()
        target = worker.postgres(self.schema)
        rejects: tuple[Reject, ...] = ()
        try:
            with target.transaction():
                # A crash loses the rows and their line together, and both are done again.
                target.execute("SET LOCAL synchronous_commit = off")
                rows = self._copy(worker, target)
                if worker.kind == "rows":
                    rejects = read_rejects(worker.sqlite, self.part)
                self._journal(target, rows, len(rejects))
        except CannotCast as error:
            return LoadedPart(0, cannot=str(error))
        seconds = time.monotonic() - started
        return LoadedPart(rows, rejects, seconds, arrow=worker.kind == "arrow")

    def _copy(self, worker: Worker, target: psycopg.Connection[Any]) -> int:
        if not self.part.table.loaded_columns:
            return _insert_defaults(worker, self.part, target, self.schema)
        if worker.kind == "arrow":
            return copy_arrow(worker, self.part, target, self.schema)
        if self.part.large_rowid is not None:
            return copy_large_row(worker, self.part, target, self.schema)
        return copy_rows(worker, self.part, target, self.schema)

    def _journal(self, target: psycopg.Connection[Any], rows: int, rejected: int) -> None:
        target.execute(
            sql("postgres/insert_done_part").encode(),
            {
                "id": self.migration_id,
                "source_table": self.part.table.source,
                "part": self.part.number,
                "rows": rows,
                "rejected": rejected,
            },
        )


@dataclass(frozen=True)
class ReadRejects:
    """Reads the rejected rows of a part that an earlier run has copied."""

    part: TablePart
    arrow: bool = field(default=False, kw_only=True)

    @property
    def subject(self) -> str:
        """The part in words."""
        return f"reading {self.part.subject}"

    def run(self, worker: Worker) -> LoadedPart:
        """Return the rejects; no rows are counted."""
        return LoadedPart(0, read_rejects(worker.sqlite, self.part))


def _insert_defaults(
    worker: Worker, part: TablePart, target: psycopg.Connection[Any], schema: str
) -> int:
    """Insert as many rows as there are, all of whose columns PostgreSQL makes itself."""
    counted = f"SELECT count(*) FROM ({select_sql(part, ('1',), ordered=False)})"
    rows = int(worker.sqlite.execute(counted).fetchone()[0])
    table = target_sql(part.table, schema)
    target.execute(f"INSERT INTO {table} SELECT FROM generate_series(1, {rows})".encode())
    return rows
