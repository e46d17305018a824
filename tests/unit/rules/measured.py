"""Real databases and what rules are told of them, read and measured as analyze does it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.measuring.cost import measure, open_scratch
from dbtune.advisor.statements.runnable import Statement
from dbtune.model.advice import Change, Finding
from dbtune.model.workload import Parameters, QueryShape, Sample, Workload
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.explain import bindings, explain
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.statistics import read_statistics
from dbtune.workload.fingerprint import kind_of, shape_id, template_of


@dataclass(frozen=True)
class Query:
    """A statement of a workload, and how often it comes."""

    sql: str
    parameters: Parameters = None
    count: float = 100.0
    drawn: bool = False


def build(path: Path, *statements: str) -> Path:
    """Write a database from statements and return its path."""
    run(path, *statements)
    return path


def run(path: Path, *statements: str) -> None:
    """Run statements on a database, each committed by itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # a test's file need not survive a crash
        for statement in statements:
            connection.executescript(statement)


def rows(count: int) -> str:
    """Return a table expression `n` of the numbers from 1 to `count`."""
    return (
        f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) "
        "SELECT n FROM s)"
    )


def facts_of(path: Path, *queries: str | Query) -> Facts:
    """Read a database, and measure queries on a copy of it as a workload; none: no workload."""
    with closing(open_readonly(path)) as connection:
        schema = read_schema(connection)
        statistics = read_statistics(connection, schema)
        health = read_health(connection, path)
    shapes = _measured(path, [Query(q) if isinstance(q, str) else q for q in queries])
    return Facts(
        schema=schema,
        statistics=statistics,
        health=health,
        workload=workload_of(shapes) if queries else None,
        shapes=shapes,
        python_sqlite_version=sqlite3.sqlite_version,
    )


def workload_of(shapes: Iterable[ShapeFacts]) -> Workload:
    """Return the workload that these shapes are."""
    kept = tuple(shape.shape for shape in shapes)
    return Workload(shapes=kept, statements=int(sum(shape.count for shape in kept)))


def shape_of(query: Query) -> QueryShape:
    """Return the query as a shape with one sample."""
    return QueryShape(
        id=shape_id(query.sql),
        template=template_of(query.sql),
        kind=kind_of(query.sql),
        count=query.count,
        duration_ns=None,
        samples=(Sample(query.sql, query.parameters, query.drawn),),
    )


def apply(path: Path, finding: Finding) -> Change:
    """Run the finding's change forward and return it."""
    assert finding.change is not None
    run(path, *finding.change.up)
    return finding.change


def codes(findings: Iterable[Finding]) -> list[str]:
    """Return the codes of findings in their order."""
    return [finding.code for finding in findings]


def _measured(path: Path, queries: list[Query]) -> tuple[ShapeFacts, ...]:
    if not queries:
        return ()
    copy = path.with_name(path.name + ".scratch")
    shutil.copy(path, copy)
    connection = open_scratch(copy)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
        return tuple(_shape_facts(connection, query, tables) for query in queries)
    finally:
        connection.close()
        copy.unlink()


def _shape_facts(connection, query: Query, tables: list[str]) -> ShapeFacts:  # type: ignore[no-untyped-def]
    shape = shape_of(query)
    plan = explain(connection, query.sql, query.parameters).steps
    statement = Statement(query.sql, bindings(query.sql, query.parameters))
    counted = measure(connection, statement, writes=shape.kind == "write")
    assert counted.failure is None, counted.failure
    return ShapeFacts(
        shape=shape,
        tables=tuple(name for name in tables if name.lower() in query.sql.lower()),
        cost_before_ns=counted.cost_ns,
        cost_after_ns=counted.cost_ns,
        plan_before=plan,
        plan_after=plan,
        scanned_rows_before=counted.scanned_rows,
        scanned_rows_after=counted.scanned_rows,
        automatic_index_rows_after=counted.automatic_index_rows,
        returned_rows=counted.returned_rows,
    )
