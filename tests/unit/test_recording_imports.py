"""Traces and logs that other tools really wrote, read as recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbtune.model.workload import BrokenLine, RecordedQuery
from dbtune.workload.importers.printed_values import BoundValues, read_printed
from dbtune.workload.importers.spans import Span
from dbtune.workload.importers.trace_routes import TraceRoutes
from dbtune.workload.sources import read_recording

# Written by OpenTelemetry's SDK 1.45, SQLAlchemy 2.1 and Django 5.2 in small applications.
SAMPLES = Path(__file__).parents[1] / "fixtures" / "recordings"

ECHO = "2026-01-31 12:00:00,500 INFO sqlalchemy.engine.Engine "
DJANGO = "DEBUG 2026-01-31 12:00:00,500 django.db.backends "


def sample(name: str) -> list[RecordedQuery]:
    """Return the statements of a sample, which has no broken line."""
    return list(read_recording([SAMPLES / name], on_broken=pytest.fail))


def read(tmp_path: Path, *lines: str, name: str = "app.log") -> list[RecordedQuery]:
    """Return the statements of a file without broken lines."""
    queries, broken = read_with_broken(tmp_path, *lines, name=name)
    assert not broken
    return queries


def read_with_broken(
    tmp_path: Path, *lines: str, name: str = "app.log"
) -> tuple[list[RecordedQuery], list[BrokenLine]]:
    """Return the statements of a file, and its broken lines."""
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    broken: list[BrokenLine] = []
    return list(read_recording([path], on_broken=broken.append)), broken


@pytest.mark.parametrize("name", ["spans.jsonl", "console_spans.txt"])
def test_spans_become_statements_of_their_requests(name: str) -> None:
    """With the route of the span that contains them, which is written after them."""
    queries = sample(name)
    assert [(query.route, query.text.split(" FROM ")[0]) for query in queries] == [
        ("GET /users/<int:user>/orders", "SELECT name"),
        ("GET /users/<int:user>/orders", "SELECT id, total"),
        ("POST /users", "INSERT INTO users (name) VALUES (?)"),
        ("POST /users", "SELECT nothing"),
        ("GET /users/<int:user>/orders", "SELECT name"),
        ("GET /users/<int:user>/orders", "SELECT id, total"),
        (None, "SELECT count(*)"),
    ]
    assert len({query.request_id for query in queries}) == 4
    failed = [query.error for query in queries if query.error]
    assert failed == ['OperationalError: near "nothing": syntax error']
    assert all(query.duration_ns and query.timestamp for query in queries)


def test_spans_of_both_kinds_say_the_same() -> None:
    """Up to the microseconds that the console leaves."""
    of_protocol, of_console = sample("spans.jsonl"), sample("console_spans.txt")
    for one, other in zip(of_protocol, of_console, strict=True):
        assert one.duration_ns is not None and other.duration_ns is not None
        assert abs(one.duration_ns - other.duration_ns) <= 1_000
        assert (one.text, one.request_id, one.route) == (other.text, other.request_id, other.route)


def span(**attributes: object) -> str:
    """Return an OTLP document with one span."""
    coded = [{"key": key.replace("__", "."), "value": value} for key, value in attributes.items()]
    one = {"traceId": "a1", "attributes": coded}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]})


def test_newer_names_of_attributes_are_read(tmp_path: Path) -> None:
    """Those of the stable conventions: text, parameters, rows, batch size, code."""
    line = span(
        db__system__name={"stringValue": "sqlite"},
        db__query__text={"stringValue": "INSERT INTO t VALUES (:a, :b)"},
        db__query__parameter__a={"stringValue": "x"},
        db__query__parameter__b={"intValue": "7"},
        db__operation__batch__size={"intValue": 3},
        db__response__returned_rows={"intValue": "2"},
        db__namespace={"stringValue": "/srv/app.db"},
        code__file__path={"stringValue": "app.py"},
        code__line__number={"intValue": "42"},
    )
    assert read(tmp_path, line, name="traces.json") == [
        RecordedQuery(
            "INSERT INTO t VALUES (:a, :b)",
            parameters={"a": "x", "b": 7},
            count=3.0,
            rows=2,
            request_id="a1",
            file_path="app.py",
            line_number=42,
            namespace="/srv/app.db",
        )
    ]


def test_the_time_of_a_batch_is_shared_by_its_executions(tmp_path: Path) -> None:
    """Spans and Django's log tell how long all took, a recording how long one did."""
    document = json.loads(
        span(
            db__query__text={"stringValue": "INSERT INTO t VALUES (?)"},
            db__operation__batch__size={"intValue": "4"},
        )
    )
    (one,) = document["resourceSpans"][0]["scopeSpans"][0]["spans"]
    one["startTimeUnixNano"], one["endTimeUnixNano"] = "1780000000000000000", "1780000000000008000"
    (of_span,) = read(tmp_path, json.dumps(document), name="traces.json")
    logged = "(0.008) INSERT INTO t VALUES (%s); args=[(1,), (2,)]; alias=default"
    (of_django,) = read(tmp_path, DJANGO + logged)
    assert [(query.count, query.duration_ns) for query in (of_span, of_django)] == [
        (4, 2_000),
        (2, 4_000_000),
    ]


def test_spans_of_other_databases_are_passed_over(tmp_path: Path) -> None:
    """A statement to PostgreSQL is none that SQLite gets."""
    line = span(db__system={"stringValue": "postgresql"}, db__statement={"stringValue": "SELECT 1"})
    assert read(tmp_path, line, name="t.json") == []


def test_a_document_over_many_lines_is_one(tmp_path: Path) -> None:
    """As jq prints it."""
    line = span(db__system={"stringValue": "sqlite"}, db__statement={"stringValue": "SELECT 1"})
    lines = json.dumps(json.loads(line), indent=2).split("\n")
    assert [query.text for query in read(tmp_path, *lines, name="t.json")] == ["SELECT 1"]


def test_a_cut_document_is_told(tmp_path: Path) -> None:
    """Where it begins; the documents before it are used."""
    line = span(db__system={"stringValue": "sqlite"}, db__statement={"stringValue": "SELECT 1"})
    queries, broken = read_with_broken(tmp_path, line, line[:60], name="t.json")
    assert [query.text for query in queries] == ["SELECT 1"]
    assert [(b.line, b.reason) for b in broken] == [(2, "a JSON document that begins here is cut")]


def test_statements_wait_for_their_route_in_flat_memory() -> None:
    """The oldest trace gives way without a route; a route that comes later serves the rest."""
    routes = TraceRoutes(most=2)
    taken = [
        query
        for number in range(4)
        for query in routes.take(Span(f"t{number}", False, None, RecordedQuery(f"SELECT {number}")))
    ]
    assert [(query.text, query.route) for query in taken] == [
        ("SELECT 0", None),
        ("SELECT 1", None),
    ]
    released = list(routes.take(Span("t3", True, "GET /", None)))
    assert [(query.text, query.route) for query in released] == [("SELECT 3", "GET /")]
    assert [query.text for query in routes.finish()] == ["SELECT 2"]


@pytest.mark.parametrize("name", ["echo_default.log", "echo_custom.log"])
def test_echo_of_any_format_becomes_statements(name: str) -> None:
    """With values, several lines, sets of values, and what was committed together."""
    queries = sample(name)
    read_as = [(q.text.split("\n")[0].strip(), q.parameters, q.masked, q.count) for q in queries]
    inserted = "INSERT INTO users (name, born, photo) VALUES (?, ?, ?) RETURNING id"
    selected = "SELECT users.id, users.name, users.born, users.photo"
    assert read_as == [
        ('PRAGMA main.table_info("users")', None, False, 1),
        ('PRAGMA temp.table_info("users")', None, False, 1),
        ("CREATE TABLE users (", None, False, 1),
        (inserted, None, True, 1),  # <memory at 0x7f...> is no literal
        (inserted, None, True, 1),  # a long value was shortened
        ("INSERT INTO users (name, born, photo) VALUES (?, '2026', x'00')", None, True, 40),
        (selected, ("a",), False, 1),
        (selected, ("b",), False, 1),
        ("SELECT name", (7,), False, 1),
        ("SELECT nothing FROM users", None, False, 1),
    ]
    assert [q.transaction_id for q in queries] == ["1"] * 3 + ["2"] * 2 + ["3"] + ["4"] * 4
    assert queries[8].text == "SELECT name\nFROM users\nWHERE id = ?"
    assert all(query.timestamp for query in queries)


THREADS = ("MainThread", "Thread-1 (work)", "ThreadPoolExecutor-0_0", "waitress-3")


@pytest.mark.parametrize(
    "prefix",
    [
        "2026-01-31 12:00:00,500 {} sqlalchemy.engine.Engine ",
        "[{}] INFO-sqlalchemy.engine.Engine: ",
        "{} (sqlalchemy.engine.Engine) INFO - ",
        "INFO {} | ",
    ],
)
@pytest.mark.parametrize("first", range(len(THREADS)))
def test_echo_of_all_threads_is_read(tmp_path: Path, prefix: str, first: int) -> None:
    """Whichever the format is learned from, and with text over two lines."""
    lines: list[str] = []
    for name in (*THREADS[first:], *THREADS[:first]):
        own = prefix.format(name)
        lines += [f"{own}SELECT a", "FROM t", f"{own}[raw sql] ()"]
        lines += [f"{own.replace('sqlalchemy.engine.Engine', 'app.views')}something else"]
    queries = read(tmp_path, *lines)
    assert [query.text for query in queries] == ["SELECT a\nFROM t"] * len(THREADS)


def test_threads_of_any_name_are_read_where_the_logger_is_named(tmp_path: Path) -> None:
    """Those of AnyIO, which run what FastAPI does not await, have names of three words."""
    lines = [
        f"{name} sqlalchemy.engine.Engine {message}"
        for name in ("MainThread", "AnyIO worker thread")
        for message in ("SELECT a", "[raw sql] ()")
    ]
    assert len(read(tmp_path, *lines)) == 2


def test_echo_without_any_prefix_is_read_too() -> None:
    """A message of another logger that looks like a statement has no values, and is told."""
    broken: list[BrokenLine] = []
    queries = list(read_recording([SAMPLES / "echo_bare.log"], on_broken=broken.append))
    assert [query.text for query in queries] == [q.text for q in sample("echo_default.log")]
    assert [line.reason for line in broken] == [
        "the values of the statement that begins here are missing"
    ]


def test_values_of_threads_that_log_at_once_are_told_apart(tmp_path: Path) -> None:
    """By how many there are; which transaction is which no line says."""
    queries = read(
        tmp_path,
        f"{ECHO}BEGIN (implicit)",
        f"{ECHO}BEGIN (implicit)",
        f"{ECHO}SELECT a FROM t WHERE b = ? AND c = ?",
        f"{ECHO}SELECT d FROM t WHERE e = ?",
        f"{ECHO}[cached since 1.5s ago] (1,)",
        f"{ECHO}[generated in 0.00012s] (2, 'x')",
        f"{ECHO}COMMIT",
    )
    assert [(query.text[:8], query.parameters) for query in queries] == [
        ("SELECT d", (1,)),
        ("SELECT a", (2, "x")),
    ]
    assert {query.transaction_id for query in queries} == {None}


def test_a_line_of_another_logger_ends_no_statement_wrongly(tmp_path: Path) -> None:
    """It stands between a statement and its values, and belongs to neither."""
    queries = read(
        tmp_path,
        f"{ECHO}SELECT a",
        "FROM t",
        "2026-01-31 12:00:00,500 INFO werkzeug.serving.log GET /",
        "SELECT is what this line begins with",
        f"{ECHO}[generated in 0.00012s] ()",
    )
    assert [(query.text, query.timestamp) for query in queries] == [
        ("SELECT a\nFROM t", "2026-01-31T12:00:00.500000")
    ]


def test_hidden_parameters_are_masked(tmp_path: Path) -> None:
    """As create_engine(hide_parameters=True) logs them."""
    hidden = "[SQL parameters hidden due to hide_parameters=True]"
    queries = read(tmp_path, f"{ECHO}SELECT ?", f"{ECHO}[generated in 0.00012s] {hidden}")
    assert [(query.text, query.masked) for query in queries] == [("SELECT ?", True)]


def test_djangos_log_becomes_statements() -> None:
    """With the values in the text, batches counted, and each alias as a database of its own."""
    queries = sample("django_full.log")
    assert [q.text.split(" (")[0].split("\n")[0][:30] for q in queries] == [
        "BEGIN",
        'INSERT INTO "auth_user"',
        "COMMIT",
        "BEGIN",
        'INSERT INTO "auth_group"',
        "COMMIT",
        'SELECT "auth_user"."id", "auth',
        "INSERT INTO auth_group",
        "SELECT name",
        "SELECT 1",
        "SELECT nothing",
        "SELECT X'00FF'",
        "SELECT 2",
    ]
    # A value may hold what ends a statement in this log, and line ends.
    assert "'o''x; args=(1,)', 'a\nb'" in queries[1].text
    assert queries[1].text.endswith('RETURNING "auth_user"."id"')
    assert (queries[7].parameters, queries[7].count) == (("x",), 3.0)
    assert [q.namespace for q in queries] == ["default"] * 12 + ["other"]
    assert [q.transaction_id for q in queries[:7]] == ["default1"] * 3 + ["default2"] * 3 + [None]
    assert all(query.duration_ns is not None and query.timestamp for query in queries)


def test_djangos_log_in_any_format(tmp_path: Path) -> None:
    """Slow statements have their milliseconds; lines of other loggers are passed over."""
    queries = read(
        tmp_path,
        "[31/Jan/2026 12:00:00] GET /users (200)",
        "12:00 |web| (0.125) SELECT 1; args=None; alias=default",
        "(a comment) that is no statement",
        "12:00 |web| (1.000) SELECT name",
        "FROM t; args=(); alias=default",
    )
    assert [(query.text, query.duration_ns) for query in queries] == [
        ("SELECT 1", 125_000_000),
        ("SELECT name\nFROM t", 1_000_000_000),
    ]


def test_a_cut_log_of_django_is_told(tmp_path: Path) -> None:
    """Where the last statement begins."""
    whole = f"{DJANGO}(0.001) SELECT 1; args=None; alias=default"
    queries, broken = read_with_broken(tmp_path, whole, f"{DJANGO}(0.001) SELECT name")
    assert [query.text for query in queries] == ["SELECT 1"]
    assert [line.line for line in broken] == [2]


@pytest.mark.parametrize(
    ("printed", "values"),
    [
        ("()", BoundValues()),
        ("None", BoundValues()),
        ("(1, 'x', None, b'\\x00', 2.5, True)", BoundValues((1, "x", None, b"\x00", 2.5, 1))),
        ("{'a': 1}", BoundValues({"a": 1})),
        ("[(1,), (2,)]", BoundValues((1,), count=2.0)),
        ("[7]", BoundValues((7,))),
        ("(datetime.datetime(2026, 1, 1, 0, 0),)", BoundValues(masked=True)),
        ("('a ... (3 characters truncated) ... b',)", BoundValues(masked=True)),
        ("(1, [2])", BoundValues(masked=True)),
        ("(18446744073709551616,)", BoundValues(masked=True)),
        ("__import__('os').abort()", BoundValues(masked=True)),
        ("(" * 100_000, BoundValues(masked=True)),
    ],
)
def test_printed_values_are_read_and_never_run(printed: str, values: BoundValues) -> None:
    """What is no literal is masked."""
    assert read_printed(printed) == values


def test_a_plain_sql_file_stays_one(tmp_path: Path) -> None:
    """Also where a comment quotes a log."""
    text = "-- [generated in 0.00012s] (1,)"
    assert [q.text for q in read(tmp_path, text, "SELECT 1;", name="q.sql")] == ["SELECT 1"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("route='%2Fusers%2F'", ("/users/", None, None, None)),
        ("controller='users',action='index',framework='rails'", ("users#index",) + (None,) * 3),
        ("controller='users'", ("users", None, None, None)),
        ("file='app.py',line='42'", (None, "app.py", 42, None)),
        ("line='app%2Fusers.py%3A42'", (None, "app/users.py", 42, None)),
        ("line='many'", (None, None, None, None)),
        (f"traceparent='00-{'a' * 32}-{'b' * 16}-01'", (None, None, None, "a" * 32)),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "sql", "echo", "django", "spans"])
def test_comments_of_sqlcommenter_are_read_in_every_form(
    tmp_path: Path, form: str, comment: str, said: tuple[object, ...]
) -> None:
    """Route or action, file and line, and the trace as request."""
    text = f"SELECT 1 /*{comment}*/"
    lines = {
        "jsonl": [json.dumps({"db.query.text": text})],
        "sql": [f"{text};"],
        "echo": [ECHO + text, f"{ECHO}[generated in 0.00012s] ()"],
        "django": [f"{DJANGO}(0.001) {text}; args=(); alias=default"],
        "spans": [span(db__system={"stringValue": "sqlite"}, db__statement={"stringValue": text})],
    }
    (query,) = read(tmp_path, *lines[form])
    # A span knows its own trace.
    request = "a1" if form == "spans" else said[3]
    assert (query.route, query.file_path, query.line_number) == said[:3]
    assert query.request_id == request
