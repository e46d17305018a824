"""What a set of indexes is worth, on costs that are given."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from dbtune.advisor.choosing.objective import MIN_SAVING_NS, Limits, Load, Objective
from tests.unit.advisor.test_selection_limits import DATABASE, MS, FakeCosts

SIZES = {"a": 1_000_000, "b": 2_000_000, "c": 3_000_000}


def objective(
    costs: FakeCosts,
    counts: Iterable[float],
    limits: Limits | None = None,
    *,
    writes: frozenset[int] = frozenset(),
) -> Objective:
    """Return the objective of shapes that run so often."""
    loads = [
        Load(count, costs.cost(i, frozenset()).cost_ns, i in writes)
        for i, count in enumerate(counts)
    ]
    return Objective(costs, loads, SIZES, limits or Limits(DATABASE))


def names(text: str) -> frozenset[str]:
    """Return a set of indexes with names of a letter."""
    return frozenset(text)


def test_a_moved_set_has_the_sums_of_the_set_itself() -> None:
    """However many moves led there."""
    draw = random.Random(5)
    costs = FakeCosts(
        [100, 50, 10, 3],
        {(0, "a"): 1, (0, "b"): 60, (1, "b"): 2, (1, "c"): 70, (2, "c"): 1},
        {(3, "a"): 9, (3, "b"): 1, (3, "c"): 0.5},
    )
    asked = objective(costs, [1, 7, 3, 20], writes=frozenset({3}))
    state = asked.state(frozenset())
    for _ in range(60):
        name = draw.choice("abc")
        gone, come = (names(name), names("")) if name in state.names else (names(""), names(name))
        state = asked.move(state, gone, come)
        whole = asked.state(state.names)
        assert state.burden_ns == pytest.approx(whole.burden_ns)
        assert state.excess_ns == pytest.approx(whole.excess_ns, abs=1.0)
        assert state.size_bytes == whole.size_bytes


def test_bytes_and_the_number_of_indexes_have_a_price() -> None:
    """Of two sets that cost the same, the smaller is better, and the one of fewer."""
    asked = objective(FakeCosts([100], {(0, n): 1 for n in "abc"}), [1])
    by_size = sorted("abc", key=lambda n: asked.value(asked.state(names(n))))
    assert by_size == ["a", "b", "c"]
    assert asked.value(asked.state(names("ab"))) > asked.value(asked.state(names("c")))


def test_within_a_budget_space_is_nearly_free() -> None:
    """Who names one wants it used."""
    costs = FakeCosts([100], {(0, "c"): 1})
    prices = [
        o.price_of_byte(o.state(names("c")))
        for o in (objective(costs, [1]), objective(costs, [1], Limits(DATABASE, 10_000_000)))
    ]
    assert 0 < prices[1] < prices[0] / 5


def test_a_read_gone_slow_counts_more_than_it_costs() -> None:
    """Beyond what is noise; a write counts as it is."""
    costs = FakeCosts([100, 10], {(0, "a"): 50}, {(1, "a"): 10.0})
    read = objective(costs, [1, 1]).state(names("a")).burden_ns
    write = objective(costs, [1, 1], writes=frozenset({1})).state(names("a")).burden_ns
    assert write == pytest.approx(70 * MS)
    assert read > 100 * MS


def test_a_read_a_little_slower_is_not_gone_slow() -> None:
    """Costs of a model are right to some percent."""
    costs = FakeCosts([100], {}, {(0, "a"): 4.0})
    assert objective(costs, [1]).state(names("a")).burden_ns == pytest.approx(104 * MS)


def test_no_gain_outweighs_a_write_beyond_its_limit() -> None:
    """Excess is what it costs beyond three times its cost now."""
    costs = FakeCosts([1_000, 1], {(0, "a"): 1}, {(1, "a"): 5.0})
    asked = objective(costs, [1, 1], writes=frozenset({1}))
    state = asked.state(names("a"))
    assert state.excess_ns == pytest.approx(3 * MS, rel=0.001)
    assert asked.value(state) > asked.value(asked.state(frozenset()))


def test_what_a_write_may_cost() -> None:
    """Just what the user says, or three times as much, or what nobody notices."""
    said = Limits(DATABASE, max_write_slowdown_ratio=1.5)
    assert said.write_ns(1_000) == 1_500
    assert Limits(DATABASE).write_ns(MS) == 3 * MS
    assert Limits(DATABASE).write_ns(1_000) == 1_000 + MIN_SAVING_NS


def test_a_budget_is_asked_about_before_anything_moves() -> None:
    """What goes makes room for what comes."""
    asked = objective(FakeCosts([1], {}), [1], Limits(DATABASE, budget_bytes=3_000_000))
    state = asked.state(names("a"))
    assert asked.fits(state) and asked.fits(state, (), names("b"))
    assert not asked.fits(state, (), names("c"))
    assert asked.fits(state, names("a"), names("c"))


def test_losing_an_index_costs_what_its_shapes_lose() -> None:
    """For all their executions; another index may take its place."""
    costs = FakeCosts([100, 30], {(0, "a"): 1, (0, "b"): 20, (1, "a"): 10})
    asked = objective(costs, [2, 3])
    assert asked.loss_ns(names("a"), "a") == pytest.approx((2 * 99 + 3 * 20) * MS)
    assert asked.loss_ns(names("ab"), "a") == pytest.approx((2 * 19 + 3 * 20) * MS)
    assert asked.loss_ns(names("ab"), "b") == 0


def test_only_what_a_plan_uses_is_used() -> None:
    """And neighbours are those that a shape has on its tables beside it."""
    costs = FakeCosts([100, 30], {(0, "a"): 1, (0, "b"): 20, (1, "c"): 10})
    asked = objective(costs, [1, 1])
    assert asked.used(names("abc")) == names("ac")
    assert asked.neighbours("a") == names("ab") and asked.neighbours("c") == names("c")
