"""Real databases moved to PostgreSQL: each row compared by other code, each gap named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.corpora import ABSENT, CORPORA, DATABASES, copied, digests
from tests.fixtures.in_process import run_here
from tests.fixtures.independent_compare import Expected, compare_databases

HARD = CORPORA / "hard"
CASES = json.loads((HARD / "expected.json").read_text()) if HARD.is_dir() else []
pytestmark = pytest.mark.skipif(not DATABASES, reason=ABSENT)


def renamed(database: Path) -> Expected:
    """Return the names that the plan gives to tables and columns."""
    done = run_here("-q", "migrate-to-postgres", database, "--plan", "--json")
    tables: dict[str, str] = {}
    columns: dict[tuple[str, str], str] = {}
    for table in json.loads(done.stdout)["tables"]:
        tables[table["source"]] = table["target"]
        for column in table["columns"]:
            columns[table["source"], column["source"]] = column["target"]
    return Expected(tables=tables, columns=columns)


def relations(conninfo: str) -> list[Any]:
    """Return what is in the target outside dbtune's own schema."""
    with psycopg.connect(conninfo) as connection:
        return connection.execute(
            "SELECT nspname, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname <> 'dbtune' AND nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ).fetchall()


def moved_or_stopped(source: Path, folder: Path, conninfo: str, *options: str) -> None:
    """Migrate a database: all rows are there exactly, or a stop left the target empty."""
    database = copied(source, folder)
    before = digests(database)
    done = run_here("-q", "migrate-to-postgres", database, conninfo, "--json", *options)
    assert digests(database) == before
    report = json.loads(done.stdout or "{}")
    if done.returncode == 5:
        assert relations(conninfo) == []
        assert [f for f in report["findings"] if f["severity"] == "high" and f["help"]]
        return
    assert done.returncode == 0, done.stdout + done.stderr
    assert compare_databases(database, conninfo, renamed(database)) == []
    assert all(table["verified"] for table in report["tables"])


@pytest.mark.parametrize("source", DATABASES, ids=lambda path: path.stem)
def test_every_row_arrives_or_nothing_does(source: Path, tmp_path: Path, target: str) -> None:
    """Exit 0 means that each row is there exactly; a stop leaves the target empty."""
    moved_or_stopped(source, tmp_path, target)


@pytest.mark.slow
@pytest.mark.parametrize("source", DATABASES, ids=lambda path: path.stem)
def test_every_row_arrives_by_several_processes(source: Path, tmp_path: Path, target: str) -> None:
    """The same with worker processes, and by Arrow where it is installed."""
    moved_or_stopped(source, tmp_path, target, "--jobs", "2")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_hard_cases_become_what_is_expected(
    case: dict[str, Any], tmp_path: Path, target: str
) -> None:
    """The collection's own assertions hold, and its words are in the report."""
    database = copied(HARD / case["file"], tmp_path)
    done = run_here("-q", "migrate-to-postgres", database, target)
    said = (done.stdout + done.stderr).lower()
    assert (done.returncode == 0) == (case["exit"] == "zero"), said
    assert [word for word in case["report"] if word.lower() not in said] == []
    with psycopg.connect(target) as connection:
        for query, wanted in case["asserts"]:
            rows = connection.execute(query).fetchall()
            found = [[None if value is None else str(value) for value in row] for row in rows]
            assert found == wanted, query
            connection.rollback()
