"""The indexes that were looked at for each shape, and why those not recommended lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.advisor.choice import Choice
from dbtune.advisor.objective import MIN_SAVING_NS, Limits
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.advice import IndexSpec
from dbtune.model.explanation import TriedOutcome

# So many are told of a shape, those that would gain most first.
_MOST_TOLD = 8
_NOTHING = frozenset[str]()
# Counters of two plans differ by a page or two where nothing else does.
_NO_GAIN_RATIO = 0.005


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

    def judged(self, number: int, names: list[str]) -> list[Tried]:
        """Return what each of the names does for a shape, as many as are worth telling."""
        found = [self._tried(number, name) for name in names]
        kept = sorted(found, key=lambda t: (t.outcome != "recommended", -t.saved_ns, t.size_bytes))
        return kept[:_MOST_TOLD]

    def _tried(self, number: int, name: str) -> Tried:
        choice = self._choice
        chosen = name in choice.names
        before = choice.names - {name}
        was = choice.costs.cost(number, before).cost_ns
        saved = was - choice.costs.cost(number, before | {name}).cost_ns
        ratio = saved / was if was else 0.0
        reads = writes = 0.0
        if not chosen and saved > 0:
            reads, writes = self._effects(name)
        return Tried(
            choice.specs[name],
            choice.sizes[name],
            ratio,
            saved,
            "recommended" if chosen else self._outcome(name, saved, ratio, reads, writes),
            reads,
            writes,
        )

    def _outcome(
        self, name: str, saved: float, ratio: float, reads: float, writes: float
    ) -> TriedOutcome:
        limits = self._limits
        if ratio <= _NO_GAIN_RATIO:
            return "no-gain"
        if self._choice.specs[name] in self._banned:
            return "failed-proof"
        if saved < MIN_SAVING_NS or ratio < limits.min_gain_ratio:
            return "gain-under-minimum"
        size = self._bytes + self._choice.sizes[name]
        if limits.budget_bytes is not None and size > limits.budget_bytes:
            return "over-budget"
        if self._slows_a_write(name):
            return "slows-a-write"
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
