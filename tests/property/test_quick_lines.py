"""Lines read in one step mean what they mean read with care, whatever stands in them."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbtune.errors import ConfigurationError
from dbtune.model.workload import RecordedQuery, Workload
from dbtune.workload.digest import WorkloadDigest
from dbtune.workload.quick_line import as_query, read_quickly
from dbtune.workload.recorded_values import LineError
from dbtune.workload.recording_line import (
    DroppedStatements,
    NewerFormat,
    RecordingHeader,
    parse_line,
)
from dbtune.workload.sources import read_recording, read_workload

RATE = 0.25

texts = st.one_of(
    st.sampled_from(
        ["SELECT * FROM t WHERE a = ?", "SELECT 1; SELECT 2", "COMMIT;", " SELECT 1", "", "-- x",
         "SELECT 1 /*route='x',traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa-01'*/",
         "INSERT INTO t VALUES (:a, :b)", "SELECT 'é' FROM t WHERE a = 7", "/*"]
    ),
    st.text(max_size=12),
)  # fmt: skip
numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(),
    st.floats(-1e99, 1e99),
    st.floats(),
    st.sampled_from([0, -1, 2**53, 2**53 + 1, 2**63, -(2**63), 1e300]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5))
values = st.one_of(
    scalars,
    st.sampled_from([{"$blob": "AA=="}, {"$blob": 1}, {"type": "text", "len": 3}, {"a": 1}, [1]]),
)
names = st.sampled_from(["a", ":a", "@b", "$blob", "type", "len", "0", "1"])
times = st.sampled_from(
    ["2026-02-28T23:59:59.999999Z", "2026-02-29T00:00:00.000000Z", "2026-02-30T00:00:00.000000Z",
     "2024-02-29T12:00:00.000000+00:00", "2026-01-31T12:00:00Z", "2026-01-31 12:00:00",
     "0000-01-01T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z", "soon", 1_760_000_000, 1.5e12]
)  # fmt: skip
identifiers = st.one_of(st.sampled_from(["", 0, "r1"]), st.integers(), st.text(max_size=3))
amounts = st.one_of(st.integers(0, 2**53), st.floats(0, 1e9))
sound = st.fixed_dictionaries(
    {"db.query.text": texts},
    optional={
        "db.query.parameters": st.one_of(
            st.lists(scalars, max_size=3), st.dictionaries(names, scalars, max_size=2)
        ),
        "ts": times,
        "duration_ns": amounts,
        "duration_ms": amounts,
        "rows": st.integers(-1, 9),
        "count": amounts,
        "request_id": identifiers,
        "transaction_id": identifiers,
        "traceparent": st.sampled_from(["", "x", f"00-{'a' * 32}-{'b' * 16}-01"]),
        "route": st.text(max_size=3),
        "error": st.text(max_size=3),
        "code.file.path": st.text(max_size=3),
        "code.line.number": st.integers(0),
        "wait_ns": st.integers(0, 2**53),
        "db.namespace": st.text(max_size=3),
        "dbtune.relationship": st.text(max_size=3),
        "dbtune.values_digest": st.text(max_size=3),
        "unknown": values,
    },
)
keys = st.sampled_from(
    """db.query.text db.query.parameters db.query.parameter.0 db.query.parameter.a ts duration_ns
    duration_ms rows count request_id transaction_id traceparent route error code.file.path
    code.line.number wait_ns db.namespace dbtune.relationship dbtune.values_digest dbtune.dropped
    unknown sample_rate dbtune.recording""".split()
)
hostile = st.one_of(values, times, texts, st.lists(values, max_size=2))
spoilt = st.one_of(st.just({}), st.dictionaries(keys, hostile, max_size=2))
fields = st.tuples(sound, spoilt).map(lambda both: {**both[0], **both[1]})
# What breaks JSON, or is spelt in a way that a quick look does not see.
scars = st.sampled_from(
    [(":", " :"), (",", ",,"), ("}", "}}"), ('"', "'"), ("db.", "d\\u0062."), ("[", "[["),
     ("1", "01"), ("a", "\\ud800"), ("a", "\x01"), ("e", "\udce9"), ("1", "1e999"), ("S", "\\S"),
     ("query.parameter.", "qu\\u0065ry.parameter."), ("unknown", "dbtune.recording")]
)  # fmt: skip


def line_of(given: dict[str, Any], *, escaped: bool) -> str:
    """Return a line, in which NaN and the like stand as Python writes them."""
    return json.dumps(given, ensure_ascii=escaped)


def carefully(line: str) -> RecordedQuery | RecordingHeader | DroppedStatements | None:
    """Return what the careful reader makes of a line, None where it refuses it."""
    try:
        return parse_line(line, RATE)
    except LineError:
        return None


def is_newer(line: str) -> bool:
    """Tell whether a line is the header of a later format, which ends the reading."""
    try:
        parse_line(line, RATE)
    except NewerFormat:
        return True
    except LineError:
        return False
    return False


@given(fields, st.booleans(), st.lists(scars, max_size=2))
@example({"db.query.text": "SELECT 1", "duration_ms": 1e308}, False, [])
@example({"db.query.text": "SELECT ?", "db.query.parameters": [2**63]}, False, [])
@example({"db.query.text": "SELECT ?", "db.query.parameters": None, "db.query.parameter.0": 1},
         False, [("query.parameter.", "qu\\u0065ry.parameter.")])  # fmt: skip
def test_a_line_taken_quickly_means_the_same(
    given: dict[str, Any], escaped: bool, scarring: list[tuple[str, str]]
) -> None:
    """In all fields, types and counts; what the careful reader refuses is left to it."""
    line = line_of(given, escaped=escaped)
    for old, new in scarring:
        line = line.replace(old, new, 1)
    quick, careful = read_quickly(line), carefully(line)
    if quick is None:
        return
    query = as_query(quick, RATE)
    if quick.timestamp is not None and query.timestamp is None:
        return  # jsonl_lines.py leaves such a line to the careful reader.
    assert isinstance(careful, RecordedQuery)
    assert repr(query) == repr(careful)


@given(st.lists(st.tuples(fields, st.booleans()), max_size=12))
def test_a_recording_digested_quickly_is_the_same(given: list[tuple[dict[str, Any], bool]]) -> None:
    """Shapes, samples, requests, times and numbers of broken lines."""
    header = '{"dbtune.recording": 1, "sample_rate": 0.25}'
    lines = [header, *(line_of(fields, escaped=escaped) for fields, escaped in given)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "queries.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
        if any(map(is_newer, lines)):
            with pytest.raises(ConfigurationError):
                read_workload([path])
            return
        read = read_workload([path])
        queries = tuple(read_recording([path], on_broken=lambda line: None))
    careful = [found for line in lines if (found := carefully(line)) is not None]
    digest = WorkloadDigest()
    for found in careful:
        if isinstance(found, RecordedQuery):
            digest.add(found)
        elif isinstance(found, RecordingHeader):
            digest.add_header(found)
    assert repr(_figures(read)) == repr(_figures(digest.finish()))
    assert read.broken_count == len(lines) - len(careful)
    assert repr(queries) == repr(tuple(q for q in careful if isinstance(q, RecordedQuery)))


def _figures(workload: Workload) -> tuple[object, ...]:
    return (
        workload.shapes,
        workload.statements,
        workload.repeated,
        workload.small_transactions,
        workload.started_at,
        workload.ended_at,
    )


def test_nearly_all_lines_are_taken_quickly() -> None:
    """Those that recorders write, with names, offsets, counts and new keys."""
    for more in (
        {"db.query.parameters": [1, "é", None, 2.5, True]},
        {"db.query.parameters": {"user": 7, "hash": {"$blob": "/9j/4A=="}}},
        {"db.query.parameters": [{"type": "text", "len": 12}, 7]},
        {"ts": "2026-06-01T00:00:00.000000+00:00", "count": 3, "duration_ns": 81_000, "rows": -1},
        {
            "request_id": 7,
            "transaction_id": "17-3",
            "duration_ms": 0.25,
            "db.system.name": "sqlite",
        },
        {"code.file.path": "app.py", "code.line.number": 42, "server": {"a": [1, {}]}},
    ):
        for escaped in (True, False):
            line = line_of({"db.query.text": "SELECT 1", **more}, escaped=escaped)
            assert read_quickly(line) is not None, line
