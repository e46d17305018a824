"""The parts of a verification, as tasks that run in worker processes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from dbtune.model.transfer import TablePlan
from dbtune.postgres.names import quote_name
from dbtune.postgres.verification.compared_rows import ComparedTable, Selection, rows_where
from dbtune.postgres.verification.differences import Compared
from dbtune.postgres.verification.target_columns import Target, read_target_table
from dbtune.postgres.verification.verify_arrow import compare_by_arrow
from dbtune.postgres.verification.verify_multiset import (
    Buckets,
    compare_multiset,
    name_differences,
    source_buckets,
    target_buckets,
)
from dbtune.postgres.verification.verify_rows import compare_ordered
from dbtune.postgres.workers.worker import Worker


@dataclass(frozen=True)
class PartFound:
    """What a task came to, and how: "arrow", "rows", "multiset", "counts".

    `compared` None asks for the same part by another method. `buckets` are of one side.
    """

    method: str
    compared: Compared | None = None
    buckets: Buckets | None = None


@dataclass(frozen=True)
class VerifyPart(ABC):
    """A part of a table, in a schema of the target. `nonce` salts the hashes of this run."""

    table: TablePlan
    schema: str
    nonce: bytes

    @property
    def subject(self) -> str:
        """What it works on, in words for a message."""
        return f"verifying {self.table.source}"

    @property
    def arrow(self) -> bool:
        """True where it is for a process with ADBC."""
        return False

    @abstractmethod
    def run(self, worker: Worker, /) -> PartFound:
        """Do it."""

    def compared_table(self, target: Target) -> tuple[ComparedTable, Compared]:
        """Return what of the table can be compared, and what of it differs for that reason."""
        found = read_target_table(target, self.schema, self.table)
        table = ComparedTable(self.table, self.schema, found.columns, self.nonce)
        return table, Compared(differences=found.differences)


@dataclass(frozen=True)
class VerifyRange(VerifyPart):
    """Rows in the order of their key. With `columnar`, by Arrow where the worker has it.

    Differences of columns are told by the part with `first` only.
    """

    selection: Selection
    columnar: bool = False
    first: bool = True

    @property
    def arrow(self) -> bool:
        """True where it is for a process with ADBC."""
        return self.columnar

    def run(self, worker: Worker, /) -> PartFound:
        """Compare the rows; without a result where ADBC could not read them."""
        target = worker.postgres(self.schema)
        table, unlike = self.compared_table(target)
        start = unlike if self.first else Compared()
        if not table.has_order:  # its key is among the differences
            return PartFound("rows", start)
        if worker.kind == "arrow":
            compared = compare_by_arrow(worker, table, self.selection)
            return PartFound("arrow", None if compared is None else start + compared)
        compared = compare_ordered(worker.sqlite, target, table, self.selection)
        return PartFound("rows", start + compared)


@dataclass(frozen=True)
class VerifyMultiset(VerifyPart):
    """A whole table without an order."""

    def run(self, worker: Worker, /) -> PartFound:
        """Compare both sides."""
        target = worker.postgres(self.schema)
        table, unlike = self.compared_table(target)
        if not table.columns:
            return PartFound("multiset", unlike)
        return PartFound("multiset", unlike + compare_multiset(worker.sqlite, target, table))


@dataclass(frozen=True)
class SumBuckets(VerifyPart):
    """A part of one side of a table without an order."""

    selection: Selection
    count: int
    of_target: bool

    def run(self, worker: Worker, /) -> PartFound:
        """Hash the rows."""
        target = worker.postgres(self.schema)
        table, _ = self.compared_table(target)
        if not table.columns:
            return PartFound("multiset", buckets=Buckets((0,) * self.count, (0,) * self.count))
        if self.of_target:
            buckets = target_buckets(target, table, self.selection, self.count)
        else:
            buckets = source_buckets(worker.sqlite, table, self.selection, self.count)
        return PartFound("multiset", buckets=buckets)


@dataclass(frozen=True)
class NameDifferences(VerifyPart):
    """A table without an order whose rows have been hashed on both sides."""

    ours: Buckets
    theirs: Buckets

    def run(self, worker: Worker, /) -> PartFound:
        """Look again at the rows that differ, if any do."""
        target = worker.postgres(self.schema)
        table, unlike = self.compared_table(target)
        if not table.columns:
            return PartFound("multiset", unlike)
        sides = (self.ours, self.theirs)
        return PartFound("multiset", unlike + name_differences(worker.sqlite, target, table, sides))


@dataclass(frozen=True)
class CountRows(VerifyPart):
    """The rows of both sides, and nothing of what they hold."""

    def run(self, worker: Worker, /) -> PartFound:
        """Count them."""
        target = worker.postgres(self.schema)
        table, unlike = self.compared_table(target)
        if any(found.column is None for found in unlike.differences):
            return PartFound("counts", unlike)  # there is no such table
        return PartFound("counts", unlike + count_rows(worker.sqlite, target, table))


def count_rows(source: Any, target: Target, table: ComparedTable) -> Compared:
    """Return how many rows there are on both sides."""
    where = rows_where(table.plan)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    name = quote_name(table.plan.source)
    (ours,) = source.execute(f"SELECT count(*) FROM {name}{condition}").fetchone()
    counted = f"{quote_name(table.schema)}.{quote_name(table.plan.target)}"
    row = target.execute(f"SELECT count(*) FROM {counted}".encode()).fetchone()
    assert row is not None
    return Compared(rows=ours, target_rows=row[0])
