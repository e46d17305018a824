"""Choosing a set of indexes, on costs that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbtune.advisor.choosing.narrowing import narrow
from dbtune.advisor.choosing.objective import Limits, Load
from dbtune.advisor.choosing.selection import Selection
from dbtune.advisor.measuring.cost import PAGE_FETCH_NS, VM_STEP_NS, Measurement
from dbtune.advisor.measuring.oracle import ShapeCost

MS = 1_000_000.0
ALL = frozenset({"a", "b", "c"})


@dataclass(frozen=True)
class Table:
    """Costs in ms by shape: (indexes needed, cost) with the cheapest that is visible taken."""

    plans: Sequence[Sequence[tuple[frozenset[str], float]]]
    upkeep: Mapping[str, float]
    writes: frozenset[int] = frozenset()

    def relevant(self, number: int) -> frozenset[str]:
        """Every index is on the one table."""
        return ALL

    def table_of(self, name: str) -> str:
        """Every index is on the one table."""
        return "t"

    def used(self, number: int, names: frozenset[str]) -> frozenset[str]:
        """Return what the cheapest plan uses."""
        return self.cost(number, names).used

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return the cheapest plan; a write also keeps up what is visible."""
        possible = [(ms, needs) for needs, ms in self.plans[number] if needs <= names]
        ms, used = min(possible, key=lambda plan: plan[0])
        if number in self.writes:
            ms += sum(self.upkeep.get(name, 0.0) for name in names)
        steps = ms * MS / VM_STEP_NS
        assert PAGE_FETCH_NS > 0
        return ShapeCost(Measurement(steps, 0), used, (tuple(sorted(used)),))


def _select(table: Table, limits: Limits, counts: Sequence[float]) -> frozenset[str]:
    loads = [
        Load(count, table.cost(i, frozenset()).cost_ns, i in table.writes)
        for i, count in enumerate(counts)
    ]
    helps = {name: frozenset(range(len(counts))) for name in ALL}
    return Selection(table, loads, dict.fromkeys(ALL, 1_000_000), helps, limits).run()


def _read(scan: float, **by_index: float) -> list[tuple[frozenset[str], float]]:
    return [(frozenset(), scan), *((frozenset({n}), ms) for n, ms in by_index.items())]


DATABASE = 100_000_000


def test_an_index_that_serves_both_queries_makes_the_other_idle() -> None:
    """A second index has to earn its bytes, and two microseconds do not."""
    table = Table([_read(100, a=1), _read(100, a=1.002, b=1)], {})
    assert _select(table, Limits(DATABASE), [1, 1]) == {"a"}


def test_nothing_is_chosen_where_nothing_gains() -> None:
    """An index that saves a hundredth is not worth its space."""
    table = Table([_read(100, a=99.5)], {})
    assert _select(table, Limits(DATABASE), [1]) == frozenset()


def test_a_budget_is_kept() -> None:
    """Of two that gain, the one that gains more is bought."""
    table = Table([_read(100, a=1), _read(300, b=1)], {})
    assert _select(table, Limits(DATABASE), [1, 1]) == {"a", "b"}
    assert _select(table, Limits(DATABASE, budget_bytes=1_500_000), [1, 1]) == {"b"}


def test_each_index_has_to_save_the_least_gain_of_some_query() -> None:
    """Half the cost is enough for a ratio of 0.2 and too little for one of 0.9."""
    table = Table([_read(100, a=50)], {})
    assert _select(table, Limits(DATABASE, min_gain_ratio=0.2), [1]) == {"a"}
    assert _select(table, Limits(DATABASE, min_gain_ratio=0.9), [1]) == frozenset()


def test_a_saving_that_nobody_notices_is_none() -> None:
    """Nine microseconds an execution are below the least saving."""
    table = Table([_read(0.010, a=0.001)], {})
    assert _select(table, Limits(DATABASE), [1_000_000]) == frozenset()


def test_upkeep_beyond_the_gain_is_refused() -> None:
    """The write costs more with the index than the read saves."""
    table = Table([_read(10, a=1), _read(1)], {"a": 1.0}, writes=frozenset({1}))
    assert _select(table, Limits(DATABASE), [1, 1]) == {"a"}
    assert _select(table, Limits(DATABASE), [1, 100]) == frozenset()


def test_writes_may_not_slow_down_beyond_the_limit() -> None:
    """Twice as slow is refused at 1.5 and taken at 2.5."""
    table = Table([_read(1000, a=1), _read(1)], {"a": 1.0}, writes=frozenset({1}))
    for ratio, chosen in ((1.5, frozenset()), (2.5, frozenset({"a"}))):
        limits = Limits(DATABASE, max_write_slowdown_ratio=ratio)
        assert _select(table, limits, [1, 1]) == chosen


def test_a_write_may_cost_three_times_as_much_where_nothing_is_said() -> None:
    """Or whatever nobody notices: ten microseconds."""
    for before, upkeep, chosen in ((1, 1.9, {"a"}), (1, 2.1, set()), (0.001, 0.0099, {"a"})):
        table = Table([_read(1000, a=1), _read(before)], {"a": upkeep}, writes=frozenset({1}))
        assert _select(table, Limits(DATABASE), [1, 1]) == chosen


def test_an_index_that_the_planner_passes_over_takes_the_place_of_its_favourite() -> None:
    """Beside `a` the query uses `a`, though `b` is better; what `a` alone served gets `c`."""

    @dataclass(frozen=True)
    class Favouring(Table):
        def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
            preferred = names - {"b"} if number == 0 and "a" in names else names
            return super().cost(number, preferred)

    table = Favouring([_read(1000, a=100, b=50), _read(1000, a=1, c=2)], {})
    assert _select(table, Limits(DATABASE), [1, 1]) == {"b", "c"}


def test_no_read_is_made_slower_for_a_little_gain() -> None:
    """A planner that takes the index for another query, and does worse, keeps it out."""

    @dataclass(frozen=True)
    class Misled(Table):
        def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
            if number == 1 and "a" in names:
                return ShapeCost(Measurement(50 * MS / VM_STEP_NS, 0), frozenset({"a"}), ((),))
            return super().cost(number, names)

    table = Misled([_read(60, a=1), _read(10)], {})
    assert _select(table, Limits(DATABASE), [1, 1]) == frozenset()


def test_what_is_banned_is_not_chosen_again() -> None:
    """The next best takes its place."""
    table = Table([_read(100, a=1, b=2)], {})
    load = [Load(1, 100 * MS, False)]
    helps = {name: frozenset({0}) for name in ALL}
    selection = Selection(table, load, dict.fromkeys(ALL, 1_000_000), helps, Limits(DATABASE))
    assert selection.run() == {"a"}
    assert selection.run(frozenset({"a"})) == {"b"}


def test_width_that_nobody_notices_is_given_up() -> None:
    """Three of seven microseconds is not worth a copy of the table."""
    table = Table([_read(100, a=0.007, b=0.004)], {})
    loads = [Load(1, 100 * MS, False)]
    sizes = {"a": 1_000_000, "b": 90_000_000, "c": 1}
    narrower = {"a": (), "b": ("a",), "c": ()}
    assert narrow(frozenset({"b"}), table, loads, sizes, narrower, DATABASE) == {"a"}
    assert narrow(
        frozenset({"b"}), table, loads, {**sizes, "b": 2_000_000}, narrower, DATABASE
    ) == {"b"}


def test_width_that_somebody_notices_stays() -> None:
    """A millisecond an execution is worth much space."""
    table = Table([_read(100, a=2, b=1)], {})
    sizes = {"a": 1_000_000, "b": 90_000_000, "c": 1}
    narrower = {"a": (), "b": ("a",), "c": ()}
    loads = [Load(1, 100 * MS, False)]
    assert narrow(frozenset({"b"}), table, loads, sizes, narrower, DATABASE) == {"b"}
