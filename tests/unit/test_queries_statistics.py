"""The digest of a recording: what is counted, for what, and what is said where it is not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dbtune.journeys.queries import QueriesOptions, digest_queries
from dbtune.model.digest import NamedCount, QueryDigest, QueryStatistics

USERS = "SELECT name FROM users WHERE id = ?"
ORDERS = "SELECT id FROM orders WHERE user_id = ?"


def line(text: str = USERS, **fields: Any) -> dict[str, Any]:
    """Return a line of a recording; `__` in a key stands for a dot."""
    given = {key.replace("__", "."): value for key, value in fields.items()}
    return {"db.query.text": text, **given}


def digest(tmp_path: Path, *lines: dict[str, Any], **options: Any) -> QueryDigest:
    """Return the digest of a recording of these lines."""
    path = tmp_path / "app.queries.jsonl"
    path.write_text("".join(json.dumps(fields) + "\n" for fields in lines), encoding="utf-8")
    return digest_queries(QueriesOptions(queries=(str(path),), **options))


def only(found: QueryDigest) -> QueryStatistics:
    """Return the one query of a digest."""
    (query,) = found.queries
    return query


def test_statements_that_differ_in_values_are_one_shape(tmp_path: Path) -> None:
    """With their calls, time, rows and times."""
    query = only(
        digest(
            tmp_path,
            line("SELECT name FROM users WHERE id = 1", duration_ns=1000, rows=1, ts=1780000000),
            line("select name from users where id=2", duration_ms=0.003, rows=4, ts=1780000002),
            line(USERS, db__query__parameters=[3], duration_ns=2000, rows=-1, ts=1780000001),
        )
    )
    assert query.calls == 3
    assert query.latency is not None and query.rows is not None
    assert (query.latency.min_ns, query.latency.max_ns) == (1000, 3000)
    assert query.latency.total_ns == pytest.approx(6000)
    assert (query.rows.calls, query.rows.total, query.rows.max) == (2, 5, 4)
    assert query.first_seen == "2026-05-28T20:26:40.000000Z"
    assert query.last_seen == "2026-05-28T20:26:42.000000Z"
    assert query.share == 1.0


def test_routes_places_databases_and_relationships_are_counted(tmp_path: Path) -> None:
    """The most calls first, with the number of names."""
    query = only(
        digest(
            tmp_path,
            line(route="GET /a", code__file__path="a.py", code__line__number=7, count=3),
            line(route="GET /b", code__file__path="b.py", db__namespace="/srv/app.db"),
            line(dbtune__relationship="Chef.bookings", db__namespace="/srv/app.db"),
        )
    )
    assert query.routes.top == (NamedCount("GET /a", 3), NamedCount("GET /b", 1))
    assert query.call_sites.top == (NamedCount("a.py:7", 3), NamedCount("b.py", 1))
    assert query.databases.top == (NamedCount("/srv/app.db", 2),)
    assert query.relationships.top == (NamedCount("Chef.bookings", 1),)


def test_more_names_than_are_kept_keep_the_frequent_ones(tmp_path: Path) -> None:
    """Where a route is made of values, the real one is still first, and that there are more."""
    lines = [line(route="GET /real", count=50)]
    lines += [line(route=f"GET /users/{number}") for number in range(400)]
    routes = only(digest(tmp_path, *lines)).routes
    assert routes.top[0] == NamedCount("GET /real", 50)
    assert routes.distinct == 101


def test_failures_and_waits_are_told_apart_from_the_rest(tmp_path: Path) -> None:
    """Errors by their message, waits in all and at most."""
    query = only(
        digest(
            tmp_path,
            line(error="database is locked", wait_ns=500),
            line(wait_ns=1500),
            line(),
        )
    )
    assert query.error_calls == 1
    assert query.errors.top == (NamedCount("database is locked", 1),)
    assert query.waits is not None
    assert (query.waits.calls, query.waits.total_ns, query.waits.max_ns) == (2, 2000, 1500)


def test_a_sample_stands_for_all(tmp_path: Path) -> None:
    """Calls, time and rows are divided by the rate, and it is said."""
    header = {"dbtune.recording": 1, "sample_rate": 0.25}
    found = digest(tmp_path, header, line(count=2, duration_ns=1000, rows=3))
    query = only(found)
    assert query.calls == 8
    assert query.latency is not None and query.latency.total_ns == pytest.approx(8000)
    assert query.rows is not None and query.rows.total == 12
    assert any("sample rate" in note for note in found.notes)


def test_rows_are_those_of_all_executions_of_a_line(tmp_path: Path) -> None:
    """As executemany() tells them, of reads as of writes."""
    written, read = digest(
        tmp_path,
        line("INSERT INTO users VALUES (?)", count=500, rows=500, duration_ns=2),
        line(count=3, rows=12, duration_ns=1),
    ).queries
    assert written.rows is not None and read.rows is not None
    assert (written.rows.total, written.rows.max) == (500, 1)
    assert (read.rows.total, read.rows.max) == (12, 4)


def test_several_statements_in_one_text_count_each(tmp_path: Path) -> None:
    """How the time divides between them is not known."""
    found = digest(tmp_path, line("SELECT 1 FROM a; SELECT 2 FROM b", duration_ns=5))
    assert [query.calls for query in found.queries] == [1, 1]
    assert found.latency is None


def test_a_query_repeated_within_a_request_is_told(tmp_path: Path) -> None:
    """The most calls in one request, and in how many it came 5 times or more."""
    lines = [line(db__query__parameters=[n], request_id="r1", route="GET /a") for n in range(7)]
    lines += [line(db__query__parameters=[n], request_id="r2", route="GET /a") for n in range(5)]
    lines += [line(request_id="r3")]
    repeats = only(digest(tmp_path, *lines)).repeats
    assert repeats is not None
    assert (repeats.worst, repeats.requests) == (7, 2)


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ("total", "many"),
        ("calls", "many"),
        ("mean", "slow"),
        ("p95", "slow"),
        ("p99", "slow"),
        ("max", "slow"),
        ("rows", "wide"),
        ("wait", "waits"),
    ],
)
def test_the_order_is_what_was_asked_for(tmp_path: Path, by: str, first: str) -> None:
    """Each puts another shape first."""
    found = digest(
        tmp_path,
        line("SELECT * FROM many", count=100, duration_ns=100, rows=1),
        line("SELECT * FROM slow", duration_ns=5000, rows=1),
        line("SELECT * FROM wide", duration_ns=100, rows=500),
        line("SELECT * FROM waits", wait_ns=100),
        by=by,
    )
    assert found.queries[0].template.endswith(first)
    assert found.ordered_by == by
    assert not found.notes[1:]


def test_an_order_by_what_was_not_recorded_is_that_of_calls(tmp_path: Path) -> None:
    """And that is said, as is what the shares are of."""
    found = digest(tmp_path, line(ORDERS), line(USERS, count=3))
    assert [query.share for query in found.queries] == [0.75, 0.25]
    assert found.ordered_by == "calls"
    assert any("--by total" in note for note in found.notes)
    assert any("shares are of the calls" in note for note in found.notes)
    assert any("no cache could be tried" in note for note in found.notes)


def test_a_route_filters_by_pattern(tmp_path: Path) -> None:
    """What has no route is not of it; the statements read are still counted."""
    lines = [line(route="GET /a/1"), line(route="GET /b"), line(ORDERS)]
    found = digest(tmp_path, *lines, route="GET /a*")
    assert only(found).calls == 1
    assert (found.statements, found.kept) == (3, 1)
    nothing = digest(tmp_path, *lines, route="/a*")
    assert not nothing.queries
    assert any("--route /a*" in note for note in nothing.notes)


def test_a_database_filters_by_pattern(tmp_path: Path) -> None:
    """By its path; what names no database is of none."""
    lines = [line(db__namespace="/srv/a.db"), line(ORDERS, db__namespace="/srv/b.db"), line()]
    assert only(digest(tmp_path, *lines, database="*/b.db")).template.startswith("select id")
    assert any(
        "--database b.db" in note for note in digest(tmp_path, *lines, database="b.db").notes
    )


def test_durations_rounded_to_nothing_are_none(tmp_path: Path) -> None:
    """Django's log has milliseconds: of quick queries it says 0.000."""
    found = digest(tmp_path, line(ORDERS, duration_ns=0), line(count=3, duration_ns=0))
    assert [query.share for query in found.queries] == [0.75, 0.25]
    assert found.ordered_by == "calls" and not found.is_timed


def test_since_leaves_out_what_is_older_or_has_no_time(tmp_path: Path) -> None:
    """What has none is counted."""
    lines = [line(ts=1780000000), line(ts="2026-05-28T20:26:50Z"), line()]
    found = digest(tmp_path, *lines, since=1780000005.0)
    assert only(found).calls == 1
    assert "statements without a time, left out by --since: 1" in found.notes


def test_times_without_an_offset_stay_without_one(tmp_path: Path) -> None:
    """Nothing says that they are UTC."""
    query = only(digest(tmp_path, line(ts="2026-05-28T20:26:50.5")))
    assert query.first_seen == "2026-05-28T20:26:50.500000"


def test_a_clock_that_goes_back_is_told(tmp_path: Path) -> None:
    """First and last seen are the earliest and the latest."""
    found = digest(
        tmp_path,
        *(line(db__query__parameters=[1], ts=1780000000 + at) for at in (0, 9000, 5)),
    )
    assert only(found).last_seen == "2026-05-28T22:56:40.000000Z"
    assert not any("times go back" in note for note in found.notes)
    # Within a few thousand lines they are put in order; beyond, the clock did go back.
    lines = [line(db__query__parameters=[1], ts=1780009000 + at * 0.001) for at in range(5000)]
    lines += [line(db__query__parameters=[1], ts=1780000000 + at * 0.001) for at in range(5000)]
    assert any("times go back" in note for note in digest(tmp_path, *lines).notes)


def test_what_the_recorder_dropped_is_told(tmp_path: Path) -> None:
    """Figures of the rest would look complete otherwise."""
    found = digest(tmp_path, line(), {"dbtune.dropped": 41})
    assert any(
        note.endswith("could not write in time or in the room it had: 41") for note in found.notes
    )


def test_too_many_shapes_leave_the_frequent_and_the_slow(tmp_path: Path) -> None:
    """Names that are made up do not fill the memory, and what went is counted."""
    lines = [line("SELECT * FROM often", count=1000), line("SELECT * FROM slow", duration_ns=10**9)]
    lines += [line(f"SELECT c{n} FROM t{n}", duration_ns=1) for n in range(12_000)]
    found = digest(tmp_path, *lines)
    assert found.shapes <= 10_000
    assert {query.template for query in found.queries} >= {
        "select * from often",
        "select * from slow",
    }
    assert any("query shapes" in note for note in found.notes)


def test_all_databases_of_one_query_are_counted(tmp_path: Path) -> None:
    """A query tells five of them, the digest knows how many there are."""
    lines = [line(db__namespace=f"/srv/tenant{n}.db") for n in range(30)]
    found = digest(tmp_path, *lines)
    assert (found.databases.distinct, len(found.databases.top)) == (30, 5)


def test_databases_are_told_apart(tmp_path: Path) -> None:
    """With the calls that went to each."""
    found = digest(
        tmp_path,
        line(db__namespace="/srv/a.db", count=2),
        line(ORDERS, db__namespace="/srv/b.db"),
    )
    assert found.databases.top == (NamedCount("/srv/a.db", 2), NamedCount("/srv/b.db", 1))


def test_a_limit_keeps_the_number_of_all(tmp_path: Path) -> None:
    """So that what is missing can be told."""
    found = digest(tmp_path, line(), line(ORDERS), limit=1)
    assert (len(found.queries), found.shapes) == (1, 2)


def test_a_recording_without_statements_is_no_error(tmp_path: Path) -> None:
    """It is said."""
    found = digest(tmp_path)
    assert found.queries == () and found.cache is None
    assert found.notes == ("the recording holds no statements",)


def test_sql_files_are_counted_too(tmp_path: Path) -> None:
    """Only calls are known of them."""
    path = tmp_path / "queries.sql"
    path.write_text("SELECT name FROM users WHERE id = 1;\nSELECT name FROM users WHERE id = 2;\n")
    found = digest_queries(QueriesOptions(queries=(str(path),)))
    assert only(found).calls == 2
    assert only(found).latency is None
