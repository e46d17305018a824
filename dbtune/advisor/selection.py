"""Choosing the indexes: the set that makes the recorded workload cheapest for its space.

Pure but for the costs it asks for. Starts from every index that some plan uses and takes away
the one whose loss per byte is least, until nothing is worth taking; then drops, adds and
swaps while that helps. With a budget it also grows a set from nothing by gain per byte, since
taking away fails badly there, and keeps the better of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dbtune.advisor.oracle import ShapeCost

# An index as large as 5 % of the database has to lower the cost of the workload by 1 %.
PRICE_OF_SPACE = 0.2
# People read, name and keep each index, so one has to lower the cost by this much whatever
# its size. At 0 a third more indexes are advised that together gain 1 %.
PRICE_OF_INDEX = 0.0005
# Less than this is noise of the model, and searching on costs more than it finds.
_LEAST_IMPROVEMENT = 0.0002
# What a read loses counts this many times more, so that a better sum does not hide a query gone
# slow; at 2 an index that gained 5 % made a search page 1.6 times slower.
_REGRESSION_TOLERANCE = 1.05
_REGRESSION_WEIGHT = 5.0
# Below this saving of one execution nobody notices; a table of a few pages gets no index.
MIN_SAVING_NS = 10_000.0


class Costs(Protocol):
    """What selection asks of the oracle."""

    def cost(self, number: int, names: frozenset[str]) -> ShapeCost:
        """Return the cost of one execution of shape `number` under `names`."""
        ...

    def relevant(self, number: int) -> frozenset[str]:
        """Return the indexes on the shape's tables."""
        ...


@dataclass(frozen=True)
class Load:
    """How often a shape runs, what one run costs today, and whether it writes."""

    count: float
    base_ns: float
    writes: bool


@dataclass(frozen=True)
class Limits:
    """What the user allows. `stop` says when the time for searching is over.

    `min_gain_ratio` is the share of some shape's cost that each index has to save;
    `max_write_slowdown_ratio` what recorded writes may cost more together (0.5: half as much).
    """

    database_bytes: int
    budget_bytes: int | None = None
    min_gain_ratio: float = 0.2
    max_write_slowdown_ratio: float | None = None
    stop: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class _State:
    """A set of indexes and what each shape costs under it, so that a move looks at few shapes."""

    names: frozenset[str]
    burdens: tuple[float, ...]
    write_costs: tuple[float, ...]


class Selection:
    """A search over the subsets of a pool."""

    def __init__(
        self,
        costs: Costs,
        loads: Sequence[Load],
        sizes: Mapping[str, int],
        helps: Mapping[str, frozenset[int]],
        limits: Limits,
    ) -> None:
        self._costs = costs
        self._loads = loads
        self._sizes = sizes
        self._helps = helps
        self._limits = limits
        self._shapes_of = {
            name: frozenset(i for i in range(len(loads)) if name in costs.relevant(i))
            for name in sizes
        }
        self._base_writes = sum(load.count * load.base_ns for load in loads if load.writes)
        self._allowed = frozenset(sizes)
        self._last: frozenset[str] | None = None

    def run(self, banned: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the names chosen, none of them `banned`.

        Asked again, it goes on from what it chose before.
        """
        self._allowed = frozenset(self._sizes) - banned
        if self._last is None:
            start = self._take_away(self._state(self._used(self._allowed)))
        else:
            start = self._state(self._last - banned)
        chosen = self._improve(start)
        if self._limits.budget_bytes is not None and self._last is None:
            grown = self._improve(self._grow(self._state(frozenset())))
            chosen = min((chosen, grown), key=self._objective)
        self._last = chosen.names
        return self._worthwhile(chosen).names

    def loss_ns(self, names: frozenset[str], name: str) -> float:
        """Return how much dearer the workload gets when `name` is taken out of `names`."""
        without = names - {name}
        return sum(
            self._loads[i].count
            * (self._costs.cost(i, without).cost_ns - self._costs.cost(i, names).cost_ns)
            for i in self._shapes_of[name]
        )

    def _used(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset[str]().union(
            *(self._costs.cost(i, names).used for i in range(len(self._loads)))
        )

    def _take_away(self, state: _State) -> _State:
        """Remove what is worth least for its bytes, until each that is left is worth them."""
        known: dict[str, float] = {}
        while state.names and not self._limits.stop():
            for name in state.names - known.keys():
                known[name] = self._worth(state, name)
            least = min(state.names, key=lambda n: (known[n] / self._sizes[n], n))
            current = self._worth(state, least)
            if current != known[least]:  # another index went since: look again
                known[least] = current
                continue
            if current > 0 and self._fits(state.names):
                break
            state = self._move(state, state.names - {least})
            near = self._neighbours(least)
            known = {n: w for n, w in known.items() if n in state.names - near}
        return state

    def _improve(self, state: _State) -> _State:
        """Drop, add and swap one at a time while the objective falls."""
        best = self._objective(state)
        improved = True
        while improved and not self._limits.stop():
            improved = False
            for gone, come in self._moves(state.names):
                if self._limits.stop():
                    break
                names = (state.names - gone) | come
                if not (gone <= state.names) or come <= state.names or not self._fits(names):
                    continue
                moved = self._move(state, names)
                value = self._objective(moved)
                if value < best * (1 - _LEAST_IMPROVEMENT):
                    state, best, improved = moved, value, True
        return state

    def _moves(self, names: frozenset[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Yield (what goes, what comes); a swap is between indexes proposed for one shape."""
        outside = sorted(self._allowed - names)
        nothing = frozenset[str]()
        for name in sorted(names):
            yield frozenset({name}), nothing
        for name in outside:
            yield nothing, frozenset({name})
        for leaving in sorted(names):
            for entering in outside:
                if self._helps[entering] & self._helps[leaving]:
                    yield frozenset({leaving}), frozenset({entering})

    def _grow(self, state: _State) -> _State:
        """Add the index with the greatest gain per byte that still fits, again and again."""
        while not self._limits.stop():
            current = self._objective(state)
            gains = [
                ((current - self._objective(moved)) / self._sizes[name], name)
                for name in sorted(self._allowed - state.names)
                if self._fits(state.names | {name})
                for moved in (self._move(state, state.names | {name}),)
            ]
            gain, name = max(gains, default=(0.0, ""))
            if gain <= 0:
                return state
            state = self._move(state, state.names | {name})
        return state

    def _worthwhile(self, state: _State) -> _State:
        """Drop indexes of which no single query shape notices enough."""
        while True:
            names = state.names
            unnoticed = [n for n in sorted(names) if not self._noticed(names, n)]
            if not unnoticed:
                return state
            least = min(unnoticed, key=lambda n: (self.loss_ns(names, n), n))
            state = self._move(state, names - {least})

    def _noticed(self, names: frozenset[str], name: str) -> bool:
        without = names - {name}
        for i in self._shapes_of[name]:
            before = self._costs.cost(i, without).cost_ns
            saved = before - self._costs.cost(i, names).cost_ns
            if saved >= MIN_SAVING_NS and saved >= self._limits.min_gain_ratio * before:
                return True
        return False

    def _worth(self, state: _State, name: str) -> float:
        without = self._move(state, state.names - {name})
        return self._objective(without) - self._objective(state)

    def _state(self, names: frozenset[str]) -> _State:
        numbers = range(len(self._loads))
        return _State(
            names,
            tuple(self._burden(i, names) for i in numbers),
            tuple(self._write_cost(i, names) for i in numbers),
        )

    def _move(self, state: _State, names: frozenset[str]) -> _State:
        burdens, write_costs = list(state.burdens), list(state.write_costs)
        for name in state.names ^ names:
            for i in self._shapes_of[name]:
                burdens[i] = self._burden(i, names)
                write_costs[i] = self._write_cost(i, names)
        return _State(names, tuple(burdens), tuple(write_costs))

    def _objective(self, state: _State) -> float:
        space = self._bytes(state.names) / max(1, self._limits.database_bytes)
        price = 1 + PRICE_OF_SPACE * space + PRICE_OF_INDEX * len(state.names)
        return sum(state.burdens) * price + self._write_excess(state)

    def _burden(self, number: int, names: frozenset[str]) -> float:
        load = self._loads[number]
        cost = self._costs.cost(number, names).cost_ns
        if load.writes:
            return load.count * cost
        excess = max(0.0, cost - load.base_ns * _REGRESSION_TOLERANCE)
        return load.count * (cost + _REGRESSION_WEIGHT * excess)

    def _write_cost(self, number: int, names: frozenset[str]) -> float:
        load = self._loads[number]
        return load.count * self._costs.cost(number, names).cost_ns if load.writes else 0.0

    def _write_excess(self, state: _State) -> float:
        ratio = self._limits.max_write_slowdown_ratio
        if ratio is None:
            return 0.0
        # Steep enough that no gain for reads outweighs it.
        return 1_000.0 * max(0.0, sum(state.write_costs) - (1 + ratio) * self._base_writes)

    def _neighbours(self, name: str) -> frozenset[str]:
        return frozenset[str]().union(*(self._costs.relevant(i) for i in self._shapes_of[name]))

    def _bytes(self, names: Iterable[str]) -> int:
        return sum(self._sizes[name] for name in names)

    def _fits(self, names: frozenset[str]) -> bool:
        budget = self._limits.budget_bytes
        return budget is None or self._bytes(names) <= budget
