"""`dbtune recording convert`, and where it and redact may write."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.workload.sources import read_recording, read_workload
from tests.fixtures.secret_recording import (
    SAMPLES,
    SECRET,
    Run,
    counts,
    inspected,
)


def test_nothing_is_replaced_unasked(run_dbtune: Run, recording: Path) -> None:
    """The recording itself least of all; --overwrite agrees to it."""
    before = recording.read_bytes()
    refused = run_dbtune("recording", "redact", recording, "-o", recording)
    assert (refused.returncode, recording.read_bytes()) == (5, before)
    assert "--overwrite" in refused.stderr
    done = run_dbtune("recording", "redact", recording, "-o", recording, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert SECRET not in recording.read_text()
    assert [path.name for path in recording.parent.iterdir()] == ["app.jsonl"]


def test_parts_are_copied_together_and_elsewhere(
    run_dbtune: Run, recording: Path, tmp_path: Path
) -> None:
    """In place they would stay beside what was made of them, with their values."""
    (tmp_path / "app.jsonl.1").write_bytes(recording.read_bytes())
    refused = run_dbtune("recording", "redact", recording, "-o", recording, "--overwrite")
    assert refused.returncode == 5
    assert "app.jsonl.1 is an older part" in refused.stderr
    done = run_dbtune("recording", "redact", recording, "-o", "clean.jsonl")
    assert done.returncode == 0, done.stderr
    document = inspected(run_dbtune, tmp_path / "clean.jsonl")
    assert document["statements"] == 2 * inspected(run_dbtune, f"{recording}.1")["statements"]
    assert [Path(file["name"]).name for file in inspected(run_dbtune, recording)["files"]] == [
        "app.jsonl.1",
        "app.jsonl",
    ]


def test_a_database_is_never_replaced(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """Not with --overwrite either."""
    database = tmp_path / "app.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE t (a)")
    before = database.read_bytes()
    refused = run_dbtune("recording", "convert", recording, "-o", database, "--overwrite")
    assert (refused.returncode, database.read_bytes()) == (5, before)


@pytest.mark.parametrize(
    "name", ["spans.jsonl", "console_spans.txt", "echo_default.log", "django_full.log"]
)
def test_convert_makes_a_recording(run_dbtune: Run, tmp_path: Path, name: str) -> None:
    """That says all that the other file says."""
    done = run_dbtune("recording", "convert", SAMPLES / name, "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    before = list(read_recording([SAMPLES / name], on_broken=pytest.fail))
    after = list(read_recording([tmp_path / "out.jsonl"], on_broken=pytest.fail))
    assert [(q.text, q.parameters, q.masked, q.count, q.route, q.timestamp) for q in before] == [
        (q.text, q.parameters, q.masked, q.count, q.route, q.timestamp) for q in after
    ]


def test_convert_keeps_sample_rates(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """So that each statement stands for as many as before, also behind a file without header."""
    (tmp_path / "more.jsonl").write_text('{"db.query.text": "SELECT 5"}\n')
    done = run_dbtune("recording", "convert", recording, "more.jsonl", "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr
    before = read_workload([recording, tmp_path / "more.jsonl"])
    after = read_workload([tmp_path / "out.jsonl"])
    assert counts(before) == counts(after)
    assert (before.sqlite_version, before.lost_statements) == (
        after.sqlite_version,
        after.lost_statements,
    )


def test_convert_to_sql_ends_only_what_it_begins(run_dbtune: Run, tmp_path: Path) -> None:
    """Drivers send a BEGIN of their own, which no recording holds, and a COMMIT that it does."""
    texts = ["INSERT INTO t VALUES (1)", "COMMIT", "BEGIN", "INSERT INTO t VALUES (2)", "ROLLBACK"]
    lines = (f"{json.dumps({'db.query.text': text})}\n" for text in [*texts, "ROLLBACK"])
    (tmp_path / "q.jsonl").write_text("".join(lines))
    done = run_dbtune("recording", "convert", "q.jsonl", "-o", "out.sql", "--to", "sql")
    assert done.returncode == 0, done.stderr
    assert "cannot hold: 2" in done.stdout
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (a)")
        for statement in (tmp_path / "out.sql").read_text().splitlines():
            connection.execute(statement)
        assert connection.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_convert_to_sql_writes_values_into_statements(run_dbtune: Run, tmp_path: Path) -> None:
    """Such that SQLite itself reads the same values."""
    values = ["o'x", None, 7, -2.5, {"$blob": "AP8="}, "a;b\n-- c"]
    lines = [
        {"db.query.text": "SELECT ?, ?, ?, 1-?, ?, ?", "db.query.parameters": values},
        {"db.query.text": "SELECT :a, :b, :a", "db.query.parameters": {"a": 1, "b": "x"}},
        {"db.query.text": "SELECT %s, %s", "db.query.parameters": [1, 2]},
        {"db.query.text": "SELECT ?2, ?1", "db.query.parameters": [1, 2]},
        {"db.query.text": "SELECT 1; SELECT 2 -- the end"},
        {"db.query.text": "SELECT ?"},
        {"db.query.text": "SELECT 'never closed"},
    ]
    path = tmp_path / "app.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run_dbtune("recording", "convert", path, "-o", "out.sql", "--to", "sql")
    assert done.returncode == 0, done.stderr
    assert "no values are known: 1" in done.stdout
    assert "cannot hold: 1" in done.stdout
    texts = [query.text for query in read_recording([tmp_path / "out.sql"], on_broken=pytest.fail)]
    with closing(sqlite3.connect(":memory:")) as connection:
        rows = [connection.execute(text).fetchone() for text in texts if "?" not in text]
    assert rows == [
        ("o'x", None, 7, 3.5, b"\x00\xff", "a;b\n-- c"),
        (1, "x", 1),
        (1, 2),
        (2, 1),
        (1,),
        (2,),
    ]
