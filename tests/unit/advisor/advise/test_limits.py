"""The advisor where time or room is short, or the copy holds a part of the rows."""

from __future__ import annotations

from pathlib import Path

from dbtune.advisor.caveats import not_checked
from dbtune.advisor.findings import verdict
from dbtune.advisor.measuring.baseline import measure_baseline
from dbtune.advisor.time_limit import TimeLimit, never
from dbtune.sqlite.copies.scratch import SampledTable
from tests.unit.advisor.advise.orders import BY_USER, ORDERS, evidence, finding, ticking
from tests.unit.advisor.workbench import (
    advice_on,
    advised,
    build,
    limits,
    prepare,
    scratch,
    shape,
)


def test_sizes_and_times_are_scaled_up_from_a_sample(tmp_path: Path) -> None:
    """Of a table of which a quarter was copied, and the finding says so."""
    path = build(tmp_path / "base.db", *ORDERS)
    whole = evidence(finding(advice_on(path, BY_USER)))
    quarter = limits()
    quarter = type(quarter)(
        **{**vars(quarter), "sampled": (SampledTable("Orders", 0.25),), "database_bytes": 4 << 20}
    )
    found = finding(advice_on(path, BY_USER, allowed=quarter))
    sampled = evidence(found)
    assert sampled["size_bytes"] == 4 * int(str(whole["size_bytes"]))
    assert sampled["sampled_ratio"] == 0.25 and "sampled_ratio" not in whole
    assert "25 %" in found.help


def test_the_budget_is_of_the_real_database(tmp_path: Path) -> None:
    """An index that fits on the sample may not fit on the whole."""
    path = build(tmp_path / "base.db", *ORDERS)
    size = int(str(evidence(finding(advice_on(path, BY_USER)))["size_bytes"]))
    exact = limits(budget_bytes=size)
    assert advised(advice_on(path, BY_USER, allowed=exact))
    sampled = type(exact)(**{**vars(exact), "sampled": (SampledTable("orders", 0.01),)})
    assert advised(advice_on(path, BY_USER, allowed=sampled)) == []


def test_no_room_for_a_pool_means_no_advice_and_says_so(tmp_path: Path) -> None:
    """Rather than a full disk."""
    advice = advice_on(build(tmp_path / "base.db", *ORDERS), BY_USER, allowed=limits(room_bytes=0))
    assert advised(advice) == []
    assert any("--scratch-mb" in line for line in not_checked(advice))


def test_without_time_the_best_guess_is_proven_all_the_same(tmp_path: Path) -> None:
    """What the planner would choose first is built and measured; what was left out is said."""
    path = build(tmp_path / "base.db", *ORDERS)
    advice = advice_on(path, BY_USER, allowed=limits(time=TimeLimit(0.0)))
    assert any("user_id" in sql for sql in advised(advice))
    assert verdict(advice).gain_ratio > 0.5
    assert any("--time-limit" in line for line in not_checked(advice))


def test_shapes_that_there_is_no_time_for_are_named(tmp_path: Path) -> None:
    """Those that took longest when recorded are measured first."""
    path = build(tmp_path / "base.db", *ORDERS)
    shapes = [
        shape(f"SELECT total FROM orders WHERE user_id = 7 AND total > {'0+' * n}1")
        for n in range(40)
    ]
    slow = type(shapes[0])(**{**vars(shapes[30]), "duration_ns": 10**9})
    advice = advice_on(path, *shapes[:30], slow, *shapes[31:], allowed=limits(time=ticking(10.0)))
    subjects = advice.subjects
    assert subjects.ready[0].shape == slow
    assert 0 < len(subjects.ready) < 40 and len(subjects.ready) + len(subjects.unmeasured) == 40
    assert len(advice.before) == len(advice.proof.after) == len(subjects.ready)
    (line,) = (line for line in not_checked(advice) if "left to measure" in line)
    assert subjects.unmeasured[0].id in line and " more" in line


def test_a_baseline_measures_all_where_there_is_time(tmp_path: Path) -> None:
    """On the copy as it is, without a statistic made."""
    path = build(tmp_path / "base.db", *ORDERS)
    before = path.read_bytes()
    with scratch(path) as connection:
        baseline = measure_baseline(connection, prepare(connection, BY_USER), never)
    assert len(baseline.costs) == 1 and baseline.subjects.unmeasured == ()
    assert path.read_bytes() == before


def test_an_endless_query_is_measured_up_to_a_limit_and_said_to_be(tmp_path: Path) -> None:
    """It does not keep the others from their indexes."""
    path = build(tmp_path / "base.db", *ORDERS)
    endless = shape(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n",
        count=1,
    )
    advice = advice_on(path, endless, BY_USER)
    assert any("user_id" in sql for sql in advised(advice))
    assert any("1 query shape ran too long" in line for line in not_checked(advice))


def test_a_stopped_query_whose_plan_would_change_takes_no_index_from_others(tmp_path: Path) -> None:
    """How dear it is nobody knows, so nobody knows either that an index makes it dearer."""
    path = build(tmp_path / "base.db", *ORDERS)
    stopped = shape(
        "SELECT count(*) FROM orders AS a JOIN orders AS b ON a.total < b.total AND a.user_id > 3",
        count=10,
    )
    allowed = limits(time=TimeLimit(9.0))  # a tenth of the steps
    advice = advice_on(path, stopped, BY_USER, allowed=allowed)
    assert any(cost.measurement.stopped for cost in advice.before)
    assert any("user_id" in sql for sql in advised(advice))


def test_each_shape_is_measured_once_before_any_is_measured_again(tmp_path: Path) -> None:
    """So that little time leaves out samples rather than shapes."""
    path = build(tmp_path / "base.db", *ORDERS)
    shapes = [
        shape(*(f"SELECT total FROM orders WHERE user_id = {v} AND {n} = {n}" for v in (7, 8, 9)))
        for n in range(4)
    ]
    looks = iter(range(6))
    with scratch(path) as connection:
        subjects = prepare(connection, *shapes)
        baseline = measure_baseline(connection, subjects, lambda: next(looks) == 5)
    assert [len(s.statements) for s in baseline.subjects.ready] == [3, 1, 1, 1]
    assert baseline.subjects.unmeasured == () and len(baseline.costs) == 4
    assert baseline.partly_measured == tuple(s.shape.id for s in baseline.subjects.ready[1:])
