"""Choosing the indexes: the set that makes the recorded workload cheapest for its space.

Pure but for the costs it asks for. Starts from every index that some plan uses and takes away
the one whose loss per byte is least, until nothing is worth taking; then changes the set as long
as that helps. With a budget it also grows a set from nothing by gain per byte, since taking away
fails badly there, and keeps the better of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dbtune.advisor.choosing.local_search import LocalSearch, proposed_for
from dbtune.advisor.choosing.objective import (
    MIN_SAVING_NS,
    Costs,
    IndexSet,
    Limits,
    Load,
    Objective,
)

_NOTHING = frozenset[str]()


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
        self._objective = Objective(costs, loads, sizes, limits)
        self._last: frozenset[str] | None = None

    def run(
        self, banned: frozenset[str] = _NOTHING, start: frozenset[str] | None = None
    ) -> frozenset[str]:
        """Return the names chosen, none of them `banned`.

        Goes on from `start`, or from what was chosen before where that is given. However short
        the time, the result keeps within the budget and the limit for writes; an index that saves
        less than the minimum may be left in it then.
        """
        allowed = frozenset(self._sizes) - banned
        chosen = self._search(allowed, self._last if start is None else start)
        self._last = chosen.names
        return self._worthwhile(chosen).names

    def _search(self, allowed: frozenset[str], start: frozenset[str] | None) -> IndexSet:
        if start is None:
            return self._best_from([self._taken_away(allowed), self._grown(allowed)], allowed)
        return self._best_from([self._objective.state(start & allowed)], allowed)

    def _best_from(self, starts: Sequence[IndexSet], allowed: frozenset[str]) -> IndexSet:
        local = LocalSearch(self._objective, self._helps, allowed)
        found = [self._within_limits(local.improve(state)) for state in starts]
        return min(found, key=self._objective.value)

    def shortlist(self, rivals_of_each: int) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return the best set among those that come near, and the others by how near they come.

        Near are the `rivals_of_each` shape that serve it best alone on their table, since the
        planner may prefer another to one that is no worse.
        """
        everything = frozenset(self._sizes)
        good = self._taken_away(everything)
        near = good.names | self._rivals(good, everything, rivals_of_each)
        best = self._best_from([good, self._grown(near)], near)
        closest = LocalSearch(self._objective, self._helps, near).closest(best)
        return best.names, tuple(sorted(closest, key=lambda n: (closest[n], n)))

    def _rivals(self, good: IndexSet, allowed: frozenset[str], of_each: int) -> frozenset[str]:
        local = LocalSearch(self._objective, self._helps, allowed)
        price = self._objective.price_of_byte(good)
        found: set[str] = set()
        for number, names in proposed_for(allowed - good.names, self._helps).items():
            if self._limits.stop():
                break
            rivals = []
            for name in names:
                alone = self._costs.cost(number, local.alone_on_table(good.names, name))
                if name in alone.used:
                    cost = self._loads[number].count * alone.cost_ns
                    rivals.append((cost + price * self._sizes[name], name))
            found |= {name for _, name in self._undominated(rivals)[:of_each]}
        return frozenset(found)

    def _undominated(self, rivals: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
        """Return the rivals (cost, name) than which none is both smaller and better."""
        kept: list[tuple[float, str]] = []
        for cost, name in sorted(rivals):
            if all(self._sizes[name] < self._sizes[other] for _, other in kept):
                kept.append((cost, name))
        return kept

    def loss_ns(self, names: frozenset[str], name: str) -> float:
        """Return how much dearer the workload gets when `name` is taken out of `names`."""
        return self._objective.loss_ns(names, name)

    def price(self, names: frozenset[str]) -> float:
        """Return by how much its bytes and the number of its indexes make a set dearer."""
        return self._objective.price(self._objective.state(names))

    def fits(self, names: frozenset[str]) -> bool:
        """Return whether a set is within the budget and the limit for writes."""
        state = self._objective.state(names)
        return self._objective.fits(state) and not state.excess_ns

    def rating(self, names: frozenset[str]) -> Callable[[frozenset[str], frozenset[str]], float]:
        """Return what tells the objective of `names` without some of them and with others."""
        state = self._objective.state(names)
        return lambda gone, come: self._objective.value(
            self._objective.move(state, gone, come - names)
        )

    def _taken_away(self, allowed: frozenset[str]) -> IndexSet:
        """Return what plans use of all without what is not worth its bytes, or the budget."""
        state = self._objective.state(self._objective.used(allowed))
        known: dict[str, float] = {}
        while state.names and not self._limits.stop():
            for name in sorted(state.names - known.keys()):
                if self._limits.stop():
                    return state
                known[name] = self._worth(state, name)
            least = min(state.names, key=lambda n: (known[n] / self._sizes[n], n))
            current = self._worth(state, least)
            if current != known[least]:  # another index went since: look again
                known[least] = current
                continue
            if current > 0 and self._objective.fits(state):
                break
            state = self._objective.move(state, frozenset({least}), _NOTHING)
            near = self._objective.neighbours(least)
            known = {n: w for n, w in known.items() if n in state.names and n not in near}
        return state

    def _grown(self, allowed: frozenset[str]) -> IndexSet:
        """Add the index with the greatest gain per byte that still fits, again and again."""
        state = self._objective.state(_NOTHING)
        known: dict[str, IndexSet] = {}
        while not self._limits.stop():
            current = self._objective.value(state)
            best, best_gain = None, 0.0
            for name in sorted(allowed - state.names):
                if self._limits.stop():
                    break
                if not self._objective.fits(state, (), (name,)):
                    continue
                if name not in known:
                    known[name] = self._added(state, name)
                gain = (current - self._objective.value(_sum(state, known[name]))) / max(
                    1, self._sizes[name]
                )
                if gain > best_gain:
                    best, best_gain = name, gain
            if best is None:
                return state
            state = self._objective.move(state, _NOTHING, frozenset({best}))
            near = self._objective.neighbours(best)
            known = {name: change for name, change in known.items() if name not in near}
        return state

    def _added(self, state: IndexSet, name: str) -> IndexSet:
        """Return what one more index changes, as a set of itself."""
        moved = self._objective.move(state, _NOTHING, frozenset({name}))
        return IndexSet(
            frozenset({name}),
            moved.burden_ns - state.burden_ns,
            moved.excess_ns - state.excess_ns,
            self._sizes[name],
        )

    def _within_limits(self, state: IndexSet) -> IndexSet:
        """Return the state without what is worth least, as far as budget and writes demand it."""
        while not self._objective.fits(state):
            shares = self._shares(state.names)
            least = min(state.names, key=lambda n: (shares[n] / max(1, self._sizes[n]), n))
            state = self._objective.move(state, frozenset({least}), _NOTHING)
        while state.excess_ns > 0:
            shares = self._shares(state.names)
            without = {
                name: self._objective.move(state, frozenset({name}), _NOTHING)
                for name in sorted(state.names)
            }
            saved = {name: state.excess_ns - s.excess_ns for name, s in without.items()}
            cheaper = [name for name in without if saved[name] > 0]
            if not cheaper:
                break
            state = without[min(cheaper, key=lambda n: (shares[n] / saved[n], n))]
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

    def _worthwhile(self, state: IndexSet) -> IndexSet:
        """Drop indexes of which no single query shape notices enough."""
        losses: dict[str, float] = {}
        changed = state.names
        while True:
            for name in sorted(changed):
                if self._limits.stop():
                    return state
                losses.pop(name, None)
                if not self._noticed(state.names, name):
                    losses[name] = self.loss_ns(state.names, name)
            if not losses:
                return state
            least = min(losses, key=lambda n: (losses[n], n))
            del losses[least]
            state = self._objective.move(state, frozenset({least}), _NOTHING)
            changed = self._objective.neighbours(least) & state.names

    def _noticed(self, names: frozenset[str], name: str) -> bool:
        without = names - {name}
        for i in self._objective.shapes_of[name]:
            before = self._costs.cost(i, without).cost_ns
            saved = before - self._costs.cost(i, names).cost_ns
            if saved >= MIN_SAVING_NS and saved >= self._limits.min_gain_ratio * before:
                return True
        return False

    def _worth(self, state: IndexSet, name: str) -> float:
        without = self._objective.move(state, frozenset({name}), _NOTHING)
        return self._objective.value(without) - self._objective.value(state)


def _sum(state: IndexSet, added: IndexSet) -> IndexSet:
    return replace(
        state,
        names=state.names | added.names,
        burden_ns=state.burden_ns + added.burden_ns,
        excess_ns=state.excess_ns + added.excess_ns,
        size_bytes=state.size_bytes + added.size_bytes,
    )
