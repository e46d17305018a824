"""leading-wildcard: patterns that begin with anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.rules.comparisons.events import results, searches
from tests.unit.rules.measured import Query, build, rows, run


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM events WHERE city LIKE '%ty 77%'",
        "SELECT id FROM events WHERE city GLOB '*ty 77*'",
        "SELECT id FROM events WHERE city LIKE '_ity 77'",
        "SELECT id FROM events WHERE lower(city) LIKE '%ty 77%'",
        "SELECT id FROM events WHERE (city LIKE '%ty 77%' OR code LIKE '%77%') AND payload > ''",
        Query("SELECT id FROM events WHERE city LIKE ?", ("%ty 77%",)),
        Query("SELECT id FROM events WHERE city LIKE '%' || ? || '%'"),
        Query("SELECT id FROM events WHERE lower(city) LIKE lower(?)", ("%Ty 77%",)),
        Query("SELECT id FROM events WHERE city LIKE ? ESCAPE '\\'", ("%ty 77%",)),
        Query("DELETE FROM events WHERE city LIKE @p", {"p": "%nowhere%"}),
    ],
)
def test_a_pattern_that_begins_with_a_wildcard_is_found(database: Path, query: str | Query) -> None:
    """In a literal, a bound value or a concatenation, in reads and writes."""
    (finding,) = searches(database, query)
    assert finding.severity == "high"
    assert "begins with a wildcard" in finding.message
    assert "trigram" in (finding.command or "")


def test_the_trigram_index_answers_the_same_search(database: Path) -> None:
    """Its SQL runs, stays true to the table under writes, and ends the scan."""
    query = "SELECT id FROM events WHERE city LIKE '%ty 77%'"
    (finding,) = searches(database, query)
    assert finding.command is not None
    run(database, finding.command)
    run(
        database,
        "INSERT INTO events (id, city) VALUES (9001, 'Twenty 771')",
        "UPDATE events SET city = 'Sixty 770' WHERE id = 77",
        "UPDATE events SET city = 'gone' WHERE id = 770",
        "DELETE FROM events WHERE id = 771",
    )
    indexed = (
        "SELECT id FROM events WHERE id IN "
        "(SELECT rowid FROM events_search WHERE city LIKE '%ty 77%')"
    )
    assert results(database, indexed) == results(database, query)
    assert (9001,) in results(database, indexed)
    assert searches(database, indexed) == ()


def test_the_trigram_index_survives_hostile_names(tmp_path: Path) -> None:
    """Names with quotes, newlines and comment signs build an index that works."""
    table, column = 'we"ird\n-- x', "sel'ect {x}"
    quoted = '"we""ird\n-- x"'
    path = build(
        tmp_path / "hostile.db",
        f'CREATE TABLE {quoted} ("{column}" TEXT, rank INT)',
        f"INSERT INTO {quoted} SELECT 'text ' || n, n FROM {rows(2000)}",
    )
    (finding,) = searches(path, f"SELECT rank FROM {quoted} WHERE \"{column}\" LIKE '%xt 77%'")
    assert finding.command is not None
    assert "VACUUM" in finding.help
    run(path, finding.command, f"DELETE FROM {quoted} WHERE rank = 77")
    search = f'"{table.replace(chr(34), chr(34) * 2)}_search"'
    found = results(path, f"SELECT count(*) FROM {search} WHERE \"{column}\" LIKE '%xt 77%'")
    assert found == [(10,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM events WHERE city LIKE 'City 7%'",
        "SELECT id FROM events WHERE city LIKE '%'",
        "SELECT id FROM events WHERE city NOT LIKE '%7%'",
        "SELECT id FROM events WHERE code = 'c7' AND city LIKE '%7%'",
        "SELECT id FROM keys WHERE label LIKE '%7%'",
        Query("SELECT id FROM events WHERE city LIKE ?", ("%7%",), drawn=True),
        Query("SELECT id FROM events WHERE city LIKE ?"),
    ],
)
def test_a_search_that_costs_nothing_or_was_not_recorded_is_left_alone(
    database: Path, query: str | Query
) -> None:
    """A known start, everything, the opposite, another index, a small table, drawn values."""
    assert searches(database, query) == ()


def test_no_full_text_index_without_rowids(tmp_path: Path) -> None:
    """FTS5 finds rows by rowid, so a table without them gets words instead of SQL."""
    path = build(
        tmp_path / "t.db",
        "CREATE TABLE t (a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID",
        f"INSERT INTO t SELECT 'a' || n, 'b' || n FROM {rows(2000)}",
    )
    (finding,) = searches(path, "SELECT a FROM t WHERE b LIKE '%77%'")
    assert finding.command is None
    assert "FTS5" in finding.help
