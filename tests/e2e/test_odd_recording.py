"""A recording of every odd kind of statement, through the installed command."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import RunDbtune
from tests.unit.advisor import test_odd_statements as odd
from tests.unit.advisor import test_stubs as own


def recorded(folder: Path, statements: list[str]) -> None:
    """Write a recording of statements."""
    lines = [json.dumps({"db.query.text": sql, "count": 10}) + "\n" for sql in statements]
    (folder / "odd.jsonl").write_text("".join(lines), encoding="utf-8")


def accounted(document: dict) -> str:  # type: ignore[type-arg]
    """Return all that a report says of shapes: their texts, and what was not checked."""
    return json.dumps([document["shapes"], document["not_checked"]])


def test_every_statement_is_measured_or_says_why_not(run_dbtune: RunDbtune, tmp_path: Path) -> None:
    """Nothing disappears, and nothing ends the command."""
    odd.build(tmp_path / "odd.db", *odd.DDL)
    helped = [sql for sql, _ in odd.HELPED.values()]
    others = [sql for sql, _ in odd.BECAUSE.values() if "?" not in sql]
    recorded(tmp_path, [*helped, *odd.NOTHING_TO_ADD.values(), *others, "VACUUM", "BEGIN"])
    done = run_dbtune("analyze", "odd.db", "--queries", "odd.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    lines = "\n".join(document["not_checked"])
    for name, (sql, because) in odd.BECAUSE.items():
        assert "?" in sql or because in lines, name
    assert "2 query shapes neither read nor write rows" in lines
    found = {shape["id"] for shape in document["shapes"]}
    unplannable = [f for f in document["findings"] if f["code"] == "unplannable-query"]
    for sql in (*helped, *odd.NOTHING_TO_ADD.values()):
        assert odd.shape(sql).id in found, sql
    assert all("not analysed, because" in finding["message"] for finding in unplannable)


@pytest.fixture
def own_functions(tmp_path: Path) -> Path:
    """A database that calls its application's function and collation everywhere."""
    path = tmp_path / "own.db"
    own.make(path)
    return path


def test_functions_of_the_application_do_not_stop_the_advice(
    run_dbtune: RunDbtune, own_functions: Path, tmp_path: Path
) -> None:
    """Indexes are on ordinary columns alone, and none of the application's is to go."""
    statements = [sql for sql, _ in own.HELPED.values()]
    recorded(tmp_path, [*statements, *own.STUBBED.values()])
    done = run_dbtune("analyze", "own.db", "--queries", "odd.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    created = [f["command"] for f in document["findings"] if f["code"] == "missing-index"]
    assert created and not any("own(" in sql or "(up" in sql or "(w" in sql for sql in created)
    changes = json.dumps([finding.get("change") for finding in document["findings"]])
    assert "by_own" not in changes and "by_word" not in changes
    lines = "\n".join(document["not_checked"])
    assert "own functions were stand-ins on the copy: own" in lines
    assert "own collations were stand-ins on the copy: german, swedish" in lines
    with closing(sqlite3.connect(own_functions)) as connection:
        for sql in created:
            connection.execute(sql)
