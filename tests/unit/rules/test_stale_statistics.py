"""stale-statistics: tables that ANALYZE has not seen, or saw long ago."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.advisor.rules.stale_statistics import check
from dbtune.model.advice import Finding
from tests.unit.rules.measured import build, facts_of, rows, run

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT)"
INDEX = "CREATE INDEX ix_a ON t (a)"


def filled(path: Path, count: int) -> Path:
    """Write a table with one index and so many rows."""
    return build(path, TABLE, INDEX, f"INSERT INTO t SELECT n, n, n FROM {rows(count)}")


def evidence(finding: Finding, name: str) -> object:
    """Return the value of one piece of evidence."""
    return next(e.value for e in finding.evidence if e.name == name)


def test_a_table_never_analyzed_is_found_until_analyze_has_run(tmp_path: Path) -> None:
    """ANALYZE takes the finding away, and taking its lines away brings it back."""
    path = filled(tmp_path / "t.db", 2000)
    (finding,) = check(facts_of(path))
    assert (finding.severity, finding.command) == ("low", "dbtune optimize DB")
    assert evidence(finding, "never_analyzed_tables") == ("t",)
    run(path, "ANALYZE")
    assert check(facts_of(path)) == ()
    run(path, "DELETE FROM sqlite_stat1")
    assert check(facts_of(path)) == (finding,)


@pytest.mark.parametrize(("before", "after"), [(100, 2000), (2000, 30)])
def test_statistics_that_are_far_from_the_rows_are_stale(
    tmp_path: Path, before: int, after: int
) -> None:
    """A table that grew or shrank more than fourfold is analyzed anew."""
    path = filled(tmp_path / "t.db", before)
    run(path, "ANALYZE", "DELETE FROM t", f"INSERT INTO t (a, b) SELECT n, n FROM {rows(after)}")
    (finding,) = check(facts_of(path))
    assert evidence(finding, "stale_tables") == ("t",)
    assert f"{before:,} rows" in finding.message
    run(path, "ANALYZE")
    assert check(facts_of(path)) == ()


def test_a_table_that_has_tripled_is_not_stale(tmp_path: Path) -> None:
    """A plan seldom changes by it, and the finding would come back all the time."""
    path = filled(tmp_path / "t.db", 1000)
    run(path, "ANALYZE", f"INSERT INTO t (a, b) SELECT n, n FROM {rows(2000)}")
    assert check(facts_of(path)) == ()


def test_it_is_silent_where_the_planner_has_no_use_for_statistics(tmp_path: Path) -> None:
    """Tables without an index, and small ones, need none."""
    path = build(
        tmp_path / "t.db",
        TABLE,
        f"INSERT INTO t SELECT n, n, n FROM {rows(2000)}",
        "CREATE TABLE small (a)",
        "CREATE INDEX ix_small ON small (a)",
        f"INSERT INTO small SELECT n FROM {rows(50)}",
    )
    assert check(facts_of(path)) == ()


def test_a_choice_between_indexes_makes_it_medium(tmp_path: Path) -> None:
    """With two indexes on a table the planner guesses which finds fewer rows."""
    path = filled(tmp_path / "t.db", 2000)
    run(path, "CREATE INDEX ix_b ON t (b)")
    assert [finding.severity for finding in check(facts_of(path))] == ["medium"]
