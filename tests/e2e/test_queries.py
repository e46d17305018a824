"""`dbtune queries` as it is run: what it prints, writes and refuses."""

from __future__ import annotations

import gzip
import importlib.resources
import json
import os
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.conftest import clean_environment, dbtune_command
from tests.documents import ROOT, read, spans

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# The interpreter with what this command imports takes 60 MB less; a list of all lines of the
# recording below would need 100 MB more.
MEMORY_BYTES = 160_000_000


def lines(number: int) -> list[dict[str, Any]]:
    """Return lines with every key; each fifth is a write, and values come again."""
    made: list[dict[str, Any]] = [{"dbtune.recording": 1, "sqlite_version": "3.45.1"}]
    for place in range(number):
        writes = place % 5 == 4
        made.append(
            {
                "db.query.text": "UPDATE users SET name = ? WHERE id = ?"
                if writes
                else "SELECT name FROM users WHERE id = ?",
                "db.query.parameters": ["secret", place] if writes else [place % 3],
                "ts": 1_780_000_000_000_000_000 + place * 10_000_000,
                "duration_ns": 5000 + place,
                "rows": 1,
                "request_id": f"r{place // 50}",
                "route": "GET /users",
                "code.file.path": "app/users.py",
                "code.line.number": 7,
                "db.namespace": "/srv/app.db",
            }
        )
    return made


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording of 200 statements."""
    path = tmp_path / "app.queries.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines(200)), encoding="utf-8")
    return path


def schema() -> dict[str, Any]:
    """Return the schema that ships with dbtune."""
    folder = importlib.resources.files("dbtune.report.documents")
    text = folder.joinpath("queries.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    Draft202012Validator.check_schema(found)
    return found


def assert_valid(document: Any) -> None:
    """The document is as the schema says."""
    problems = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema()).iter_errors(document)
    ]
    assert not problems


def test_a_recording_is_told_with_its_cache(run_dbtune: Run, recording: Path) -> None:
    """Shapes by time, where they come from, N+1 and hits; no recorded value."""
    result = run_dbtune("queries", recording.name)
    assert result.returncode == 0, result.stderr
    for told in (
        "200 calls of 2 query shapes in app.queries.jsonl",
        "GET /users (160)",
        "app/users.py:7",
        "N+1: up to 40 calls in one request",
        "clear it on writes to users (40)",
    ):
        assert told in " ".join(result.stdout.split())
    assert "secret" not in result.stdout
    assert "\x1b" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_is_as_its_schema_says(run_dbtune: Run, recording: Path, tmp_path: Path) -> None:
    """On stdout and in a file, of a rich recording and of one of which little is known."""
    result = run_dbtune("-q", "queries", recording, "--json", "--output", "digest.json")
    assert result.returncode == 0 and result.stderr == ""
    document = json.loads(result.stdout)
    assert_valid(document)
    assert document == json.loads((tmp_path / "digest.json").read_text())
    assert document["cache"]["advice"][0]["outcomes"][0]["ttl_seconds"] == 1
    bare = tmp_path / "bare.sql"
    bare.write_text("SELECT 1;\n")
    little = run_dbtune("-q", "queries", bare, "--json", "--since", "2026-01-01")
    assert_valid(json.loads(little.stdout))
    assert_valid(json.loads(run_dbtune("-q", "queries", bare, "--json").stdout))


def test_every_key_is_documented() -> None:
    """Those of the schema, wherever they are nested."""

    def names(part: Any) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(names, part))
        if not isinstance(part, dict):
            return set()
        return set(part.get("properties", ())).union(*map(names, part.values()))

    text = read(ROOT / "docs" / "how-to" / "queries.md")
    words = {word for span in spans(text) for word in re.findall(r"\w+", span)}
    assert not names(schema()) - words


def test_filters_order_and_limit_go_together(run_dbtune: Run, recording: Path) -> None:
    """What they leave is in the document."""
    since = "2026-05-28T20:26:41+00:00"
    arguments = ("--by", "calls", "--limit", "1", "--route", "GET *", "--since", since)
    result = run_dbtune("-q", "queries", recording, *arguments, "--cache-ttl", "2m", "--json")
    document = json.loads(result.stdout)
    assert document["kept"] == 100 and document["shapes"] == 2
    assert [query["calls"] for query in document["queries"]] == [80]
    assert document["cache"]["ttls_seconds"] == [120]


def test_stdin_folders_and_several_files_are_read(
    run_dbtune: Run, recording: Path, tmp_path: Path
) -> None:
    """As analyze reads them."""
    text = recording.read_text()
    piped = run_dbtune("-q", "queries", "-", input=text)
    assert piped.stdout.startswith("200 calls of 2 query shapes in stdin")
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (folder / name).write_text(text)
    twice = run_dbtune("-q", "queries", folder, recording)
    assert "600 calls of 2 query shapes" in " ".join(twice.stdout.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (random.Random(1).randbytes(50_000), "is a binary file"),
        (gzip.compress(b"{}"), "compressed with gzip"),
        (b"SQLite format 3\0" + bytes(100), "a SQLite database, not a recording"),
        (b'{"dbtune.recording": 2}\n', "format 2"),
    ],
    ids=["noise", "gzip", "database", "newer"],
)
def test_what_is_no_recording_is_refused(
    run_dbtune: Run, tmp_path: Path, content: bytes, message: str
) -> None:
    """With what it is and what to do: exit code 2."""
    path = tmp_path / "odd.jsonl"
    path.write_bytes(content)
    result = run_dbtune("queries", path)
    assert result.returncode == 2
    assert message in result.stderr and "Hint: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument"),
        (("missing.jsonl",), "there is no recording missing.jsonl"),
        (("app.queries.jsonl", "--since", "yesterday"), "is no moment"),
        (("app.queries.jsonl", "--cache-ttl", "0s"), "is no time span"),
        (("app.queries.jsonl", *("--cache-ttl", "1s") * 5), "4 times"),
        (("app.queries.jsonl", "--by", "beauty"), "beauty"),
        (("app.queries.jsonl", "--limit", "0"), "--limit"),
        (("app.queries.jsonl", "--output", "no/such/file"), "does not exist"),
        (("app.queries.jsonl", "--output", "."), "is a folder"),
    ],
)
def test_wrong_arguments_are_told(
    run_dbtune: Run, recording: Path, arguments: tuple[str, ...], message: str
) -> None:
    """With exit code 2."""
    result = run_dbtune("queries", *arguments, cwd=recording.parent)
    assert result.returncode == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_a_recording_is_never_written_over(run_dbtune: Run, recording: Path) -> None:
    """By name, and in a folder that is read."""
    before = recording.read_bytes()
    for given in (recording, recording.parent):
        result = run_dbtune("queries", given, "--output", recording)
        assert result.returncode == 5
        assert "is the recording" in result.stderr
    assert recording.read_bytes() == before


def test_a_recording_that_was_cut_is_used_up_to_there(run_dbtune: Run, recording: Path) -> None:
    """The last line is named; --strict stops there."""
    recording.write_bytes(recording.read_bytes()[:-30])
    result = run_dbtune("-q", "queries", recording)
    assert result.returncode == 0
    assert "199 calls" in " ".join(result.stdout.split())
    assert "line 201: it is not JSON" in " ".join(result.stdout.split())
    strict = run_dbtune("-q", "queries", recording, "--strict")
    assert strict.returncode == 2
    assert "line 201" in strict.stderr


def test_an_empty_recording_is_no_error(run_dbtune: Run, tmp_path: Path) -> None:
    """It holds no statements, and that is said."""
    (tmp_path / "empty.jsonl").write_text("")
    result = run_dbtune("queries", "empty.jsonl")
    assert result.returncode == 0
    assert "holds no statements" in result.stdout


def test_a_reader_that_goes_away_is_no_error(recording: Path) -> None:
    """As `| head -1` does."""
    command = f"'{dbtune_command()}' -q queries '{recording}' | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="limits of memory are POSIX's")
def test_a_long_recording_is_streamed(tmp_path: Path) -> None:
    """30 MB are digested in an address space that they would not fit as a whole."""
    path = tmp_path / "long.jsonl"
    once = "".join(json.dumps(line) + "\n" for line in lines(2000))
    with path.open("w", encoding="utf-8") as file:
        for _ in range(30_000_000 // len(once)):
            file.write(once)
    limit = ("sh", "-c", f'ulimit -v {MEMORY_BYTES // 1000}; exec "$@"', "sh")
    result = subprocess.run(
        [*limit, dbtune_command(), "-q", "queries", str(path)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "of 2 query shapes" in " ".join(result.stdout.split())
