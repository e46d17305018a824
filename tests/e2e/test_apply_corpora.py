"""Real databases: an index on every table comes and goes, and nothing else changes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.model.advice import Finding, IndexSpec
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.identifiers import quote_identifier
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.index_ddl import index_name
from tests.fixtures.in_process import run_here
from tests.fixtures.shop import added, index_names, read_catalog, write_report

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SUFFIXES = {".db", ".sqlite", ".grist", ".gpkg"}
# The others take a minute more and differ less.
QUICK = {"northwind", "kuma", "home-assistant_v2", "44_fts_rtree", "48_names_case_unicode"}
FILES = [
    pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else pytest.mark.slow)
    for path in sorted(CORPORA.rglob("*"))
    if path.suffix in SUFFIXES
]


def one_index_a_table(database: Path) -> list[Finding]:
    """Return findings for the first two columns of each table that are not its rowid."""
    with closing(open_readonly(database)) as connection:
        schema = read_schema(connection)
    taken = {index.name for index in schema.indexes}
    found = []
    for table in schema.tables:
        columns = [column.name for column in table.columns if column.name != table.rowid_alias]
        if table.kind == "table" and columns:
            terms = tuple(quote_identifier(name) for name in reversed(columns[:2]))
            name = index_name(IndexSpec(table.name, terms), taken)
            taken.add(name)
            found.append(added(table.name, *terms, name=name))
    return found


def damage(database: Path) -> list[tuple[str]]:
    """Return what quick_check finds: some of these files break constraints of their own."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("PRAGMA quick_check").fetchall()


@pytest.mark.skipif(not FILES, reason="the collection of real databases is not on this machine")
@pytest.mark.parametrize("source", FILES)
def test_indexes_on_every_table(source: Path, tmp_path: Path) -> None:
    """Upgrade and downgrade, whatever else the schema holds."""
    database = tmp_path / source.name
    for suffix in ("", "-wal"):
        if Path(f"{source}{suffix}").exists():
            shutil.copyfile(f"{source}{suffix}", f"{database}{suffix}")
    findings = one_index_a_table(database)
    before, damaged = read_catalog(database), damage(database)
    report = write_report(database, *findings)
    output = tmp_path / "applied.json"
    result = run_here("apply-indexes", database, "--from", report, "--yes", "--output", output)
    assert result.returncode == 0, result.stderr
    notes = json.loads(output.read_text())["notes"]
    equal = {note.split()[1] for note in notes if "is in place as" in note}
    assert {finding.subject for finding in findings} - index_names(database) == equal
    result = run_here("rollback", database, "--yes")
    assert result.returncode == 0, result.stderr
    assert read_catalog(database) == before
    assert damage(database) == damaged
