"""missing-statistics: what ANALYZE alone would change, measured."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from dbtune.advisor.facts import Facts, PlanChange, StatisticsEffect
from dbtune.advisor.rules.missing_statistics import check
from dbtune.advisor.time_limit import TimeLimit
from tests.unit.advisor.workbench import build, filled, shape
from tests.unit.rules.measured import run
from tests.unit.rules.tried import tried_facts

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, code TEXT, v INTEGER)",
    "CREATE TABLE other (id INTEGER PRIMARY KEY, t_code TEXT, v INTEGER)",
    "CREATE INDEX by_code ON t (code)",
    "CREATE INDEX by_kind ON t (kind)",
    filled("t", "kind, code, v", "'k' || (n % 2), 'c' || n, n", 4000),
)
# Without statistics SQLite takes both indexes to find as few rows, and the one made last.
SEARCH = "SELECT v FROM t WHERE kind = 'k1' AND code = 'c77'"


def evidence(facts: Facts, name: str) -> object:
    """Return one piece of the only finding's evidence."""
    (finding,) = check(facts)
    return next(e.value for e in finding.evidence if e.name == name)


def test_a_plan_that_statistics_mend_is_found_until_analyze_has_run(tmp_path: Path) -> None:
    """With its figures; ANALYZE then brings what was promised."""
    path = build(tmp_path / "t.db", *DDL)
    facts = tried_facts(path, shape(SEARCH))
    (finding,) = check(facts)
    assert (finding.code, finding.severity) == ("missing-statistics", "high")
    assert "by_kind" in finding.message and "by_code" in finding.message
    promised = evidence(facts, "cost_after_ns")
    assert finding.command == "dbtune optimize DB" and finding.change is None
    run(path, "ANALYZE")
    after = tried_facts(path, shape(SEARCH))
    assert check(after) == () and after.statistics_effect is None
    assert sum(s.shape.count * s.cost_before_ns for s in after.shapes) == promised


def test_it_is_silent_where_no_plan_changes(tmp_path: Path) -> None:
    """It was tried, and found to change nothing."""
    path = build(tmp_path / "t.db", *DDL)
    facts = tried_facts(path, shape("SELECT v FROM t WHERE code = 'c77'"))
    assert facts.statistics_effect is not None and facts.statistics_effect.changes == ()
    assert check(facts) == ()


def test_nothing_is_tried_once_the_time_is_over(tmp_path: Path) -> None:
    """Nor where there is no index to choose."""
    path = build(tmp_path / "t.db", *DDL)
    assert tried_facts(path, shape(SEARCH), time=TimeLimit(0.0)).statistics_effect is None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX by_code")
        connection.execute("DROP INDEX by_kind")
    assert tried_facts(path, shape(SEARCH)).statistics_effect is None


def test_the_copy_is_left_as_it_was(tmp_path: Path) -> None:
    """What is analysed is another copy, which goes again."""
    path = build(tmp_path / "t.db", *DDL)
    before = path.read_bytes()
    tried_facts(path, shape(SEARCH))
    assert path.read_bytes() == before
    assert sorted(found.name for found in tmp_path.iterdir()) == ["proof.db", "t.db"]


def test_what_gets_dearer_is_named_and_not_advised(tmp_path: Path) -> None:
    """ANALYZE alone may lead the planner astray too."""
    facts = tried_facts(build(tmp_path / "t.db", *DDL), shape(SEARCH))
    worse = PlanChange(shape(SEARCH), ("SEARCH t USING INDEX a",), ("SCAN t",), 1e6, 9e6)
    effect = StatisticsEffect(1e8, 9e8, (worse,), samples=True)
    (finding,) = check(replace(facts, statistics_effect=effect))
    assert (finding.severity, finding.command) == ("info", None)
    assert "800 % dearer" in finding.message and "SCAN t" in finding.message
    assert "before ANALYZE runs" in finding.help


def test_many_changes_are_counted(tmp_path: Path) -> None:
    """Three are shown, and the rest are in the evidence."""
    facts = tried_facts(build(tmp_path / "t.db", *DDL), shape(SEARCH))
    changes = tuple(
        PlanChange(shape(f"SELECT {'v, ' * n}1 FROM t"), (), (), 2e6, 1e6) for n in range(5)
    )
    effect = StatisticsEffect(1e9, 5e8, changes, samples=False, complete=False)
    (finding,) = check(replace(facts, statistics_effect=effect))
    assert "5 query shapes cheaper" in finding.message and "and 2 more" in finding.message
    assert "as far as the time sufficed" in finding.message
    small = replace(effect, changes=changes[:1], cost_before_ns=1e12)
    assert check(replace(facts, statistics_effect=small)) == ()
