"""`dbtune recording inspect`, and recordings that are odd or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbtune.workload.sources import read_recording
from tests.fixtures.secret_recording import (
    HEADER,
    SAMPLES,
    Run,
    inspected,
)


def test_inspect_tells_what_is_there(run_dbtune: Run, recording: Path) -> None:
    """Statements, requests, routes, databases, processes, values, and what was lost."""
    told = inspected(run_dbtune, recording)
    assert (told["schema_version"], told["command"]) == (1, "recording inspect")
    assert told["files"] == [
        {
            "name": str(recording),
            "form": "jsonl",
            "size_bytes": recording.stat().st_size,
            "statements": 5,
        }
    ]
    assert (told["statements"], told["executions"], told["shapes"]) == (5, 8.0, 4)
    assert (told["started_at"], told["ended_at"]) == (
        "2026-01-31T12:00:00.000000Z",
        "2026-01-31T12:00:02.000000Z",
    )
    assert (told["requests"], told["sample_rate"], told["lost_statements"]) == (1, 0.5, 4)
    assert told["databases"] == [{"name": "/srv/app.db", "statements": 2}]
    assert told["routes"] == [{"name": "GET /users", "statements": 2}]
    assert [process["pid"] for process in told["processes"]] == [7, None]
    keys = told["keys"]
    assert (keys["values"], keys["masked"], keys["digests"], keys["errors"]) == (3, 1, 2, 1)
    assert {use["name"]: use["reason"] for use in told["uses"]}["N+1"] is None


def test_inspect_names_what_is_lacking(run_dbtune: Run, tmp_path: Path) -> None:
    """A file of SQL has no requests: N+1 cannot be found in it."""
    (tmp_path / "q.sql").write_text("SELECT 1;\nSELECT 2;\n")
    done = run_dbtune("recording", "inspect", "q.sql")
    assert done.returncode == 0, done.stderr
    assert "no   N+1: neither request ids nor transaction ids" in done.stdout
    assert "yes  index advice" in done.stdout


def test_transactions_are_enough_for_n_plus_one(run_dbtune: Run, tmp_path: Path) -> None:
    """As analyze has it: one stands in for a request, which SQLAlchemy's echo does not know."""
    path = tmp_path / "q.jsonl"
    path.write_text('{"db.query.text": "SELECT 1", "transaction_id": 3}\n')
    told = {use["name"]: use for use in inspected(run_dbtune, path)["uses"]}
    assert told["N+1"]["is_possible"] is True
    assert told["small transactions"]["reason"] == "no request ids"


def test_inspect_tells_how_to_have_values(run_dbtune: Run, tmp_path: Path) -> None:
    """And what stands in for them, in words that fit one shape and many."""
    path = tmp_path / "q.jsonl"
    path.write_text('{"db.query.text": "SELECT * FROM t WHERE a = ?"}\n')
    told = {use["name"]: use["reason"] for use in inspected(run_dbtune, path)["uses"]}
    assert told["index advice with recorded values"] == (
        "1 query shape has none (dbtune record --params keeps them); analyze draws some from the "
        "database"
    )


def test_inspect_shows_all_of_a_process(run_dbtune: Run, tmp_path: Path) -> None:
    """What wrote the recording stands at the end of a line too long for 80 columns."""
    header = {**HEADER, "started_at": "2026-01-31T12:00:00.123456Z", "python_version": "3.11.15"}
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({**header, "generator": "the very recorder"}) + "\n")
    done = run_dbtune("recording", "inspect", path)
    assert "the very recorder" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("spans.jsonl", "opentelemetry"),
        ("console_spans.txt", "opentelemetry"),
        ("echo_custom.log", "sqlalchemy-echo"),
        ("django_full.log", "django-log"),
    ],
)
def test_inspect_tells_the_form(run_dbtune: Run, name: str, form: str) -> None:
    """By content, whatever the file is called."""
    assert [file["form"] for file in inspected(run_dbtune, SAMPLES / name)["files"]] == [form]


def test_inspect_fits_the_terminal(run_dbtune: Run, recording: Path) -> None:
    """No line is wider, and nothing in a recording can steer the terminal."""
    with recording.open("a") as file:
        file.write('{"db.query.text": "SELECT 1", "route": "\\u001b[31mred' + "x" * 300 + '"}\n')
    for columns in (60, 80, 160):
        done = run_dbtune("recording", "inspect", recording, env={"COLUMNS": str(columns)})
        assert done.returncode == 0, done.stderr
        assert max(map(len, done.stdout.splitlines())) <= columns
        assert "\x1b" not in done.stdout


def test_a_recording_cut_in_the_middle_of_a_line_is_used(run_dbtune: Run, recording: Path) -> None:
    """As a full disk or a crash leaves it; the line is named."""
    whole = recording.read_bytes()
    recording.write_bytes(whole + whole.splitlines(keepends=True)[1][:50])
    told = inspected(run_dbtune, recording)
    assert (told["statements"], told["broken_count"]) == (5, 1)
    assert told["broken"][0]["line"] == len(whole.splitlines()) + 1
    strict = run_dbtune("recording", "inspect", recording, "--strict")
    assert strict.returncode == 2


def test_a_clock_that_goes_back_is_told(run_dbtune: Run, tmp_path: Path) -> None:
    """Times are the earliest and the latest; small steps back are those of several processes."""
    path = tmp_path / "q.jsonl"
    stamps = ["12:00:00", "11:59:59", "12:10:00", "10:10:00", "10:11:00"]
    lines = [
        {"db.query.text": "SELECT 1", "ts": f"2026-01-31T{stamp}Z", "duration_ns": 1}
        for stamp in stamps
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = inspected(run_dbtune, path)
    assert round(told["clock_back_seconds"]) == 7200
    assert (told["started_at"][11:19], told["ended_at"][11:19]) == ("10:10:00", "12:10:00")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines[:3]))
    assert inspected(run_dbtune, path)["clock_back_seconds"] == 0


def test_odd_bytes_break_single_lines(run_dbtune: Run, tmp_path: Path) -> None:
    """Latin-1 among UTF-8, NUL and a line without end: the others are used, and written whole."""
    path = tmp_path / "q.jsonl"
    good = b'{"db.query.text": "SELECT \'\xc3\xa9\'"}\n'
    odd = b'{"db.query.text": "SELECT \'\xe9\'"}\n{"db.query.text": \0}\n'
    nul = b'{"db.query.text": "SELECT \'\\u0000\'"}\n'
    huge = b'{"db.query.text": "' + b"x" * (17 << 20) + b'"}\n'
    path.write_bytes(good + odd + nul + huge + good)
    told = inspected(run_dbtune, path)
    assert (told["statements"], told["broken_count"]) == (3, 3)
    assert [line["line"] for line in told["broken"]] == [2, 3, 5]
    for form, kept in (("jsonl", 3), ("sql", 2)):
        done = run_dbtune("recording", "convert", path, "-o", f"out.{form}", "--to", form)
        assert done.returncode == 0, done.stderr
        assert "broken lines left out: 3" in done.stdout
        again = list(read_recording([tmp_path / f"out.{form}"], on_broken=pytest.fail))
        assert len(again) == kept


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("inspect", "missing.jsonl"), 2, "there is no recording missing.jsonl"),
        (("inspect",), 2, "Missing argument"),
        (("redact", "app.jsonl"), 2, "--output"),
        (("redact", "app.jsonl", "-o", "no/such/out.jsonl"), 2, "a folder that does not exist"),
        (("convert", "app.jsonl", "-o", "."), 2, "a folder"),
        (("convert", "app.jsonl", "-o", "x", "--to", "xml"), 2, "xml"),
        (("convert", "missing.jsonl", "-o", "out.jsonl"), 2, "there is no recording"),
        (("inspect", "newer.jsonl"), 2, "format 2"),
    ],
)
def test_wrong_use_is_told(
    run_dbtune: Run,
    recording: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    """And leaves no file behind."""
    (tmp_path / "newer.jsonl").write_text('{"dbtune.recording": 2}\n')
    done = run_dbtune("recording", *arguments)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"app.jsonl", "newer.jsonl"}


def test_an_empty_recording_is_no_error(run_dbtune: Run, tmp_path: Path) -> None:
    """Neither to look into nor to copy."""
    (tmp_path / "empty.jsonl").touch()
    assert inspected(run_dbtune, "empty.jsonl")["statements"] == 0
    done = run_dbtune("recording", "redact", "empty.jsonl", "-o", "out.jsonl")
    assert done.returncode == 0, done.stderr


def test_stdin_is_taken(run_dbtune: Run, recording: Path) -> None:
    """As everywhere else."""
    done = run_dbtune("recording", "inspect", "-", "--json", input=recording.read_text())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"][0]["name"] == "stdin"
