"""Small changes to a set of indexes, on costs that are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from dbtune.advisor.choosing.local_search import LocalSearch, proposed_for
from dbtune.advisor.choosing.objective import Limits, Load, Objective
from dbtune.advisor.choosing.selection import Selection
from dbtune.advisor.measuring.oracle import ShapeCost
from tests.unit.advisor.test_selection_limits import DATABASE, FakeCosts, stopped

MB = 1_000_000


class Favouring(FakeCosts):
    """A planner that takes `favourite` for shape 0 wherever it can, though others are better."""

    favourite = "a"

    def relevant(self, number: int) -> frozenset[str]:
        """Return all of the one table."""
        return frozenset("abc")

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return the cost of the favourite's plan, or of the cheapest."""
        seen = names & {self.favourite} if number == 0 else names
        return super().cost(number, seen or names)


def helped(costs: FakeCosts, shapes: int, sizes: Iterable[str]) -> dict[str, frozenset[int]]:
    """Return the shapes that each index can serve."""
    return {
        name: frozenset(i for i in range(shapes) if costs.used(i, frozenset({name})))
        for name in sizes
    }


def improved(
    costs: FakeCosts,
    counts: list[float],
    sizes: Mapping[str, int],
    start: Iterable[str],
    limits: Limits | None = None,
) -> frozenset[str]:
    """Return the names that local search makes of a set."""
    loads = [Load(n, costs.cost(i, frozenset()).cost_ns, False) for i, n in enumerate(counts)]
    objective = Objective(costs, loads, sizes, limits or Limits(DATABASE))
    helps = helped(costs, len(counts), sizes)
    search = LocalSearch(objective, helps, frozenset(sizes))
    return search.improve(objective.state(frozenset(start))).names


def test_one_goes_comes_or_stands_in_for_another() -> None:
    """Until none of it helps: `a` is idle, `b` is worse than `c`, and `d` was missing."""
    costs = FakeCosts([1, 100, 100], {(0, "a"): 2, (1, "b"): 9, (1, "c"): 1, (2, "d"): 1})
    sizes = dict.fromkeys("abcd", MB)
    assert improved(costs, [1, 1, 1], sizes, "ab") == {"c", "d"}


def test_within_a_budget_what_loses_least_for_its_bytes_makes_room() -> None:
    """Here `b`: `a` gains more, and `c` gains as little but is small."""
    costs = FakeCosts([100, 100, 100, 100], {(0, "a"): 1, (1, "b"): 80, (2, "c"): 80, (3, "d"): 1})
    sizes = {"a": 2 * MB, "b": 3 * MB, "c": MB, "d": 3 * MB}
    budget = Limits(DATABASE, budget_bytes=6 * MB)
    assert improved(costs, [1] * 4, sizes, "abc", budget) == {"a", "c", "d"}
    assert improved(costs, [1] * 4, sizes, "abc") == {"a", "b", "c", "d"}


def test_several_may_go_for_one_that_gains_more_than_all() -> None:
    """Each of three by itself would not make room enough."""
    costs = FakeCosts([100, 100, 100, 900], {(0, "a"): 70, (1, "b"): 70, (2, "c"): 70, (3, "d"): 1})
    sizes = {"a": MB, "b": MB, "c": MB, "d": 3 * MB}
    budget = Limits(DATABASE, budget_bytes=3 * MB)
    assert improved(costs, [1] * 4, sizes, "abc", budget) == {"d"}


def test_none_goes_for_one_that_gains_less() -> None:
    """Nor does one come that no room can be made for."""
    costs = FakeCosts([100, 100, 900], {(0, "a"): 1, (1, "b"): 70, (2, "c"): 1})
    sizes = {"a": 2 * MB, "b": 2 * MB, "c": 5 * MB}
    budget = Limits(DATABASE, budget_bytes=3 * MB)
    assert improved(costs, [1] * 3, sizes, "a", budget) == {"a"}


def test_an_index_is_insisted_on_where_the_planner_has_a_favourite() -> None:
    """`a` goes for `b`, and the shape that `a` alone served gets `c`; no single change helps."""
    costs = Favouring([1_000, 1_000], {(0, "a"): 100, (0, "b"): 1, (1, "a"): 1, (1, "c"): 2})
    sizes = dict.fromkeys("abc", MB)
    assert improved(costs, [1, 1], sizes, "a") == {"b", "c"}


def test_what_is_insisted_on_keeps_to_the_budget() -> None:
    """Without room for `c`, mending what `a` served is too dear."""
    costs = Favouring([1_000, 1_000], {(0, "a"): 100, (0, "b"): 1, (1, "a"): 1, (1, "c"): 2})
    sizes = dict.fromkeys("abc", MB)
    assert improved(costs, [1, 1], sizes, "a", Limits(DATABASE, budget_bytes=MB)) == {"a"}


def test_a_favourite_that_others_need_more_stays() -> None:
    """What insisting gains for one shape must not cost the rest."""
    costs = Favouring([1_000, 9_000], {(0, "a"): 100, (0, "b"): 1, (1, "a"): 1})
    assert improved(costs, [1, 1], dict.fromkeys("ab", MB), "a") == {"a"}


def test_without_time_a_set_stays_as_it_is() -> None:
    """Idle or not."""
    costs = FakeCosts([100], {(0, "a"): 200, (0, "b"): 1})
    limits = Limits(DATABASE, stop=stopped)
    assert improved(costs, [1], dict.fromkeys("ab", MB), "a", limits) == {"a"}


def test_how_near_an_index_comes_is_told_by_the_best_set_with_it() -> None:
    """In another's place or beside it; those of the set are not asked about."""
    costs = FakeCosts([100, 100], {(0, "a"): 1, (0, "b"): 2, (0, "c"): 60, (1, "d"): 99})
    sizes = dict.fromkeys("abcd", MB)
    loads = [Load(1, 100 * MB, False)] * 2
    objective = Objective(costs, loads, sizes, Limits(DATABASE))
    search = LocalSearch(objective, helped(costs, 2, sizes), frozenset(sizes))
    state = objective.state(frozenset("a"))
    found = search.closest(state)
    assert sorted(found, key=lambda name: found[name]) == ["d", "b", "c"]
    swapped = objective.value(objective.state(frozenset("b")))
    beside = objective.value(objective.state(frozenset("ab")))
    assert found["b"] == pytest.approx(min(swapped, beside))


def test_indexes_are_found_by_the_shapes_they_were_proposed_for() -> None:
    """By name, whatever order they come in."""
    helps = {"a": frozenset({0, 2}), "b": frozenset({2}), "c": frozenset({0})}
    assert proposed_for(["b", "a"], helps) == {0: ("a",), 2: ("a", "b")}


def shortlisted(
    costs: FakeCosts, counts: list[float], sizes: Mapping[str, int], rivals: int
) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the best set and what comes near to being in it."""
    loads = [Load(n, costs.cost(i, frozenset()).cost_ns, False) for i, n in enumerate(counts)]
    helps = helped(costs, len(counts), sizes)
    return Selection(costs, loads, sizes, helps, Limits(DATABASE)).shortlist(rivals)


RIVALS = {(0, "a"): 1, (0, "b"): 2.0, (0, "c"): 3.0, (0, "d"): 4.0, (0, "e"): 900}
RIVAL_SIZES = {"a": 4 * MB, "b": 3 * MB, "c": 5 * MB, "d": 2 * MB, "e": MB}


@pytest.mark.parametrize(
    ("rivals", "near"), [(0, ()), (1, ("b",)), (2, ("d", "b")), (9, ("d", "b"))]
)
def test_rivals_of_the_best_are_listed_by_how_near_they_come(
    rivals: int, near: tuple[str, ...]
) -> None:
    """By their bytes, where they would be idle beside it.

    Not `c`, which is larger and worse than `b`, nor `e`, which no plan takes.
    """
    best, found = shortlisted(FakeCosts([100], RIVALS), [100], RIVAL_SIZES, rivals)
    assert best == {"a"} and found == near


def test_each_shape_has_rivals_of_its_own() -> None:
    """However little it weighs."""
    costs = FakeCosts([1_000, 10], {(0, "a"): 1, (0, "b"): 2, (1, "c"): 1, (1, "d"): 2})
    best, found = shortlisted(costs, [1, 1], dict.fromkeys("abcd", 10_000), 1)
    assert best == {"a", "c"} and set(found) == {"b", "d"}


def test_the_planners_favourite_does_not_hide_its_rival() -> None:
    """A rival is measured alone on its table; the best set is then the one with it."""
    costs = Favouring([1_000, 1_000], {(0, "a"): 100, (0, "b"): 1, (1, "a"): 1, (1, "c"): 2})
    best, found = shortlisted(costs, [1, 1], dict.fromkeys("abc", MB), 1)
    assert best == {"b", "c"} and found == ("a",)
