"""Choosing under pressure of time, space and writes, on costs that are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.advisor.choosing.narrowing import narrower_indexes
from dbtune.advisor.choosing.objective import MIN_SAVING_NS, Limits, Load
from dbtune.advisor.choosing.selection import Selection
from dbtune.advisor.measuring.cost import VM_STEP_NS, Measurement
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.time_limit import TimeLimit
from dbtune.model.advice import IndexSpec

MS = 1_000_000.0
DATABASE = 100_000_000


class FakeCosts:
    """Costs in ms: a shape takes the cheapest of its indexes, or scans; writes add upkeep.

    Counts what it is asked.
    """

    def __init__(
        self,
        scans: Iterable[float],
        plans: Mapping[tuple[int, str], float],
        upkeep: Mapping[tuple[int, str], float] | None = None,
    ) -> None:
        self._scans = tuple(scans)
        self._plans = plans
        self._upkeep = upkeep or {}
        self._relevant: dict[int, frozenset[str]] = {}
        for number, name in (*self._plans, *self._upkeep):
            self._relevant[number] = self._relevant.get(number, frozenset()) | {name}
        self.asked = 0

    def relevant(self, number: int) -> frozenset[str]:
        """Return the indexes that a shape can meet."""
        return self._relevant.get(number, frozenset())

    def table_of(self, name: str) -> str:
        """Return the one table of all."""
        return "t"

    def used(self, number: int, names: frozenset[str]) -> frozenset[str]:
        """Return what the cheapest plan uses."""
        return self.cost(number, names).used

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return the cheapest plan, with the upkeep of all that is visible."""
        self.asked += 1
        names = names & self.relevant(number)
        plans = {name: self._plans.get((number, name), 1e9) for name in names}
        best = min(plans, key=lambda name: (plans[name], name), default=None)
        used = {best} if best is not None and plans[best] < self._scans[number] else set()
        ms = plans[best] if used and best is not None else self._scans[number]
        ms += sum(self._upkeep.get((number, name), 0.0) for name in names)
        return ShapeCost(Measurement(ms * MS / VM_STEP_NS, 0), frozenset(used), ((),))


def select(
    costs: FakeCosts,
    counts: Iterable[float],
    sizes: Mapping[str, int],
    limits: Limits,
    writes: frozenset[int] = frozenset(),
) -> frozenset[str]:
    """Run a selection."""
    loads = [
        Load(count, costs.cost(i, frozenset()).cost_ns, i in writes)
        for i, count in enumerate(counts)
    ]
    helps: dict[str, frozenset[int]] = dict.fromkeys(sizes, frozenset())
    for number in range(len(loads)):
        for name in costs.relevant(number):
            helps[name] |= {number}
    return Selection(costs, loads, sizes, helps, limits).run()


def stopped() -> bool:
    """The time is up."""
    return True


def test_without_time_what_plans_use_is_taken() -> None:
    """Nothing is searched, and what no plan uses is left out all the same."""
    costs = FakeCosts([100, 200], {(0, "a"): 1, (0, "b"): 2, (1, "c"): 1})
    sizes = dict.fromkeys("abc", 1_000_000)
    assert select(costs, [1, 1], sizes, Limits(DATABASE, stop=stopped)) == {"a", "c"}


def test_without_time_the_budget_holds() -> None:
    """What gains most for its bytes stays."""
    costs = FakeCosts([100, 200, 300], {(0, "a"): 1, (1, "b"): 1, (2, "c"): 1})
    sizes = {"a": 1_000_000, "b": 1_000_000, "c": 9_000_000}
    limits = Limits(DATABASE, budget_bytes=2_000_000, stop=stopped)
    assert select(costs, [1, 1, 1], sizes, limits) == {"a", "b"}
    tight = Limits(DATABASE, budget_bytes=1_000_000, stop=stopped)
    assert select(costs, [1, 1, 1], sizes, tight) == {"b"}
    assert select(costs, [1] * 3, sizes, Limits(DATABASE, budget_bytes=1, stop=stopped)) == set()


def test_without_time_writes_are_held_to_their_limit() -> None:
    """What costs them most for what it gains goes first; others stay."""
    costs = FakeCosts(
        [100, 100, 10, 100],
        {(0, "a"): 1, (1, "b"): 50, (3, "c"): 1},
        {(2, "a"): 1, (2, "b"): 9},
    )
    sizes = dict.fromkeys("abc", 1_000_000)
    limits = Limits(DATABASE, max_write_slowdown_ratio=1.5, stop=stopped)
    assert select(costs, [1] * 4, sizes, limits, frozenset({2})) == {"a", "c"}


@pytest.mark.parametrize("stop", [False, True])
def test_no_slowdown_at_all_leaves_what_writes_do_not_touch(stop: bool) -> None:
    """A ratio of 1 asks for just that, whatever digits the sums end in."""
    costs = FakeCosts([100, 33.3, 0.7], {(0, "a"): 1, (1, "b"): 0.1}, {(2, "b"): 0.0001})
    sizes = dict.fromkeys("ab", 1_000_000)
    limits = Limits(DATABASE, max_write_slowdown_ratio=1.0, stop=lambda: stop)
    assert select(costs, [7, 3, 1 / 3], sizes, limits, frozenset({2})) == {"a"}


def test_an_index_pays_in_a_workload_of_thousands_of_shapes() -> None:
    """Each has a two-thousandth of the cost, and an index that mends it is worth having."""
    many = 2_000
    costs = FakeCosts([10.0] * many, {(i, f"i{i}"): 0.1 for i in range(many)})
    sizes = {f"i{i}": 4_096 for i in range(many)}
    chosen = select(costs, [1] * many, sizes, Limits(DATABASE))
    assert len(chosen) == many
    # A move is asked about for the shapes it touches, not for all of them.
    assert costs.asked < 100 * many


def test_a_budget_in_a_large_workload_is_spent_on_the_best() -> None:
    """In some thousand questions."""
    many = 400
    costs = FakeCosts([10.0 + i for i in range(many)], {(i, f"i{i}"): 0.1 for i in range(many)})
    sizes = {f"i{i}": 10_000 for i in range(many)}
    chosen = select(costs, [1] * many, sizes, Limits(DATABASE, budget_bytes=1_000_000))
    assert chosen == {f"i{i}" for i in range(many - 100, many)}
    assert costs.asked < 400 * many


INDEXES = ("a", "b", "c", "d")


@given(
    scans=st.lists(st.floats(0.001, 1_000), min_size=4, max_size=4),
    plans=st.dictionaries(
        st.tuples(st.integers(0, 3), st.sampled_from(INDEXES)), st.floats(0.0001, 1_000)
    ),
    upkeep=st.dictionaries(st.sampled_from(INDEXES), st.floats(0, 5)),
    sizes=st.tuples(*[st.integers(4_096, 50_000_000)] * 4),
    budget=st.one_of(st.none(), st.integers(0, 100_000_000)),
    slowdown=st.one_of(st.none(), st.floats(1, 4)),
    stop=st.booleans(),
)
@settings(max_examples=150)
def test_whatever_the_costs_limits_hold_and_nothing_gets_dearer(
    scans: list[float],
    plans: dict[tuple[int, str], float],
    upkeep: dict[str, float],
    sizes: tuple[int, ...],
    budget: int | None,
    slowdown: float | None,
    stop: bool,
) -> None:
    """Budget, writes and, where there is time, the least gain of each index; shape 3 writes."""
    costs = FakeCosts(scans, plans, {(3, name): ms for name, ms in upkeep.items()})
    by_name = dict(zip(INDEXES, sizes, strict=True))
    limits = Limits(
        DATABASE,
        budget_bytes=budget,
        max_write_slowdown_ratio=slowdown,
        stop=lambda: stop,
    )
    chosen = select(costs, [1] * 4, by_name, limits, frozenset({3}))
    assert budget is None or sum(by_name[name] for name in chosen) <= budget
    bare = [costs.cost(i, frozenset()).cost_ns for i in range(4)]
    after = [costs.cost(i, chosen).cost_ns for i in range(4)]
    assert after[3] <= limits.write_ns(bare[3]) * 1.0001
    assert stop or sum(after) <= sum(bare) * 1.0001
    assert all(new <= old for new, old in zip(after[:3], bare[:3], strict=True))
    for name in chosen if not stop else ():
        without = [costs.cost(i, chosen - {name}).cost_ns for i in range(4)]
        saved = [old - new for old, new in zip(without, after, strict=True)]
        assert any(
            s >= 0.999 * MIN_SAVING_NS and s >= 0.1999 * old
            for s, old in zip(saved, without, strict=True)
        )


def test_prefixes_of_an_index_are_narrower() -> None:
    """Of the same table and condition."""
    specs = {
        "abc": IndexSpec("t", ("a", "b", "c")),
        "ab": IndexSpec("t", ("a", "b")),
        "a": IndexSpec("t", ("a",)),
        "b": IndexSpec("t", ("b",)),
        "part": IndexSpec("t", ("a",), "x = 1"),
        "other": IndexSpec("u", ("a",)),
    }
    sizes = dict(zip(specs, (30, 20, 10, 10, 1, 1), strict=True))
    found = narrower_indexes(specs, sizes)
    assert found["abc"] == ("a", "ab") and found["ab"] == ("a",)
    assert all(found[name] == () for name in ("a", "b", "part", "other"))


def test_a_stage_has_its_share_of_the_time() -> None:
    """From when it starts, and never less than it needs."""
    now = [100.0]
    limit = TimeLimit(20.0, lambda: now[0])
    stop, half, least = limit.start(), limit.start(0.5), limit.start(0.01, least_seconds=5)
    assert not (stop() or half() or least())
    now[0] = 106.0
    assert (stop(), half(), least()) == (False, False, True)
    now[0] = 111.0
    assert (stop(), half()) == (False, True)
    now[0] = 120.0
    assert stop() and not limit.start()()


def test_all_stages_share_the_time_from_when_they_began() -> None:
    """A late stage gets what is left, or the least that it needs."""
    now = [100.0]
    limit = TimeLimit(20.0, lambda: now[0]).begin()
    now[0] = 108.0
    half, gone, least = limit.until(0.5), limit.until(0.25), limit.until(0.25, least_seconds=3)
    assert (half(), gone(), least()) == (False, True, False)
    assert limit.allows(12.0) and not limit.allows(13.0)
    now[0] = 111.0
    assert half() and least()


def test_a_statement_may_run_less_long_where_time_is_short() -> None:
    """But no longer than with ample time, and never not at all."""
    steps = [TimeLimit(seconds).scaled(1_000) for seconds in (0.0, 30.0, 90.0, 900.0)]
    assert steps == [50, 333, 1_000, 1_000]
