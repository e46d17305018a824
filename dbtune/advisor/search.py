"""From a recording to the indexes worth proving: candidates, prefilter, pool, selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import apsw

from dbtune.advisor import planner_statistics
from dbtune.advisor.access import AccessReader, TableAccess
from dbtune.advisor.candidates import Candidate, enumerate_candidates
from dbtune.advisor.clone import Clone
from dbtune.advisor.key_statistics import KeyEstimate, TableSample
from dbtune.advisor.oracle import Oracle, ShapeCost
from dbtune.advisor.pool import Pool
from dbtune.advisor.selection import Limits, Load, Selection
from dbtune.advisor.subjects import Subject, Subjects
from dbtune.model.advice import IndexSpec
from dbtune.model.event import Event, OnEvent
from dbtune.model.schema import Schema, Statistics
from dbtune.sqlite.index_ddl import create_index_sql

# Shapes beyond this share of the cost get no candidates of their own: they could not pay.
_COST_COVERED = 0.9995
# Below this many rows a table is a few pages, and a scan of it costs what a search costs.
_MIN_TABLE_ROWS = 100


@dataclass(frozen=True)
class SearchLimits:
    """What the search may use: `room_bytes` of disk for the pool, and time until `stop`."""

    selection: Limits
    room_bytes: int
    stop: Callable[[], bool]


class Searcher:
    """A pool of finalists on the scratch copy, from which sets of indexes are chosen.

    The copy open in `connection` is analysed and built upon. `candidates` and `finalists` count
    what was looked at; `cut_short` is True where room or time left some out.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        schema: Schema,
        statistics: Statistics,
        subjects: Subjects,
        before: Sequence[ShapeCost],
        limits: SearchLimits,
        on_event: OnEvent,
    ) -> None:
        on_event(Event("Analysing the copy"))
        planner_statistics.analyze(connection)
        on_event(Event("Looking for candidates"))
        candidates = find_candidates(schema, statistics, subjects.ready, before)
        estimates = estimate_keys(connection, schema, statistics, candidates)
        statements = {s.shape.id: s.statements for s in subjects.ready}
        with closing(Clone(connection, subjects.functions)) as clone:
            finalists = clone.survivors(candidates, estimates, statements)
        pool, specs, cut_short = _build_pool(connection, finalists, estimates, limits, on_event)
        loads = tuple(
            Load(s.shape.count, cost.cost_ns, s.writes)
            for s, cost in zip(subjects.ready, before, strict=True)
        )
        self.candidates = len(candidates)
        self.finalists = len(finalists)
        self.cut_short = cut_short
        self._specs = specs
        self._stop = limits.stop
        self._on_event = on_event
        self._selection = Selection(
            Oracle(pool, subjects.ready, exact=False),
            loads,
            pool.sizes,
            _helps(finalists, specs, subjects.ready),
            limits.selection,
        )

    def choose(self, banned: frozenset[IndexSpec] = frozenset()) -> tuple[IndexSpec, ...]:
        """Return the best set without the `banned` indexes, dearest to lose first."""
        self._on_event(Event("Choosing indexes"))
        names = frozenset(name for name, spec in self._specs.items() if spec in banned)
        chosen = self._selection.run(names)
        self.cut_short = self.cut_short or self._stop()
        loss = {name: self._selection.loss_ns(chosen, name) for name in chosen}
        return tuple(self._specs[name] for name in sorted(chosen, key=lambda n: (-loss[n], n)))


def _helps(
    finalists: Sequence[Candidate], specs: Mapping[str, IndexSpec], subjects: Sequence[Subject]
) -> dict[str, frozenset[int]]:
    """Return by name in the pool the subjects that an index was proposed for."""
    numbers = {subject.shape.id: i for i, subject in enumerate(subjects)}
    shapes = {candidate.spec: candidate.shape_ids for candidate in finalists}
    return {name: frozenset(numbers[i] for i in shapes[spec]) for name, spec in specs.items()}


def find_candidates(
    schema: Schema,
    statistics: Statistics,
    subjects: Sequence[Subject],
    before: Sequence[ShapeCost],
) -> tuple[Candidate, ...]:
    """Return the candidates for all shapes that could pay for an index."""
    weights = {
        s.shape.id: s.shape.count * cost.cost_ns for s, cost in zip(subjects, before, strict=True)
    }
    paying = _paying(weights)
    reader = AccessReader(schema)
    accesses = {
        s.shape.id: tuple(
            access
            for access in _shape_accesses(reader, s)
            if statistics.rows(access.table) >= _MIN_TABLE_ROWS
        )
        for s in subjects
        if s.shape.id in paying
    }
    return enumerate_candidates(accesses, schema, weights)


def _paying(weights: dict[str, float]) -> frozenset[str]:
    total = sum(weights.values())
    covered = 0.0
    paying: set[str] = set()
    for shape_id, weight in sorted(weights.items(), key=lambda item: -item[1]):
        if covered > total * _COST_COVERED:
            break
        covered += weight
        paying.add(shape_id)
    return frozenset(paying)


def _shape_accesses(reader: AccessReader, subject: Subject) -> tuple[TableAccess, ...]:
    """Return a shape's accesses; conditions only where all samples have the same literal."""
    texts = list(dict.fromkeys(statement.text for statement in subject.statements))
    accesses = list(reader.read(texts[0]))
    if len(texts) > 1 and any(access.conditions for access in accesses):
        readings = [accesses, *(reader.read(text) for text in texts[1:])]
        shared = frozenset.intersection(
            *(frozenset(c for access in reading for c in access.conditions) for reading in readings)
        )
        accesses = [_with_conditions(access, shared) for access in accesses]
    for table in sorted(subject.written):
        accesses += reader.read_triggers(table)
    return tuple(dict.fromkeys(accesses))


def _with_conditions(access: TableAccess, shared: frozenset[tuple[str, str]]) -> TableAccess:
    return replace(access, conditions=tuple(c for c in access.conditions if c in shared))


def estimate_keys(
    connection: apsw.Connection,
    schema: Schema,
    statistics: Statistics,
    candidates: Sequence[Candidate],
) -> dict[IndexSpec, KeyEstimate]:
    """Return the estimate of each candidate that can be evaluated, from one sample a table."""
    by_table: dict[str, list[IndexSpec]] = {}
    for candidate in candidates:
        by_table.setdefault(candidate.spec.table, []).append(candidate.spec)
    estimates: dict[IndexSpec, KeyEstimate] = {}
    for name, specs in by_table.items():
        table = schema.table(name)
        if table is None:
            continue
        with closing(TableSample(connection, table, statistics.rows(name))) as sample:
            for spec in specs:
                try:
                    estimates[spec] = sample.estimate(spec)
                except apsw.Error:
                    continue  # a term only the application can evaluate: never an index of ours
    return estimates


def _build_pool(
    connection: apsw.Connection,
    finalists: Sequence[Candidate],
    estimates: dict[IndexSpec, KeyEstimate],
    limits: SearchLimits,
    on_event: OnEvent,
) -> tuple[Pool, dict[str, IndexSpec], bool]:
    pool = Pool(connection)
    specs: dict[str, IndexSpec] = {}
    left = limits.room_bytes
    cut_short = False
    # Narrow ones first: where room or time runs out, those serve the most queries a byte.
    order = sorted(finalists, key=lambda c: (c.covering, estimates[c.spec].size_bytes))
    for number, candidate in enumerate(order):
        on_event(Event("Building candidates on the copy", number, len(order)))
        size = estimates[candidate.spec].size_bytes
        if size > left or limits.stop():
            cut_short = True
            continue
        name = f"dbtune_{number}"
        if pool.build(name, create_index_sql(name, candidate.spec)):
            specs[name] = candidate.spec
            left -= size
    pool.finish()
    return pool, specs, cut_short
