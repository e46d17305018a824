"""Which statements of a recording belong to the database at hand, where it is of several."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.errors import ConfigurationError
from dbtune.workload.batch import Batch, LineRun
from dbtune.workload.quick_line import QuickLine
from dbtune.workload.time_span import TimeSpan
from dbtune.workload.timestamps import normalise_timestamp

# How well a recorded database fits the one asked for.
_IN_MEMORY, _OTHER, _SAME_NAME, _EXACT = range(4)
_SHOWN = 5


@dataclass(frozen=True)
class WantedDatabase:
    """The database at hand, by its path; `named` where the user chose it from the recording's."""

    path: str
    named: bool = False


class DatabaseChoice:
    """Keeps the statements of one database, and those that do not say theirs.

    The best fit wins: the same file, else files of the same name, as a copy has elsewhere, else
    the only file there is. Which of these it is may show late; `begin_again` then says so, and the
    recording has to be read anew.
    """

    def __init__(self, wanted: WantedDatabase) -> None:
        self._wanted = wanted
        self._least = _SAME_NAME if wanted.named else _IN_MEMORY
        self._ranks: dict[str, int] = {}
        self._taken: set[str] = set()
        self.left_out = 0

    @property
    def taken(self) -> tuple[str, ...]:
        """The databases whose statements were kept."""
        return tuple(sorted(self._taken))

    @property
    def others(self) -> tuple[str, ...]:
        """The databases whose statements were left out."""
        return tuple(sorted(name for name in self._ranks if name not in self._taken))

    def begin_again(self) -> bool:
        """Tell whether statements were kept that a better fit excludes, and forget them."""
        if all(self._ranks[name] >= self._least for name in self._taken):
            return False
        self._taken.clear()
        self.left_out = 0
        return True

    def keep(self, batch: Batch) -> Batch:
        """Return what a block says of the database; the same where it speaks of no other."""
        named = {line.namespace for run in batch.runs for line in run.lines}
        named.update(query.namespace for query in batch.queries)
        named.discard(None)
        if named <= self._taken:
            return batch
        kept = self._fitting(named)
        if named <= kept:
            return batch
        runs = [
            LineRun(run.sample_rate, [line for line in run.lines if line.namespace in kept])
            for run in batch.runs
        ]
        queries = [query for query in batch.queries if query.namespace in kept]
        self.left_out += _size(batch) - sum(len(run.lines) for run in runs) - len(queries)
        return replace(batch, runs=runs, queries=queries, times=_times(runs))

    def check(self) -> None:
        """Raise ConfigurationError where it cannot be told which database is meant."""
        if self._wanted.named and self._ranks and not self._taken:
            raise ConfigurationError(
                f"no statement was recorded of {self._wanted.path}; the recording is of "
                f"{_listed(self._ranks)}",
                hint="give one of these",
            )
        if self._least <= _OTHER and len(self._taken) > 1:
            raise ConfigurationError(
                f"the recording is of {len(self._taken)} databases, none of them called "
                f"{os.path.basename(self._wanted.path)}: {_listed(self._taken)}",
                hint="say with --recorded-as which of them this one is",
            )

    def _fitting(self, named: set[str | None]) -> set[str | None]:
        """Return the databases whose statements stay, among them None for those of no name."""
        names = [name for name in named if name is not None]
        for name in names:
            self._ranks.setdefault(name, _rank(name, self._wanted.path))
        self._least = max([self._least, *(self._ranks[name] for name in names)])
        fitting = [name for name in names if self._ranks[name] >= self._least]
        self._taken.update(fitting)
        return {None, *fitting}


def wanted_database(path: Path, name: str | None) -> WantedDatabase:
    """Return what to look for: what the user named, else the database itself."""
    return WantedDatabase(str(path)) if name is None else WantedDatabase(name, named=True)


def _rank(name: str, wanted: str) -> int:
    if name == wanted or os.path.realpath(name) == os.path.realpath(wanted):
        return _EXACT
    if os.path.basename(name) == os.path.basename(wanted):
        return _SAME_NAME
    return _IN_MEMORY if not name or ":memory:" in name else _OTHER


def _size(batch: Batch) -> int:
    return sum(len(run.lines) for run in batch.runs) + len(batch.queries)


def _times(runs: Iterable[LineRun]) -> TimeSpan:
    """Return when quick lines were sent, as their reader tells it."""
    span = TimeSpan()
    for line in (line for run in runs for line in run.lines if isinstance(line, QuickLine)):
        normal = normalise_timestamp(line.timestamp)
        if normal is not None:
            span.note(normal)
    return span


def _listed(names: Iterable[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
