"""From a recording to the indexes worth proving: candidates, prefilter, pool, selection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from dbtune.advisor.candidates.candidates import Candidate
from dbtune.advisor.candidates.clone import Catalog, Finalist, survivors
from dbtune.advisor.candidates.proposals import Proposals, propose, weight
from dbtune.advisor.choosing.choice import Choice
from dbtune.advisor.choosing.mending import mend
from dbtune.advisor.choosing.narrowing import narrow, narrower_indexes
from dbtune.advisor.choosing.pool_search import PoolSearch, SearchLimits, Wanted
from dbtune.advisor.choosing.pool_trial import PoolTrial
from dbtune.advisor.choosing.preselection import preselect
from dbtune.advisor.measuring import planner_statistics
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.hidden_rows import read_lines
from dbtune.advisor.measuring.oracle import Runs
from dbtune.advisor.proving.library_check import KnownSteps
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema
from dbtune.sqlite.schema.statistics import read_statistics


@dataclass(frozen=True)
class Known:
    """What was run in the pool, with the one library and with the other."""

    runs: Runs
    steps: KnownSteps


@dataclass(frozen=True)
class Choosing:
    """The indexes chosen, in the order of creation, and those that mending took out.

    `burden_ns` is what is expected of them: the recording's cost, what slower reads lose counted
    again.
    """

    specs: tuple[IndexSpec, ...]
    burden_ns: float
    left_out: tuple[IndexSpec, ...]


@dataclass(frozen=True)
class Prediction:
    """What the search expects of a choice: the recording's cost, ns, and the indexes' bytes."""

    cost_ns: float
    size_bytes: int


class Searcher:
    """A pool of finalists on the scratch copy, from which sets of indexes are chosen.

    The copy open in `connection` is analysed and built upon. `candidates` and `finalists` count
    what was looked at; `cut_short` is True where room or time left some out.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        base: Path,
        schema: Schema,
        baseline: Baseline,
        limits: SearchLimits,
        on_event: OnEvent,
    ) -> None:
        on_event(Event("Analysing the copy"))
        before = read_lines(connection) or None
        planner_statistics.analyze(connection)
        on_event(Event("Looking for candidates"))
        statistics = read_statistics(connection, schema)
        found = propose(connection, schema, statistics, baseline, limits.stop)
        finalists = survivors(
            Catalog(connection, baseline.subjects.functions),
            found.candidates,
            found.estimates,
            baseline.subjects.ready,
        )
        chosen = preselect(
            base,
            schema,
            found.links,
            _wanted(found, finalists, baseline),
            baseline,
            limits,
            on_event,
        )
        self.candidates = len(found.candidates)
        self.finalists = len(chosen.wanted)
        self._search = search = PoolSearch(
            connection, chosen.wanted, baseline, limits, on_event, before
        )
        self.cut_short = found.cut_short or chosen.cut_short or search.cut_short
        self._stop = limits.selection.stop
        self._on_event = on_event
        self._narrower = narrower_indexes(search.specs, search.sizes)
        self._database_bytes = limits.selection.database_bytes
        self._trial = PoolTrial(search, base, baseline)
        self._start = None if chosen.best is None else search.names_of(chosen.best)
        self._proposed = frozenset(i for c in found.candidates for i in c.shape_ids)

    def choose(self, banned: frozenset[IndexSpec] = frozenset()) -> Choosing:
        """Return the best set without the `banned` indexes, dearest to lose first.

        It was tried in the pool with either library, and mended where a read got slower.
        """
        self._on_event(Event("Choosing indexes"))
        search = self._search
        gone = search.names_of(banned)
        narrower = {
            name: [n for n in slim if n not in gone] for name, slim in self._narrower.items()
        }
        found = search.selection.run(gone, self._start)
        self._start = None  # from now on what was chosen before is the better start
        chosen = narrow(
            found,
            search.oracle,
            search.loads,
            search.sizes,
            narrower,
            self._database_bytes,
        )
        names, verdict = mend(search, self._trial, chosen, gone, self._stop)
        self.cut_short = self.cut_short or self._stop()
        return Choosing(
            tuple(search.specs[name] for name in names),
            verdict.burden_ns,
            tuple(search.specs[name] for name in sorted(chosen - set(names))),
        )

    @property
    def known(self) -> Known:
        """What is known so far of sets of these indexes, by their names."""
        return Known(self._search.runs, self._trial.known)

    def predict(self, chosen: Sequence[IndexSpec]) -> Prediction:
        """Return what a set costs and takes, as the pool has it."""
        search = self._search
        by_spec = {spec: name for name, spec in search.specs.items()}
        names = [by_spec[spec] for spec in chosen if spec in by_spec]
        search.oracle.arrange(names)
        costs = (search.oracle.cost(i, frozenset(names)) for i in range(len(search.loads)))
        return Prediction(
            sum(load.count * cost.cost_ns for load, cost in zip(search.loads, costs, strict=True)),
            sum(search.sizes[name] for name in names),
        )

    def close(self) -> None:
        """Close the copy."""
        self._search.close()

    def choice_of(self, chosen: Iterable[IndexSpec]) -> Choice:
        """Return the pool's figures around a choice, for what explains it."""
        search = self._search
        names = search.names_of(chosen)
        return Choice(
            names,
            search.specs,
            search.oracle,
            search.loads,
            search.sizes,
            search.helps,
            search.selection.rating(names),
            self._proposed,
        )


def _wanted(
    found: Proposals, finalists: Sequence[Finalist], baseline: Baseline
) -> tuple[Wanted, ...]:
    """Return the candidates in the order in which room and time are given to them.

    First choices of dear shapes come first, then narrow ones, which serve the most queries
    a byte. What no plan of the clone took comes last, and not at all where it is as wide as the
    query: the planner cannot tell how good a partial index is, or one in another order.
    """
    measured = zip(baseline.subjects.ready, baseline.costs, strict=True)
    weights = {subject.shape.id: weight(subject, cost) for subject, cost in measured}
    first_for = {f.candidate.spec: f.first_for for f in finalists}

    def need(candidate: Candidate) -> tuple[float, bool, bool, int]:
        spec = candidate.spec
        wanted = sum(weights[shape_id] for shape_id in sorted(first_for.get(spec, ())))
        size = found.estimates[spec].size_bytes
        return -wanted, spec not in first_for, candidate.covering, size

    known = [
        c
        for c in found.candidates
        if c.spec in found.estimates
        and (c.spec in first_for or not c.covering or c.spec.where is not None)
    ]
    return tuple(
        Wanted(c.spec, found.estimates[c.spec].size_bytes, c.shape_ids, bool(first_for.get(c.spec)))
        for c in sorted(known, key=need)
    )
