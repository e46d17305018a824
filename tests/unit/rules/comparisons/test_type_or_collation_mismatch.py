"""type-or-collation-mismatch: conditions that an index cannot serve for their types."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.rules.comparisons.events import JOIN, mismatches
from tests.unit.rules.measured import Query, rows, run


@pytest.mark.parametrize(
    "query",
    [
        JOIN,
        JOIN.replace("e.code = k.ref", "k.ref = e.code"),
        "SELECT id FROM events WHERE code = CAST('7' AS INTEGER)",
        "SELECT id FROM events WHERE code IN (SELECT ref FROM keys)",
        "SELECT id FROM events WHERE code = (SELECT max(ref) FROM keys)".replace("max(ref)", "ref"),
    ],
)
def test_text_compared_with_numbers_cannot_use_its_index(database: Path, query: str) -> None:
    """SQLite turns the text into numbers first, whatever the other side comes from."""
    (finding,) = mismatches(database, query)
    assert "events.code (TEXT)" in finding.message
    assert "AS TEXT" in finding.help


def test_a_join_of_text_and_number_names_both_columns(database: Path) -> None:
    """The two may have the same name, as keys often do."""
    (finding,) = mismatches(database, JOIN)
    assert "events.code (TEXT) is compared with k.ref, which is numeric" in finding.message
    assert "CAST(k.ref AS TEXT)" in finding.help


def test_a_cast_to_text_is_the_way_out(database: Path) -> None:
    """The rewritten comparison uses the index, so the finding is gone."""
    rewritten = JOIN.replace("k.ref", "CAST(k.ref AS TEXT)")
    assert mismatches(database, JOIN) != ()
    assert mismatches(database, rewritten) == ()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM events WHERE code = 7",
        Query("SELECT id FROM events WHERE code = ?", (7,)),
        Query("SELECT id FROM events WHERE number = ?", ("7",)),
        "SELECT id FROM events WHERE number = '7'",
        "SELECT id FROM events WHERE code IN (1, 2)",
        "SELECT id FROM events WHERE code BETWEEN 1 AND 2",
        "SELECT e.id FROM keys AS k CROSS JOIN events AS e ON e.number = k.label",
        "SELECT e.id FROM events AS e CROSS JOIN keys AS k ON k.id = e.code",
        "SELECT id FROM keys WHERE label = CAST('7' AS INTEGER)",
    ],
)
def test_a_value_takes_the_type_of_the_column(database: Path, query: str | Query) -> None:
    """A literal or parameter has no type of its own, and a number column takes text too."""
    assert mismatches(database, query) == ()


def test_a_comparison_under_another_collation_gets_an_index_in_it(database: Path) -> None:
    """The index of the finding is the one that the plan then uses."""
    query = Query("SELECT id FROM events WHERE city = ? COLLATE NOCASE", ("CITY 7",))
    (finding,) = mismatches(database, query)
    assert "collation NOCASE" in finding.message
    assert finding.command is not None
    run(database, finding.command)
    assert mismatches(database, query) == ()
    run(database, f"DROP INDEX {finding.command.split()[2]}")
    assert mismatches(database, query) == (finding,)


def test_the_left_column_decides_the_collation_of_a_join(database: Path) -> None:
    """Turned around, the same join compares by the other column's collation."""
    run(
        database,
        "CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE)",
        f"INSERT INTO names SELECT n, 'city ' || n FROM {rows(20)}",
    )
    query = "SELECT e.id FROM names AS n CROSS JOIN events AS e ON n.name = e.city"
    (finding,) = mismatches(database, query)
    assert "events.city" in finding.message
    assert mismatches(database, query.replace("n.name = e.city", "e.city = n.name")) == ()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM events WHERE name = 'NAME 7'",
        "SELECT id FROM events WHERE city = 'City 7' COLLATE BINARY",
        "SELECT id FROM events WHERE created = 'x' COLLATE NOCASE",
        "SELECT id FROM events WHERE name LIKE 'name 7%'",
        "SELECT id FROM events WHERE city GLOB 'City 7*'",
        "SELECT id FROM events WHERE city LIKE '%7'",
        Query("SELECT id FROM events WHERE city LIKE ?", ("City 7%",), drawn=True),
        Query("SELECT id FROM events WHERE city LIKE ?"),
    ],
)
def test_a_comparison_in_the_order_of_its_index_is_left_alone(
    database: Path, query: str | Query
) -> None:
    """The same collation, a column without index, and patterns that were not recorded."""
    assert mismatches(database, query) == ()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM events WHERE city LIKE 'City 7%'",
        Query("SELECT id FROM events WHERE city LIKE ?", ("City 7%",)),
        Query("SELECT id FROM events WHERE city LIKE :start || '%'", {"start": "City 7"}),
    ],
)
def test_like_with_a_prefix_gets_an_index_that_ignores_case(
    database: Path, query: str | Query
) -> None:
    """LIKE ignores case and the index does not; with one that does, only a range is read."""
    (finding,) = mismatches(database, query)
    assert "LIKE" in finding.message
    assert finding.command is not None
    assert "COLLATE NOCASE" in finding.command
    run(database, finding.command)
    if not (isinstance(query, Query) and "||" in query.sql):  # SQLite wants one literal or value
        assert mismatches(database, query) == ()


def test_like_on_a_number_column_never_uses_an_index(database: Path) -> None:
    """There is no index for it, so there is no command."""
    (finding,) = mismatches(database, "SELECT id FROM events WHERE number LIKE '12%'")
    assert finding.command is None
