"""A choice tried in its pool as it would be shipped: in order, and with the application's SQLite.

A proof builds everything anew. What it would find wrong mostly shows here already, where nothing
has to be built.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.choosing.pool_search import PoolSearch
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.proving.faults import HARM_WEIGHT, harm_of, is_passed_over
from dbtune.advisor.proving.library_check import (
    KnownSteps,
    LibraryCheck,
    LibraryDifference,
    compare_library,
)
from dbtune.advisor.proving.proof import SlowerRead, slower_reads


@dataclass(frozen=True)
class TrialVerdict:
    """`burden_ns` is the recording's cost with the harm counted again.

    `idle` are indexes that the application's SQLite does not use; `harmed` are numbers of shapes
    that get slower, with the new indexes that they use, the most harmed first.
    """

    burden_ns: float
    idle: frozenset[str]
    harmed: tuple[tuple[int, frozenset[str]], ...]


class PoolTrial:
    """Tries sets of one pool against the closed scratch copy at `base`."""

    def __init__(self, search: PoolSearch, base: Path, baseline: Baseline) -> None:
        self._search = search
        self._base = base
        self._baseline = baseline
        self.known = KnownSteps()

    def verdict(self, names: Sequence[str]) -> TrialVerdict:
        """Return what becomes of a set whose indexes are created in this order."""
        self._search.oracle.arrange(names)
        visible = frozenset(names)
        subjects = self._baseline.subjects.ready
        after = [self._search.oracle.cost(i, visible) for i in range(len(subjects))]
        slower = slower_reads(subjects, self._baseline.costs, after, visible)
        library = self._check(names)
        harm = harm_of(slower, library, names)
        cost = sum(s.shape.count * c.cost_ns for s, c in zip(subjects, after, strict=True))
        return TrialVerdict(
            cost + HARM_WEIGHT * sum(harm.values()),
            self._passed_over(names, after, library),
            tuple(self._harmed(slower, library, visible)),
        )

    def _harmed(
        self, slower: Sequence[SlowerRead], library: LibraryCheck | None, names: frozenset[str]
    ) -> Iterator[tuple[int, frozenset[str]]]:
        numbers = {s.shape.id: i for i, s in enumerate(self._baseline.subjects.ready)}
        reads: list[SlowerRead | LibraryDifference] = [*slower]
        reads += library.slower if library else ()
        for read in sorted(reads, key=lambda read: (-read.added_ns, read.shape_id)):
            if read.used & names:
                yield numbers[read.shape_id], read.used & names

    def _check(self, names: Sequence[str]) -> LibraryCheck | None:
        measured = zip(self._baseline.subjects.ready, self._baseline.costs, strict=True)
        plain = [(subject, cost) for subject, cost in measured if not subject.stubbed]
        if not plain:
            return None
        with self._search.lent(names) as path:
            return compare_library(self._base, path, plain, (), self.known)

    def _passed_over(
        self, names: Sequence[str], after: Sequence[ShapeCost], library: LibraryCheck | None
    ) -> frozenset[str]:
        users: dict[str, list[str]] = {name: [] for name in names}
        for subject, cost in zip(self._baseline.subjects.ready, after, strict=True):
            for name in cost.used & users.keys():
                users[name].append(subject.shape.id)
        return frozenset(name for name in names if is_passed_over(name, users[name], library))
