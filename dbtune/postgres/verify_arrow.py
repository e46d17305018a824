"""Comparison of clean tables by columns (extra dbtune[fast])."""

from __future__ import annotations

from dbtune.model.transfer import TablePlan
from dbtune.postgres.compared_rows import ComparedTable, Selection
from dbtune.postgres.differences import Compared
from dbtune.postgres.worker import Worker


def arrow_able(table: TablePlan) -> bool:
    """Return whether a table may be compared by columns."""
    return False


def compare_by_arrow(worker: Worker, table: ComparedTable, selection: Selection) -> Compared | None:
    """Return the differences of the selected rows, None where ADBC could not read them."""
    return None
