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
from dbtune.advisor.time_limit import Stop, never

# An index as large as 5 % of the database has to lower the cost of the workload by 1 %.
PRICE_OF_SPACE = 0.2
# People read, name and keep each index, so one has to lower the cost by this much whatever
# its size. At 0 a third more indexes are advised that together gain 1 %.
PRICE_OF_INDEX = 0.0005
# That is 5 % of a hundredth of the cost. Where there are more shapes than this, each has a
# smaller part of the whole, and an index that mends just one of them still has to pay.
_MANY_SHAPES = 100
# Less than this is noise of the model, and searching on costs more than it finds.
_LEAST_IMPROVEMENT = 0.0002
# What a read loses counts this many times more, so that a better sum does not hide a query gone
# slow; at 2 an index that gained 5 % made a search page 1.6 times slower.
_REGRESSION_TOLERANCE = 1.05
_REGRESSION_WEIGHT = 5.0
# Below this saving of one execution nobody notices; a table of a few pages gets no index.
MIN_SAVING_NS = 10_000.0

# Sums of floats differ in their last digits.
_ROUNDING = 1 + 1e-6
_NOTHING = frozenset[str]()


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
    stop: Stop = never


@dataclass(frozen=True)
class _State:
    """A set of indexes with sums over the workload, so that a move looks at few shapes.

    `burden` is its cost, where reads gone slow count more, `writes` that of the writes alone.
    """

    names: frozenset[str]
    burden: float
    writes: float
    size_bytes: int


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
        self._shapes_of: dict[str, list[int]] = {name: [] for name in sizes}
        for number in range(len(loads)):
            for name in costs.relevant(number) & sizes.keys():
                self._shapes_of[name].append(number)
        self._base_writes = sum(load.count * load.base_ns for load in loads if load.writes)
        self._price_of_index = PRICE_OF_INDEX * min(1.0, _MANY_SHAPES / max(1, len(loads)))
        self._allowed = frozenset(sizes)
        self._last: frozenset[str] | None = None

    def run(self, banned: frozenset[str] = _NOTHING) -> frozenset[str]:
        """Return the names chosen, none of them `banned`.

        Asked again, it goes on from what it chose before. However short the time, the result
        keeps within the budget and the limit for writes.
        """
        self._allowed = frozenset(self._sizes) - banned
        if self._last is None:
            start = self._take_away(self._state(self._used(self._allowed)))
        else:
            start = self._state(self._last - banned)
        chosen = self._within_limits(self._improve(start))
        if self._limits.budget_bytes is not None and self._last is None:
            grown = self._within_limits(self._improve(self._grow(self._state(_NOTHING))))
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

    def rating(self, names: frozenset[str]) -> Callable[[frozenset[str], frozenset[str]], float]:
        """Return what tells the objective of `names` without some of them and with others."""
        state = self._state(names)
        return lambda gone, come: self._objective(self._move(state, gone, come - names))

    def _used(self, names: frozenset[str]) -> frozenset[str]:
        return _NOTHING.union(*(self._costs.cost(i, names).used for i in range(len(self._loads))))

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
            if current > 0 and self._fits(state):
                break
            state = self._move(state, frozenset({least}), _NOTHING)
            near = self._neighbours(least)
            known = {n: w for n, w in known.items() if n in state.names and n not in near}
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
                if not (gone <= state.names) or come <= state.names:
                    continue
                if not self._would_fit(state, gone, come):
                    continue
                moved = self._move(state, gone, come - state.names)
                value = self._objective(moved)
                if value < best * (1 - _LEAST_IMPROVEMENT):
                    state, best, improved = moved, value, True
        return state

    def _moves(self, names: frozenset[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Yield (what goes, what comes); a swap is between indexes proposed for one shape."""
        outside = sorted(self._allowed - names)
        for name in sorted(names):
            yield frozenset({name}), _NOTHING
        for name in outside:
            yield _NOTHING, frozenset({name})
        proposed_for: dict[int, list[str]] = {}
        for name in outside:
            for number in self._helps[name]:
                proposed_for.setdefault(number, []).append(name)
        for leaving in sorted(names):
            rivals = {n for i in self._helps[leaving] for n in proposed_for.get(i, ())}
            for entering in sorted(rivals):
                yield frozenset({leaving}), frozenset({entering})

    def _grow(self, state: _State) -> _State:
        """Add the index with the greatest gain per byte that still fits, again and again."""
        known: dict[str, tuple[float, float]] = {}
        while not self._limits.stop():
            current = self._objective(state)
            best, best_gain = None, 0.0
            for name in sorted(self._allowed - state.names):
                if self._limits.stop():
                    break
                if not self._would_fit(state, _NOTHING, frozenset({name})):
                    continue
                if name not in known:
                    alone = self._move(state, _NOTHING, frozenset({name}))
                    known[name] = (alone.burden - state.burden, alone.writes - state.writes)
                moved = self._shifted(state, name, *known[name])
                gain = (current - self._objective(moved)) / self._sizes[name]
                if gain > best_gain:
                    best, best_gain = name, gain
            if best is None:
                return state
            state = self._move(state, _NOTHING, frozenset({best}))
            near = self._neighbours(best)
            known = {name: change for name, change in known.items() if name not in near}
        return state

    def _within_limits(self, state: _State) -> _State:
        """Return the state without what is worth least, as far as budget and writes demand it."""
        while not self._fits(state):
            shares = self._shares(state.names)
            least = min(state.names, key=lambda n: (shares[n] / self._sizes[n], n))
            state = self._move(state, frozenset({least}), _NOTHING)
        while self._write_excess(state):
            shares = self._shares(state.names)
            smaller = (self._move(state, frozenset({n}), _NOTHING) for n in sorted(state.names))
            cheaper = {min(state.names - s.names): s for s in smaller if s.writes < state.writes}
            if not cheaper:
                break
            saved = {name: state.writes - s.writes for name, s in cheaper.items()}
            state = cheaper[min(cheaper, key=lambda n: (shares[n] / saved[n], n))]
        return state

    def _shares(self, names: frozenset[str]) -> dict[str, float]:
        """Return about what each index gains: its share of what the shapes that use it save."""
        shares = dict.fromkeys(names, 0.0)
        for i, load in enumerate(self._loads):
            cost = self._costs.cost(i, names)
            used = cost.used & names
            for name in used:
                shares[name] += load.count * (load.base_ns - cost.cost_ns) / len(used)
        return shares

    def _worthwhile(self, state: _State) -> _State:
        """Drop indexes of which no single query shape notices enough."""
        losses: dict[str, float] = {}
        changed = state.names
        while True:
            for name in changed:
                losses.pop(name, None)
                if not self._noticed(state.names, name):
                    losses[name] = self.loss_ns(state.names, name)
            if not losses:
                return state
            least = min(losses, key=lambda n: (losses[n], n))
            del losses[least]
            state = self._move(state, frozenset({least}), _NOTHING)
            changed = self._neighbours(least) & state.names

    def _noticed(self, names: frozenset[str], name: str) -> bool:
        without = names - {name}
        for i in self._shapes_of[name]:
            before = self._costs.cost(i, without).cost_ns
            saved = before - self._costs.cost(i, names).cost_ns
            if saved >= MIN_SAVING_NS and saved >= self._limits.min_gain_ratio * before:
                return True
        return False

    def _worth(self, state: _State, name: str) -> float:
        without = self._move(state, frozenset({name}), _NOTHING)
        return self._objective(without) - self._objective(state)

    def _state(self, names: frozenset[str]) -> _State:
        numbers = range(len(self._loads))
        return _State(
            names,
            sum(self._burden(i, names) for i in numbers),
            sum(self._write_cost(i, names) for i in numbers),
            sum(self._sizes[name] for name in names),
        )

    def _move(self, state: _State, gone: frozenset[str], come: frozenset[str]) -> _State:
        """Return the state without `gone`, which it has, and with `come`, which it has not."""
        names = (state.names - gone) | come
        burden = writes = 0.0
        for i in {i for name in gone | come for i in self._shapes_of[name]}:
            burden += self._burden(i, names) - self._burden(i, state.names)
            writes += self._write_cost(i, names) - self._write_cost(i, state.names)
        size_bytes = state.size_bytes + self._bytes(come) - self._bytes(gone)
        return _State(names, state.burden + burden, state.writes + writes, size_bytes)

    def _shifted(self, state: _State, name: str, burden: float, writes: float) -> _State:
        size_bytes = state.size_bytes + self._sizes[name]
        names = state.names | {name}
        return _State(names, state.burden + burden, state.writes + writes, size_bytes)

    def _objective(self, state: _State) -> float:
        space = state.size_bytes / max(1, self._limits.database_bytes)
        price = 1 + PRICE_OF_SPACE * space + self._price_of_index * len(state.names)
        return state.burden * price + self._write_excess(state)

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
        allowed = (1 + ratio) * self._base_writes * _ROUNDING
        return 1_000.0 * max(0.0, state.writes - allowed)

    def _neighbours(self, name: str) -> frozenset[str]:
        return _NOTHING.union(*(self._costs.relevant(i) for i in self._shapes_of[name]))

    def _bytes(self, names: Iterable[str]) -> int:
        return sum(self._sizes[name] for name in names)

    def _fits(self, state: _State) -> bool:
        return self._would_fit(state, _NOTHING, _NOTHING)

    def _would_fit(self, state: _State, gone: frozenset[str], come: frozenset[str]) -> bool:
        budget = self._limits.budget_bytes
        return budget is None or state.size_bytes - self._bytes(gone) + self._bytes(come) <= budget
