"""Runs sorted into the histories of databases, and what changed from run to run. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from dbtune.model.advice import SEVERITIES, Severity
from dbtune.web.addresses import short_id
from dbtune.web.summary import RunSummary, SeenFinding

ANALYZE = "analyze"


@dataclass(frozen=True)
class History:
    """The runs of one database, the earliest first; `database` is "" for those that name none."""

    id: str
    database: str
    runs: tuple[RunSummary, ...]

    @property
    def name(self) -> str:
        """The database's file name."""
        return PurePath(self.database).name or self.database or "No database named"

    @property
    def latest_analysis(self) -> RunSummary | None:
        """The latest run whose findings are those of the database as it is."""
        return next((run for run in reversed(self.runs) if run.command == ANALYZE), None)


@dataclass(frozen=True)
class Step:
    """From one run to the next comparable one: findings that are new, and that are gone."""

    before: RunSummary
    after: RunSummary
    opened: tuple[SeenFinding, ...]
    closed: tuple[SeenFinding, ...]
    still_open: int


def histories(runs: Iterable[RunSummary]) -> tuple[History, ...]:
    """Return a history for each database, that of the latest run first.

    Commands name a database as they were given it: `app.db` and `data/app.db` are taken for
    `/srv/data/app.db` where no other path ends like that.
    """
    runs = tuple(runs)
    known = _whole_paths({run.database for run in runs})
    grouped: dict[str, list[RunSummary]] = {}
    for run in sorted(runs, key=_when):
        grouped.setdefault(known[run.database], []).append(run)
    found = [History(short_id(name), name, tuple(group)) for name, group in grouped.items()]
    return tuple(sorted(found, key=lambda history: _when(history.runs[-1]), reverse=True))


def _when(run: RunSummary) -> tuple[float, str]:
    return -math.inf if run.moment is None else run.moment, run.path


def _whole_paths(names: set[str]) -> dict[str, str]:
    """Return for each path the one longer path that ends like it, else itself."""
    parts = {name: _parts(name) for name in names}
    whole = {}
    for name, own in parts.items():
        longer = {
            other
            for other, its in parts.items()
            if own and not PurePath(name).is_absolute() and len(its) > len(own)
            if its[-len(own) :] == own
        }
        # The longest of all, if the others are ends of that too.
        best = max(longer, key=lambda other: len(parts[other]), default=name)
        chain = all(parts[best][-len(parts[other]) :] == parts[other] for other in longer)
        whole[name] = best if chain else name
    return whole


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in PurePath(name).parts if part not in {".", ".."})


def steps(runs: Sequence[RunSummary]) -> tuple[Step, ...]:
    """Return what opened and closed between comparable runs, the earliest step first.

    Comparable are runs of the same command that looked for findings, both with a recording or
    both without: without one most findings cannot be made, which does not close them.
    """
    latest: dict[tuple[str, bool], RunSummary] = {}
    found = []
    for run in runs:
        if run.findings is None:
            continue
        kind = (run.command, run.recorded)
        if kind in latest:
            found.append(_step(latest[kind], run))
        latest[kind] = run
    return tuple(found)


def _step(before: RunSummary, after: RunSummary) -> Step:
    old, new = _by_key(before), _by_key(after)
    return Step(
        before,
        after,
        opened=tuple(new[key] for key in new if key not in old),
        closed=tuple(old[key] for key in old if key not in new),
        still_open=sum(key in old for key in new),
    )


def _by_key(run: RunSummary) -> dict[tuple[str, str], SeenFinding]:
    return {finding.key: finding for finding in run.findings or ()}


def count_by_severity(findings: Iterable[SeenFinding]) -> dict[Severity, int]:
    """Return how many findings there are of each severity, the highest first."""
    found = [finding.severity for finding in findings]
    return {severity: found.count(severity) for severity in SEVERITIES}


def measured(runs: Sequence[RunSummary]) -> Iterator[RunSummary]:
    """Yield the runs whose cost of the workload can be drawn as a curve, the earliest first."""
    return (run for run in runs if run.command == ANALYZE and run.recorded)
