"""`dbtune recording`: inspect, redact and convert, on recordings sound and broken."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbtune.model.workload import Workload
from dbtune.workload.sources import read_recording, read_workload

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SAMPLES = Path(__file__).parents[1] / "fixtures" / "recordings"
SECRET = "hunter2@example.org"

HEADER = {"dbtune.recording": 1, "sqlite_version": "3.45.1", "pid": 7, "python_version": "3.11.9"}
STATEMENTS: list[dict[str, Any]] = [
    {
        "db.query.text": "SELECT id FROM users WHERE email = ? AND age > 18 -- hunter2",
        "db.query.parameters": [SECRET],
        "dbtune.values_digest": "9f86d081884c7d65",
        "ts": "2026-01-31T12:00:00Z",
        "duration_ns": 81_000,
        "request_id": "r1",
        "route": "GET /users",
        "code.file.path": "app.py",
        "code.line.number": 3,
        "transaction_id": "7-1",
        "db.namespace": "/srv/app.db",
        "note": SECRET,
    },
    {
        "db.query.text": f"INSERT INTO users (email) VALUES ('{SECRET}'), (:b)",
        "db.query.parameters": {"b": {"$blob": "aHVudGVyMg=="}},
        "error": f'near "{SECRET}": syntax error',
        "count": 3,
        "ts": "2026-01-31T12:00:01Z",
        "request_id": "r1",
    },
    {"db.query.text": "SELECT 'hunter2'; SELECT 2", "ts": "2026-01-31T12:00:02Z"},
    {
        "db.query.text": "SELECT id FROM users WHERE email = ?",
        "db.query.parameters": [{"type": "text", "len": 7}],
    },
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording with values, a mask, a second process that samples, and lost statements."""
    second = {"dbtune.recording": 1, "sample_rate": 0.5}
    lines = [HEADER, *STATEMENTS, second, STATEMENTS[0], {"dbtune.dropped": 4}]
    path = tmp_path / "app.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def inspected(run_dbtune: Run, *arguments: str | Path) -> dict[str, Any]:
    """Return what `dbtune recording inspect --json` tells."""
    done = run_dbtune("recording", "inspect", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def counts(workload: Workload) -> dict[str, float]:
    """Return how often each query shape was sent."""
    return {shape.id: shape.count for shape in workload.shapes}


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


def test_redact_leaves_no_value(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """Not bound, in a text, a comment, an error, an unknown key or a digest; shapes stay."""
    done = run_dbtune("recording", "redact", recording, "-o", "clean.jsonl")
    assert done.returncode == 0, done.stderr
    assert "5 statements of 4 query shapes" in done.stdout
    clean = tmp_path / "clean.jsonl"
    text = clean.read_text()
    for secret in ("hunter2", "aHVudGVyMg", "18", "9f86d081884c7d65"):
        assert secret not in text
    assert stat.S_IMODE(clean.stat().st_mode) == 0o600
    before, after = read_workload([recording]), read_workload([clean])
    assert counts(before) == counts(after)
    assert (after.sqlite_version, after.lost_statements) == ("3.45.1", 4)
    first, *_ = read_recording([clean], on_broken=pytest.fail)
    assert (first.route, first.file_path, first.transaction_id, first.masked) == (
        "GET /users",
        "app.py",
        "7-1",
        True,
    )


def test_redact_can_keep_digests(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """They tell which values are equal, for cache advice, and no value."""
    done = run_dbtune("recording", "redact", recording, "-o", "clean.jsonl", "--keep-digests")
    assert done.returncode == 0, done.stderr
    queries = read_recording([tmp_path / "clean.jsonl"], on_broken=pytest.fail)
    first, *others, last = [query.values_digest for query in queries]
    assert first is not None
    assert first == last
    assert first not in others


def test_errors_tell_no_bound_value(run_dbtune: Run, tmp_path: Path) -> None:
    """SQLite names a file that cannot be attached as it is."""
    error = f"unable to open database: {SECRET}"
    lines = [
        {"db.query.text": "ATTACH ? AS a", "db.query.parameters": [SECRET], "error": error},
        {"db.query.text": "ATTACH :a AS a", "db.query.parameters": {"a": SECRET}, "error": error},
    ]
    (tmp_path / "app.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = run_dbtune("recording", "redact", "app.jsonl", "-o", "clean.jsonl")
    assert done.returncode == 0, done.stderr
    queries = read_recording([tmp_path / "clean.jsonl"], on_broken=pytest.fail)
    assert {query.error for query in queries} == {"unable to open database: ?"}


def test_kept_digests_cover_what_is_masked(run_dbtune: Run, tmp_path: Path) -> None:
    """A digest of the bound values alone would make statements with other literals look equal."""
    lines = [
        {"db.query.text": f"SELECT a FROM t WHERE b = ? AND c = {literal}", **values}
        for literal in (1, 1, 2)
        for values in ({"dbtune.values_digest": "9f86d081884c7d65"}, {"db.query.parameters": [7]})
    ]
    (tmp_path / "app.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    run_dbtune("recording", "redact", "app.jsonl", "-o", "clean.jsonl", "--keep-digests")
    queries = list(read_recording([tmp_path / "clean.jsonl"], on_broken=pytest.fail))
    first, again, other = [query.values_digest for query in queries[::2]]
    assert first == again != other
    # Of values without a digest nothing is known that could tell them apart.
    assert {query.values_digest for query in queries[1::2]} == {None}


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
