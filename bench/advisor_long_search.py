"""A long search for the cheapest set of indexes within so many bytes: the bench's own yardstick.

It shares the what-if with dbtune and nothing of its selection: from several starts, local search
over adding (with evicting what is worth least for its bytes), dropping, swapping, one for two and
two for one; then annealing from the best few, disturbed, until the time is over.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from advisor_search_costs import SearchCosts, total

_ELITE = 6
_ANNEALING_STEPS = 1_500
# As shares of the cost: a set 1 % dearer is taken at first, 0.002 % dearer at the end.
_HOT, _COLD = 0.01, 0.00002
# Which of the smallest indexes are looked at by themselves, and how often first choices go.
_SMALLEST = (1.0, 0.5, 0.25, 0.1)
_PEELINGS = 6
# While annealing, a set that fills all its bytes may count this much dearer, or room for a better
# one never comes free; what is kept is judged by its cost alone.
_PRICES_OF_ROOM = (0.0, 0.02, 0.05, 0.1, 0.3)
# How much the choice of what to evict is left to chance.
_WHIM = 0.6


@dataclass(frozen=True)
class Found:
    """The best set, its cost in the pool, and the log of how it came about."""

    mask: int
    cost_ns: float
    by_start: tuple[tuple[str, float], ...]
    rounds: int
    improved_at_s: float
    asked: int


@dataclass(frozen=True)
class _Set:
    mask: int
    size: int
    cost: float


class LongSearch:
    """One search; `limit_bytes` is the most that the set may take."""

    def __init__(self, costs: SearchCosts, limit_bytes: int, seconds: float, seed: int) -> None:
        self._costs = costs
        self._limit = limit_bytes
        self._random = Random(seed)
        self._started = time.monotonic()
        self._deadline = self._started + seconds
        self._losses: dict[tuple[int, int], float] = {}
        self._near = _neighbours(costs)
        self._elite: list[_Set] = []
        self._improved_at = 0.0

    def run(self, starts: Mapping[str, int]) -> Found:
        """Search from these sets and others of its own, and return the best found."""
        self._explore()
        own = {
            "all that plans use": self._costs.useful,
            "greedy from nothing": self._greedy(),
            "random": self._shuffled(),
        }
        by_start = []
        for name, mask in {**starts, **own}.items():
            polished = self._polish(self._fitted(mask))
            self._remember(polished)
            by_start.append((name, polished.cost))
        rounds = 0
        while not self._over():
            base = self._elite[min(int(self._random.expovariate(0.9)), len(self._elite) - 1)]
            self._remember(self._polish(self._anneal(self._disturbed(base))))
            rounds += 1
        best = min(self._elite, key=lambda s: s.cost)
        return Found(
            best.mask, best.cost, tuple(by_start), rounds, self._improved_at, self._costs.asked
        )

    def _explore(self) -> None:
        """Find what plans would use: first choices, then those when these are not there.

        Once among all and then among ever smaller indexes only, which few bytes have room for.
        """
        sizes = sorted(self._costs.sizes)
        for share in _SMALLEST:
            largest = sizes[max(0, int(share * len(sizes)) - 1)]
            small = sum(1 << n for n, size in enumerate(self._costs.sizes) if size <= largest)
            for shape in self._costs.shapes:
                left = small
                for _ in range(_PEELINGS):
                    used = self._costs.used(shape, left)
                    if not used or self._over():
                        break
                    left &= ~used
                self._costs.hide_all()

    def _over(self) -> bool:
        return time.monotonic() >= self._deadline

    def _remember(self, found: _Set) -> None:
        """Keep a set among the best few, at its cost with nothing inferred."""
        found = _Set(found.mask, found.size, self._costs.exact(found.mask))
        best = min((s.cost for s in self._elite), default=math.inf)
        if found.cost < best * (1 - 1e-6):
            self._improved_at = time.monotonic() - self._started
        if all(found.mask != s.mask for s in self._elite):
            self._elite = sorted([*self._elite, found], key=lambda s: s.cost)[:_ELITE]

    def _set(self, mask: int) -> _Set:
        return _Set(mask, self._costs.size(mask), total(self._costs, mask, self._costs.shapes))

    def _changed(self, state: _Set, mask: int) -> _Set:
        """Return the set `mask`, from what is known of `state`."""
        changed = self._costs.members(state.mask ^ mask)
        shapes = {i for number in changed for i in self._costs.shapes_of[number]}
        cost = state.cost
        size = state.size
        for shape in shapes:
            cost += self._costs.cost(shape, mask) - self._costs.cost(shape, state.mask)
        for number in changed:
            sign = 1 if mask >> number & 1 else -1
            size += sign * self._costs.sizes[number]
        return _Set(mask, size, cost)

    def _loss(self, mask: int, number: int) -> float:
        """Return how much dearer the workload is without one index of a set."""
        key = (number, mask & self._near[number])
        if key not in self._losses:
            without = mask & ~(1 << number)
            self._losses[key] = sum(
                self._costs.cost(i, without) - self._costs.cost(i, mask)
                for i in self._costs.shapes_of[number]
            )
        return self._losses[key]

    def _fitted(self, mask: int, spare: int = 0, whim: float = 0.0) -> _Set:
        """Return the set without what is worth least for its bytes, until it fits."""
        size = self._costs.size(mask)
        while size > self._limit:
            inside = self._costs.members(mask & ~spare) or self._costs.members(mask)
            least = min(inside, key=lambda n: self._worth(mask, n, whim))
            mask &= ~(1 << least)
            size -= self._costs.sizes[least]
        return self._set(mask)

    def _worth(self, mask: int, number: int, whim: float) -> float:
        worth = self._loss(mask, number) / self._costs.sizes[number]
        return worth * math.exp(self._random.gauss(0.0, whim)) if whim and worth > 0 else worth

    def _greedy(self) -> int:
        """Grow a set by the greatest gain a byte; gains seen before are looked at again."""
        state = self._set(0)
        outside = self._costs.members(self._costs.useful)
        gains = dict.fromkeys(outside, math.inf)
        while gains and not self._over():
            best = max(gains, key=lambda n: gains[n])
            if state.size + self._costs.sizes[best] > self._limit or gains[best] <= 0:
                del gains[best]
                continue
            more = self._changed(state, state.mask | 1 << best)
            gain = (state.cost - more.cost) / self._costs.sizes[best]
            if gain >= max((g for n, g in gains.items() if n != best), default=0.0) * 0.999:
                state = more
                del gains[best]
            else:
                gains[best] = gain
        return state.mask

    def _shuffled(self) -> int:
        """Return random indexes that fit."""
        numbers = self._costs.members(self._costs.useful)
        self._random.shuffle(numbers)
        mask = size = 0
        for number in numbers:
            if size + self._costs.sizes[number] <= self._limit:
                mask |= 1 << number
                size += self._costs.sizes[number]
        return mask

    def _polish(self, state: _Set) -> _Set:
        """Take every single addition, drop and swap that helps, until none does."""
        improved = True
        while improved and not self._over():
            improved = False
            for number in self._costs.members(state.mask):
                less = self._changed(state, state.mask & ~(1 << number))
                if less.cost <= state.cost:
                    state, improved = less, improved or less.cost < state.cost * (1 - 1e-7)
            for number in self._wanted(state.mask):
                if self._over():
                    break
                moved = self._best_entry(state, number)
                if moved is not None and moved.cost < state.cost * (1 - 1e-7):
                    state, improved = moved, True
        return state

    def _best_entry(self, state: _Set, number: int) -> _Set | None:
        """Return the best way to let an index in: beside all, for a rival, or by evicting."""
        if state.mask >> number & 1:
            return None
        bit = 1 << number
        ways = [state.mask | bit]
        rivals = self._costs.members(state.mask & self._near[number])
        ways += [(state.mask | bit) & ~(1 << rival) for rival in rivals]
        alone = self._changed(state, state.mask | bit)
        if alone.cost >= state.cost:  # no swap makes up for what the planner does not want
            return None
        fitting = []
        for mask in ways:
            moved = self._changed(state, mask)
            if moved.size > self._limit:
                moved = self._fitted(mask, spare=bit)
            fitting.append(moved)
        return min(fitting, key=lambda s: s.cost)

    def _wanted(self, mask: int) -> list[int]:
        outside = self._costs.members(self._costs.useful & ~mask)
        self._random.shuffle(outside)
        return outside

    def _disturbed(self, state: _Set) -> _Set:
        """Return the set with a few indexes of one neighbourhood, or of any, exchanged."""
        inside = self._costs.members(state.mask)
        mask = state.mask
        if inside and self._random.random() < 0.5:
            near = self._near[self._random.choice(inside)]
            gone = self._costs.members(mask & near)
            come = self._costs.members(self._costs.useful & near & ~mask)
        else:
            gone, come = inside, self._costs.members(self._costs.useful & ~mask)
        for number in self._random.sample(gone, min(len(gone), self._random.randint(1, 5))):
            mask &= ~(1 << number)
        spare = 0
        for number in self._random.sample(come, min(len(come), self._random.randint(1, 5))):
            spare |= 1 << number
        return self._fitted(mask | spare, spare, _WHIM)

    def _anneal(self, state: _Set) -> _Set:
        price = self._random.choice(_PRICES_OF_ROOM) / self._limit
        best = state
        heat = _HOT * self._random.random() ** 2 + 10 * _COLD
        cooling = (_COLD / heat) ** (1 / _ANNEALING_STEPS)
        for _ in range(_ANNEALING_STEPS):
            if self._over():
                break
            heat *= cooling
            moved = self._neighbour(state)
            worse = _priced(moved, price) / _priced(state, price) - 1
            if worse <= 0 or self._random.random() < math.exp(-worse / heat):
                state = moved
                if _priced(state, price) < _priced(best, price):
                    best = state
        return best

    def _neighbour(self, state: _Set) -> _Set:
        """Return a random set next to this one that fits."""
        chance = self._random.random()
        inside = self._costs.members(state.mask)
        if inside and chance < 0.1:
            return self._changed(state, state.mask & ~(1 << self._random.choice(inside)))
        outside = self._costs.members(self._costs.useful & ~state.mask)
        if not outside:
            return state
        come = 1 << self._random.choice(outside)
        near = self._near[come.bit_length() - 1]
        if chance < 0.25:
            also = self._costs.members(self._costs.useful & ~state.mask & near)
            come |= 1 << self._random.choice(also) if also else 0
        mask = state.mask | come
        rivals = self._costs.members(state.mask & near)
        if rivals and chance > 0.4:
            leaving = 2 if chance > 0.85 else 1
            for number in self._random.sample(rivals, min(len(rivals), leaving)):
                mask &= ~(1 << number)
        if self._costs.size(mask) > self._limit:
            return self._fitted(mask, come, _WHIM)
        return self._changed(state, mask)


def _priced(state: _Set, price: float) -> float:
    return state.cost * (1 + price * state.size)


def _neighbours(costs: SearchCosts) -> tuple[int, ...]:
    """Return for each index those that are on a table of one of its shapes."""
    by_shape: dict[int, int] = {}
    for number, shapes in enumerate(costs.shapes_of):
        for shape in shapes:
            by_shape[shape] = by_shape.get(shape, 0) | 1 << number
    return tuple(_union(by_shape[shape] for shape in shapes) for shapes in costs.shapes_of)


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
