"""Indexes rebuilt as they will be shipped: what each gains, costs, and makes slower."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.cost import Measurement
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.proving.proof import PlannedIndex, Proof, is_slower, prove
from dbtune.model.workload import QueryShape
from tests.unit.advisor.workbench import baseline_of, build, filled, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    "CREATE TABLE log (n INTEGER)",
    "CREATE INDEX used ON t (b)",
    "CREATE INDEX idle ON t (s)",
    "CREATE UNIQUE INDEX kept ON t (id, s)",
    filled("t", "a, b, s", "n % 200, n % 700, 'x' || n", 4_000),
)
BY_A = shape("SELECT s FROM t WHERE a = 5", "SELECT s FROM t WHERE a = 6")
BY_B = shape("SELECT s FROM t WHERE b = 5")
INSERT = shape("INSERT INTO t (a, b, s) VALUES (1, 2, 'x')")
PLANNED = PlannedIndex("by_a", "t", "CREATE INDEX by_a ON t (a)")


def always() -> bool:
    """There is no time left."""
    return True


def proven(
    folder: Path,
    *planned: PlannedIndex,
    shapes: tuple[QueryShape, ...] = (BY_A, BY_B, INSERT),
    stop: bool = False,
) -> tuple[Baseline, Proof]:
    """Measure shapes as they are, then with the planned indexes."""  # fmt: skip
    baseline = baseline_of(build(folder / "base.db", *DDL), *shapes)
    path = build(folder / "proof.db", *DDL)
    droppable = ("used", "idle")
    if stop:
        return baseline, prove(path, baseline, planned, droppable, always)
    return baseline, prove(path, baseline, planned, droppable)


def total(baseline: Baseline, costs: tuple[ShapeCost, ...]) -> float:
    """Return the cost of the workload."""
    subjects = baseline.subjects.ready
    return sum(s.shape.count * c.cost_ns for s, c in zip(subjects, costs, strict=True))


def test_an_index_gains_what_is_lost_without_it(tmp_path: Path) -> None:
    """Over the whole workload, and only the query that uses it is named."""
    baseline, proof = proven(tmp_path, PLANNED)
    (index,) = proof.indexes
    assert index.used_by == (BY_A.id,)
    saved = total(baseline, baseline.costs) - total(baseline, proof.after)
    assert index.gain_ns == pytest.approx(saved, rel=0.01)
    assert index.size_bytes > 0 and index.build_seconds > 0 and not index.estimated
    assert index.write_cost_ratio is not None and index.write_cost_ratio > 1


def test_writes_that_were_not_recorded_have_no_ratio(tmp_path: Path) -> None:
    """None is not the same as no slowdown."""
    _, proof = proven(tmp_path, PLANNED, shapes=(BY_A,))
    assert proof.indexes[0].write_cost_ratio is None


def test_existing_indexes_that_no_plan_uses_are_idle(tmp_path: Path) -> None:
    """Of those asked about."""
    _, proof = proven(tmp_path, PLANNED)
    assert proof.idle == ("idle",)


def test_what_cannot_be_built_is_told(tmp_path: Path) -> None:
    """The others are proven all the same."""
    bad = PlannedIndex("bad", "t", "CREATE UNIQUE INDEX bad ON t (a)")
    _, proof = proven(tmp_path, bad, PLANNED)
    assert [index.name for index in proof.indexes] == ["by_a"]
    ((name, reason),) = proof.failed
    assert name == "bad" and "UNIQUE" in reason


def test_each_of_two_that_stand_in_for_each_other_gains_nothing(tmp_path: Path) -> None:
    """One is enough."""
    twin = PlannedIndex("twin", "t", "CREATE INDEX twin ON t (a, b)")
    _, proof = proven(tmp_path, PLANNED, twin, shapes=(BY_A,))
    assert all(index.gain_ns < 1_000 * BY_A.count for index in proof.indexes)


def test_a_read_that_gets_slower_is_told_with_its_indexes(tmp_path: Path) -> None:
    """A planner that does not know which values are frequent jumps to and fro in the table."""
    skewed = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
        filled(
            "t", "a, b, s", "iif(n < 3900, 0, n), n * 7919 % 4000, printf('%.200c', 'x')", 4_000
        ),
    )
    frequent = shape("SELECT sum(b), max(s) FROM t WHERE a = 0 AND b > 1")
    baseline = baseline_of(build(tmp_path / "base.db", *skewed), frequent)
    planned = PlannedIndex("by_ab", "t", "CREATE INDEX by_ab ON t (a, b)")
    proof = prove(build(tmp_path / "proof.db", *skewed), baseline, (planned,), ())
    (slower,) = proof.slower
    assert slower.shape_id == frequent.id and slower.used == {"by_ab"}
    added = proof.after[0].cost_ns - baseline.costs[0].cost_ns
    assert slower.added_ns == pytest.approx(frequent.count * added)


def test_out_of_time_gains_are_shared_out(tmp_path: Path) -> None:
    """Close to what would have been measured, and marked as estimated."""
    by_b = PlannedIndex("by_ba", "t", "CREATE INDEX by_ba ON t (b, a)")
    fresh = (BY_A, shape("SELECT id FROM t WHERE b = 5 AND a = 105"), INSERT)
    _, exact = proven(tmp_path, PLANNED, by_b, shapes=fresh)
    (tmp_path / "again").mkdir()
    _, quick = proven(tmp_path / "again", PLANNED, by_b, shapes=fresh, stop=True)
    assert all(index.estimated for index in quick.indexes)
    assert [i.used_by for i in quick.indexes] == [i.used_by for i in exact.indexes]
    for one, other in zip(quick.indexes, exact.indexes, strict=True):
        assert one.gain_ns == pytest.approx(other.gain_ns, rel=0.5)
    assert total(_, quick.after) == pytest.approx(total(_, exact.after))


def test_the_copy_is_left_closed_with_all_indexes_in_sight(tmp_path: Path) -> None:
    """The other library opens it next."""
    proven(tmp_path, PLANNED)
    opened = build(tmp_path / "proof.db", "DROP INDEX by_a", "DROP INDEX used", "DROP INDEX idle")
    assert opened.exists()


@pytest.mark.parametrize(
    ("before", "after", "slower"),
    [(1e6, 1.05e6, False), (1e6, 1.2e6, True), (1e3, 5e3, False), (1e3, 9e3, True)],
)
def test_slower_is_what_somebody_could_notice(before: float, after: float, slower: bool) -> None:
    """A tenth, and some microseconds."""

    def cost(ns: float, *, stopped: bool = False) -> ShapeCost:
        return ShapeCost(Measurement(ns / 12, 0, stopped=stopped), frozenset(), ((),))

    assert is_slower(cost(before), cost(after)) is slower
    assert not is_slower(cost(before, stopped=True), cost(after))


@pytest.mark.parametrize("analyzed", [(), ("ANALYZE",)], ids=["never analysed", "analysed"])
def test_an_index_on_a_table_that_is_not_there_is_not_in_the_way(
    tmp_path: Path, analyzed: tuple[str, ...]
) -> None:
    """The others are built and measured, and SQLite's word on it is kept."""
    ddl = (*DDL, *analyzed)
    baseline = baseline_of(build(tmp_path / "base.db", *ddl), BY_A)
    gone = PlannedIndex("x", "nowhere", "CREATE INDEX x ON nowhere (a)")
    proof = prove(build(tmp_path / "proof.db", *ddl), baseline, [gone, PLANNED], ())
    assert [index.name for index in proof.indexes] == ["by_a"] and proof.indexes[0].gain_ns > 0
    ((name, message),) = proof.failed
    assert name == "x" and "no such table" in message
