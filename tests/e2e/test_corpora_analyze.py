"""Real databases analyzed: each is read, advised on, and unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.journeys.analyze import AnalyzeOptions, analyze
from dbtune.model.schema import Schema, Table
from dbtune.report.documents.to_json import to_json
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.catalog import read_schema
from tests.fixtures.corpora import ABSENT, DATABASES, copied, digests
from tests.report_schema import valid_report

# Half a minute each, for as many indexes tried as the others have together.
LONG = {"elements", "northwind", "sakila"}
FILES = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in LONG))
    for path in DATABASES
]
pytestmark = pytest.mark.skipif(not FILES, reason=ABSENT)
# Enough statements for any path through the advisor, few enough for 60 files.
MOST_TABLES = 12
MOST_COLUMNS = 5


def any_application(schema: Schema) -> Iterator[str]:
    """Yield statements that reach every table in the ways applications do, without values."""
    tables = [table for table in schema.tables if table.kind == "table" and table.columns]
    for table in tables[:MOST_TABLES]:
        yield from _of_table(table)
        for key in table.foreign_keys:
            on = " AND ".join(
                f"c.{quote_identifier(one)} = p.{quote_identifier(other)}"
                for one, other in zip(key.columns, key.referenced_columns, strict=False)
            )
            parent = quote_identifier(key.referenced_table)
            child = quote_identifier(table.name)
            yield f"SELECT p.*, c.* FROM {parent} AS p JOIN {child} AS c ON {on or 1} LIMIT 20"
    for view in schema.views:
        yield f"SELECT * FROM {quote_identifier(view.name)}"


def _of_table(table: Table) -> Iterator[str]:
    name = quote_identifier(table.name)
    columns = [quote_identifier(column.name) for column in table.columns[:MOST_COLUMNS]]
    plain = [quote_identifier(c.name) for c in table.columns[:MOST_COLUMNS] if not c.generated]
    yield f"SELECT count(*) FROM {name}"
    for column in columns:
        yield f"SELECT * FROM {name} WHERE {column} = ?"
        yield f"SELECT {columns[0]} FROM {name} WHERE {column} LIKE ? ORDER BY {columns[-1]}"
    yield f"SELECT {columns[-1]}, max({columns[0]}) FROM {name} GROUP BY {columns[-1]}"
    yield f"SELECT * FROM {name} WHERE {columns[0]} = ? OR {columns[-1]} BETWEEN ? AND ?"
    if plain:
        yield f"INSERT INTO {name} ({', '.join(plain)}) VALUES ({', '.join('?' * len(plain))})"
        yield f"UPDATE {name} SET {plain[-1]} = ? WHERE {columns[0]} = ?"
    yield f"DELETE FROM {name} WHERE {columns[-1]} = ?"


@pytest.mark.parametrize("source", FILES)
def test_every_database_is_analyzed_with_and_without_a_recording(
    source: Path, tmp_path: Path
) -> None:
    """Whatever its schema and values: a valid report, and not a byte changed."""
    database = copied(source, tmp_path)
    before = digests(database)
    assert analyze(database, AnalyzeOptions()).verdict is None
    with closing(open_readonly(database)) as connection:
        schema = read_schema(connection)
    recording = tmp_path / "queries.jsonl"
    lines = ({"db.query.text": text, "count": 50} for text in any_application(schema))
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    report = analyze(database, AnalyzeOptions(queries=(str(recording),)))
    assert digests(database) == before
    valid_report(to_json(report))
    assert report.verdict is not None
    assert report.verdict.cost_after <= 1.1 * report.verdict.cost_before
    unplannable = [f.message for f in report.findings if f.code == "unplannable-query"]
    assert len(report.shapes) > 0 or not schema.tables or unplannable
