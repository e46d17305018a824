"""What a set of indexes is worth: the recording's cost under it, its bytes, and what it harms.

Pure but for the costs it asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.time_limit import Stop, never

# An index as large as 5 % of the database has to lower the cost of the workload by 1 %.
PRICE_OF_SPACE = 0.2
# Who names a budget wants it used, though not on what gains next to nothing.
_PRICE_WITHIN_BUDGET = 0.02
# People read, name and keep each index, so one has to lower the cost by this much whatever
# its size. At 0 a third more indexes are advised that together gain 1 %.
PRICE_OF_INDEX = 0.0005
# That is 5 % of a hundredth of the cost. Where there are more shapes than this, each has a
# smaller part of the whole, and an index that mends just one of them still has to pay.
_MANY_SHAPES = 100
# What a read loses counts this many times more, so that a better sum does not hide a query gone
# slow; at 2 an index that gained 5 % made a search page 1.6 times slower.
_REGRESSION_TOLERANCE = 1.05
_REGRESSION_WEIGHT = 5.0
# Below this saving of one execution nobody notices; a table of a few pages gets no index.
MIN_SAVING_NS = 10_000.0
# Each recorded write may cost so many times what it costs now; without a limit of the user's it
# may also cost more as long as nobody notices. An INSERT of 0.7 us that keeps up six indexes that
# reads cannot do without costs 5 us, beside a commit of 20 us and more.
_MAX_WRITE_SLOWDOWN_RATIO = 3.0
# Steep enough that no gain for reads outweighs a write beyond its limit.
_EXCESS_WEIGHT = 1_000.0

# Sums of floats differ in their last digits.
_ROUNDING = 1 + 1e-6


class Costs(Protocol):
    """What selection asks of the oracle."""

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return the cost of one execution of shape `number` under `names`."""
        ...

    def used(self, number: int, names: frozenset[str]) -> frozenset[str]:
        """Return those of `names` that the plans of shape `number` use."""
        ...

    def relevant(self, number: int) -> frozenset[str]:
        """Return the indexes on the shape's tables."""
        ...

    def table_of(self, name: str) -> str:
        """Return the table of an index."""
        ...


@dataclass(frozen=True)
class Load:
    """How often a shape runs, what one run costs today, and whether it writes.

    `stopped` where it was not run to its end: it costs `base_ns` at least.
    """

    count: float
    base_ns: float
    writes: bool
    stopped: bool = False


@dataclass(frozen=True)
class Limits:
    """What the user allows. `stop` says when the time for searching is over.

    `min_gain_ratio` is the share of some shape's cost that each index has to save;
    `max_write_slowdown_ratio` how many times its cost now a recorded write may cost, None where
    the user does not say.
    """

    database_bytes: int
    budget_bytes: int | None = None
    min_gain_ratio: float = 0.2
    max_write_slowdown_ratio: float | None = None
    stop: Stop = never

    def write_ns(self, base_ns: float) -> float:
        """Return what a write may cost that costs `base_ns` now."""
        if self.max_write_slowdown_ratio is not None:
            return self.max_write_slowdown_ratio * base_ns
        return max(_MAX_WRITE_SLOWDOWN_RATIO * base_ns, base_ns + MIN_SAVING_NS)


@dataclass(frozen=True)
class IndexSet:
    """A set of indexes with sums over the workload, so that a move looks at few shapes.

    `burden_ns` is its cost, where reads gone slow count more; `excess_ns` what writes cost beyond
    their limit.
    """

    names: frozenset[str]
    burden_ns: float
    excess_ns: float
    size_bytes: int


class Objective:
    """Rates sets of indexes: the smaller the value, the better the set."""

    def __init__(
        self, costs: Costs, loads: Sequence[Load], sizes: Mapping[str, int], limits: Limits
    ) -> None:
        self.costs = costs
        self.loads = loads
        self.sizes = sizes
        self.limits = limits
        self.shapes_of: dict[str, list[int]] = {name: [] for name in sizes}
        for number in range(len(loads)):
            for name in costs.relevant(number) & sizes.keys():
                self.shapes_of[name].append(number)
        unlimited = limits.budget_bytes is None
        self._price_of_space = PRICE_OF_SPACE if unlimited else _PRICE_WITHIN_BUDGET
        self._price_of_index = PRICE_OF_INDEX * min(1.0, _MANY_SHAPES / max(1, len(loads)))

    def value(self, state: IndexSet) -> float:
        """Return what the search minimises, in ns: cost with the price of bytes and of indexes."""
        return state.burden_ns * self.price(state) + _EXCESS_WEIGHT * state.excess_ns

    def price(self, state: IndexSet) -> float:
        """Return by how much the bytes and the number of the indexes make a set dearer."""
        space = state.size_bytes / max(1, self.limits.database_bytes)
        return 1 + self._price_of_space * space + self._price_of_index * len(state.names)

    def price_of_byte(self, state: IndexSet) -> float:
        """Return about what a byte more adds to the value of a set, ns."""
        return self._price_of_space * state.burden_ns / max(1, self.limits.database_bytes)

    def state(self, names: frozenset[str]) -> IndexSet:
        """Return a set with its sums."""
        numbers = range(len(self.loads))
        return IndexSet(
            names,
            sum(self._burden(i, names) for i in numbers),
            sum(self._excess(i, names) for i in numbers),
            sum(self.sizes[name] for name in names),
        )

    def move(self, state: IndexSet, gone: frozenset[str], come: frozenset[str]) -> IndexSet:
        """Return the set without `gone`, which it has, and with `come`, which it has not."""
        names = (state.names - gone) | come
        burden = excess = 0.0
        # In an order of its own: how far a plan is run depends on what was run before it.
        for i in sorted({i for name in gone | come for i in self.shapes_of[name]}):
            burden += self._burden(i, names) - self._burden(i, state.names)
            excess += self._excess(i, names) - self._excess(i, state.names)
        size_bytes = state.size_bytes + self.bytes_of(come) - self.bytes_of(gone)
        # A sum of differences that should be nothing is not quite nothing.
        excess_ns = 0.0 if abs(state.excess_ns + excess) < 1.0 else state.excess_ns + excess
        return IndexSet(names, state.burden_ns + burden, excess_ns, size_bytes)

    def loss_ns(self, names: frozenset[str], name: str) -> float:
        """Return how much dearer the workload gets when `name` is taken out of `names`."""
        without = names - {name}
        return sum(
            self.loads[i].count
            * (self.costs.cost(i, without).cost_ns - self.costs.cost(i, names).cost_ns)
            for i in self.shapes_of[name]
        )

    def used(self, names: frozenset[str]) -> frozenset[str]:
        """Return those of `names` that some plan uses when all of them are there."""
        nothing = frozenset[str]()
        return nothing.union(*(self.costs.used(i, names) for i in range(len(self.loads))))

    def neighbours(self, name: str) -> frozenset[str]:
        """Return the indexes on the tables of all shapes that one index is relevant for."""
        return frozenset[str]().union(*(self.costs.relevant(i) for i in self.shapes_of[name]))

    def bytes_of(self, names: Iterable[str]) -> int:
        """Return how large some indexes are together."""
        return sum(self.sizes[name] for name in names)

    def fits(self, state: IndexSet, gone: Iterable[str] = (), come: Iterable[str] = ()) -> bool:
        """Return whether a set is within the budget, once `gone` and `come` are moved."""
        budget = self.limits.budget_bytes
        size = state.size_bytes - self.bytes_of(gone) + self.bytes_of(come)
        return budget is None or size <= budget

    def _burden(self, number: int, names: frozenset[str]) -> float:
        load = self.loads[number]
        cost = self.costs.cost(number, names).cost_ns
        if load.writes or load.stopped:
            return load.count * cost
        excess = max(0.0, cost - load.base_ns * _REGRESSION_TOLERANCE)
        return load.count * (cost + _REGRESSION_WEIGHT * excess)

    def _excess(self, number: int, names: frozenset[str]) -> float:
        load = self.loads[number]
        if not load.writes:
            return 0.0
        allowed = self.limits.write_ns(load.base_ns) * _ROUNDING
        return load.count * max(0.0, self.costs.cost(number, names).cost_ns - allowed)
