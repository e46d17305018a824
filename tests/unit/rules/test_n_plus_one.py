"""n-plus-one: the relationship, the time and the exact fix, as far as the recording tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import n_plus_one
from dbtune.model.advice import Finding
from dbtune.model.workload import RepeatedQuery, Sample
from tests.unit.rules.measured import Query, build, facts_of, rows

PLATFORM = (
    "CREATE TABLE chefs (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE bookings (id INTEGER PRIMARY KEY, chef_id INT, at TEXT)",
    f"INSERT INTO chefs SELECT n, 'c' || n FROM {rows(100)}",
    f"INSERT INTO bookings SELECT n, n % 100, n FROM {rows(1000)}",
)
TO_MANY = "SELECT bookings.id AS bookings_id FROM bookings WHERE ? = bookings.chef_id"
TO_ONE = "SELECT chefs.id AS chefs_id, chefs.name FROM chefs WHERE chefs.id = ?"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 100 chefs and their bookings."""
    return build(tmp_path / "platform.db", *PLATFORM)


def found(facts: Facts, **fields: object) -> tuple[Finding, ...]:
    """Return what the rule finds where 50 requests repeat the first shape 20 times each."""
    assert facts.workload is not None
    shape = facts.workload.shapes[0]
    series = RepeatedQuery(shape.id, "GET /chefs", "app/views.py:40", 50, 1000, 30)
    series = replace(series, **fields)  # type: ignore[arg-type]
    return n_plus_one.check(replace(facts, workload=replace(facts.workload, repeated=(series,))))


@pytest.mark.parametrize(
    ("query", "relationship", "advice"),
    [
        (
            TO_MANY,
            "Chef.bookings",
            "Add .options(selectinload(Chef.bookings)) to the query of the list.",
        ),
        (
            TO_ONE,
            "Booking.chef",
            "Add .options(joinedload(Booking.chef)) to the query of the list; "
            "selectinload(Booking.chef) does as well.",
        ),
        (
            TO_ONE,
            "User.bookings > Booking.chef",
            "Add .options(defaultload(User.bookings).joinedload(Booking.chef)) to the query of "
            "the list; selectinload(Booking.chef) does as well.",
        ),
        (
            "SELECT b.id FROM bookings b, chefs c WHERE b.chef_id + 0 = ? AND c.id + 0 = ?",
            "Chef.friends",
            "Add .options(selectinload(Chef.friends)) to the query of the list; "
            "joinedload(Chef.friends) does as well if it is to-one.",
        ),
    ],
    ids=["to many", "to one", "by way of another", "not told"],
)
def test_a_lazy_load_is_named_with_the_option_that_ends_it(
    database: Path, query: str, relationship: str, advice: str
) -> None:
    """A unique column means to-one; selectinload is right for both where nothing tells."""
    (finding,) = found(
        facts_of(database, Query(query, count=1000)), relationship=relationship, duration_ns=10**9
    )
    assert finding.message.startswith(
        f'Route "GET /chefs" from "app/views.py:40" loads "{relationship}" row by row, 20 times a '
        "request (at most 30, in 50 requests, 20.0 ms a request in the database), 100 % of the "
        "workload: select "
    )
    assert (finding.command, finding.help) == (None, advice)
    evidence = {fact.name: fact.value for fact in finding.evidence}
    assert evidence["relationship"] == relationship
    assert evidence["duration_ns"] == 10**9


def test_a_loop_of_plain_sql_is_told_the_column_to_collect(database: Path) -> None:
    """One query with IN on that column; the frameworks' ways are named too."""
    (finding,) = found(facts_of(database, TO_MANY))
    assert "one query with WHERE chef_id IN (...), or join" in finding.help
    assert "prefetch_related()" in finding.help
    assert finding.command is not None
    assert "bookings.chef_id IN (?, ...)" in finding.command


def test_a_series_of_a_transaction_says_so(database: Path) -> None:
    """Where requests have no ids, none is spoken of."""
    (finding,) = found(facts_of(database, TO_MANY), unit="transaction", route=None)
    assert finding.message.startswith('A transaction from "app/views.py:40" sends one query')
    assert "20 times a transaction (at most 30, in 50 transactions)" in finding.message
    evidence = {fact.name: fact.value for fact in finding.evidence}
    assert evidence["transactions_count"] == 50
    assert "requests_count" not in evidence


@pytest.mark.parametrize(
    ("values", "is_found"),
    [([(7, 0), (7, 20), (7, 40)], False), ([(7, 0), (8, 0), (9, 0)], True), ([(7, 0)], True)],
    ids=["pages", "first rows", "one sample"],
)
def test_samples_tell_pages_of_one_chef_from_the_first_rows_of_each(
    database: Path, values: list[tuple[int, int]], is_found: bool
) -> None:
    """SQLAlchemy writes LIMIT ? OFFSET ? for both."""
    query = "SELECT id FROM bookings WHERE chef_id = ? LIMIT 20 OFFSET ?"
    facts = facts_of(database, Query(query, values[0]))
    assert facts.workload is not None
    shape = facts.workload.shapes[0]
    samples = tuple(Sample(query, given) for given in values)
    shapes = (replace(shape, samples=samples),)
    facts = replace(facts, workload=replace(facts.workload, shapes=shapes))
    assert bool(found(facts)) is is_found
