"""The demo's recording: real statements of real pages, readable and repeatable."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dbtune.demo.build import build_demo
from dbtune.demo.own_files import DemoFiles
from dbtune.demo.play import PAGES, play_pages
from dbtune.demo.population import population_at
from dbtune.demo.statements import read_statements
from dbtune.model.workload import RecordedQuery
from dbtune.workload.recording_line import RecordingHeader, parse_line

SCALE = 0.1


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return build_demo(tmp_path_factory.mktemp("demo"), SCALE).files


@pytest.fixture(scope="module")
def queries(files: DemoFiles) -> list[RecordedQuery]:
    with files.recording.open(encoding="utf-8") as lines:
        parsed = [parse_line(line, 1.0) for line in lines]
    header, *queries = parsed
    assert isinstance(header, RecordingHeader) and header.sqlite_version == sqlite3.sqlite_version
    return [query for query in queries if isinstance(query, RecordedQuery)]


@pytest.fixture
def platform(files: DemoFiles) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{files.database.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def test_every_line_is_a_recorded_statement(files: DemoFiles, queries: list[RecordedQuery]) -> None:
    """dbtune's own reader takes every line, and none is a second header."""
    with files.recording.open(encoding="utf-8") as lines:
        assert sum(1 for _ in lines) == len(queries) + 1
    assert 3_000 < len(queries) < 8_000


def test_every_statement_prepares_with_its_values(
    platform: sqlite3.Connection, queries: list[RecordedQuery]
) -> None:
    """SQLite accepts each of them on platform.db, with as many values as placeholders."""
    for query in queries:
        platform.execute(f"EXPLAIN {query.text}", query.parameters)


def test_every_statement_of_the_platform_is_sent(queries: list[RecordedQuery]) -> None:
    """No template is dead: each comes at least once, from the line it names."""
    sent = {(query.text, query.file_path, query.line_number) for query in queries}
    named = {(s.text, s.file_path, s.line_number) for s in read_statements().values()}
    assert sent == named
    assert len({(s.file_path, s.line_number) for s in read_statements().values()}) == len(named)


def test_no_statement_is_lost_on_the_way_from_its_file() -> None:
    """Every section of the SQL files is read, though it be the last."""
    from dbtune.resources import sql

    files = ("queries_cooking", "queries_social", "queries_office")
    sections = sum(sql(f"platform/{file}").count("-- name: ") for file in files)
    assert len(read_statements()) == sections
    assert all("--" not in statement.text for statement in read_statements().values())


def test_statements_are_sent_as_sqlalchemy_sends_them() -> None:
    """A blank and a line break between clauses, one blank elsewhere."""
    text = read_statements()["count_chefs"].text
    assert text.startswith("SELECT count(*) AS count_1 \nFROM (SELECT chefs.id AS chefs_id, chefs.")
    assert text.endswith("WHERE chefs.is_active = 1 AND chefs.cuisine_type = ?) AS anon_1")


def test_the_same_scale_gives_the_same_bytes(files: DemoFiles, tmp_path: Path) -> None:
    """A second build writes the same recording."""
    again = build_demo(tmp_path, SCALE).files
    assert again.recording.read_bytes() == files.recording.read_bytes()


def test_rows_are_what_the_statements_return(
    platform: sqlite3.Connection, files: DemoFiles
) -> None:
    """Before anything is written, a played query finds what it finds on platform.db itself."""
    checked = 0
    for query in play_pages(files.database, population_at(SCALE), SCALE):
        if not query.text.startswith("SELECT"):
            break
        assert len(platform.execute(query.text, query.parameters).fetchall()) == query.rows
        checked += 1
    assert checked > 10


def test_playing_the_pages_leaves_the_database_alone(files: DemoFiles) -> None:
    """Writes are played on a copy: the file keeps every byte."""
    before = files.database.read_bytes()
    assert sum(1 for _ in play_pages(files.database, population_at(SCALE), SCALE)) > 3_000
    assert files.database.read_bytes() == before
    assert {path.name for path in files.database.parent.iterdir()} == {
        path.name for path in files.paths
    }


def test_requests_are_in_the_order_of_time_over_five_days(queries: list[RecordedQuery]) -> None:
    """Each request begins after the one before, and the last one does so on the fifth day."""
    first_seen: dict[str, str] = {}
    for query in queries:
        if query.request_id:
            first_seen.setdefault(query.request_id, query.timestamp or "")
    moments = list(first_seen.values())
    assert moments == sorted(moments)
    assert (moments[0][:10], moments[-1][:10]) == ("2026-06-01", "2026-06-05")


def test_lists_load_their_parts_one_by_one(queries: list[RecordedQuery]) -> None:
    """Bookings, feed and chefs each send one query five times or more in one request."""
    calls = Counter((query.request_id, query.route, query.line_number, query.file_path)
                    for query in queries if query.request_id)  # fmt: skip
    repeated = {route for (_, route, *_), count in calls.items() if count >= 5}
    assert {"GET /bookings", "GET /feed", "GET /chefs"} <= repeated


def test_renewals_commit_row_by_row(queries: list[RecordedQuery]) -> None:
    """One run of the job has many transactions, and a single row in each."""
    renewals = [query for query in queries if query.route == "job renewals" and query.rows == 1]
    written = Counter(query.transaction_id for query in renewals if query.text[:6] != "SELECT")
    assert len(written) > 20 and set(written.values()) == {1}


def test_pollers_are_summed_up(queries: list[RecordedQuery]) -> None:
    """A line that stands for many runs has a count and no request."""
    summed = [query for query in queries if query.count > 1]
    assert len(summed) > 50
    assert all(query.request_id is None and query.transaction_id is None for query in summed)


def test_every_line_has_time_values_rows_and_duration(files: DemoFiles) -> None:
    """Nothing that a good recording holds is missing."""
    needed = {"ts", "db.query.parameters", "duration_ns", "rows", "route", "code.file.path"}
    with files.recording.open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            fields = json.loads(line)
            assert needed <= set(fields) and fields["duration_ns"] > 0


def test_durations_of_searching_grow_with_the_scale(files: DemoFiles) -> None:
    """A query that scans takes longer on a larger platform, a look-up by id does not."""
    population = population_at(SCALE)
    statements = read_statements()

    def longest(scale: float, name: str) -> int:
        played = play_pages(files.database, population, scale)
        return max(q.duration_ns or 0 for q in played if q.text == statements[name].text)

    assert longest(1, "user_posts") > 5 * longest(SCALE, "user_posts")
    assert longest(1, "get_booking") == longest(SCALE, "get_booking")


@pytest.mark.parametrize(
    ("piece", "why"),
    [
        ("LIKE ?", "search"),
        ("lower(users.email) = ?", "function on a column"),
        ("payments.order_number = bookings.order_number", "text compared with a number"),
        ("COLLATE NOCASE = ?", "another collation than the index has"),
        ("date(bookings.booking_date) = ?", "function on a column"),
        ("json_extract", "value inside JSON"),
        ("FROM booking_overview", "view"),
        ("DELETE FROM", "delete"),
    ],
)
def test_known_faults_of_queries_are_there(
    piece: str, why: str, queries: list[RecordedQuery]
) -> None:
    """Each kind of statement that dbtune has something to say about is recorded."""
    assert any(piece in query.text for query in queries), why


def test_admins_leaf_far_through_long_lists(queries: list[RecordedQuery]) -> None:
    """OFFSET is used beyond the first pages."""
    offsets = [query.parameters[-1] for query in queries
               if query.text.endswith("LIMIT ? OFFSET ?") and query.parameters]  # fmt: skip
    assert max(int(str(offset)) for offset in offsets) >= 200


def test_every_page_is_visited() -> None:
    """No page is listed with no visits."""
    assert all(page.visits > 0 for page in PAGES)
