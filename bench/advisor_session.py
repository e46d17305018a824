"""All advice on one workload, each got and measured once a run however many parts ask for it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import advisor_expert
from advisor_measure import Built, build_and_measure
from advisor_workloads import Workbench

from dbtune.journeys.analyze import DEFAULT_TIME_LIMIT_SECONDS, AnalyzeOptions, analyze
from dbtune.model.advice import Report
from dbtune.workload.sources import read_workload

NOTHING = "no new index"
UNION = ".expert, union"
WHOLE = ".expert, whole"
DBTUNE = "dbtune"


@dataclass(frozen=True)
class Advised:
    """Statements in the order in which they are to be run, and how long getting them took.

    `cpu_seconds` are those of this process and its children, which a busy machine changes less.
    """

    name: str
    ddl: tuple[str, ...]
    seconds: float
    cpu_seconds: float | None = None
    report: Report | None = None


class Session:
    """One workload in one run; `scratch` is a folder for copies of its database."""

    def __init__(
        self,
        bench: Workbench,
        scratch: Path,
        time_limit_seconds: float = DEFAULT_TIME_LIMIT_SECONDS,
    ) -> None:
        self.bench = bench
        self.time_limit_seconds = time_limit_seconds
        self.scratch = scratch
        self.workload = read_workload([str(bench.recording)])
        self._built: dict[tuple[str, ...], Built] = {}

    @cached_property
    def union(self) -> Advised:
        """What `.expert` says to each statement alone."""
        started = time.perf_counter()
        ddl = advisor_expert.expert_union(self.bench.database, self._statements)
        return Advised(UNION, ddl, time.perf_counter() - started)

    @cached_property
    def whole(self) -> Advised:
        """What `.expert` says to all statements together."""
        started = time.perf_counter()
        ddl = advisor_expert.expert_whole(self.bench.database, self._statements)
        return Advised(WHOLE, ddl, time.perf_counter() - started)

    @cached_property
    def dbtune(self) -> Advised:
        """What `dbtune analyze` says; the wall time of the journey."""
        return self._analyze(AnalyzeOptions(queries=self._queries))

    def within(self, budget_mb: float) -> Advised:
        """What `dbtune analyze --budget-mb` says."""
        options = AnalyzeOptions(queries=self._queries, budget_bytes=round(budget_mb * 1e6))
        return self._analyze(options, f"{DBTUNE}, {budget_mb:g} MB")

    def _analyze(self, options: AnalyzeOptions, name: str = DBTUNE) -> Advised:
        options = replace(options, time_limit_seconds=self.time_limit_seconds)
        started, busy = time.perf_counter(), _cpu_seconds()
        report = analyze(self.bench.database, options)
        seconds, busy = time.perf_counter() - started, _cpu_seconds() - busy
        found = [f for f in report.findings if f.code == "missing-index"]
        ddl = tuple(sql for f in found if f.change is not None for sql in f.change.up)
        return Advised(name, ddl, seconds, busy, report)

    def measure(self, name: str, ddl: Sequence[str]) -> Built:
        """Return what the recording costs with these indexes, built in this order."""
        key = (name, *ddl)
        if key not in self._built:
            self._built[key] = build_and_measure(
                self.bench.database, self.workload, name, ddl, self.scratch
            )
        return self._built[key]

    def built(self, advised: Advised) -> Built:
        """Return an advice as measured."""
        return self.measure(advised.name, advised.ddl)

    @cached_property
    def before(self) -> Built:
        """The database as it is."""
        return self.measure(NOTHING, ())

    def better_expert(self) -> Built:
        """The cheaper of `.expert`'s modes."""
        return min(self.built(self.union), self.built(self.whole), key=lambda b: b.cost_s)

    @cached_property
    def _statements(self) -> tuple[str, ...]:
        return advisor_expert.read_statements(self.workload)

    @property
    def _queries(self) -> tuple[str, ...]:
        return (str(self.bench.recording),)


def _cpu_seconds() -> float:
    return sum(os.times()[:4])
