"""Recordings as files, folders and standard input: what is read, refused and bounded."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbtune.errors import ConfigurationError, ExitCode
from dbtune.model.event import Event
from dbtune.workload.sources import read_recording, read_workload
from tests.fixtures.recording_lines import line, read, read_with_broken

# Reads the recording named and prints what it took; peak memory in KiB.
_MEASURE = """
import json, resource, sys
from dbtune.workload.sources import read_workload
workload = read_workload(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([workload.statements, len(workload.shapes), workload.broken_count, peak]))
"""


SQL_FILES = [
    ("SELECT 1;\nSELECT 2;\n", ["SELECT 1", "SELECT 2"]),
    ("SELECT 1;\r\nSELECT\r\n2;\r\n", ["SELECT 1", "SELECT\n2"]),
    ("SELECT 1; SELECT 2;SELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"]),
    ("-- q1\nSELECT\n  1;\n\n/* q2 */ SELECT 2;", ["SELECT\n  1", "/* q2 */ SELECT 2"]),
    ("SELECT ';';\nSELECT ';\n';", ["SELECT ';'", "SELECT ';\n'"]),
    ("SELECT 1 -- ; no\n;\nSELECT 2 /* ; */;", ["SELECT 1 -- ; no", "SELECT 2 /* ; */"]),
    ('SELECT "a;b", `c;d`, [e;f];', ['SELECT "a;b", `c;d`, [e;f]']),
    ("SELECT 'it''s;';\n", ["SELECT 'it''s;'"]),
    (
        "CREATE TRIGGER x AFTER INSERT ON t BEGIN\n  UPDATE t SET a = 1;\n  DELETE FROM u;\nEND;\n"
        "SELECT 1;",
        [
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN\n  UPDATE t SET a = 1;\n"
            "  DELETE FROM u;\nEND",
            "SELECT 1",
        ],
    ),
    (
        "create temp trigger x delete on t begin select case when a then 2 end; end;SELECT 1",
        [
            "create temp trigger x delete on t begin select case when a then 2 end; end",
            "SELECT 1",
        ],
    ),
    ("BEGIN;\nINSERT INTO t VALUES (1);\nEND;\n", ["BEGIN", "INSERT INTO t VALUES (1)", "END"]),
    (";;\n;SELECT 1;;\n", ["SELECT 1"]),
    ("-- nothing\n/* at\nall */\n", []),
    ("", []),
    ("\n\n  \n", []),
    ("SELECT 1\nSELECT 2\nDELETE FROM t\n", ["SELECT 1", "SELECT 2", "DELETE FROM t"]),
    ("SELECT 1\nFROM t\nWHERE a = 2\n", ["SELECT 1\nFROM t\nWHERE a = 2"]),
    ("\ufeffSELECT 1;", ["SELECT 1"]),
    ("SELECT 'é😀';", ["SELECT 'é😀'"]),
    ("SELECT 'a\0b';\nSELECT 2;", ["SELECT 'a\0b'", "SELECT 2"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "texts"), SQL_FILES, ids=lambda value: repr(value)[:40])
def test_statements_of_a_sql_file(tmp_path: Path, content: str, texts: list[str]) -> None:
    """A file falls into its statements, at the semicolons that end one."""
    assert [query.text for query in read(tmp_path, content, "q.sql")] == texts


@pytest.mark.parametrize(
    ("content", "texts", "broken"),
    [
        (
            b"SELECT 1;\nSELECT 'cut off;\nSELECT 2;\nSELECT 'x';\n",
            ["SELECT 1", "SELECT 2", "SELECT 'x'"],
            (2, "a string that begins here does not end"),
        ),
        (
            b"SELECT 1;\nSELECT 'never\nends\n",
            ["SELECT 1"],
            (2, "a string that begins here does not end"),
        ),
        (
            b".mode box\nSELECT 1;\n",
            ["SELECT 1"],
            (1, '".mode" is a command of the sqlite3 shell, not SQL'),
        ),
        (b"SELECT 1;\nSELECT '\xff';\nSELECT 2;\n", ["SELECT 1", "SELECT 2"], (2, "it is not")),
    ],
)
def test_broken_statements_are_named(
    tmp_path: Path, content: bytes, texts: list[str], broken: tuple[int, str]
) -> None:
    """What is no statement is told with its line, and does not swallow what follows."""
    queries, found = read_with_broken(tmp_path, content, "q.sql")
    assert [query.text for query in queries] == texts
    assert [(trouble.line, trouble.reason[: len(broken[1])]) for trouble in found] == [broken]


def test_a_recording_is_read_with_what_was_put_aside(tmp_path: Path) -> None:
    """Alone and in a folder, the oldest first, each file once; parts of other files are not."""
    names = ("app.jsonl", "app.jsonl.1", "app.jsonl.2", "app.jsonl.x", "app.jsonl.4", "b.sql.1")
    for name in names:
        (tmp_path / name).write_text(line(db__query__text=f"SELECT '{name}'"))
    recording = tmp_path / "app.jsonl"
    parts = tuple(str(tmp_path / name) for name in ("app.jsonl.2", "app.jsonl.1", "app.jsonl"))
    assert read_workload([recording]).sources == parts
    assert read_workload([recording, tmp_path / "app.jsonl.1"]).sources == parts
    assert read_workload([tmp_path / "app.jsonl.1"]).sources == (parts[1],)
    # One that lies alone in a folder is a recording, too.
    assert read_workload([tmp_path]).sources == (str(tmp_path / "app.jsonl.4"), *parts)


def test_a_folder_is_read_in_order_with_both_kinds(tmp_path: Path) -> None:
    """A folder stands for its recordings, sorted by name; other files are left alone."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "b.sql").write_text("SELECT 2;")
    (folder / "a.jsonl").write_text(line())
    (folder / "c.NDJSON").write_text(line(db__query__text="SELECT 3"))
    (folder / "notes.txt").write_text("nothing to see")
    (folder / "sub.sql").mkdir()
    read_back = read_recording([folder], on_broken=pytest.fail)
    assert [query.text for query in read_back] == ["SELECT 1", "SELECT 2", "SELECT 3"]
    workload = read_workload([folder, folder / "b.sql"])
    assert workload.statements == 3
    assert workload.sources == tuple(str(folder / n) for n in ("a.jsonl", "b.sql", "c.NDJSON"))


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("\n  " + line(), ["SELECT 1"]),
        ("\n-- x\nSELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("", []),
    ],
)
def test_stdin_is_told_by_its_first_character(
    monkeypatch: pytest.MonkeyPatch, content: str, texts: list[str]
) -> None:
    """A dash reads stdin, JSONL where it starts with a brace and SQL otherwise."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert [q.text for q in read_recording(["-"], on_broken=pytest.fail)] == texts


def test_a_file_of_another_name_is_told_by_its_first_character(tmp_path: Path) -> None:
    """Only the suffixes of recordings are trusted."""
    assert read(tmp_path, line(), "queries.log")[0].text == "SELECT 1"
    assert read(tmp_path, "SELECT 2;", "queries.txt")[0].text == "SELECT 2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"SQLite format 3\0" + bytes(4080), "is a SQLite database, not a recording"),
        (b"\x1f\x8b\x08" + bytes(50), "is compressed with gzip"),
        ("SELECT 1;".encode("utf-16"), "is UTF-16 text"),
        (bytes(range(256)) * 40, "is a binary file"),
        (b"[\n" + line().encode() + b"]", "is a JSON array"),
        (
            b'{\n  "schema_version": 1,\n  "dbtune_version": "0.1.0",\n  "command": "analyze"\n}',
            "is a report of dbtune's, not a recording",
        ),
    ],
)
@pytest.mark.parametrize("name", ["q.jsonl", "q.log"])
def test_a_file_that_is_no_recording_is_refused(
    tmp_path: Path, content: bytes, message: str, name: str
) -> None:
    """A file that cannot be one is an error that says what it is and what to do."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_workload([path])
    assert caught.value.message == f"{path} {message}"
    assert caught.value.hint


def test_a_missing_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    """A wrong name among several is told at once, with exit code 2."""
    (tmp_path / "a.sql").write_text("SELECT 1;")
    with pytest.raises(ConfigurationError) as caught:
        read_workload([tmp_path / "a.sql", tmp_path / "b.sql"])
    assert str(tmp_path / "b.sql") in caught.value.message
    assert caught.value.hint and caught.value.exit_code == ExitCode.USAGE


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    """An empty folder is more likely a wrong path than a recording of nothing."""
    with pytest.raises(ConfigurationError, match="holds no recording"):
        read_workload([tmp_path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    """A file without permission is told as such."""
    path = tmp_path / "a.sql"
    path.write_text("SELECT 1;")
    path.chmod(0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_workload([path])


@pytest.mark.parametrize("name", ["q.jsonl", "q.sql"])
def test_an_empty_file_is_an_empty_workload(tmp_path: Path, name: str) -> None:
    """Nothing recorded is no error; the source is named."""
    path = tmp_path / name
    path.touch()
    workload = read_workload([path])
    assert (workload.statements, workload.shapes) == (0, ())
    assert workload.sources == (str(path),)


def test_progress_goes_up_to_the_size(tmp_path: Path) -> None:
    """Reading reports bytes of the file, the last of them at its end."""
    path = tmp_path / "q.sql"
    path.write_text("SELECT 1;\n" * 300_000)
    events: list[Event] = []
    read_workload([path], on_event=events.append)
    done = [event.done for event in events]
    assert len(events) > 2
    assert done == sorted(done) and done[-1] == events[-1].total == path.stat().st_size


def test_a_line_without_end_is_bounded(tmp_path: Path) -> None:
    """One line of 40 MB is named as too long, and its neighbours are read."""
    path = tmp_path / "q.jsonl"
    with path.open("w") as file:
        file.write(line())
        for _ in range(40):
            file.write("x" * 1_000_000)
        file.write("\n" + line())
    workload = read_workload([path])
    assert (workload.statements, workload.broken_count) == (2, 1)
    assert (workload.broken[0].line, workload.broken[0].reason) == (2, "it is longer than 16 MiB")


def test_a_statement_without_end_is_bounded(tmp_path: Path) -> None:
    """A quote that never closes does not fill the memory, and later statements are read."""
    path = tmp_path / "q.sql"
    with path.open("w") as file:
        file.write("SELECT 1;\nSELECT 'open\n")
        for _ in range(17):
            file.write(("x" * 1023 + "\n") * 1024)
    workload = read_workload([path])
    assert workload.statements >= 1
    assert workload.broken[0].line == 2
    assert "does not end within 16 MiB" in workload.broken[0].reason


@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("q.sql", "SELECT a FROM t WHERE b = {n} AND c IN ({n}, 'x{n}');\n"),
        (
            "q.jsonl",
            '{{"db.query.text": "SELECT a FROM t WHERE b = ?", "db.query.parameters": ["{n}"],'
            ' "request_id": "r{n}", "code.file.path": "f{n}.py"}}\n',
        ),
    ],
)
def test_memory_does_not_grow_with_the_recording(tmp_path: Path, name: str, lines: str) -> None:
    """Ten times the statements take less than 8 MB more."""
    peaks = []
    for statements in (10_000, 100_000):
        path = tmp_path / name
        with path.open("w") as file:
            file.writelines(lines.format(n=n) for n in range(statements))
        result = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True
        )
        read_statements, shapes, broken, peak_kib = json.loads(result.stdout)
        assert (read_statements, shapes, broken) == (statements, 1, 0)
        peaks.append(peak_kib)
    assert peaks[1] - peaks[0] < 8 * 1024
