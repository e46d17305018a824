"""The indexes that were looked at for each shape, and why those not recommended lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.advisor.choosing.choice import Choice
from dbtune.advisor.choosing.objective import MIN_SAVING_NS, Limits
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import TriedOutcome

# So many are told of a shape, those that would gain most first.
_MOST_TOLD = 8
_NOTHING = frozenset[str]()
# Counters of two plans differ by a page or two where nothing else does.
_NO_GAIN_RATIO = 0.005
_EXPLAINED_BY_EFFECTS = frozenset(("costs-writes", "too-large"))


@dataclass(frozen=True)
class Tried:
    """An index of the pool as one shape sees it, beside the recommended ones.

    `saved_ns` is what one execution of the shape saves; `reads_saved_ns` and `writes_added_ns`
    are what all recorded reads save and all recorded writes cost more.
    """

    spec: IndexSpec
    size_bytes: int
    gain_ratio: float
    saved_ns: float
    outcome: TriedOutcome
    reads_saved_ns: float = 0.0
    writes_added_ns: float = 0.0


def tried_indexes(
    choice: Choice,
    limits: Limits,
    banned: frozenset[IndexSpec] = frozenset(),
    stop: Stop = never,
) -> tuple[tuple[Tried, ...], ...]:
    """Return for each shape of the choice the indexes looked at, the most gainful first.

    Shapes that there was no time for get none.
    """
    judge = _Judge(choice, limits, banned)
    by_shape: list[list[str]] = [[] for _ in choice.loads]
    for name in sorted(choice.helps):
        for number in choice.helps[name]:
            by_shape[number].append(name)
    return tuple(
        () if stop() else tuple(judge.judged(number, names))
        for number, names in enumerate(by_shape)
    )


class _Judge:
    """Tells what single indexes of the pool would do beside the chosen ones."""

    def __init__(self, choice: Choice, limits: Limits, banned: frozenset[IndexSpec]) -> None:
        self._choice = choice
        self._limits = limits
        self._banned = banned
        self._bytes = sum(choice.sizes[name] for name in choice.names)
        self._worth: dict[str, float] = {}
        self._known_effects: dict[str, tuple[float, float]] = {}

    def judged(self, number: int, names: list[str]) -> Iterator[Tried]:
        """Yield what each of the names does for a shape, as many as are worth telling."""
        costs, chosen = self._choice.costs, self._choice.names
        before = {name: costs.cost(number, chosen - {name}).cost_ns for name in names}
        saved = {name: before[name] - costs.cost(number, chosen | {name}).cost_ns for name in names}
        ordered = sorted(
            names, key=lambda n: (n not in chosen, -saved[n], self._choice.sizes[n], n)
        )
        for name in ordered[:_MOST_TOLD]:
            yield self._tried(name, before[name], saved[name])

    def _tried(self, name: str, before_ns: float, saved_ns: float) -> Tried:
        ratio = saved_ns / before_ns if before_ns else 0.0
        outcome = self._outcome(name, saved_ns, ratio)
        reads, writes = self._effects(name) if outcome in _EXPLAINED_BY_EFFECTS else (0.0, 0.0)
        spec, size = self._choice.specs[name], self._choice.sizes[name]
        return Tried(spec, size, ratio, saved_ns, outcome, reads, writes)

    def _outcome(self, name: str, saved_ns: float, ratio: float) -> TriedOutcome:
        limits = self._limits
        if name in self._choice.names:
            return "recommended"
        if ratio <= _NO_GAIN_RATIO:
            return "no-gain"
        if self._choice.specs[name] in self._banned:
            return "failed-proof"
        if saved_ns < MIN_SAVING_NS or ratio < limits.min_gain_ratio:
            return "gain-under-minimum"
        size = self._bytes + self._choice.sizes[name]
        if limits.budget_bytes is not None and size > limits.budget_bytes:
            return "over-budget"
        if self._slows_a_write(name):
            return "slows-a-write"
        reads, writes = self._effects(name)
        if writes >= reads:
            return "costs-writes"
        return "too-large" if self._adds(name) > 0 else "not-chosen"

    def _adds(self, name: str) -> float:
        """Return what the search thinks of one more index: above 0 it is not worth it."""
        if name not in self._worth:
            rate = self._choice.rate
            self._worth[name] = rate(_NOTHING, frozenset({name})) - rate(_NOTHING, _NOTHING)
        return self._worth[name]

    def _slows_a_write(self, name: str) -> bool:
        more = self._choice.names | {name}
        return any(
            self._choice.costs.cost(number, more).cost_ns
            > self._limits.write_ns(self._choice.loads[number].base_ns)
            for number in self._touched(name)
            if self._choice.loads[number].writes
        )

    def _effects(self, name: str) -> tuple[float, float]:
        """Return what all reads save and all writes cost more with one more index."""
        if name not in self._known_effects:
            self._known_effects[name] = self._measured_effects(name)
        return self._known_effects[name]

    def _measured_effects(self, name: str) -> tuple[float, float]:
        reads = writes = 0.0
        more = self._choice.names | {name}
        for number in self._touched(name):
            load = self._choice.loads[number]
            then = self._choice.costs.cost(number, more).cost_ns
            change = load.count * (
                then - self._choice.costs.cost(number, self._choice.names).cost_ns
            )
            if load.writes:
                writes += change
            else:
                reads -= change
        return reads, writes

    def _touched(self, name: str) -> Iterator[int]:
        for number in range(len(self._choice.loads)):
            if name in self._choice.costs.relevant(number):
                yield number
