"""Small changes to a set of indexes, as long as they make it better.

One index goes, comes, or stands in for another; or one is insisted on: what the planner prefers to
it goes as well, and the shapes that lost by that get the best index that is left for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dbtune.advisor.choosing.objective import IndexSet, Objective

# Less than this is noise of the model, and searching on costs more than it finds.
_LEAST_IMPROVEMENT = 0.0002
# An index is insisted on for a shape that would cost so much less with it alone on its table.
_INSIST_RATIO = 0.97
# The planner's favourites that go for one that is insisted on, and those that come for what the
# other shapes lost.
_MOST_BLOCKERS = 3
_MOST_MENDED = 3
# What goes for one that does not fit a budget otherwise.
_MOST_EVICTED = 3
_NOTHING = frozenset[str]()


def proposed_for(
    names: Iterable[str], helps: Mapping[str, frozenset[int]]
) -> dict[int, tuple[str, ...]]:
    """Return by number of the shape those of `names` that were proposed for it."""
    found: dict[int, list[str]] = {}
    for name in sorted(names):
        for number in sorted(helps[name]):
            found.setdefault(number, []).append(name)
    return {number: tuple(proposed) for number, proposed in found.items()}


class LocalSearch:
    """Improves sets made of the `allowed` indexes; `helps` are the shapes each is proposed for."""

    def __init__(
        self, objective: Objective, helps: Mapping[str, frozenset[int]], allowed: frozenset[str]
    ) -> None:
        self._objective = objective
        self._costs = objective.costs
        self._loads = objective.loads
        self._helps = helps
        self._allowed = allowed
        self._stop = objective.limits.stop

    def improve(self, state: IndexSet) -> IndexSet:
        """Return a set that no single change makes better, if there is time to find it."""
        while not self._stop():
            moved = self._insisted(self._moved(state))
            if moved.names == state.names:
                break
            state = moved
        return state

    def closest(self, state: IndexSet) -> dict[str, float]:
        """Return by index not in the set the best value of a set that one change brings it into."""
        found: dict[str, float] = {}
        for gone, come in self._moves(state.names):
            if self._stop():
                break
            for name in come:
                value = self._objective.value(self._objective.move(state, gone, come))
                found[name] = min(value, found.get(name, value))
        return found

    def alone_on_table(self, names: frozenset[str], name: str) -> frozenset[str]:
        """Return `names` with all on one table replaced by `name`."""
        table = self._costs.table_of(name)
        return frozenset({name, *(n for n in names if self._costs.table_of(n) != table)})

    def _moved(self, state: IndexSet) -> IndexSet:
        """Drop, add and swap one at a time until nothing of it helps."""
        best = self._objective.value(state)
        improved = True
        while improved:
            improved = False
            for gone, come in self._moves(state.names):
                if self._stop():
                    return state
                if not gone <= state.names or come & state.names:
                    continue  # an earlier move of this round went first
                leaving = self._making_room(state, gone, come)
                if leaving is None:
                    continue
                moved = self._objective.move(state, leaving, come)
                value = self._objective.value(moved)
                if value < best * (1 - _LEAST_IMPROVEMENT):
                    state, best, improved = moved, value, True
        return state

    def _making_room(
        self, state: IndexSet, gone: frozenset[str], come: frozenset[str]
    ) -> frozenset[str] | None:
        """Return what has to go beside `gone` for `come` to fit: what loses least for its bytes."""
        if self._objective.fits(state, gone, come):
            return gone
        sizes = self._objective.sizes
        left = sorted(
            sorted(state.names - gone),
            key=lambda n: self._objective.loss_ns(state.names, n) / max(1, sizes[n]),
        )
        for name in left[:_MOST_EVICTED]:
            gone |= {name}
            if self._objective.fits(state, gone, come):
                return gone
        return None

    def _moves(self, names: frozenset[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Yield (what goes, what comes); a swap is between indexes proposed for one shape."""
        outside = sorted(self._allowed - names)
        for name in sorted(names):
            yield frozenset({name}), _NOTHING
        for name in outside:
            yield _NOTHING, frozenset({name})
        by_shape = proposed_for(outside, self._helps)
        for leaving in sorted(names):
            rivals = {n for i in self._helps[leaving] for n in by_shape.get(i, ())}
            for entering in sorted(rivals):
                yield frozenset({leaving}), frozenset({entering})

    def _insisted(self, state: IndexSet) -> IndexSet:
        """Insist on each index that would serve a shape better than what the planner takes."""
        best = self._objective.value(state)
        for number, names in proposed_for(self._allowed - state.names, self._helps).items():
            for name in names:
                if self._stop():
                    return state
                if name in state.names or not self._is_better_alone(state, number, name):
                    continue
                moved = self._insist(state, number, name)
                value = self._objective.value(moved)
                if value < best * (1 - _LEAST_IMPROVEMENT) and self._objective.fits(moved):
                    state, best = moved, value
        return state

    def _is_better_alone(self, state: IndexSet, number: int, name: str) -> bool:
        now = self._costs.cost(number, state.names).cost_ns
        alone = self._costs.cost(number, self.alone_on_table(state.names, name)).cost_ns
        saved = self._loads[number].count * (now - alone)
        return alone < _INSIST_RATIO * now and saved > _LEAST_IMPROVEMENT * state.burden_ns

    def _insist(self, state: IndexSet, number: int, name: str) -> IndexSet:
        """Return the set with `name` in the plans of a shape, and what others lost mended."""
        table = self._costs.table_of(name)
        names = state.names | {name}
        for _ in range(_MOST_BLOCKERS):
            used = self._costs.used(number, names)
            blockers = {n for n in used - {name} if self._costs.table_of(n) == table}
            if name in used or not blockers & state.names:
                break
            names -= blockers
        moved = self._objective.move(state, state.names - names, names - state.names)
        return self._mended(moved, state, kept=name)

    def _mended(self, moved: IndexSet, before: IndexSet, *, kept: str) -> IndexSet:
        """Give the shapes that lost most since `before` what serves them best beside `kept`."""
        for _ in range(_MOST_MENDED):
            hurt = self._most_hurt(moved, before, kept)
            if hurt is None:
                return moved
            options = [
                self._objective.move(moved, _NOTHING, frozenset({name}))
                for name in sorted(self._allowed - moved.names)
                if hurt in self._helps[name] and self._objective.fits(moved, (), (name,))
            ]
            best = min(options, key=self._objective.value, default=moved)
            if self._objective.value(best) >= self._objective.value(moved):
                return moved
            moved = best
        return moved

    def _most_hurt(self, moved: IndexSet, before: IndexSet, kept: str) -> int | None:
        def loss(number: int) -> float:
            more = self._costs.cost(number, moved.names).cost_ns
            return self._loads[number].count * (
                more - self._costs.cost(number, before.names).cost_ns
            )

        losses = {number: loss(number) for number in self._objective.shapes_of[kept]}
        worst = max(losses, key=lambda n: (losses[n], -n), default=None)
        if worst is None or losses[worst] <= _LEAST_IMPROVEMENT * before.burden_ns:
            return None
        return worst
