"""`--check-queries`: what the application's recorded statements will do on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.fixtures.in_process import run_here
from tests.fixtures.moving import make_shop
from tests.report_schema import valid_report

STATEMENTS: tuple[tuple[str, list[Any], str], ...] = (
    ("SELECT name, score FROM customer WHERE id = ?", [17], "same"),
    ("SELECT id FROM customer WHERE name LIKE ? ORDER BY id", ["NAME 1%"], "differs"),
    ("SELECT id / 2 AS half, count(*) FROM customer GROUP BY id / 2 ORDER BY 1", [], "same"),
    ("UPDATE purchase SET total = total + 1 WHERE id = ?", [3], "runs"),
    ("SELECT id FROM purchase WHERE receipt MATCH ?", ["x"], "untranslated"),
)


def recording(folder: Path) -> Path:
    """Write a recording of the statements."""
    path = folder / "shop.queries.jsonl"
    lines = (
        json.dumps({"db.query.text": text, "db.query.parameters": values, "count": 5})
        for text, values, _ in STATEMENTS
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def report(tmp_path: Path, target: str) -> Any:
    """Return the report of a migration that tried the recording."""
    database = make_shop(tmp_path / "shop.db", rows=400)
    output = tmp_path / "report.json"
    done = run_here(
        "-q", "migrate-to-postgres", database, target,
        "--check-queries", recording(tmp_path), "--output", output,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    text = output.read_text(encoding="utf-8")
    valid_report(text)
    return json.loads(text), done.stdout


def test_only_statements_of_the_database_are_tried(tmp_path: Path, target: str) -> None:
    """Those of the application's other files are told, and a line that cannot be read."""
    database = make_shop(tmp_path / "shop.db", rows=10)
    lines = [
        {"db.query.text": "SELECT count(*) FROM purchase", "db.namespace": "/srv/shop.db"},
        {"db.query.text": "SELECT max(id) FROM purchase", "db.namespace": "/srv/jobs.db"},
    ]
    queries = tmp_path / "q.jsonl"
    queries.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"cut', "utf-8")
    output = tmp_path / "report.json"
    arguments = ("--check-queries", queries, "--output", output)
    done = run_here("-q", "migrate-to-postgres", database, target, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(output.read_text(encoding="utf-8"))
    assert [check["text"] for check in document["queries"]] == ["SELECT count(*) FROM purchase"]
    told = " ".join(document["notes"])
    assert "statements of other databases left out: 1 (/srv/jobs.db)" in told
    assert "q.jsonl line 3: it is not JSON" in told


def test_each_statement_has_its_outcome(report: Any) -> None:
    """Reads are compared, writes accepted or not, and what has no counterpart is named."""
    document, _ = report
    found = {check["text"]: check["status"] for check in document["queries"]}
    assert found == {text: status for text, _, status in STATEMENTS}


def test_findings_name_what_will_break_and_what_differs(report: Any) -> None:
    """LIKE's case is told with the statement that gives SQLite's rows."""
    document, printed = report
    findings = {finding["code"]: finding for finding in document["findings"]}
    assert "case" in findings["query-differs"]["message"]
    assert "ILIKE" in findings["query-differs"]["evidence"]["exact"]
    assert "MATCH" in findings["query-untranslated"]["message"]
    assert "Recorded queries on PostgreSQL" in printed


def test_times_of_both_sides_stand_side_by_side(report: Any) -> None:
    """Statements that ran have a median on each database."""
    document, _ = report
    for check in document["queries"]:
        ran = check["status"] in {"same", "differs"}
        assert (check["source_ms"] is not None, check["target_ms"] is not None) == (ran, ran)


def test_writes_are_not_run(tmp_path: Path, target: str) -> None:
    """What the recording writes is on neither side afterwards."""
    database = make_shop(tmp_path / "shop.db", rows=400)
    run_here("-q", "migrate-to-postgres", database, target, "--check-queries", recording(tmp_path))
    with psycopg.connect(target) as connection:
        after = connection.execute("SELECT total FROM purchase WHERE id = 3").fetchone()
    again = run_here("-q", "migrate-to-postgres", database, target, "--verify-only")
    assert again.returncode == 0
    assert after is not None


def test_a_broken_recording_shows_before_anything_is_written(tmp_path: Path, target: str) -> None:
    """A file that is missing is exit 2, and the target is untouched."""
    database = make_shop(tmp_path / "shop.db", rows=100)
    done = run_here("-q", "migrate-to-postgres", database, target, "--check-queries", "none.jsonl")
    assert done.returncode == 2
    with psycopg.connect(target) as connection:
        assert connection.execute("SELECT to_regnamespace('dbtune')").fetchone() == (None,)
