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
    automatic_index_rows_before: float = 0.0
    automatic_index_rows_after: float = 0.0
    sorts_before: float = 0.0
    sorts_after: float = 0.0
    returned_rows: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Facts:
    """The input of every rule.

    `workload` is None where no recording was given; `shapes` is then empty.
    `new_indexes` are those the advisor recommends; `unused_indexes` are names of existing
    indexes that no plan of the recording uses once those are in place.
    `python_sqlite_version` is the library Python is linked with, `application_sqlite_version`
    the one the recording's header or the user names.
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
