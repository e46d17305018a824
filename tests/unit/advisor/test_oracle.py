"""What shapes cost under sets of indexes: remembered, and close to exact for writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dbtune.advisor.measuring.cost import Measurement
from dbtune.advisor.measuring.oracle import Oracle, Runs
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.statements.subjects import Subject
from dbtune.model.workload import QueryShape
from tests.unit.advisor.workbench import build, filled, prepare, scratch, shape

DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT, u INTEGER UNIQUE)",
    "CREATE TABLE other (id INTEGER PRIMARY KEY, x INTEGER)",
    filled("t", "a, b, s, u", "n % 100, n % 7, iif(n % 20, 'done', 'open'), n", 4_000),
    filled("other", "x", "n % 10", 300),
)
INDEXES = {
    "by_a": "CREATE INDEX by_a ON t (a)",
    "by_b": "CREATE INDEX by_b ON t (b)",
    "by_ab": "CREATE INDEX by_ab ON t (a, b)",
    "part": "CREATE INDEX part ON t (a) WHERE s = 'open'",
    "by_x": "CREATE INDEX by_x ON other (x)",
}
NOTHING = frozenset[str]()


@contextmanager
def oracle_on(
    folder: Path,
    *shapes: QueryShape,
    exact: bool = True,
    runs: Runs | None = None,
    name: str = "copy.db",
    more: str = "SELECT 1",
) -> Iterator[tuple[Oracle, tuple[Subject, ...], Pool]]:
    """Open a copy with all indexes built, and an oracle over it."""
    with scratch(build(folder / name, *DDL, more)) as connection:
        subjects = prepare(connection, *shapes)
        assert subjects.unplannable == ()
        pool = Pool(connection)
        for index, sql in INDEXES.items():
            assert pool.build(index, sql)
        pool.finish()
        yield Oracle(pool, subjects.ready, exact=exact, runs=runs), subjects.ready, pool


def test_a_read_costs_what_its_indexes_make_it_cost(tmp_path: Path) -> None:
    """And says which of them its plan uses."""
    with oracle_on(tmp_path, shape("SELECT s FROM t WHERE a = 5 AND b = 3")) as (oracle, _, _):
        bare, one, both = (
            oracle.cost(0, frozenset(names)) for names in ((), ("by_a",), ("by_a", "by_ab"))
        )
        assert bare.cost_ns > one.cost_ns > both.cost_ns
        assert (bare.used, one.used, both.used) == (NOTHING, {"by_a"}, {"by_ab"})
        assert "SCAN t" in bare.plans[0][0]


def test_each_sample_has_its_own_plan_and_run(tmp_path: Path) -> None:
    """The cost is their mean, and what any of them uses is used."""
    recorded = shape(
        "SELECT id FROM t WHERE a = 5 AND s = 'open'", "SELECT id FROM t WHERE a = 5 AND s = 'x'"
    )
    with oracle_on(tmp_path, recorded) as (oracle, _, _):
        cost = oracle.cost(0, frozenset({"part", "by_a"}))
        assert len(cost.plans) == len(cost.runs) == 2
        assert cost.plans[0] != cost.plans[1]
        assert cost.used == {"part", "by_a"}
        assert cost.cost_ns == pytest.approx(sum(run.cost_ns for run in cost.runs) / 2)


def test_indexes_of_other_tables_play_no_part(tmp_path: Path) -> None:
    """The same question is answered from memory."""
    with oracle_on(tmp_path, shape("SELECT s FROM t WHERE a = 5")) as (oracle, _, _):
        assert oracle.relevant(0) == {"by_a", "by_b", "by_ab", "part"}
        assert oracle.cost(0, frozenset({"by_a"})) is oracle.cost(0, frozenset({"by_a", "by_x"}))


WRITES = {
    "insert": "INSERT INTO t (a, b, s, u) VALUES (5, 5, 'open', -1)",
    "insert outside the part": "INSERT INTO t (a, b, s, u) VALUES (5, 5, 'x', -1)",
    "update of an indexed column": "UPDATE t SET b = 9 WHERE id = 77",
    "update of another column": "UPDATE t SET u = -5 WHERE id = 77",
    "update of the condition": "UPDATE t SET s = 'open' WHERE id = 77",
    "delete": "DELETE FROM t WHERE id = 77",
    "upsert": "INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT (id) DO UPDATE SET a = 9",
    "delete by an index": "DELETE FROM t WHERE a = 5",
    "update by an index": "UPDATE t SET b = 1 WHERE a = 5 AND b = 3",
}
SETS = (
    NOTHING,
    frozenset({"by_b"}),
    frozenset({"by_a", "by_b"}),
    frozenset({"by_b", "part"}),
    frozenset({"by_a", "by_b", "by_ab", "part"}),
)


@pytest.mark.parametrize("sql", WRITES.values(), ids=WRITES)
def test_added_up_costs_of_writes_are_close_to_exact_ones(tmp_path: Path, sql: str) -> None:
    """Within a tenth, for every set, though each index was measured by itself."""
    recorded = shape(sql)
    with (
        oracle_on(tmp_path, recorded, name="exact.db") as (exact, _, _),
        oracle_on(tmp_path, recorded, exact=False, name="added.db") as (added, _, _),
    ):
        for names in SETS:
            real, guess = exact.cost(0, names), added.cost(0, names)
            assert guess.cost_ns == pytest.approx(real.cost_ns, rel=0.1, abs=500), names
            assert guess.used == real.used


def test_an_update_of_another_column_costs_no_index_anything(tmp_path: Path) -> None:
    """And nothing is run to find that out."""
    with oracle_on(tmp_path, shape("UPDATE t SET u = -5 WHERE id = 77"), exact=False) as (
        oracle,
        _,
        _,
    ):
        plain = frozenset({"by_a", "by_b", "by_ab"})
        assert oracle.cost(0, plain).cost_ns == oracle.cost(0, NOTHING).cost_ns


def test_triggers_are_run_under_each_set(tmp_path: Path) -> None:
    """They use and maintain indexes that no plan shows."""
    with scratch(build(tmp_path / "copy.db", *DDL)) as connection:
        connection.execute(
            "CREATE TRIGGER g AFTER INSERT ON other BEGIN"
            " UPDATE t SET s = 'seen' WHERE a = NEW.x; END"
        )
        subjects = prepare(connection, shape("INSERT INTO other (x) VALUES (5)")).ready
        pool = Pool(connection)
        assert pool.build("by_a", INDEXES["by_a"])
        pool.finish()
        oracle = Oracle(pool, subjects, exact=False)
        assert oracle.cost(0, pool.names).cost_ns < oracle.cost(0, NOTHING).cost_ns / 3


def test_an_insert_that_collides_costs_what_it_did_on_its_day(tmp_path: Path) -> None:
    """The recording is older than the copy, and its row is there already.

    But for the splits of a fresh index's full leaves: the row taken out has left room in them.
    """
    recorded = shape("INSERT INTO t (id, a, b, s, u) VALUES (7, 7, 0, 'done', 7)")
    with oracle_on(tmp_path, recorded) as (oracle, _, _):
        collided = [oracle.cost(0, names) for names in SETS]
    with oracle_on(tmp_path, recorded, more="DELETE FROM t WHERE id = 7", name="b.db") as found:
        before = [found[0].cost(0, names) for names in SETS]
    assert all(cost.measurement.failure is None for cost in collided)
    for made_room, fresh in zip(collided, before, strict=True):
        assert fresh.cost_ns / 2 < made_room.cost_ns <= fresh.cost_ns
    bare, one, two = (cost.cost_ns for cost in collided[:3])
    assert two - one == pytest.approx(one - bare, rel=0.3)


def test_a_statement_that_names_a_hidden_index_costs_more_than_any_plan(tmp_path: Path) -> None:
    """INDEXED BY fails without it, which is no crash."""
    sql = "SELECT s FROM t INDEXED BY mine WHERE b = 3"
    with scratch(build(tmp_path / "copy.db", *DDL, "CREATE INDEX mine ON t (b)")) as connection:
        subjects = prepare(connection, shape(sql)).ready
        pool = Pool(connection)
        pool.finish(("mine",))
        oracle = Oracle(pool, subjects, max_vm_steps=1_000_000)
        there, gone = oracle.cost(0, frozenset({"mine"})), oracle.cost(0, NOTHING)
        assert gone.cost_ns > 10 * there.cost_ns and gone.measurement.stopped
        assert "no such index: mine" in gone.plans[0][0]


def test_a_plan_that_has_lost_is_stopped(tmp_path: Path) -> None:
    """Where sets are compared; what is told to the user is run to its end."""
    costly = shape("SELECT count(*) FROM t AS x JOIN t AS y ON y.a = x.a + 0 WHERE x.b + 0 = 3")
    for exact in (True, False):
        with oracle_on(tmp_path, costly, exact=exact, name=f"{exact}.db") as (oracle, _, pool):
            best = oracle.cost(0, pool.names)
            assert best.measurement.stopped is False
            assert oracle.cost(0, pool.names).cost_ns == best.cost_ns


def test_limits_follow_the_best_run_or_the_dearest() -> None:
    """Three times the one, and not below what a page view may cost."""
    runs = Runs()
    assert runs.step_limit(0, 0, 10**9, exact=False) == 10**9
    runs.add(0, 0, "slow", Measurement(50_000_000, 0))
    runs.add(0, 0, "quick", Measurement(1_000_000, 0))
    runs.add(0, 0, "failed", Measurement(10, 0, failure="no"))
    runs.add(0, 0, "endless", Measurement(400_000_000, 0, stopped=True))
    assert runs.step_limit(0, 0, 10**9, exact=False) == 3_000_000
    assert runs.step_limit(0, 0, 10**9, exact=True) == 150_000_000
    assert runs.step_limit(0, 0, 1_000, exact=True) == 1_000
    runs.add(0, 1, "tiny", Measurement(10, 0))
    assert runs.step_limit(0, 1, 10**9, exact=False) == 300_000


def test_runs_are_known_on_another_copy(tmp_path: Path) -> None:
    """A plan that does not change is not run again to prove it."""
    runs = Runs()
    recorded = shape("SELECT s FROM t WHERE a = 5"), shape("INSERT INTO t (a) VALUES (1)")
    with oracle_on(tmp_path, *recorded, runs=runs, name="one.db") as (oracle, _, pool):
        first = [oracle.cost(i, names) for i in (0, 1) for names in (NOTHING, pool.names)]
    with oracle_on(tmp_path, *recorded, runs=runs, name="two.db") as (oracle, _, pool):
        again = [oracle.cost(i, names) for i in (0, 1) for names in (NOTHING, pool.names)]
    # Times are measured, so equal ones were not measured twice.
    assert [c.measurement.elapsed_ns for c in first] == [c.measurement.elapsed_ns for c in again]


def test_another_index_of_the_same_name_is_another_state(tmp_path: Path) -> None:
    """Choices name their indexes anew, and may call two different ones alike."""
    runs = Runs()
    recorded = shape("SELECT count(*) FROM t WHERE a = 5 AND b = 3")
    costs = []
    for number, keys in enumerate(("a", "a, b")):
        with scratch(build(tmp_path / f"{number}.db", *DDL)) as connection:
            subjects = prepare(connection, recorded).ready
            pool = Pool(connection)
            pool.build("i", f"CREATE INDEX i ON t ({keys})")
            pool.finish()
            costs.append(Oracle(pool, subjects, runs=runs).cost(0, pool.names).cost_ns)
    assert costs[0] > 2 * costs[1]


def test_hidden_indexes_of_a_written_table_are_part_of_its_state(tmp_path: Path) -> None:
    """An INSERT is cheaper without the old index."""
    ddl = (*DDL, "CREATE INDEX old ON t (a, b)")
    with scratch(build(tmp_path / "copy.db", *ddl)) as connection:
        subjects = prepare(connection, shape("INSERT INTO t (a) VALUES (1)")).ready
        pool = Pool(connection)
        pool.finish(("old",))
        oracle = Oracle(pool, subjects)
        assert oracle.cost(0, NOTHING).cost_ns < oracle.cost(0, pool.names).cost_ns


def test_a_shape_that_only_fails_is_told_so(tmp_path: Path) -> None:
    """Its cost is of the work until then."""
    with oracle_on(tmp_path, shape("UPDATE t SET u = 5 WHERE id = 6")) as (oracle, _, _):
        failure = oracle.cost(0, NOTHING).measurement.failure
        assert failure is not None and "UNIQUE" in failure
