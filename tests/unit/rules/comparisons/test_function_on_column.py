"""function-on-column: conditions on an expression."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dbtune.advisor.rules import (
    function_on_column,
    run_rules,
)
from dbtune.model.advice import IndexSpec
from tests.unit.rules.comparisons.events import quiet, results, wrapped
from tests.unit.rules.measured import codes, facts_of, run


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
