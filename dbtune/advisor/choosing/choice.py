"""A chosen set of indexes within the pool that it was chosen from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dbtune.advisor.choosing.objective import Costs, Load
from dbtune.model.advice import IndexSpec

# (what goes, what comes) -> the value that selection minimises.
Rate = Callable[[frozenset[str], frozenset[str]], float]


@dataclass(frozen=True)
class Choice:
    """The names chosen, the pool's figures, and how the search would rate another choice.

    `loads` are parallel to the shapes; `helps` are the shapes that an index was proposed for,
    `proposed` ids of those that got any candidate, built or not.
    """

    names: frozenset[str]
    specs: Mapping[str, IndexSpec]
    costs: Costs
    loads: Sequence[Load]
    sizes: Mapping[str, int]
    helps: Mapping[str, frozenset[int]]
    rate: Rate
    proposed: frozenset[str] = frozenset()

    def users(self, name: str) -> tuple[int, ...]:
        """Return the shapes whose plans use one of the chosen indexes."""
        return tuple(
            number
            for number in range(len(self.loads))
            if name in self.costs.relevant(number)
            and name in self.costs.cost(number, self.names).used
        )

    def total_ns(self, numbers: frozenset[int], names: frozenset[str]) -> float:
        """Return what all executions of these shapes cost under `names`."""
        return sum(
            self.loads[number].count * self.costs.cost(number, names).cost_ns for number in numbers
        )
