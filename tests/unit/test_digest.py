"""The digest of a recording: counts, samples, limits."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.model.workload import QueryShape, RecordedQuery, Sample, Workload
from dbtune.workload.digest import WorkloadDigest
from dbtune.workload.fingerprint import shape_id, template_of
from dbtune.workload.recording_line import RecordingHeader
from dbtune.workload.sources import read_workload

SHARED = Path(__file__).parents[3] / "shared" / "workloads"


def digest(*queries: RecordedQuery | str) -> Workload:
    """Return the workload of some statements."""
    taker = WorkloadDigest()
    for query in queries:
        taker.add(RecordedQuery(query) if isinstance(query, str) else query)
    return taker.finish()


def only_shape(*queries: RecordedQuery | str) -> QueryShape:
    """Return the one shape of some statements."""
    (shape,) = digest(*queries).shapes
    return shape


def test_statements_of_one_shape_are_counted_together() -> None:
    """Shapes come with the most frequent first, and every execution is counted."""
    workload = digest("SELECT a FROM t", "select A from T", "SELECT b FROM t", "SELECT 2 FROM t")
    assert [(shape.template, shape.count) for shape in workload.shapes] == [
        ("select a from t", 2.0),
        *sorted(
            [("select b from t", 1.0), ("select ? from t", 1.0)],
            key=lambda pair: shape_id(pair[0]),
        ),
    ]
    assert workload.statements == 4
    assert workload.shapes[0].id == shape_id("SELECT a FROM t")


def test_counts_and_durations_add_up() -> None:
    """A line that stands for many executions adds its time for each."""
    shape = only_shape(
        RecordedQuery("SELECT 1", count=10.0, duration_ns=5),
        RecordedQuery("SELECT 2", duration_ns=7),
        RecordedQuery("SELECT 3"),
    )
    assert (shape.count, shape.duration_ns) == (12.0, 57)
    assert only_shape("SELECT 1").duration_ns is None


def test_samples_are_distinct_and_at_most_five() -> None:
    """The same statement is kept once, and the first ones stay."""
    shape = only_shape(*["SELECT 1"] * 3, *[f"SELECT {n}" for n in range(100)])
    assert len(shape.samples) == len(set(shape.samples)) == 5
    assert shape.samples[:2] == (Sample("SELECT 1"), Sample("SELECT 0"))


def test_late_and_rare_statements_have_a_chance() -> None:
    """Samples are drawn from the whole recording, and the same way each time."""
    texts = [f"SELECT a FROM t WHERE b = {n}" for n in range(2000)]
    late = 0
    for column in range(40):
        shape = only_shape(*(text.replace("a", f"a{column}") for text in texts))
        again = only_shape(*(text.replace("a", f"a{column}") for text in texts))
        assert shape == again
        late += any(int(sample.text.rpartition(" ")[2]) >= 1000 for sample in shape.samples)
    # Each of the three drawn is from the second half with a chance of one in two.
    assert 25 <= late <= 40


def test_a_single_different_value_among_a_million_is_kept() -> None:
    """As long as there are fewer than five samples, nothing new is missed."""
    taker = WorkloadDigest()
    taker.add_statements(["SELECT a FROM t WHERE b = 1"] * 20_000)
    taker.add_statements(["SELECT a FROM t WHERE b = 2"])
    taker.add_statements(["SELECT a FROM t WHERE b = 1"] * 20_000)
    (shape,) = taker.finish().shapes
    assert [sample.text[-1] for sample in shape.samples] == ["1", "2"]
    assert shape.count == 40_001


def test_samples_keep_their_values() -> None:
    """Values recorded apart from the text stay with it, in order or by name."""
    shape = only_shape(
        RecordedQuery("SELECT ?", (1,)),
        RecordedQuery("SELECT ?", (1,)),
        RecordedQuery("SELECT :a", {"a": b"\x00"}),
        RecordedQuery("SELECT 5", ()),
    )
    assert shape.samples == (
        Sample("SELECT ?", (1,)),
        Sample("SELECT :a", {"a": b"\x00"}),
        Sample("SELECT 5"),
    )
    assert not shape.needs_values


@pytest.mark.parametrize(
    "query",
    [
        RecordedQuery("SELECT ?"),
        RecordedQuery("SELECT ?", masked=True),
        RecordedQuery("SELECT ?, ?", (1,)),
        RecordedQuery("SELECT %s"),
        RecordedQuery("SELECT :a", {"b": 1}),
    ],
)
def test_values_are_needed_where_none_fit(query: RecordedQuery) -> None:
    """A statement with placeholders and no values for them says so."""
    shape = only_shape(query)
    assert shape.needs_values
    assert shape.samples == (Sample(query.text),)


def test_statements_with_values_win_over_those_without() -> None:
    """Where some lines hold values and some do not, only the first can be run as recorded."""
    shape = only_shape("SELECT ?", RecordedQuery("SELECT ?", (1,)), "SELECT ?1")
    assert shape.samples == (Sample("SELECT ?", (1,)),)
    assert not shape.needs_values
    assert only_shape("SELECT 'what?'").needs_values is False


def test_comments_and_semicolons_are_no_part_of_a_sample() -> None:
    """Tags that differ in each request do not make statements distinct."""
    shape = only_shape(*(f"SELECT 1 /*traceparent='{n}'*/;" for n in range(9)))
    assert shape.samples == (Sample("SELECT 1"),)
    assert shape.count == 9.0


def test_several_statements_in_one_text_count_each() -> None:
    """A script is split, and the time that cannot be divided is left out."""
    workload = digest(RecordedQuery("BEGIN; DELETE FROM t; SELECT ';'", count=2.0, duration_ns=9))
    found = {
        shape.template: (shape.kind, shape.count, shape.duration_ns) for shape in workload.shapes
    }
    assert found == {
        "begin": ("other", 2.0, None),
        "delete from t": ("write", 2.0, None),
        "select ?": ("read", 2.0, None),
    }
    assert workload.statements == 1


def test_a_script_with_values_is_left_alone() -> None:
    """Which of its statements the values belong to is not known."""
    shape = only_shape(RecordedQuery("SELECT ?; SELECT ?", (1, 2)))
    assert shape.kind == "other"


def test_call_sites_are_kept_up_to_three() -> None:
    """Where a query is sent from is told by file and line, each once."""
    sites = [("a.py", 1), ("a.py", 1), ("b.py", None), (None, 5), ("c.py", 3), ("d.py", 4)]
    shape = only_shape(
        *(RecordedQuery("SELECT 1", file_path=path, line_number=line) for path, line in sites)
    )
    assert shape.call_sites == ("a.py:1", "b.py", "c.py:3")


def test_span_and_version_are_told() -> None:
    """The earliest and latest time and the oldest SQLite of all headers are kept."""
    taker = WorkloadDigest()
    for version in ("3.40.1", "3.8.11", "3.39.0"):
        taker.add_header(RecordingHeader(sqlite_version=version))
    for day in (3, 1, 2):
        taker.add(RecordedQuery("SELECT 1", timestamp=f"2025-01-0{day}T00:00:00.000000Z"))
    workload = taker.finish()
    assert workload.sqlite_version == "3.8.11"
    assert workload.started_at == "2025-01-01T00:00:00.000000Z"
    assert workload.ended_at == "2025-01-03T00:00:00.000000Z"
    assert digest("SELECT 1").started_at is None


def test_too_many_shapes_drop_the_least_and_say_so() -> None:
    """Frequent shapes and slow ones stay, and what was dropped is counted."""
    taker = WorkloadDigest(max_shapes=100)
    taker.add(RecordedQuery("SELECT slow FROM t", duration_ns=10**12))
    for number in range(1000):
        taker.add(RecordedQuery(f"SELECT a{number} FROM t", duration_ns=1))
        taker.add(RecordedQuery("SELECT often FROM t", duration_ns=1))
    workload = taker.finish()
    assert len(workload.shapes) <= 100
    assert workload.shapes[0].template == "select often from t"
    assert workload.shapes[0].count == 1000.0
    assert "select slow from t" in {shape.template for shape in workload.shapes}
    counted = sum(shape.count for shape in workload.shapes)
    assert counted + workload.dropped_count == 2001.0 == workload.statements
    assert workload.dropped_shapes == 1002 - len(workload.shapes)


def test_long_texts_are_bounded() -> None:
    """Samples stop where the room ends, and shapes go where even one each is too much."""
    long = "x" * 10_000
    taker = WorkloadDigest(max_characters=100_000)
    taker.add_statements([f"SELECT '{long}{number}'" for number in range(1000)])
    taker.add_statements([f"SELECT a{number}, '{long}'" for number in range(1000)])
    workload = taker.finish()
    kept = sum(len(sample.text) for shape in workload.shapes for sample in shape.samples)
    assert kept <= 120_000
    assert workload.dropped_shapes > 900
    assert sum(shape.count for shape in workload.shapes) + workload.dropped_count == 2000


def test_the_digest_does_not_depend_on_what_was_looked_up() -> None:
    """Statements recognised by structure fall into the shape that their template names."""
    texts = [
        f"SELECT {name} FROM t WHERE b {operator} {value}"
        for name in ("a", '"a"', '"A"', "a1")
        for operator in ("=", "< -", "IN (1,2) AND c =")
        for value in ("1", "'x'", "?", "NULL", ".5", "x'00'")
    ]
    expected: dict[str, int] = {}
    for text in texts * 2:
        expected[template_of(text)] = expected.get(template_of(text), 0) + 1
    workload = digest(*texts, *reversed(texts))
    assert {shape.template: shape.count for shape in workload.shapes} == expected
    taker = WorkloadDigest()
    taker.add_statements(texts)
    plain = [text for text in texts if '"' not in text]
    taker.add_statements(plain)
    taker.add_statements([text for text in texts if '"' in text])
    assert {shape.template: shape.count for shape in taker.finish().shapes} == expected


@pytest.mark.parametrize(
    "texts",
    [
        ['SELECT "a" FROM t', 'SELECT "b" FROM t'],
        ["SELECT [a] FROM t", "SELECT [b] FROM t", "SELECT `b` FROM t"],
        ['SELECT ""', 'SELECT ["'],
        ["SELECT 'open", "SELECT 1 FROM t WHERE a = 'x'", "SELECT 2 FROM u WHERE a = 'x'"],
        ["SELECT 1 -- it's", "SELECT a FROM t", "SELECT 'x'"],
        ["SELECT 'a\0b'", "SELECT \0", "SELECT 'open"],
        ["SELECT 1 /* ' */", "SELECT b -- '", "SELECT c"],
    ],
)
def test_statements_side_by_side_do_not_disturb_each_other(texts: list[str]) -> None:
    """What is taken in one go is told apart as if it had come one by one."""
    together, apart = WorkloadDigest(), WorkloadDigest()
    together.add_statements(texts)
    for text in texts:
        apart.add_statements([text])
    assert together.finish() == apart.finish()
    assert {s.template for s in apart.finish().shapes} == {template_of(text) for text in texts}


def test_the_same_recording_gives_the_same_digest_in_any_process(tmp_path: Path) -> None:
    """Nothing depends on the hash seed of the process."""
    path = tmp_path / "q.sql"
    path.write_text("".join(f"SELECT a{n % 7} FROM t WHERE b = {n};\n" for n in range(3000)))
    code = (
        "import sys\nfrom dbtune.workload.sources import read_workload\n"
        "print(repr(read_workload(sys.argv[1:])))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {repr(read_workload([path])) + "\n"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared workloads are not here")
def test_shared_recordings_are_read_whole() -> None:
    """56 shapes with 5 samples and 35,095 executions, and the 22 queries of TPC-H."""
    platform = read_workload([SHARED / "platform.jsonl"])
    assert len(platform.shapes) == 56
    assert sum(shape.count for shape in platform.shapes) == 35_095
    lines = (SHARED / "platform.jsonl").read_text().splitlines()
    recorded = {json.loads(line)["db.query.text"] for line in lines}
    assert {sample.text for shape in platform.shapes for sample in shape.samples} == recorded
    tpch = read_workload([SHARED / "tpch.sql"])
    assert (len(tpch.shapes), tpch.statements, tpch.broken_count) == (22, 22, 0)
    assert {shape.kind for shape in tpch.shapes} == {"read"}
    assert replace(tpch, sources=()) == replace(read_workload([SHARED / "tpch.sql"]), sources=())
