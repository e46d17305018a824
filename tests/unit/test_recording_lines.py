"""Lines of a recording: keys, values, and what is wrong with some."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dbtune.errors import ConfigurationError, ExitCode
from dbtune.model.workload import RecordedQuery
from dbtune.workload.sources import read_workload
from tests.fixtures.recording_lines import line, read, read_with_broken


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
