"""What a verification has found of one table so far, and what its parts come to together."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add

from dbtune.model.event import Event
from dbtune.model.transfer import Difference, TableCheck, TablePlan
from dbtune.postgres.verification.differences import Compared
from dbtune.postgres.verification.verify_multiset import Buckets
from dbtune.postgres.verification.verify_tasks import (
    CountRows,
    NameDifferences,
    PartFound,
    SumBuckets,
    VerifyPart,
    VerifyRange,
)


class TableProgress:
    """Takes the results of a table's parts, in any order."""

    def __init__(self, table: TablePlan) -> None:
        self.table = table
        self._found: list[tuple[float, Compared]] = []
        self._counted: Compared | None = None
        self._sums: dict[bool, Buckets] = {}
        self._sums_awaited = 0
        self._awaited = 0
        self._methods: set[str] = set()
        self._seconds = 0.0

    def expect(self, task: VerifyPart) -> None:
        """Note that a task's result is to come."""
        self._awaited += 1
        self._sums_awaited += isinstance(task, SumBuckets)

    def take(self, task: VerifyPart, found: PartFound, seconds: float) -> VerifyPart | None:
        """Add what a task found after so many seconds; returns the task that asks for."""
        self._awaited -= 1
        self._seconds = seconds
        if isinstance(task, SumBuckets):
            return self._take_buckets(task, found)
        if isinstance(task, VerifyRange) and found.compared is None:
            return replace(task, columnar=False)
        assert found.compared is not None  # only the two above have results of another kind
        if isinstance(task, CountRows):
            self._counted = found.compared
            return None
        self._methods.add(found.method)
        low = task.selection.low if isinstance(task, VerifyRange) else None
        self._found.append((float("-inf") if low is None else low, found.compared))
        return None

    def event(self) -> Event:
        """Return how far it is."""
        table = self.table
        done = sum(compared.rows for _, compared in self._found) if self._awaited else table.rows
        return Event("verify", done, table.rows, subject=table.source, size_bytes=table.size_bytes)

    def check(self) -> TableCheck:
        """Return what was found of the whole table, the differences in the order of its key."""
        in_order = [compared for _, compared in sorted(self._found, key=_low)]
        total = reduce(add, in_order, Compared())
        counts = total if self._counted is None else self._counted
        rows = total if self._found else counts
        differences = rows.differences
        if counts.rows != counts.target_rows:
            differences = (_count(self.table, counts), *differences)
        return TableCheck(
            table=self.table.source,
            rows=rows.rows,
            target_rows=rows.target_rows,
            method=self._method(),
            differences=differences,
            seconds=self._seconds,
            more=total.more,
        )

    def _method(self) -> str:
        if not self._methods:
            return "counts"
        # Where ADBC failed on one part only, the slower method is what vouches for the whole.
        method = "arrow" if self._methods == {"arrow"} else min(self._methods - {"arrow"})
        return method if self._counted is None else f"{method} sample"

    def _take_buckets(self, task: SumBuckets, found: PartFound) -> VerifyPart | None:
        assert found.buckets is not None
        self._sums_awaited -= 1
        before = self._sums.get(task.of_target)
        self._sums[task.of_target] = found.buckets if before is None else before + found.buckets
        if self._sums_awaited:
            return None
        ours, theirs = self._sums.pop(False), self._sums.pop(True)
        return NameDifferences(task.table, task.schema, task.nonce, ours, theirs)


def _low(found: tuple[float, Compared]) -> float:
    return found[0]


def _count(table: TablePlan, counted: Compared) -> Difference:
    rows = f"{counted.rows:,} rows", f"{counted.target_rows:,} rows"
    return Difference(table.source, "", None, "count", *rows)
