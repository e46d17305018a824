"""Reads repeated within a request, and rows committed one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, zip_longest

import pytest

from dbtune.model.workload import (
    RecordedQuery,
    RepeatedQuery,
    RouteQueries,
    SmallTransactions,
    Workload,
)
from dbtune.workload import n_plus_one
from dbtune.workload.digest import WorkloadDigest
from dbtune.workload.fingerprint import shape_id

READ = "SELECT name FROM users WHERE id = {}"
WRITE = "UPDATE users SET seen = 1 WHERE id = {}"


def digest(*queries: RecordedQuery) -> Workload:
    """Return the workload of some statements."""
    taker = WorkloadDigest()
    for query in queries:
        taker.add(query)
    return taker.finish()


def reads(request: str | None, calls: int, **fields: object) -> list[RecordedQuery]:
    """Return as many reads of one shape within a request."""
    given = {"route": "/users", "file_path": "views.py", "line_number": 12, **fields}
    return [
        RecordedQuery(READ.format(n), request_id=request, **given)  # type: ignore[arg-type]
        for n in range(calls)
    ]


def writes(request: str, transactions: list[str | None], **fields: object) -> list[RecordedQuery]:
    """Return a write for each transaction, all within a request."""
    return [
        RecordedQuery(WRITE.format(n), request_id=request, transaction_id=name, **fields)  # type: ignore[arg-type]
        for n, name in enumerate(transactions)
    ]


def test_a_read_repeated_in_requests_is_found() -> None:
    """Requests, their calls and the worst of them are told, with route and place."""
    workload = digest(*reads("a", 5), *reads("b", 30), *reads("c", 4))
    assert workload.repeated == (
        RepeatedQuery(shape_id(READ.format(1)), "/users", "views.py:12", 2, 35, 30),
    )


@pytest.mark.parametrize(
    "queries",
    [
        reads("a", 4),
        reads(None, 100),
        list(chain.from_iterable(reads(f"r{n}", 1) for n in range(100))),
        list(chain.from_iterable(reads("a", 2, line_number=n) for n in range(50))),
        [RecordedQuery(WRITE.format(n), request_id="a", rows=9) for n in range(9)],
    ],
    ids=["too few", "no request", "other requests", "other places", "writes"],
)
def test_what_is_no_n_plus_one_is_not_found(queries: list[RecordedQuery]) -> None:
    """Many calls are none where they are not one read, from one place, in one request."""
    assert digest(*queries).repeated == ()


def sent(text: str, calls: int, **fields: object) -> list[RecordedQuery]:
    """Return as many executions of one text within a request."""
    given = {"request_id": "a", "route": "/users", **fields}
    return [RecordedQuery(text, **given) for _ in range(calls)]  # type: ignore[arg-type]


def listed(values: int) -> str:
    """Return the query that loads the rows of so many parents at once."""
    return f"SELECT b.id FROM bookings b WHERE b.chef_id IN ({', '.join('?' * values)})"


@pytest.mark.parametrize(
    "queries",
    [
        sent(listed(500), 40),
        sent(listed(10), 6),
        sent(f"SELECT 1 FROM t WHERE id IN ({', '.join(str(n) for n in range(99))})", 9),
        sent("SELECT id FROM users ORDER BY id LIMIT 20 OFFSET ?", 50),
        sent("SELECT id FROM users ORDER BY id LIMIT ?, 20", 50),
        sent("SELECT u.id FROM users u WHERE u.id > ? ORDER BY u.id LIMIT 100", 50),
        sent("SELECT id FROM m WHERE box = ? AND at < ? ORDER BY at DESC, id LIMIT ?", 50),
    ],
    ids=["chunks", "page", "literals", "offset", "comma", "keyset", "keyset down"],
)
def test_batches_and_pages_are_no_n_plus_one(queries: list[RecordedQuery]) -> None:
    """Eager loading asks for many keys at once, and an export goes through its pages."""
    assert digest(*queries).repeated == ()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM users WHERE id IN (?)",
        "SELECT id FROM users WHERE id IN (?, ?, ?)",
        # SQLAlchemy's first(): its OFFSET is always 0.
        "SELECT id FROM users WHERE city = ? LIMIT ? OFFSET ?",
        "SELECT id FROM posts WHERE user_id = ? AND at > ? ORDER BY at DESC LIMIT 3",
    ],
)
def test_what_only_looks_like_a_batch_or_a_page_is_found(text: str) -> None:
    """Short lists, the first row of each key, and the latest rows of each key are per row."""
    (found,) = digest(*sent(text, 6)).repeated
    assert found.calls == 6


NO_TABLE = """
SELECT QUOTE(?), QUOTE(?)
VALUES (?)
SELECT (SELECT upper(?)) AS "from"
SELECT value FROM json_each(?) AS j, generate_series(1, ?)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10) SELECT i FROM n
WITH a AS MATERIALIZED (SELECT ?), b AS (SELECT * FROM a) SELECT * FROM b, a
"""
TABLE = """
SELECT EXISTS (SELECT 1 FROM users WHERE id = ?)
SELECT value FROM json_each(?), "Users"
SELECT * FROM (users, other)
SELECT * FROM main.users WHERE id = ?
SELECT ? IN users
WITH a AS (SELECT * FROM [the users] WHERE id = ?) SELECT * FROM a
SELECT ? UNION SELECT id FROM users
"""


@pytest.mark.parametrize("text", NO_TABLE.strip().splitlines())
def test_a_read_without_a_table_is_no_n_plus_one(text: str) -> None:
    """Django asks SQLite how to write values, once for each statement with DEBUG on."""
    assert digest(*sent(text, 50)).repeated == ()


@pytest.mark.parametrize("text", TABLE.strip().splitlines())
def test_a_table_is_found_wherever_it_stands(text: str) -> None:
    """Schemas, lists, subqueries and table expressions of the statement's own hide none."""
    (found,) = digest(*sent(text, 6)).repeated
    assert found.calls == 6


def at(seconds: float) -> str:
    """Return a timestamp so long after noon."""
    return f"2026-01-31T12:00:{seconds:09.6f}Z"


@pytest.mark.parametrize(
    ("pause", "duration_ns", "is_found"),
    [(0.001, 900_000, True), (2.0, 1_900_000_000, True), (1.0, 900_000, False), (1.0, None, False)],
    ids=["quick", "slow queries", "waits", "waits, times unknown"],
)
def test_a_loop_that_waits_between_its_calls_polls(
    pause: float, duration_ns: int | None, is_found: bool
) -> None:
    """A worker that looks for jobs every second is no N+1, and slow queries do not wait."""
    queries = [
        replace(query, timestamp=at(n * pause), duration_ns=duration_ns)
        for n, query in enumerate(reads("a", 20))
    ]
    assert bool(digest(*queries).repeated) is is_found


def test_a_transaction_stands_in_for_a_request_without_an_id() -> None:
    """A script has no requests; a series within one of its transactions is still one."""
    lazy = {"relationship": "User.orders", "duration_ns": 1000, "route": None}
    workload = digest(
        *reads(None, 7, transaction_id="7-1", **lazy),
        *reads(None, 4, transaction_id="7-2", **lazy),
        *[RecordedQuery(WRITE.format(n), transaction_id="7-3") for n in range(9)],
    )
    (found,) = workload.repeated
    assert (found.unit, found.requests, found.calls) == ("transaction", 1, 7)
    assert (found.relationship, found.duration_ns) == ("User.orders", 7000)
    assert workload.small_transactions == ()
    assert workload.reads_without_unit == 0


def test_reads_of_which_nothing_is_known_are_counted() -> None:
    """Polls, pages and N+1 of many users look alike there."""
    workload = digest(*reads(None, 50))
    assert (workload.repeated, workload.reads_without_unit) == ((), 50)


def test_how_often_is_too_often_can_be_said() -> None:
    """Tests have few rows, and some lists are short by nature."""
    taker = WorkloadDigest(min_repeats=3)
    for query in (*reads("a", 3), *reads("b", 2)):
        taker.add(query)
    (found,) = taker.finish().repeated
    assert (found.requests, found.calls) == (1, 3)


def test_interleaved_requests_are_told_apart() -> None:
    """Statements of many workers arrive mixed, and each request is counted for itself."""
    mixed = zip_longest(*(reads(f"r{n}", n) for n in range(10)))
    (found,) = digest(*(query for turn in mixed for query in turn if query)).repeated
    assert (found.requests, found.calls, found.worst) == (5, 5 + 6 + 7 + 8 + 9, 9)


def test_queries_are_counted_for_each_route() -> None:
    """Reads and writes count, transactions and requests without a route do not."""
    begin = RecordedQuery("BEGIN", request_id="a", route="/users")
    workload = digest(begin, *reads("a", 3), *writes("a", [None]), *reads("b", 6))
    named = digest(*reads("a", 3, route=None))
    assert (workload.routes, named.routes) == ((RouteQueries("/users", 2, 10, 6, 52),), ())


def test_a_line_with_a_count_is_as_many_calls() -> None:
    """A recorder that adds up within a request says so in the count."""
    (found,) = digest(*reads("a", 1, count=12.0)).repeated
    assert (found.requests, found.calls, found.worst) == (1, 12, 12)


def test_sampling_does_not_invent_repetition() -> None:
    """A line that stands for a hundred requests is still one call in each."""
    assert digest(*reads("a", 1, count=100.0, recorded_count=1.0)).repeated == ()


def test_the_most_calls_come_first() -> None:
    """The worst series leads, whatever the order of the recording."""
    workload = digest(*reads("a", 5, line_number=1), *reads("b", 50, line_number=2))
    assert [found.call_site for found in workload.repeated] == ["views.py:2", "views.py:1"]


SMALL = [
    ("a transaction each", ["1", "2", "3", "4", "5"], 5),
    ("autocommit", [None] * 6, 6),
    ("one of them larger", ["1", "1", "2", "3", "4", "5", "6"], 5),
]


@pytest.mark.parametrize(("name", "transactions", "calls"), SMALL)
def test_rows_committed_one_by_one_are_found(
    name: str, transactions: list[str | None], calls: int
) -> None:
    """Single-row writes with a commit each are counted by request."""
    workload = digest(*writes("a", transactions, route="/import"))
    assert workload.small_transactions == (
        SmallTransactions(shape_id(WRITE.format(1)), "/import", 1, calls, calls),
    )


@pytest.mark.parametrize(
    "queries",
    [
        writes("a", ["1"] * 50),
        writes("a", ["1", "2", "3", "4"]),
        writes("a", [None] * 9, rows=500),
        [RecordedQuery("INSERT INTO t VALUES (?), (?)", (n, n), request_id="a") for n in range(9)],
        [RecordedQuery("BEGIN", request_id="a"), *writes("a", [None] * 9)],
        [
            RecordedQuery("begin immediate", request_id="a"),
            RecordedQuery("SAVEPOINT x", request_id="a"),
            RecordedQuery("ROLLBACK TO x", request_id="a"),
            *writes("a", [None] * 9),
        ],
        list(chain.from_iterable(writes(f"r{n}", ["1"]) for n in range(50))),
    ],
    ids=["one", "too few", "many rows", "rows of VALUES", "BEGIN", "savepoint", "requests"],
)
def test_larger_transactions_are_not_found(queries: list[RecordedQuery]) -> None:
    """Writes that share a transaction, or write many rows, are as they should be."""
    assert digest(*queries).small_transactions == ()


def test_many_values_committed_one_by_one_are_found() -> None:
    """executemany() under autocommit is a line with the rows of all, and a commit for each."""
    (found,) = digest(
        RecordedQuery(WRITE.format(1), request_id="a", count=20.0, rows=20)
    ).small_transactions
    assert (found.requests, found.calls, found.worst) == (1, 20, 20)


def test_transactions_begun_and_committed_for_each_row_are_found() -> None:
    """BEGIN and COMMIT around each row are no better than autocommit."""
    around = [
        (
            RecordedQuery("BEGIN", request_id="a"),
            RecordedQuery(WRITE.format(n), request_id="a", rows=1),
            RecordedQuery("COMMIT", request_id="a"),
        )
        for n in range(7)
    ]
    (found,) = digest(*chain.from_iterable(around)).small_transactions
    assert (found.requests, found.calls, found.worst) == (1, 7, 7)


def test_open_requests_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that has been quiet for too long is closed, and what it did is counted."""
    monkeypatch.setattr(n_plus_one, "MAX_OPEN_REQUESTS", 10)
    quiet = chain.from_iterable(reads(f"r{n}", 1) for n in range(100))
    (found,) = digest(*reads("a", 7), *quiet, *reads("a", 6)).repeated
    assert (found.requests, found.calls, found.worst) == (2, 13, 7)


def test_one_endless_request_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job with one id and ever new places is closed now and then."""
    monkeypatch.setattr(n_plus_one, "MAX_OPEN_ENTRIES", 50)
    queries = chain.from_iterable(reads("job", 6, line_number=n) for n in range(500))
    workload = digest(*queries, *writes("job", [str(n) for n in range(500)]))
    # A series that is cut in two may lose its shorter part.
    assert 2900 <= sum(found.calls for found in workload.repeated) <= 3000
    assert 450 <= sum(found.calls for found in workload.small_transactions) <= 500
    assert sum(found.requests for found in workload.small_transactions) >= 9
