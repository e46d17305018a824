"""Recordings that are broken, huge or hostile: told or used, and never run on the user's file."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import clean_environment, dbtune_command
from tests.fixtures.hostile import ordinary

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# What a run with a tiny recording needs of address space is under 90 MB; a list of all lines of
# the recording below would need 100 MB more.
MEMORY_BYTES = 160_000_000

# So wide that no message is broken into lines.
WIDE = {"COLUMNS": "400"}

ATTACKS = """
INSERT INTO users (email) VALUES ('recorded');
DELETE FROM orders;
UPDATE users SET city = NULL;
DROP TABLE users;
CREATE TABLE planted (x);
ATTACH 'attached.db' AS other;
VACUUM INTO 'vacuumed.db';
VACUUM;
PRAGMA journal_mode = WAL;
PRAGMA user_version = 77;
PRAGMA writable_schema = ON;
BEGIN IMMEDIATE;
DELETE FROM sqlite_master;
COMMIT;
REINDEX;
SELECT load_extension('planted');
SELECT writefile('written.txt', 'x');
SELECT * FROM users WHERE city = 'city1';
"""
ENDLESS = """
WITH RECURSIVE endless (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless)
SELECT count(*) FROM endless;
SELECT * FROM users WHERE city = 'city1';
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """A database in a folder of its own, of which every byte has to stay."""
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "shop.db"
    ordinary(path)
    before = digest(path)
    yield path
    assert digest(path) == before
    assert os.listdir(folder) == ["shop.db"]


def test_an_empty_recording_is_no_error(run_dbtune: Run, database: Path) -> None:
    """Schema and health are looked at, and it is said that there were no statements."""
    result = analyze(run_dbtune, database, write(database, ""))
    assert result.returncode == 0
    assert "holds no statements" in result.stdout


@pytest.mark.parametrize(
    "content",
    [
        random.Random(1).randbytes(200_000),
        b"\x1f\x8b\x08\x00" + random.Random(2).randbytes(1000),
        b"PAR1" + bytes(1000),
    ],
    ids=["noise", "gzip", "parquet"],
)
def test_a_binary_file_is_no_recording(run_dbtune: Run, database: Path, content: bytes) -> None:
    """The file is named, and what would be one: exit code 2."""
    path = write(database, "", "recording.jsonl")
    path.write_bytes(content)
    result = analyze(run_dbtune, database, path)
    assert result.returncode == 2
    assert "recording.jsonl is " in result.stderr
    assert "Hint: " in result.stderr


def test_a_database_and_an_empty_folder_are_no_recordings(run_dbtune: Run, database: Path) -> None:
    """Both are easy slips: exit code 2, with what is expected."""
    folder = database.parent.parent / "recordings"
    folder.mkdir()
    for path, message in ((database, "not a recording"), (folder, "holds no recording")):
        result = analyze(run_dbtune, database, path)
        assert result.returncode == 2
        assert message in result.stderr


def test_broken_lines_are_named_and_the_rest_is_used(run_dbtune: Run, database: Path) -> None:
    """Each broken line has file, number and reason; --strict stops at the first with 2."""
    good = json.dumps({"db.query.text": "SELECT * FROM users WHERE city = 'city1'"})
    lines = [good, "{not json", '{"db.query.text": 7}', '{"count": 1}', "[]", good]
    recording = write(database, "\n".join(lines), "recording.jsonl")
    result = analyze(run_dbtune, database, recording)
    assert result.returncode == 0
    printed = " ".join((result.stdout + result.stderr).split())
    for number in (2, 3, 4, 5):
        assert f"recording.jsonl line {number}:" in printed
    strict = analyze(run_dbtune, database, recording, "--strict")
    assert strict.returncode == 2
    assert "line 2" in strict.stderr


def test_nothing_that_is_recorded_runs_on_the_users_file(run_dbtune: Run, database: Path) -> None:
    """Writes, ATTACH, PRAGMA and VACUUM change no byte and leave no file anywhere."""
    recording = write(database, ATTACKS)
    work = database.parent.parent / "work"
    work.mkdir()
    result = run_dbtune("analyze", database, "--queries", recording, cwd=work)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert os.listdir(work) == []


def test_a_query_that_never_ends_is_stopped_and_told(run_dbtune: Run, database: Path) -> None:
    """The other statements are advised on, and what was stopped is said."""
    result = analyze(run_dbtune, database, write(database, ENDLESS), "--time-limit", "2")
    assert result.returncode == 0, result.stderr
    assert "too long" in result.stdout
    assert "city = 'city1'" in result.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_recording_without_end_can_be_interrupted(database: Path, tmp_path: Path) -> None:
    """Ctrl-C while lines come in on stdin ends with 130 and leaves no scratch folder."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with (
        subprocess.Popen(["yes", "SELECT 1 FROM users;"], stdout=subprocess.PIPE) as source,
        subprocess.Popen(
            [dbtune_command(), "analyze", str(database), "--queries", "-"],
            stdin=source.stdout,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=clean_environment() | {"TMPDIR": str(scratch)},
            text=True,
        ) as process,
    ):
        assert process.stderr is not None
        while "Reading queries" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
        source.kill()
    assert process.returncode == 130
    assert "interrupted" in message
    assert "Traceback" not in message
    assert os.listdir(scratch) == []


@pytest.mark.skipif(os.name != "posix", reason="limits of memory are POSIX's")
def test_a_long_recording_is_streamed(database: Path) -> None:
    """30 MB of statements are digested in an address space that they would not fit as a whole."""
    recording = write_lines(database, 30_000_000)
    result = analyze_in(database, recording, MEMORY_BYTES)
    assert result.returncode == 0, result.stderr
    assert "ix_users_city" in result.stdout


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(os.name != "posix", reason="limits of memory are POSIX's")
def test_a_recording_of_a_gigabyte_is_streamed(database: Path) -> None:
    """Memory does not grow with the recording."""
    recording = write_lines(database, 1_000_000_000)
    result = analyze_in(database, recording, MEMORY_BYTES)
    recording.unlink()
    assert result.returncode == 0, result.stderr
    assert "ix_users_city" in result.stdout


@pytest.mark.skipif(os.name != "posix", reason="limits of memory are POSIX's")
def test_a_line_without_end_is_left_out(database: Path) -> None:
    """A line of 40 MB is named and not held in memory; the line after it is used."""
    recording = database.parent.parent / "recording.jsonl"
    with recording.open("w", encoding="utf-8") as file:
        file.write('{"db.query.text": "SELECT ')
        for _ in range(40):
            file.write("x" * 1_000_000)
        file.write('"}\n' + json.dumps({"db.query.text": "SELECT * FROM users"}) + "\n")
    result = analyze_in(database, recording, MEMORY_BYTES)
    assert result.returncode == 0, result.stderr
    printed = " ".join((result.stdout + result.stderr).split())
    assert "recording.jsonl line 1: it is longer than" in printed
    assert "users" in result.stdout


def analyze(
    run_dbtune: Run, database: Path, recording: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """Run dbtune analyze with a recording."""
    return run_dbtune("analyze", database, "--queries", recording, *options, env=WIDE)


def analyze_in(
    database: Path, recording: Path, memory_bytes: int
) -> subprocess.CompletedProcess[str]:
    """Run dbtune analyze in a limited address space."""
    limit = ("sh", "-c", f'ulimit -v {memory_bytes // 1000}; exec "$@"', "sh")
    return subprocess.run(
        [*limit, dbtune_command(), "analyze", str(database), "--queries", str(recording)],
        env=clean_environment() | WIDE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def write(database: Path, content: str, name: str = "recording.sql") -> Path:
    """Write a recording outside the database's folder."""
    path = database.parent.parent / name
    path.write_text(content, encoding="utf-8")
    return path


def write_lines(database: Path, size_bytes: int) -> Path:
    """Write a JSONL recording of that size in which every statement has its own values."""
    path = database.parent.parent / "recording.jsonl"
    written = number = 0
    with path.open("w", encoding="utf-8") as file:
        while written < size_bytes:
            number += 1
            line = {
                "db.query.text": f"SELECT * FROM users WHERE city = ? AND id > {number}",
                "db.query.parameters": [f"city{number % 20}"],
                "request_id": f"request-{number // 7}",
                "code.file.path": "application/pages/lists/of/users.py",
                "padding": "unknown keys are kept out of the way " * 3,
            }
            written += file.write(json.dumps(line) + "\n")
    return path


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
