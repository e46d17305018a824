"""Giving up the width of an index that nobody would notice.

Once a query is a hundred times faster, an index that holds whole rows beside its key can make the
rest twice as fast again, and is as large as the table. A person would not build it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbtune.advisor.choosing.objective import MIN_SAVING_NS, Costs, Load
from dbtune.model.advice import IndexSpec


def narrower_indexes(
    specs: Mapping[str, IndexSpec], sizes: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Return by name the indexes whose keys are a prefix of its own, the smallest first."""
    by_keys = {(spec.table, spec.where, spec.terms): name for name, spec in specs.items()}
    found: dict[str, tuple[str, ...]] = {}
    for name, spec in specs.items():
        prefixes = (
            by_keys.get((spec.table, spec.where, spec.terms[:width]))
            for width in range(1, len(spec.terms))
        )
        shorter = (other for other in prefixes if other is not None)
        found[name] = tuple(sorted(shorter, key=lambda other: (sizes[other], other)))
    return found


def narrow(
    names: frozenset[str],
    costs: Costs,
    loads: Sequence[Load],
    sizes: Mapping[str, int],
    narrower: Mapping[str, Sequence[str]],
    database_bytes: int,
) -> frozenset[str]:
    """Return the names with wide indexes replaced where no execution loses MIN_SAVING_NS.

    The whole workload may lose no larger share of its cost than the database saves of its size.
    """
    shapes_of: dict[str, list[int]] = {}
    for number in range(len(loads)):
        for name in costs.relevant(number) & names:
            shapes_of.setdefault(name, []).append(number)
    total = sum(load.count * costs.cost(i, names).cost_ns for i, load in enumerate(loads))
    for wide in sorted(names, key=lambda name: (-sizes[name], name)):
        for slim in narrower[wide]:
            saved_ratio = (sizes[wide] - sizes[slim]) / max(1, database_bytes)
            moved = (names - {wide}) | {slim}
            lost = _lost(names, moved, shapes_of.get(wide, ()), costs, loads)
            if saved_ratio > 0 and lost is not None and lost <= saved_ratio * total:
                names = moved
                total += lost
                break
    return names


def _lost(
    names: frozenset[str],
    moved: frozenset[str],
    numbers: Sequence[int],
    costs: Costs,
    loads: Sequence[Load],
) -> float | None:
    """Return what the shapes of these numbers cost more, None where somebody would notice."""
    lost = 0.0
    for number in numbers:
        more = costs.cost(number, moved).cost_ns - costs.cost(number, names).cost_ns
        if more >= MIN_SAVING_NS:
            return None
        lost += loads[number].count * more
    return lost
