"""A choice tried in its pool with both libraries, and mended where a read gets slower."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbtune.advisor.choosing.mending import mend
from dbtune.advisor.choosing.objective import Limits
from dbtune.advisor.choosing.pool_search import PoolSearch, SearchLimits, Wanted
from dbtune.advisor.choosing.pool_trial import PoolTrial, TrialVerdict
from dbtune.advisor.measuring.baseline import Baseline, measure_baseline
from dbtune.advisor.measuring.cost import open_scratch
from dbtune.advisor.measuring.planner_statistics import analyze, application_has_samples
from dbtune.advisor.proving.faults import HARM_WEIGHT
from dbtune.advisor.time_limit import never
from dbtune.model.advice import IndexSpec
from dbtune.model.event import ignore_event
from dbtune.model.workload import QueryShape
from tests.unit.advisor.test_selection_limits import stopped
from tests.unit.advisor.workbench import build, filled, prepare, scratch, shape

# Nearly all rows have the same `a`, which only STAT4 would tell the planner.
DDL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, s TEXT)",
    filled("t", "a, b, s", "iif(n < 3900, 0, n), n % 700, printf('%.200c', 'x')", 4_000),
)
FREQUENT = "SELECT sum(b), max(s) FROM t WHERE a = 0"
RARE = "SELECT s FROM t WHERE a = 3950"
BY_B = "SELECT s FROM t WHERE b = 5"
MISLED = pytest.mark.skipif(
    application_has_samples(), reason="this SQLite knows which values are frequent"
)


@dataclass(frozen=True)
class Bench:
    """A pool with its trial; `ix_t_a` is the name of an index on t (a), and so on."""

    search: PoolSearch
    trial: PoolTrial
    baseline: Baseline

    def cost_ns(self, names: frozenset[str]) -> float:
        """Return the recording's cost under a set."""
        costs = (self.search.oracle.cost(i, names).cost_ns for i in range(len(self.search.loads)))
        return sum(load.count * cost for load, cost in zip(self.search.loads, costs, strict=True))

    def number(self, asked: QueryShape) -> int:
        """Return a shape's place among those measured."""
        return [s.shape.id for s in self.baseline.subjects.ready].index(asked.id)


@contextmanager
def bench(
    folder: Path, keys: Sequence[tuple[str, ...]], *shapes: QueryShape, budget: int | None = None
) -> Iterator[Bench]:
    """Build indexes on `t` in a pool, each proposed for all shapes."""
    base = build(folder / "base.db", *DDL)
    work = Path(shutil.copy(base, folder / "work.db"))
    ids = frozenset(s.id for s in shapes)
    with scratch(work) as connection:
        baseline = measure_baseline(connection, prepare(connection, *shapes), never)
        analyze(connection)
        search = PoolSearch(
            connection,
            [Wanted(IndexSpec("t", terms), 1_000, ids) for terms in keys],
            baseline,
            SearchLimits(Limits(base.stat().st_size, budget), 1 << 30, (), never),
            ignore_event,
        )
        yield Bench(search, PoolTrial(search, base, baseline), baseline)
        search.close()


def test_a_good_choice_has_no_faults(tmp_path: Path) -> None:
    """Its burden is what the recording costs with it."""
    with bench(tmp_path, [("b",)], shape(BY_B)) as found:
        names = frozenset({"ix_t_b"})
        verdict = found.trial.verdict(["ix_t_b"])
        assert (verdict.idle, verdict.harmed) == (frozenset(), ())
        assert verdict.burden_ns == pytest.approx(found.cost_ns(names))
        assert verdict.burden_ns < found.cost_ns(frozenset()) / 10


def test_the_pool_goes_on_after_a_trial(tmp_path: Path) -> None:
    """The other library had the copy meanwhile; sets are tried one after another."""
    with bench(tmp_path, [("b",), ("a",)], shape(BY_B), shape(RARE)) as found:
        orders = (["ix_t_a", "ix_t_b"], ["ix_t_b"], list[str](), ["ix_t_b", "ix_t_a"])
        burdens = [found.trial.verdict(order).burden_ns for order in orders]
        assert burdens[0] == burdens[3] < burdens[1] < burdens[2]


@MISLED
def test_a_read_that_gets_slower_is_named_with_what_it_uses(tmp_path: Path) -> None:
    """And what it loses counts several times."""
    frequent, rare = shape(FREQUENT), shape(RARE, count=1_000)
    with bench(tmp_path, [("a",)], frequent, rare) as found:
        verdict = found.trial.verdict(["ix_t_a"])
        assert verdict.harmed[0] == (found.number(frequent), frozenset({"ix_t_a"}))
        assert {number for number, _ in verdict.harmed} == {found.number(frequent)}
        number, names = found.number(frequent), frozenset({"ix_t_a"})
        lost = 100 * (
            found.search.oracle.cost(number, names).cost_ns - found.baseline.costs[number].cost_ns
        )
        assert verdict.burden_ns >= found.cost_ns(names) + HARM_WEIGHT * lost * 0.999


@MISLED
def test_what_makes_a_read_slower_is_taken_out(tmp_path: Path) -> None:
    """Where the harm outweighs what it saves."""
    with bench(tmp_path, [("a",), ("b",)], shape(FREQUENT), shape(BY_B), shape(RARE)) as found:
        names = frozenset({"ix_t_a", "ix_t_b"})
        mended, verdict = mend(found.search, found.trial, names, frozenset(), never)
        assert mended == ("ix_t_b",) and verdict.harmed == ()


@MISLED
def test_one_more_index_may_mend_what_another_does(tmp_path: Path) -> None:
    """The frequent value is read from an index that holds all that the query asks for."""
    keys = [("a",), ("a", "b", "s")]
    with bench(tmp_path, keys, shape(FREQUENT), shape(RARE, count=5_000)) as found:
        names = frozenset({"ix_t_a"})
        harmed = found.trial.verdict(["ix_t_a"])
        mended, verdict = mend(found.search, found.trial, names, frozenset(), never)
        assert "ix_t_a_b_s" in mended and verdict.burden_ns < harmed.burden_ns
        banned = found.search.names_of([IndexSpec("t", ("a", "b", "s"))])
        without, _ = mend(found.search, found.trial, names, banned, never)
        assert "ix_t_a_b_s" not in without


class Scripted(PoolTrial):
    """A trial that finds what it is told to find."""

    def tell(self, verdict: Callable[[frozenset[str]], TrialVerdict]) -> Scripted:
        """Set the verdict by what is in the set; `tried` are the orders asked about."""
        self.told = verdict
        self.tried: list[tuple[str, ...]] = []
        return self

    def verdict(self, names: Sequence[str]) -> TrialVerdict:
        """Return what was told."""
        self.tried.append(tuple(names))
        return self.told(frozenset(names))


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Bench]:
    """A pool of three indexes that each serve a query, the one on `b` the dearest."""
    shapes = (shape(BY_B, count=900), shape(RARE, count=10), shape("SELECT id FROM t WHERE s = ''"))
    with bench(tmp_path, [("a",), ("b",), ("s",)], *shapes) as found:
        yield found


def scripted(found: Bench, verdict: Callable[[frozenset[str]], TrialVerdict]) -> Scripted:
    """Return a trial of the same pool with a verdict of the test's."""
    return Scripted(found.search, Path("unused.db"), found.baseline).tell(verdict)


def test_indexes_are_tried_dearest_to_lose_first(two: Bench) -> None:
    """As they will be created."""
    trial = scripted(two, lambda names: TrialVerdict(1.0, frozenset(), ()))
    found, _ = mend(two.search, trial, frozenset({"ix_t_a", "ix_t_b"}), frozenset(), never)
    assert found == ("ix_t_b", "ix_t_a") and trial.tried == [found]


def test_what_the_applications_library_does_not_use_goes(two: Bench) -> None:
    """Though the model thinks that it saves a little."""
    idle = frozenset({"ix_t_a"})
    trial = scripted(two, lambda names: TrialVerdict(9.0 - 0.01 * len(names), names & idle, ()))
    found, verdict = mend(two.search, trial, frozenset({"ix_t_a", "ix_t_b"}), frozenset(), never)
    assert found == ("ix_t_b",) and verdict.idle == frozenset()


def test_mending_ends_where_nothing_helps(two: Bench) -> None:
    """The set stays, harm and all, rather than a worse one."""
    harmed = ((0, frozenset({"ix_t_b"})),)
    best = frozenset({"ix_t_a", "ix_t_b"})
    trial = scripted(
        two, lambda names: TrialVerdict(1.0 if names == best else 2.0, frozenset(), harmed)
    )
    found, verdict = mend(two.search, trial, best, frozenset({"ix_t_s"}), never)
    assert frozenset(found) == best and verdict.burden_ns == 1.0
    assert len(trial.tried) == 3 and all("ix_t_s" not in tried for tried in trial.tried)


def test_no_index_at_all_is_better_than_harm(two: Bench) -> None:
    """Whatever single ones would bring."""
    harmed = ((0, frozenset({"ix_t_b"})),)
    trial = scripted(
        two,
        lambda names: TrialVerdict(9.0 if names else 1.0, frozenset(), harmed if names else ()),
    )
    found, verdict = mend(
        two.search, trial, frozenset({"ix_t_a", "ix_t_b"}), frozenset({"ix_t_s"}), never
    )
    assert found == () and verdict.burden_ns == 1.0


def test_without_time_the_set_is_judged_and_left_as_it_is(two: Bench) -> None:
    """Idle indexes too."""
    trial = scripted(two, lambda names: TrialVerdict(5.0, names, ()))
    found, verdict = mend(two.search, trial, frozenset({"ix_t_a"}), frozenset(), stopped)
    assert found == ("ix_t_a",) and verdict.burden_ns == 5.0 and len(trial.tried) == 1


def test_no_index_comes_that_the_budget_has_no_room_for(tmp_path: Path) -> None:
    """However much it would help."""
    keys = [("a",), ("a", "b", "s")]
    with bench(tmp_path, keys, shape(RARE), shape(FREQUENT), budget=200_000) as found:
        harmed = ((0, frozenset({"ix_t_a"})),)
        trial = scripted(found, lambda names: TrialVerdict(9.0 - len(names), frozenset(), harmed))
        names = frozenset({"ix_t_a"})
        assert found.search.selection.fits(names)
        assert mend(found.search, trial, names, frozenset(), never)[0] == ("ix_t_a",)
        assert ("ix_t_a",) in trial.tried and () in trial.tried and len(trial.tried) == 2


def test_all_that_was_chosen_is_looked_at_in_a_large_schema(tmp_path: Path) -> None:
    """Tables that the last statement did not touch are hidden until then."""
    many = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a INTEGER, s TEXT)" for n in range(45)]
    fills = [filled(f"t{n}", "a, s", "n % 400, printf('%.80c', 'x')", 1_500) for n in (3, 7)]
    path = build(tmp_path / "large.db", *many, *fills)
    asked = [shape(f"SELECT s FROM t{n} WHERE a = 5") for n in (3, 7)]
    copy = Path(shutil.copy(path, tmp_path / "copy.db"))
    with closing(open_scratch(copy)) as connection:
        baseline = measure_baseline(connection, prepare(connection, *asked), never)
        wanted = [
            Wanted(IndexSpec(f"t{n}", ("a",)), 1, frozenset({asked[i].id}))
            for i, n in enumerate((3, 7))
        ]
        allowed = SearchLimits(Limits(10_000_000), 10**9, (), never)
        with closing(PoolSearch(connection, wanted, baseline, allowed, ignore_event)) as search:
            verdict = PoolTrial(search, path, baseline).verdict(sorted(search.specs))
            with search.lent(sorted(search.specs)) as lent, closing(sqlite3.connect(lent)) as seen:
                kinds = dict(seen.execute("SELECT type, count(*) FROM sqlite_master GROUP BY type"))
    assert verdict.idle == frozenset() and verdict.harmed == ()
    assert kinds["index"] == 2 and kinds["table"] >= 45
