"""type-or-collation-mismatch, function-on-column and leading-wildcard: conditions that hide."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import (
    function_on_column,
    leading_wildcard,
    run_rules,
    type_or_collation_mismatch,
)
from dbtune.model.advice import Finding, IndexSpec
from tests.unit.rules.measured import Query, build, codes, facts_of, rows, run

EVENTS = (
    "CREATE TABLE events (id INTEGER PRIMARY KEY, code TEXT, number INT, name TEXT COLLATE NOCASE,"
    " city TEXT, created TEXT, seconds INT, payload TEXT)",
    "INSERT INTO events SELECT n, 'c' || n, n, 'Name ' || n, 'City ' || n,"
    " datetime('2024-01-01', (n * 37) || ' minutes'), 1700000000 + n * 2000,"
    f""" '{{"kind":' || (n % 500) || '}}' FROM {rows(3000)}""",
    "CREATE TABLE keys (id INTEGER PRIMARY KEY, ref INT, label TEXT)",
    f"INSERT INTO keys SELECT n, n, 'City ' || n FROM {rows(20)}",
)
JOIN = "SELECT e.id FROM keys AS k CROSS JOIN events AS e ON e.code = k.ref WHERE k.id < 4"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file with 3,000 events and indexes on what is compared."""
    return build(
        tmp_path / "events.db",
        *EVENTS,
        "CREATE INDEX ix_code ON events (code)",
        "CREATE INDEX ix_number ON events (number)",
        "CREATE INDEX ix_name ON events (name)",
        "CREATE INDEX ix_city ON events (city)",
    )


def mismatches(path: Path, query: str | Query) -> tuple[Finding, ...]:
    """Return what type-or-collation-mismatch finds."""
    return type_or_collation_mismatch.check(facts_of(path, query))


def wrapped(path: Path, query: str | Query) -> tuple[Finding, ...]:
    """Return what function-on-column finds."""
    return function_on_column.check(facts_of(path, query))


def searches(path: Path, query: str | Query) -> tuple[Finding, ...]:
    """Return what leading-wildcard finds."""
    return leading_wildcard.check(facts_of(path, query))


def results(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a query, sorted."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute(sql).fetchall())


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


@pytest.mark.parametrize(
    ("condition", "rewritten"),
    [
        (
            "date(created) = '2024-02-03'",
            "created >= '2024-02-03' AND created < date('2024-02-03', '+1 day')",
        ),
        (
            "date(created) BETWEEN '2024-02-03' AND '2024-02-05'",
            "created >= '2024-02-03' AND created < date('2024-02-05', '+1 day')",
        ),
        ("date(created) <= '2024-01-02'", "created < date('2024-01-02', '+1 day')"),
        ("date(created) < '2024-01-02'", "created < '2024-01-02'"),
        ("date(created) > '2024-03-16'", "created >= date('2024-03-16', '+1 day')"),
        ("'2024-03-16' <= date(created)", "created >= '2024-03-16'"),
        (
            "strftime('%Y-%m', created) = '2024-02'",
            "created >= '2024-02-01' AND created < date('2024-02-01', '+1 month')",
        ),
        (
            "strftime('%Y', created) = '2025'",
            "created >= '2025-01-01' AND created < date('2025-01-01', '+1 year')",
        ),
        (
            "date(seconds, 'unixepoch') = '2023-12-01'",
            "seconds >= strftime('%s', '2023-12-01') "
            "AND seconds < strftime('%s', '2023-12-01', '+1 day')",
        ),
        ("substr(city, 1, 6) = 'City 7'", "city >= 'City 7' AND city < 'City 8'"),
        ("lower(city) = 'city 7'", "city = 'city 7' COLLATE NOCASE"),
        ("coalesce(code, '') = 'c7'", "code = 'c7'"),
        ("CAST(code AS TEXT) = 'c7'", "code = 'c7'"),
    ],
)
def test_a_condition_on_an_expression_is_rewritten_to_the_same_rows(
    database: Path, condition: str, rewritten: str
) -> None:
    """The condition on the bare column returns what the original does."""
    query = f"SELECT id FROM events WHERE {condition}"
    (finding,) = wrapped(database, query)
    shown = next(e.value for e in finding.evidence if e.name == "rewritten_condition")
    assert shown == rewritten
    assert results(database, query) == results(database, f"SELECT id FROM events WHERE {rewritten}")
    assert wrapped(database, f"SELECT id FROM events WHERE {rewritten}") == ()


@pytest.mark.parametrize(
    "condition",
    [
        "date(created) = '2024-02-03'",
        "lower(events.city) = 'city 7'",
        "LOWER( \"city\" ) = 'city 7'",
        "json_extract(payload, '$.kind') = 7",
        "payload ->> '$.kind' = 7",
        "number % 1000 = 7",
        "code || '' = 'c7'",
        "abs(number) = 7",
        "substr(code, 2) = '7'",
        "CAST(code AS INTEGER) = 7",
        "length(city) > 100",
    ],
)
def test_an_index_on_the_expression_is_the_other_way_out(database: Path, condition: str) -> None:
    """The index of the finding, spelled as the query is, takes the finding away."""
    query = f"SELECT id FROM events WHERE {condition}"
    (finding,) = wrapped(database, query)
    assert finding.command is not None
    run(database, finding.command)
    facts = facts_of(database, query)
    assert function_on_column.check(facts) == ()
    assert any("USING INDEX" in s or "COVERING INDEX" in s for s in facts.shapes[0].plan_after)
    run(database, f"DROP INDEX {finding.command.split()[2]}")
    assert wrapped(database, query) == (finding,)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM events WHERE code = lower('C7')",
        "SELECT id FROM events WHERE code = 'c7' AND lower(city) = 'city 7'",
        "SELECT id FROM keys WHERE lower(label) = 'city 7'",
        "SELECT lower(city) FROM events",
        "SELECT id FROM events WHERE lower(city) = upper(code)",
        "SELECT id FROM events WHERE lower(city) = 'x' OR code = 'c7'",
        "SELECT max(id) FROM events WHERE number + seconds > 5",
    ],
)
def test_an_expression_that_keeps_nothing_from_an_index_is_left_alone(
    database: Path, query: str
) -> None:
    """The value's side, another condition's index, a small table, two columns, an OR."""
    assert wrapped(database, query) == ()


def test_no_index_is_offered_on_what_changes_by_itself(database: Path) -> None:
    """Local time and unknown functions may give another result tomorrow."""
    local = "SELECT id FROM events WHERE date(created, 'localtime') = '2024-02-03'"
    (finding,) = wrapped(database, local)
    assert finding.command is None


@pytest.mark.parametrize("condition", ["CAST(code AS NUMERIC) = 7", "payload ->> 'kind' = 7"])
def test_no_index_is_offered_in_another_spelling(database: Path, condition: str) -> None:
    """The plan would not use it; where the spelling is not known, there is no command."""
    (finding,) = wrapped(database, f"SELECT id FROM events WHERE {condition}")
    if finding.command is not None:
        run(database, finding.command)
        assert wrapped(database, f"SELECT id FROM events WHERE {condition}") == ()


def test_a_recommended_index_on_the_expression_keeps_it_silent(database: Path) -> None:
    """The advisor's index has the same expression in another spelling."""
    facts = facts_of(database, "SELECT id FROM events WHERE lower(city) = 'city 7'")
    assert function_on_column.check(facts) != ()
    new = (IndexSpec("events", ("LOWER(city)",)),)
    assert function_on_column.check(replace(facts, new_indexes=new)) == ()


def test_the_full_scan_of_an_explained_shape_is_not_told_twice(database: Path) -> None:
    """One query has one finding: the more exact one."""
    facts = facts_of(database, "SELECT id FROM events WHERE lower(city) = 'city 7'")
    found = codes(run_rules(quiet(facts)))
    assert "function-on-column" in found
    assert "full-scan" not in found


def quiet(facts: Facts) -> Facts:
    """Return the facts of the same file in WAL mode, so that only queries are found."""
    return replace(facts, health=replace(facts.health, journal_mode="wal"))


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
