"""Small databases, shapes and advice for the tests of the advisor."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

from dbtune.advisor.advise import Advice, AdviceLimits, advise
from dbtune.advisor.measuring.baseline import Baseline, measure_baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.subjects import Subjects, prepare_subjects
from dbtune.advisor.time_limit import TimeLimit, never
from dbtune.model.event import ignore_event
from dbtune.model.schema import Schema
from dbtune.model.workload import Parameters, QueryShape, Sample, Workload
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.workload.fingerprint import kind_of, read_form, shape_id, template_of

# No test waits for it: everything here is done in a second or two.
TIME = TimeLimit(120.0)


def build(path: Path, *statements: str) -> Path:
    """Write a database from statements and return its path."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # a test's file need not survive a crash
        connection.execute("BEGIN")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
    return path


def filled(table: str, columns: str, values: str, rows: int) -> str:
    """Return an INSERT of rows made from their number `n`, which counts from 1."""
    return (
        f"INSERT INTO {table} ({columns}) WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL"
        f" SELECT n + 1 FROM s WHERE n < {rows}) SELECT {values} FROM s"
    )


def schema_of(*statements: str) -> Schema:
    """Return the schema that statements declare."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        return read_schema(connection)


def read(path: Path) -> Schema:
    """Return the schema of a database."""
    with closing(sqlite3.connect(path)) as connection:
        return read_schema(connection)


def shape(*texts: str, values: Parameters = None, count: float = 100.0) -> QueryShape:
    """Return the shape of one or more samples; placeholders without `values` need some drawn."""
    return QueryShape(
        id=shape_id(texts[0]),
        template=template_of(texts[0]),
        kind=kind_of(texts[0]),
        count=count,
        duration_ns=None,
        samples=tuple(Sample(text, values) for text in texts),
        needs_values=read_form(texts[0]).has_placeholders and values is None,
    )


@contextmanager
def scratch(path: Path) -> Iterator[apsw.Connection]:
    """Open a scratch copy for measuring, and close it."""
    with closing(open_scratch(path)) as connection:
        yield connection


def prepare(connection: apsw.Connection, *shapes: QueryShape) -> Subjects:
    """Prepare shapes on a scratch copy."""
    drawer = ValueDrawer(connection, read_schema(connection))
    return prepare_subjects(connection, shapes, drawer)


def baseline_of(path: Path, *shapes: QueryShape) -> Baseline:
    """Measure shapes on a scratch copy as it is."""
    with scratch(path) as connection:
        return measure_baseline(connection, prepare(connection, *shapes), never)


def limits(
    *,
    budget_bytes: int | None = None,
    min_gain_ratio: float = 0.2,
    max_write_slowdown_ratio: float | None = None,
    room_bytes: int = 1 << 30,
    time: TimeLimit = TIME,
    database_bytes: int = 1 << 20,
) -> AdviceLimits:
    """Return limits that leave the search free."""
    return AdviceLimits(
        budget_bytes, min_gain_ratio, max_write_slowdown_ratio, room_bytes, time, database_bytes
    )


def advice_on(path: Path, *shapes: QueryShape, allowed: AdviceLimits | None = None) -> Advice:
    """Return the advice on a database, which serves as its own scratch copy."""
    workload = Workload(shapes, statements=len(shapes))
    return advise(path, read(path), workload, allowed or limits(), ignore_event)


def advised(advice: Advice) -> list[str]:
    """Return what the advised indexes are on, such as "orders (user_id, created_at)"."""
    return [index.planned.sql.partition(" ON ")[2] for index in advice.proof.indexes]
