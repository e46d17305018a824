"""Everything a rule may look at, read beforehand; rules themselves read nothing."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.advice import IndexSpec
from dbtune.model.schema import FileHealth, Schema, Statistics
from dbtune.model.workload import QueryShape, Workload


@dataclass(frozen=True)
class ShapeFacts:
    """One query shape as measured on the copy, for one execution (mean over its samples).

    `tables` are the tables SQLite reads or writes for it, through views and triggers too.
    `cost_*_ns` are of the cost model; `*_after` are with the recommended indexes in place.
    `returned_rows` is how many rows one run returns, None where that was not counted.
    `error` is SQLite's message where the statement cannot be prepared; the rest is then empty.
    """

    shape: QueryShape
    tables: tuple[str, ...] = ()
    cost_before_ns: float = 0.0
    cost_after_ns: float = 0.0
    plan_before: tuple[str, ...] = ()
    plan_after: tuple[str, ...] = ()
    scanned_rows_before: float = 0.0
    scanned_rows_after: float = 0.0
    automatic_index_rows_after: float = 0.0
    returned_rows: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class PlanChange:
    """A shape whose plan changes with statistics: plans, and costs of one execution."""

    shape: QueryShape
    plan_before: tuple[str, ...]
    plan_after: tuple[str, ...]
    cost_before_ns: float
    cost_after_ns: float

    @property
    def saved_ns(self) -> float:
        """What the whole recording saves by it; negative where it gets dearer."""
        return self.shape.count * (self.cost_before_ns - self.cost_after_ns)


@dataclass(frozen=True)
class StatisticsEffect:
    """What ANALYZE today would change with no new index, measured; the dearest change first.

    `samples` tells whether the statistics had the samples of STAT4, as those of the SQLite that
    Python is linked with have or have not. `complete` is False where the time did not suffice.
    """

    cost_before_ns: float
    cost_after_ns: float
    changes: tuple[PlanChange, ...]
    samples: bool
    complete: bool = True


@dataclass(frozen=True)
class RebuiltTable:
    """A table measured as WITHOUT ROWID, beside itself rebuilt as it is.

    Costs are those of the whole recording with the recommended indexes, of the shapes that touch
    the table; `slower` are ids of reads among them that get slower. Sizes include the indexes.
    """

    table: str
    steps: tuple[str, ...]
    shape_ids: tuple[str, ...]
    cost_before_ns: float
    cost_after_ns: float
    size_before_bytes: int
    size_after_bytes: int
    slower: tuple[str, ...] = ()


@dataclass(frozen=True)
class NarrowerRead:
    """A read of all columns of a table, measured with fewer of them and the recommended indexes.

    `columns` are those it would name, `spared` the others; `index` is the one that then answers it
    alone, None where the rows are still read. `spared_bytes` is what one run fetches of the spared
    columns, of `fetched_bytes` in all. Costs and page fetches are those of one run.
    """

    shape_id: str
    table: str
    columns: tuple[str, ...]
    spared: tuple[str, ...]
    index: str | None
    sql: str
    rows: float
    fetched_bytes: float
    spared_bytes: float
    cost_before_ns: float
    cost_after_ns: float
    page_fetches_before: float
    page_fetches_after: float


@dataclass(frozen=True)
class Facts:
    """The input of every rule.

    `workload` is None where no recording was given; `shapes` is then empty.
    `new_indexes` are those the advisor recommends; `unused_indexes` are names of existing
    indexes that no plan of the recording uses once those are in place.
    `python_sqlite_version` is the library Python is linked with, `application_sqlite_version`
    the one the recording's header or the user names.
    `statistics_effect`, `rebuilt_tables` and `narrower_reads` are what was tried on scratch
    copies; None and empty where nothing was.
    """

    schema: Schema
    statistics: Statistics
    health: FileHealth
    workload: Workload | None = None
    shapes: tuple[ShapeFacts, ...] = ()
    new_indexes: tuple[IndexSpec, ...] = ()
    unused_indexes: tuple[str, ...] = ()
    python_sqlite_version: str = ""
    application_sqlite_version: str | None = None
    statistics_effect: StatisticsEffect | None = None
    rebuilt_tables: tuple[RebuiltTable, ...] = ()
    narrower_reads: tuple[NarrowerRead, ...] = ()
