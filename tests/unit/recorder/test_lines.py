"""Lines of a recording: what dbtune reads back, and what they must not say."""

from __future__ import annotations

import json
import math
import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dbtune.model.workload import RecordedQuery
from dbtune.recorder.line import LineEncoder
from dbtune.recorder.recorded_values import copied_values
from dbtune.recorder.sent import Sent
from dbtune.recorder.settings import RecorderSettings, from_environment, to_environment
from dbtune.workload.recording_line import parse_line

KEY = "00" * 16
SECRET = "Hunter2-ÄÖ"


def encode(sent: Sent, **settings: Any) -> str:
    """The line of a statement."""
    return LineEncoder(RecorderSettings("/a", values_key=KEY, **settings)).line(sent).decode()


def query(text: str, parameters: Any = None, **settings: Any) -> RecordedQuery:
    """What dbtune reads of a statement's line."""
    read = parse_line(encode(Sent(text, copied_values(parameters)), **settings), 1.0)
    assert isinstance(read, RecordedQuery)
    return read


def test_all_that_is_known_is_read_back() -> None:
    """Each key has the name that docs/reference/recording.md gives it."""
    sent = Sent("SELECT a FROM t WHERE b = ?", (5,), 1_700_000_000_000_000_000)
    sent.duration_ns, sent.rows, sent.count, sent.wait_ns = 81_000, 12, 3, 7
    sent.error, sent.request_id, sent.transaction_id = "disk I/O error", "4bf92f35", "17-3"
    sent.route, sent.file_path, sent.line_number = "GET /ü/<id>", "app/albums.py", 42
    sent.namespace, sent.relationship = "/srv/app.db", "Chef.bookings"
    fields = json.loads(encode(sent, params=True))
    digest = fields.pop("dbtune.values_digest")
    assert len(bytes.fromhex(digest)) == 8
    assert fields == {
        "db.query.text": sent.text,
        "db.query.parameters": [5],
        "ts": 1_700_000_000_000_000_000,
        "duration_ns": 81_000,
        "rows": 12,
        "count": 3,
        "wait_ns": 7,
        "error": "disk I/O error",
        "request_id": "4bf92f35",
        "transaction_id": "17-3",
        "route": "GET /ü/<id>",
        "code.file.path": "app/albums.py",
        "code.line.number": 42,
        "db.namespace": "/srv/app.db",
        "dbtune.relationship": "Chef.bookings",
    }
    read = parse_line(encode(sent, params=True), 1.0)
    assert isinstance(read, RecordedQuery)
    assert read.route == "GET /ü/<id>"
    assert read.timestamp is not None
    assert read.timestamp.startswith("2023-11-14T22:13:20")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1, -(2**63), 2.5, "a'\n\0", None), (1, -(2**63), 2.5, "a'\n\0", None)),
        ([b"\0\xff"], (b"\0\xff",)),
        ([True, math.nan], (1, None)),
        ({"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
        ((bytearray(b"x"), memoryview(b"y")), (b"x", b"y")),
        ((datetime(2026, 1, 31, 12), date(2026, 1, 31)), ("2026-01-31 12:00:00", "2026-01-31")),
        ((Decimal("1.50"), uuid.UUID(int=1)), ("1.50", str(uuid.UUID(int=1)))),
        ((), None),
    ],
)  # fmt: skip
def test_values_are_recorded_where_that_is_wanted(given: Any, expected: Any) -> None:
    """As SQLite stores them."""
    read = query("SELECT 1", given, params=True)
    assert read.parameters == expected
    assert not read.masked


@pytest.mark.parametrize("given", [(math.inf,), (object(),), ("\ud800",)])
def test_values_that_no_recording_can_hold_leave_the_line_whole(given: Any) -> None:
    """Infinity, the application's own types, half a character: the statement is read."""
    assert query("SELECT ?", given, params=True).text == "SELECT ?"


def test_values_are_masked_by_default() -> None:
    """Only their types and lengths are in the line."""
    line = encode(Sent("SELECT ?, ?", (SECRET, SECRET.encode(), 4711, 47.11, None)))
    masks = json.loads(line)["db.query.parameters"]
    assert masks == [
        {"type": "text", "len": 10},
        {"type": "blob", "len": 12},
        {"type": "integer"},
        {"type": "real"},
        {"type": "null"},
    ]
    assert query("SELECT ?", (SECRET,)).masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("SELECT a FROM t WHERE b = 'Hunter2'", "SELECT a FROM t WHERE b = ?"),
        ("SELECT a FROM t WHERE b = -12.5e3", "SELECT a FROM t WHERE b = ?"),
        ("SELECT a FROM t WHERE b IN (1, x'00ff')", "SELECT a FROM t WHERE b IN (?, ?)"),
        ("SELECT a1 FROM t2 WHERE b - 1 > :c", "SELECT a1 FROM t2 WHERE b - ? > :c"),
        ("PRAGMA key = 'Hunter2'", "PRAGMA key = ?"),
        ("SELECT 1 /* Hunter2 */ -- Hunter2", "SELECT ?    "),
        ("SELECT 1 /*route='%2Fa',user='Hunter2'*/", "SELECT ? /*route='%2Fa'*/"),
        ("SELECT 'Hunter2", "SELECT ?"),
    ],
)
def test_literals_are_masked_by_default(text: str, masked: str) -> None:
    """Comments go too, but for the route and the trace that sqlcommenter writes."""
    assert query(text).text == masked


def test_texts_are_as_they_are_with_values() -> None:
    """Who records values wants the literals."""
    text = "SELECT 'Hunter2' /* why */"
    assert query(text, params=True).text == text


@pytest.mark.parametrize(
    ("message", "text", "told"),
    [
        ("UNIQUE constraint failed: users.email", "", "UNIQUE constraint failed: users.email"),
        ('near "Hunter2": syntax error', "", "near ?: syntax error"),
        ("Could not decode to UTF-8 column 'a' with text 'Hunt'er2'", "",
         "Could not decode to UTF-8 column ?"),
        ("malformed MATCH expression: [Hunter2]", "", "malformed MATCH expression: ?"),
        ("no such column: nmae", "SELECT nmae FROM t", "no such column: nmae"),
        ("no such column: Hunter2", "SELECT a FROM f WHERE f MATCH 'Hunter2:x'",
         "no such column: ?"),
        ("unable to open database: /a/Hunter2.db", "ATTACH '/a/Hunter2.db' AS a",
         "unable to open database: ?"),
        ("no place for Hunter2, 42 or 4711", "INSERT INTO t VALUES ('it''s', 'Hunter2', 4711)",
         "no place for ?, 42 or ?"),
        ("database is locked", "UPDATE t SET state = 'locked'", "database is locked"),
    ],
)  # fmt: skip
def test_errors_quote_no_values(message: str, text: str, told: str) -> None:
    """SQLite's messages may quote what users typed."""
    sent = Sent(text or "SELECT 1")
    sent.error = message
    assert json.loads(encode(sent))["error"] == told
    assert json.loads(encode(sent, params=True))["error"] == message


@pytest.mark.parametrize("values", [("/a/Hunter2.db",), {"file": "/a/Hunter2.db"}])
def test_errors_hold_no_bound_values(values: Any) -> None:
    """The file to attach is told as it is."""
    sent = Sent("ATTACH ? AS a", values)
    sent.error = "unable to open database: /a/Hunter2.db"
    assert json.loads(encode(sent))["error"] == "unable to open database: ?"


def digest(text: str, parameters: Any, key: str = KEY) -> str | None:
    """The digest of a statement's values."""
    encoder = LineEncoder(RecorderSettings("/a", values_key=key))
    line = json.loads(encoder.line(Sent(text, copied_values(parameters))))
    found: str | None = line.get("dbtune.values_digest")
    return found


def test_digests_are_equal_for_equal_values() -> None:
    """In whatever kind of sequence, in whatever statement, bound or in the text."""
    assert digest("SELECT ?", (1, "a")) == digest("SELECT ?, ?", [1, "a"])
    assert digest("SELECT 1, 'a'", None) == digest("SELECT  1,'a'", ())
    others = {digest("SELECT ?", values) for values in ((1, "a"), (1, "b"), ("1", "a"), (1.0, "a"))}
    assert len(others | {digest("SELECT 1", None), digest("SELECT 2", None)}) == 6


def test_digests_tell_nothing_without_the_key() -> None:
    """The same value has another digest in another recording."""
    assert digest("SELECT ?", (SECRET,)) != digest("SELECT ?", (SECRET,), "11" * 16)


@pytest.mark.parametrize("values", [None, (), ("x" * 5000,), (object(),)])
def test_what_cannot_be_compared_has_no_digest(values: Any) -> None:
    """No values, very large ones, and those that only the application understands."""
    assert digest("SELECT a FROM t", values) is None


def test_many_texts_do_not_fill_memory() -> None:
    """An application that writes values into its texts sends a new one each time."""
    encoder = LineEncoder(RecorderSettings("/a", values_key=KEY))
    for number in range(5_000):
        encoder.line(Sent(f"SELECT {number}"))
    assert len(encoder._texts) <= 2_000


@pytest.mark.parametrize(
    "settings",
    [
        RecorderSettings("/a"),
        RecorderSettings("/ä b", True, 0.25, 1.5, 10.5, 3, KEY),
        RecorderSettings("/a", max_mb=0.0),
    ],
)
def test_settings_pass_through_the_environment(settings: RecorderSettings) -> None:
    """A child records as its parent was told to."""
    assert from_environment(to_environment(settings)) == settings
    assert from_environment({"HOME": "/"}) is None
