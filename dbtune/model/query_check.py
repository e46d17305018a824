"""What became of a recorded statement on PostgreSQL: whether it runs, and returns the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# "same": read on both sides with equal results. "runs": prepared and explained only, such as a
# write. "differs": other rows or another order. "breaks": PostgreSQL refuses it. "untranslated":
# a construct has no counterpart. "not-checked": nothing of it could be tried; `reasons` says why.
QueryStatus = Literal["same", "runs", "differs", "breaks", "untranslated", "not-checked"]

# Why rows differ. "other" where none of the known reasons explains it.
DifferenceReason = Literal[
    "text order",
    "null order",
    "letter case",
    "ties in any order",
    "limit without order",
    "text against number",
    "rounding",
    "known difference",
    "other",
]


@dataclass(frozen=True)
class SequentialScan:
    """A table that PostgreSQL reads whole for a statement; `rows` are all of its rows.

    `source_index` names the index that SQLite searches it by, None where it reads it whole too.
    """

    table: str
    rows: int
    source_index: str | None = None


@dataclass(frozen=True)
class QueryCheck:
    """One recorded shape on both databases.

    `target_sql` is the statement as it ran on PostgreSQL; `exact_sql` the one that gives SQLite's
    rows where that is another. `reasons` say why rows differ or it breaks, `differences` what the
    translation itself knows to be not quite the same. `unchanged_error` is PostgreSQL's message
    for the statement as the application sends it, None where it takes it. Times are medians in
    milliseconds, None where it was not run.
    """

    shape_id: str
    text: str
    kind: Literal["read", "write", "other"]
    count: float
    status: QueryStatus
    target_sql: str | None = None
    exact_sql: str | None = None
    causes: tuple[DifferenceReason, ...] = ()
    reasons: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    unchanged_error: str | None = None
    scans: tuple[SequentialScan, ...] = ()
    rows: int | None = None
    source_ms: float | None = None
    target_ms: float | None = None
    samples: int = 0

    @property
    def needs_index(self) -> bool:
        """True where PostgreSQL reads a table whole that SQLite searches by an index."""
        return any(scan.source_index is not None for scan in self.scans)


@dataclass(frozen=True)
class ViewCheck:
    """A view's rows on both sides; `rows` are SQLite's, None where they were not read.

    "same" holds for all rows, or for their number only where there are too many (`detail` says
    so); `detail` says what differs or why nothing was compared.
    """

    view: str
    status: Literal["same", "differs", "not-compared"]
    rows: int | None = None
    detail: str = ""
