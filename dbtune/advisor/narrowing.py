"""Giving up the width of an index that nobody would notice.

Once a query is a hundred times faster, an index that holds whole rows beside its key can make the
rest twice as fast again, and is as large as the table. A person would not build it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbtune.advisor.selection import MIN_SAVING_NS, Costs, Load
from dbtune.model.advice import IndexSpec


def narrower_indexes(
    specs: Mapping[str, IndexSpec], sizes: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Return by name the indexes whose keys are a prefix of its own, the smallest first."""
    found: dict[str, tuple[str, ...]] = {}
    for name, spec in specs.items():
        prefixes = [
            other
            for other, shorter in specs.items()
            if shorter.table == spec.table
            and shorter.where == spec.where
            and len(shorter.terms) < len(spec.terms)
            and shorter.terms == spec.terms[: len(shorter.terms)]
        ]
        found[name] = tuple(sorted(prefixes, key=lambda other: (sizes[other], other)))
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
    for wide in sorted(names, key=lambda name: (-sizes[name], name)):
        for slim in narrower[wide]:
            saved_ratio = (sizes[wide] - sizes[slim]) / max(1, database_bytes)
            moved = (names - {wide}) | {slim}
            if saved_ratio > 0 and _unnoticed(names, moved, wide, costs, loads, saved_ratio):
                names = moved
                break
    return names


def _unnoticed(
    names: frozenset[str],
    moved: frozenset[str],
    wide: str,
    costs: Costs,
    loads: Sequence[Load],
    allowed_ratio: float,
) -> bool:
    total = lost = 0.0
    for number, load in enumerate(loads):
        now = costs.cost(number, names).cost_ns
        total += load.count * now
        if wide in costs.relevant(number):
            more = costs.cost(number, moved).cost_ns - now
            if more >= MIN_SAVING_NS:
                return False
            lost += load.count * more
    return lost <= allowed_ratio * total
