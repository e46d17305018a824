"""Reading recordings: every key, every form of file, and everything that can be wrong."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dbtune.errors import ConfigurationError, ExitCode
from dbtune.model.event import Event
from dbtune.model.workload import BrokenLine, RecordedQuery
from dbtune.workload.sources import read_recording, read_workload

# Reads the recording named and prints what it took; peak memory in KiB.
_MEASURE = """
import json, resource, sys
from dbtune.workload.sources import read_workload
workload = read_workload(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([workload.statements, len(workload.shapes), workload.broken_count, peak]))
"""


def read(tmp_path: Path, content: str | bytes, name: str = "q.jsonl") -> list[RecordedQuery]:
    """Return the statements of a recording that has no broken line."""
    queries, broken = read_with_broken(tmp_path, content, name)
    assert not broken
    return queries


def read_with_broken(
    tmp_path: Path, content: str | bytes, name: str = "q.jsonl"
) -> tuple[list[RecordedQuery], list[BrokenLine]]:
    """Return the statements and the broken lines of a recording."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    broken: list[BrokenLine] = []
    return list(read_recording([path], on_broken=broken.append)), broken


def line(**fields: Any) -> str:
    """Return a line of JSONL for `SELECT 1` with more keys; `__` stands for a dot."""
    given = {key.replace("__", "."): value for key, value in fields.items()}
    return json.dumps({"db.query.text": "SELECT 1", **given}) + "\n"


def test_every_key_of_a_line_is_read(tmp_path: Path) -> None:
    """All keys of the format arrive in the types of RecordedQuery."""
    text = line(
        db__query__text="SELECT ?",
        db__query__parameters=[1],
        count=3,
        ts="2025-01-31T12:00:00.5+09:00",
        duration_ns=1500,
        rows=2,
        error="boom",
        request_id="r1",
        route="/users",
        code__file__path="app.py",
        code__line__number=7,
        transaction_id=9,
        something_else={"deep": [1]},
    )
    assert read(tmp_path, text) == [
        RecordedQuery(
            text="SELECT ?",
            parameters=(1,),
            count=3.0,
            recorded_count=3.0,
            duration_ns=1500,
            rows=2,
            error="boom",
            timestamp="2025-01-31T03:00:00.500000Z",
            request_id="r1",
            route="/users",
            file_path="app.py",
            line_number=7,
            transaction_id="9",
        )
    ]


@pytest.mark.parametrize(
    ("fields", "parameters", "masked"),
    [
        ({"db.query.parameters": [1, 1.5, "x", None]}, (1, 1.5, "x", None), False),
        ({"db.query.parameters": [True, False]}, (1, 0), False),
        ({"db.query.parameters": []}, (), False),
        ({"db.query.parameters": {"a": 1, ":b": "x"}}, {"a": 1, "b": "x"}, False),
        ({"db.query.parameters": [{"$blob": "AP8="}]}, (b"\x00\xff",), False),
        ({"db.query.parameters": [{"type": "text", "len": 12}]}, None, True),
        ({"db.query.parameters": {"a": {"type": "int"}, "b": 1}}, None, True),
        ({"db.query.parameters": [2**63 - 1, -(2**63)]}, (2**63 - 1, -(2**63)), False),
        ({"db.query.parameter.1": "b", "db.query.parameter.0": "a"}, ("a", "b"), False),
        ({"db.query.parameter.1": "a", "db.query.parameter.2": "b"}, ("a", "b"), False),
        ({f"db.query.parameter.{n}": n for n in range(11)}, tuple(range(11)), False),
        ({"db.query.parameter.name": "x"}, {"name": "x"}, False),
        ({"db.query.parameters": None, "db.query.parameter.0": 5}, (5,), False),
        ({"db.query.parameters": None}, None, False),
        ({}, None, False),
    ],
)
def test_values_keep_their_types(
    tmp_path: Path, fields: dict[str, Any], parameters: object, masked: bool
) -> None:
    """Values arrive as SQLite stores them; masked ones are told from missing ones."""
    (query,) = read(tmp_path, line(**fields))
    assert query.parameters == parameters
    assert query.masked is masked
    if isinstance(query.parameters, tuple):
        assert not any(isinstance(value, bool) for value in query.parameters)


BROKEN = [
    ("{", "it is not JSON: Expecting property name enclosed in double quotes at character 2"),
    ("[1]", "it is [1]; expected a JSON object"),
    ('"x"', 'it is "x"; expected a JSON object'),
    ("{}", '"db.query.text" is missing'),
    ('{"db.query.text": null}', '"db.query.text" is missing'),
    ('{"db.query.text": 5}', '"db.query.text" is 5; expected a text'),
    ('{"db.query.text": " -- x"}', '"db.query.text" holds no statement'),
    (line(count=-1), '"count" is -1; expected a number above 0'),
    (line(count=0), '"count" is 0; expected a number above 0'),
    (line(count=1e300), '"count" is 1e+300, which is too large'),
    (line(duration_ns=2**54), '"duration_ns" is 18014398509481984, which is too large'),
    (line(duration_ms=1e308), '"duration_ms" is 1e+308, which is too large'),
    (
        '{"dbtune.recording": 1, "sample_rate": 1e-300}',
        '"sample_rate" is 1e-300, which is too small',
    ),
    (line(count="2"), '"count" is "2"; expected a number above 0'),
    (line(count=True), '"count" is true; expected a number above 0'),
    ('{"db.query.text": "SELECT 1", "count": NaN}', "it holds NaN, which is no JSON number"),
    (
        '{"db.query.text": "SELECT 1", "count": 1e999}',
        '"count" is Infinity; expected a number above 0',
    ),
    (line(duration_ns="fast"), '"duration_ns" is "fast"; expected a number of nanoseconds'),
    (line(duration_ns=-5), '"duration_ns" is -5; expected a number of nanoseconds'),
    (line(duration_ms="fast"), '"duration_ms" is "fast"; expected a number of milliseconds'),
    (line(rows="3"), '"rows" is "3"; expected a whole number'),
    (line(request_id=[]), '"request_id" is []; expected a text'),
    (line(route=7), '"route" is 7; expected a text'),
    (line(ts="soon"), '"ts" is "soon"; expected ISO 8601 such as "2025-01-31T12:00:00Z"'),
    (line(ts="2025-13-01T00:00:00Z"), '"ts" is "2025-13-01T00:00:00Z"; expected ISO 8601'),
    (line(db__query__parameters=5), '"db.query.parameters" is 5; expected a list or an object'),
    (
        line(db__query__parameters=[[1, 2]]),
        '"db.query.parameters[0]" is [1, 2]; expected a value SQLite can bind',
    ),
    (
        line(db__query__parameters=[2**63]),
        '"db.query.parameters[0]" is 9223372036854775808; SQLite\'s integers have 64 bits',
    ),
    (
        line(db__query__parameters=[{"$blob": "?"}]),
        '"db.query.parameters[0]" is "?"; expected base64',
    ),
    (
        line(db__query__parameters=[{"$blob": 5}]),
        '"db.query.parameters[0]" is 5; expected base64',
    ),
    (
        line(db__query__parameters={"type": "text", "len": 2}),
        '"db.query.parameters" is {"type": "text", "len": 2}; expected a list',
    ),
    (
        line(**{"db.query.parameter.0": 1, "db.query.parameter.2": 1}),
        '"db.query.parameter.<key>" has gaps: positions [0, 2]',
    ),
    ('{"db.query.text": "\\ud800"}', '"db.query.text" holds half a surrogate pair'),
    (
        '{"db.query.text": "SELECT ?", "db.query.parameters": ["\\udfff"]}',
        '"db.query.parameters" holds half a surrogate pair',
    ),
    (b'{"db.query.text": "SELECT \xff"}', "it is not valid UTF-8"),
    ("[" * 100_000, "it is nested too deeply"),
    ('{"a": ' + "1" * 5000 + "}", "it holds a number that is too long"),
    (
        '{"dbtune.recording": "2"}',
        '"dbtune.recording" is "2"; this dbtune reads format 1',
    ),
    (
        '{"dbtune.recording": 1, "sample_rate": 0}',
        '"sample_rate" is 0.0; expected a number above 0 and at most 1',
    ),
]


@pytest.mark.parametrize(("bad", "reason"), BROKEN, ids=lambda value: str(value)[:40])
def test_a_broken_line_is_named_and_the_rest_is_used(
    tmp_path: Path, bad: str | bytes, reason: str
) -> None:
    """File, number and reason of the line are told, and its neighbours are read."""
    if isinstance(bad, str):
        bad = bad.encode()
    content = line().encode() + b"\n" + bad.rstrip(b"\n") + b"\n" + line(count=5).encode()
    queries, broken = read_with_broken(tmp_path, content)
    assert [query.count for query in queries] == [1.0, 5.0]
    (found,) = broken
    assert (found.source, found.line) == (str(tmp_path / "q.jsonl"), 3)
    assert found.reason.startswith(reason)


def test_strict_stops_at_the_first_broken_line(tmp_path: Path) -> None:
    """With strict, the first broken line is an error that names it, with exit code 2."""
    path = tmp_path / "queries.jsonl"
    path.write_text(line() * 41 + line(duration_ms="fast"))
    with pytest.raises(ConfigurationError) as caught:
        read_workload([str(path)], strict=True)
    assert caught.value.message == (
        f'{path} line 42: "duration_ms" is "fast"; expected a number of milliseconds'
    )
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.hint


def test_a_workload_keeps_twenty_broken_lines_and_counts_all(tmp_path: Path) -> None:
    """A recording that is broken throughout does not fill the report."""
    path = tmp_path / "q.jsonl"
    path.write_text(line() + "{\n" * 1000)
    workload = read_workload([path])
    assert (workload.statements, workload.broken_count, len(workload.broken)) == (1, 1000, 20)
    assert workload.broken[0].line == 2


def test_count_and_sample_rate_multiply(tmp_path: Path) -> None:
    """At a sample rate of 0.1 each line stands for ten, until the next header."""
    header = json.dumps({"dbtune.recording": 1, "sqlite_version": "3.40.1", "sample_rate": 0.1})
    other = json.dumps({"dbtune.recording": 1, "sqlite_version": "3.8.2"})
    content = f"{header}\n{line(count=3)}{line()}{other}\n{line(count=3)}"
    assert [query.count for query in read(tmp_path, content)] == [30.0, 10.0, 3.0]
    workload = read_workload([tmp_path / "q.jsonl"])
    assert workload.shapes[0].count == 43.0
    assert workload.sqlite_version == "3.8.2"


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("2025-01-31T12:00:00Z", "2025-01-31T12:00:00.000000Z"),
        ("2025-01-31 12:00:00.123456789", "2025-01-31T12:00:00.123456"),
        ("2025-01-31T12:00:00-0330", "2025-01-31T15:30:00.000000Z"),
        ("2025-01-31T12:00+01", "2025-01-31T11:00:00.000000Z"),
        (1738324800, "2025-01-31T12:00:00.000000Z"),
        (1738324800123, "2025-01-31T12:00:00.123000Z"),
        (1738324800_000_000_000, "2025-01-31T12:00:00.000000Z"),
    ],
)
def test_times_are_brought_into_one_form(tmp_path: Path, given: object, normal: str) -> None:
    """ISO 8601 and clocks since 1970 become text that sorts by time."""
    (query,) = read(tmp_path, line(ts=given))
    assert query.timestamp == normal


def test_an_unknown_row_count_is_no_row_count(tmp_path: Path) -> None:
    """The DB-API's -1 means that the driver does not know."""
    (query,) = read(tmp_path, line(rows=-1))
    assert query.rows is None


def test_route_and_trace_come_from_comments_where_keys_are_absent(tmp_path: Path) -> None:
    """sqlcommenter's tags stand in for route and request id, and keys win over them."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    comment = f"SELECT 1 /*route='%2Fusers',traceparent='00-{trace}-b7ad6b7169203331-01'*/"
    tagged, keyed, own = read(
        tmp_path,
        line(db__query__text=comment)
        + line(db__query__text=comment, route="/x", request_id="r")
        + line(traceparent=f"00-{trace}-b7ad6b7169203331-01"),
    )
    assert (tagged.route, tagged.request_id) == ("/users", trace)
    assert (keyed.route, keyed.request_id) == ("/x", "r")
    assert own.request_id == trace


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
