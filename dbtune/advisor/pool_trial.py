"""A choice tried in its pool as it would be shipped: in order, and with the application's SQLite.

A proof builds everything anew. What it would find wrong mostly shows here already, where nothing
has to be built.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dbtune.advisor.baseline import Baseline
from dbtune.advisor.faults import HARMFUL, harm_of, is_passed_over, most_harmful, passed_over
from dbtune.advisor.library_check import KnownSteps, LibraryCheck, compare_library
from dbtune.advisor.oracle import ShapeCost
from dbtune.advisor.pool_search import PoolSearch
from dbtune.advisor.proof import slower_reads


class PoolTrial:
    """Tries sets of one pool against the closed scratch copy at `base`."""

    def __init__(self, search: PoolSearch, base: Path, baseline: Baseline) -> None:
        self._search = search
        self._base = base
        self._baseline = baseline
        self._known = KnownSteps()

    def faults(self, names: Sequence[str]) -> dict[str, str]:
        """Return the indexes that have to go, and why: the idle ones, and the most harmful one.

        `names` are in the order in which they would be created.
        """
        if not names:
            return {}
        self._search.oracle.arrange(names)
        visible = frozenset(names)
        subjects = self._baseline.subjects.ready
        after = [self._search.oracle.cost(i, visible) for i in range(len(subjects))]
        slower = slower_reads(subjects, self._baseline.costs, after, visible)
        library = self._check(names)
        found = self._passed_over(names, after, library)
        worst = most_harmful(harm_of(slower, library, names))
        return found | ({worst: HARMFUL} if worst is not None else {})

    def _check(self, names: Sequence[str]) -> LibraryCheck | None:
        measured = zip(self._baseline.subjects.ready, self._baseline.costs, strict=True)
        plain = [(subject, cost) for subject, cost in measured if not subject.stubbed]
        if not plain:
            return None
        self._search.oracle.arrange(names)
        with self._search.lent() as path:
            return compare_library(self._base, path, plain, (), self._known)

    def _passed_over(
        self, names: Sequence[str], after: Sequence[ShapeCost], library: LibraryCheck | None
    ) -> dict[str, str]:
        if library is None:
            return {}
        users: dict[str, list[str]] = {name: [] for name in names}
        for subject, cost in zip(self._baseline.subjects.ready, after, strict=True):
            for name in cost.used & users.keys():
                users[name].append(subject.shape.id)
        return {
            name: passed_over(library)
            for name in names
            if is_passed_over(name, users[name], library)
        }
