"""Costs of sets of indexes, fast enough for a hundred thousand questions.

Sets are bits of an int. A planner that chose the indexes U out of S chooses them out of every T
between U and S as well, but for a few heuristics; and an index that it never took for a shape,
whatever else was hidden, it will not take. So most questions need no planner. What a round of the
search ends with is asked for without these assumptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from advisor_search_pool import SearchPool

# The newest answers are looked through first; older ones seldom answer and take time.
_MOST_ANSWERS = 400


class _Answer(NamedTuple):
    """Out of `shown` the plans took `used`; `cost_ns` is that of `used` alone for a write."""

    shown: int
    used: int
    cost_ns: float


class SearchCosts:
    """What each shape costs, times its count, under the indexes of a bit mask."""

    def __init__(self, pool: SearchPool) -> None:
        self.names = tuple(pool.ddl)
        self.sizes = tuple(pool.sizes[name] for name in self.names)
        self.shapes = range(len(pool.subjects))
        self.asked = 0
        self._oracle = pool.oracle
        self._pool = pool.pool
        self._counts = [subject.shape.count for subject in pool.subjects]
        self._additive = [subject.writes and not subject.triggers for subject in pool.subjects]
        self._plain = [not subject.writes for subject in pool.subjects]
        self._bits = {name: 1 << number for number, name in enumerate(self.names)}
        self._relevant = [self.mask(pool.oracle.relevant(i)) for i in self.shapes]
        self._wanted = [0 for _ in self.shapes]
        self._known: list[dict[int, float]] = [{} for _ in self.shapes]
        self._answers: list[list[_Answer]] = [[] for _ in self.shapes]
        self._added: dict[tuple[int, int, int], float] = {}
        self.useful = 0
        self.shapes_of = tuple(
            tuple(i for i in self.shapes if self._relevant[i] & bit) for bit in self._bits.values()
        )

    def mask(self, names: Iterable[str]) -> int:
        """Return names as bits."""
        return sum(self._bits[name] for name in names if name in self._bits)

    def members(self, mask: int) -> list[int]:
        """Return the numbers of the indexes in a mask."""
        found = []
        while mask:
            low = mask & -mask
            found.append(low.bit_length() - 1)
            mask ^= low
        return found

    def size(self, mask: int) -> int:
        """Return the bytes of a set."""
        return sum(self.sizes[number] for number in self.members(mask))

    def cost(self, shape: int, mask: int) -> float:
        """Return count x cost of a shape, ns, as far as known without asking the planner."""
        shown = mask & self._relevant[shape]
        known = self._known[shape].get(self._key(shape, shown))
        if known is None:
            known = self._infer(shape, shown)
            if known is None:
                known = self._ask(shape, shown)
            self._known[shape][self._key(shape, shown)] = known
        return known

    def exact(self, mask: int) -> float:
        """Return the cost of the workload with nothing inferred; corrects what was."""
        total = 0.0
        for shape in self.shapes:
            shown = mask & self._relevant[shape]
            cost = self._ask(shape, shown)
            self._known[shape][self._key(shape, shown)] = cost
            total += cost
        return total

    def used(self, shape: int, mask: int) -> int:
        """Return what the plans of a shape take out of a set."""
        shown = mask & self._relevant[shape]
        self._ask(shape, shown)
        return self.mask(self._oracle.cost(shape, self._named(shown)).used)

    def hide_all(self) -> None:
        """Hide the indexes that a question about other tables would leave to be seen."""
        self._pool.show(frozenset())

    def _key(self, shape: int, shown: int) -> int:
        """Return the part of a set that tells what a shape costs: for writes, all of it."""
        return shown & self._wanted[shape] if self._plain[shape] else shown

    def _infer(self, shape: int, shown: int) -> float | None:
        if not (self._plain[shape] or self._additive[shape]):
            return None
        wanted = shown & self._wanted[shape]
        for answer in reversed(self._answers[shape]):
            if answer.used & ~wanted == 0 and wanted & ~answer.shown == 0:
                cost = answer.cost_ns
                if self._additive[shape]:
                    idle = self.members(shown & ~answer.used)
                    cost += sum(self._maintenance(shape, answer.used, n) for n in idle)
                return cost
        return None

    def _maintenance(self, shape: int, used: int, number: int) -> float:
        key = (shape, used, number)
        if key not in self._added:
            alone = self._cost_of(shape, used)
            self._added[key] = self._cost_of(shape, used | 1 << number) - alone
        return self._added[key]

    def _ask(self, shape: int, shown: int) -> float:
        self.asked += 1
        found = self._oracle.cost(shape, self._named(shown))
        used = self.mask(found.used)
        self.useful |= used
        if used & ~self._wanted[shape]:
            self._wanted[shape] |= used
            self._known[shape].clear()
        cost = self._counts[shape] * found.cost_ns
        alone = self._cost_of(shape, used) if self._additive[shape] else cost
        answers = self._answers[shape]
        answers.append(_Answer(shown, used, alone))
        if len(answers) > 2 * _MOST_ANSWERS:
            del answers[:_MOST_ANSWERS]
        return cost

    def _cost_of(self, shape: int, mask: int) -> float:
        return self._counts[shape] * self._oracle.cost(shape, self._named(mask)).cost_ns

    def _named(self, mask: int) -> frozenset[str]:
        return frozenset(self.names[number] for number in self.members(mask))


def total(costs: SearchCosts, mask: int, shapes: Sequence[int] | range) -> float:
    """Return the cost of some shapes under a set."""
    return sum(costs.cost(shape, mask) for shape in shapes)
