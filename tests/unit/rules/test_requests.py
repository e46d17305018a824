"""offset-pagination, n-plus-one and many-small-transactions: how requests use the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import (
    many_small_transactions,
    n_plus_one,
    offset_pagination,
    rollback_journal,
)
from dbtune.model.advice import Finding
from dbtune.model.workload import QueryShape, RepeatedQuery, Sample, SmallTransactions
from tests.unit.rules.measured import Query, build, facts_of, rows

SHOP = (
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT, day TEXT NOT NULL, total INT)",
    "INSERT INTO orders SELECT n, n % 200, date('2020-01-01', (n * 7919 % 900) || ' days'), n"
    f" FROM {rows(5000)}",
    "CREATE INDEX ix_customer ON orders (customer)",
    "CREATE INDEX ix_day ON orders (day)",
)
PAGE = "SELECT id, day FROM orders ORDER BY day DESC LIMIT 20 OFFSET ?"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 5,000 orders."""
    return build(tmp_path / "shop.db", *SHOP)


def pages(path: Path, *queries: str | Query) -> tuple[Finding, ...]:
    """Return what offset-pagination finds."""
    return offset_pagination.check(facts_of(path, *queries))


def test_a_deep_page_gets_the_query_that_goes_on_from_the_last_row(database: Path) -> None:
    """The rewritten query returns the very same page, and is no finding itself."""
    (finding,) = pages(database, Query(PAGE, (3000,)))
    assert "OFFSET reads 3,000 rows" in finding.message
    assert finding.command is not None
    ordered = "SELECT id, day FROM orders ORDER BY day DESC, id DESC LIMIT 20 OFFSET 3000"
    with closing(sqlite3.connect(database)) as connection:
        expected = connection.execute(ordered).fetchall()
        before = connection.execute(ordered.replace("3000", "2999")).fetchone()
        last = {"last_day": before[1], "last_id": before[0]}
        assert connection.execute(finding.command, last).fetchall() == expected
    assert pages(database, Query(finding.command, last)) == ()


@pytest.mark.parametrize(
    ("query", "rewritten"),
    [
        (
            "SELECT id FROM orders LIMIT 20 OFFSET 2000",
            "SELECT id FROM orders WHERE orders.id > :last_id ORDER BY orders.id LIMIT 20;",
        ),
        (
            "SELECT o.id FROM orders o WHERE o.total > 5 OR o.id = 1 "
            "ORDER BY o.day, o.total DESC LIMIT 2000, 10",
            "SELECT o.id FROM orders AS o WHERE (o.total > 5 OR o.id = 1) AND "
            "((o.day > :last_day) OR (o.day = :last_day AND o.total < :last_total) OR "
            "(o.day = :last_day AND o.total = :last_total AND o.id < :last_id)) "
            "ORDER BY o.day, o.total DESC, o.id DESC LIMIT 10;",
        ),
        (
            "SELECT id FROM orders WHERE customer = 3 ORDER BY id DESC LIMIT 5 OFFSET 1000",
            "SELECT id FROM orders WHERE customer = 3 AND orders.id < :last_id "
            "ORDER BY orders.id DESC LIMIT 5;",
        ),
    ],
)
def test_the_page_keeps_its_conditions_and_gets_a_unique_order(
    database: Path, query: str, rewritten: str
) -> None:
    """The key breaks ties, mixed directions are spelled out, and SQLite can prepare it."""
    (finding,) = pages(database, query)
    assert finding.command == rewritten
    with closing(sqlite3.connect(database)) as connection:
        nothing = {"last_id": 0, "last_day": "", "last_total": 0}
        connection.execute(rewritten, nothing)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT day, count(*) FROM orders GROUP BY id ORDER BY 2 LIMIT 5 OFFSET 2000",
        "SELECT id FROM orders ORDER BY abs(total) LIMIT 5 OFFSET 2000",
        "SELECT id FROM (SELECT * FROM orders) ORDER BY day LIMIT 5 OFFSET 2000",
        "SELECT id FROM orders UNION SELECT total FROM orders ORDER BY 1 LIMIT 5 OFFSET 2000",
    ],
)
def test_a_page_of_something_else_than_rows_gets_words(database: Path, query: str) -> None:
    """Groups, expressions, subqueries and unions have no last row to go on from."""
    (finding,) = pages(database, query)
    assert finding.command is None


@pytest.mark.parametrize(
    "query",
    [
        Query(PAGE, (40,)),
        Query(PAGE, (3000,), drawn=True),
        "SELECT id FROM orders ORDER BY day LIMIT 5 OFFSET 999",
        "SELECT id FROM orders WHERE id IN (SELECT id FROM orders LIMIT 5 OFFSET 2000)",
    ],
)
def test_first_pages_and_offsets_nobody_recorded_are_left_alone(
    database: Path, query: str | Query
) -> None:
    """Small offsets, values that dbtune drew, and an offset inside a subquery."""
    assert pages(database, query) == ()


def test_an_offset_without_its_value_is_left_alone(database: Path) -> None:
    """A recording without parameters does not say how deep the page was."""
    facts = facts_of(database, Query(PAGE, (3000,)))
    shape = facts.shapes[0].shape
    masked = replace(shape, samples=(replace(shape.samples[0], parameters=None),))
    shapes = (replace(facts.shapes[0], shape=masked),)
    assert offset_pagination.check(replace(facts, shapes=shapes)) == ()


def repeated(facts: Facts, **changed: object) -> Facts:
    """Return the facts with their first shape repeated 60 times in each of 50 requests."""
    assert facts.workload is not None
    first = facts.workload.shapes[0]
    series = RepeatedQuery(first.id, "/orders", "app/views.py:40", 50, 3000, 90)
    series = replace(series, **changed)  # type: ignore[arg-type]
    return replace(facts, workload=replace(facts.workload, repeated=(series,)))


BY_KEY = Query("SELECT day, total FROM orders WHERE id = ?", (5,), count=3000)


def test_a_series_names_its_route_and_line_and_the_query_for_all(database: Path) -> None:
    """The batched query stands in the finding."""
    (finding,) = n_plus_one.check(repeated(facts_of(database, BY_KEY)))
    assert finding.severity == "high"
    assert '"/orders" from "app/views.py:40" sends one query 60 times' in finding.message
    assert "at most 90, in 50 requests" in finding.message
    assert "selectinload" in finding.help
    assert finding.command == "SELECT day, total, id FROM orders WHERE id IN (?, ...);"


@pytest.mark.parametrize(
    ("query", "batched"),
    [
        (
            "SELECT * FROM orders WHERE customer = ?",
            "SELECT * FROM orders WHERE customer IN (?, ...);",
        ),
        (
            "SELECT count(*) FROM orders WHERE customer = ? AND total > 5",
            "SELECT COUNT(*), customer FROM orders WHERE customer IN (?, ...) AND total > 5 "
            "GROUP BY customer;",
        ),
        (
            "SELECT id FROM orders WHERE ? = id LIMIT 1",
            "SELECT id FROM orders WHERE id IN (?, ...);",
        ),
    ],
)
def test_the_batched_query_returns_all_series_at_once(
    database: Path, query: str, batched: str
) -> None:
    """Its result for two keys is that of two calls together."""
    (finding,) = n_plus_one.check(repeated(facts_of(database, Query(query, (7,), count=3000))))
    assert finding.command == batched
    with closing(sqlite3.connect(database)) as connection:
        alone = [connection.execute(query, (key,)).fetchall() for key in (7, 8)]
        together = connection.execute(batched.replace("...", "?"), (7, 8)).fetchall()
    width = len(alone[0][0])
    assert sorted(row[:width] for row in together) == sorted(alone[0] + alone[1])


def test_of_two_keys_the_one_that_differs_from_call_to_call_is_batched(database: Path) -> None:
    """The other is the same in all recorded samples and stays as it is."""
    query = "SELECT avg(total) FROM orders WHERE customer = ? AND day = ?"
    facts = facts_of(database, Query(query, (7, "2020-01-05"), count=3000))
    assert facts.workload is not None
    shape = facts.workload.shapes[0]
    calls = tuple(Sample(query, (key, "2020-01-05")) for key in (7, 8, 9))
    workload = replace(facts.workload, shapes=(replace(shape, samples=calls),))
    (finding,) = n_plus_one.check(repeated(replace(facts, workload=workload)))
    assert finding.command == (
        "SELECT AVG(total), customer FROM orders WHERE customer IN (?, ...) AND day = ? "
        "GROUP BY customer;"
    )


def test_a_key_that_is_returned_under_another_name_is_not_returned_twice(database: Path) -> None:
    """SQLAlchemy names every column after its table."""
    query = "SELECT orders.id AS orders_id FROM orders WHERE orders.id = ?"
    (finding,) = n_plus_one.check(repeated(facts_of(database, Query(query, (5,), count=3000))))
    assert finding.command == (
        "SELECT orders.id AS orders_id FROM orders WHERE orders.id IN (?, ...);"
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM orders WHERE customer = 3 ORDER BY day LIMIT 1",
        "SELECT id FROM orders WHERE customer = 3 AND day = '2020-01-01'",
        "SELECT id FROM orders WHERE total > 3",
        "SELECT customer, count(*) FROM orders WHERE customer = 3 GROUP BY day",
    ],
)
def test_a_query_that_means_something_else_for_all_gets_words(database: Path, query: str) -> None:
    """A LIMIT for each key, two keys, no key, groups of its own."""
    (finding,) = n_plus_one.check(repeated(facts_of(database, query)))
    assert finding.command is None


def test_a_series_that_is_a_sliver_of_the_workload_is_left_alone(database: Path) -> None:
    """Under 1 % of the calls and of the cost nobody notices it."""
    other = Query("SELECT max(total) FROM orders", count=1_000_000)
    facts = facts_of(database, BY_KEY, other)
    assert n_plus_one.check(repeated(facts)) == ()


def test_without_repetition_or_recording_nothing_is_found(database: Path) -> None:
    """The same query spread over many requests is no series."""
    assert n_plus_one.check(facts_of(database, BY_KEY)) == ()
    assert n_plus_one.check(facts_of(database)) == ()
    assert many_small_transactions.check(facts_of(database, BY_KEY)) == ()
    assert many_small_transactions.check(facts_of(database)) == ()


INSERT = Query("INSERT INTO orders (customer, day, total) VALUES (?, ?, ?)", (1, "2024", 5))


def committed(facts: Facts, worst: int, calls: int) -> Facts:
    """Return the facts with the first shape committed row by row in 10 requests."""
    assert facts.workload is not None
    first = facts.workload.shapes[0]
    small = SmallTransactions(first.id, "/import", 10, calls, worst)
    return replace(facts, workload=replace(facts.workload, small_transactions=(small,)))


@pytest.mark.parametrize(("worst", "severity"), [(60, "medium"), (25, "low")])
def test_single_row_commits_are_found_by_how_many_a_request_waits_for(
    database: Path, worst: int, severity: str
) -> None:
    """One transaction instead of many is the way out."""
    (finding,) = many_small_transactions.check(committed(facts_of(database, INSERT), worst, 100))
    assert finding.severity == severity
    assert f"at most {worst}, in 10 requests" in finding.message
    assert finding.command is not None
    assert finding.command.startswith("BEGIN IMMEDIATE;")


def test_a_few_commits_in_a_large_workload_are_left_alone(database: Path) -> None:
    """Six commits a request, and under 1 % of the statements."""
    facts = facts_of(database, INSERT, Query("SELECT max(id) FROM orders", count=100_000))
    assert many_small_transactions.check(committed(facts, 6, 60)) == ()


def test_commits_are_no_part_of_what_shares_are_of(database: Path) -> None:
    """A recorder that tells of each COMMIT says the same of an application as one that does not."""
    facts = committed(facts_of(database, INSERT, Query("SELECT max(id) FROM orders")), 60, 100)
    assert facts.workload is not None
    commits = QueryShape("c1", "commit", "other", 100.0, None, ())
    shapes = (*facts.workload.shapes, commits)
    with_commits = replace(facts, workload=replace(facts.workload, shapes=shapes))
    assert many_small_transactions.check(with_commits) == many_small_transactions.check(facts)
    assert rollback_journal.write_ratio(with_commits) == rollback_journal.write_ratio(facts) == 0.5
