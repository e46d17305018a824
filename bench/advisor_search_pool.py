"""The pool of the long search: every candidate of dbtune, its advice, and `.expert`'s.

dbtune's prefilter is asked only for the contest of "all candidates": the long search gets what
the prefilter threw away too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apsw
from advisor_measure import renamed

from dbtune.advisor.candidates.clone import Catalog, survivors
from dbtune.advisor.candidates.proposals import propose
from dbtune.advisor.measuring import planner_statistics
from dbtune.advisor.measuring.baseline import measure_baseline
from dbtune.advisor.measuring.oracle import Oracle, Runs
from dbtune.advisor.measuring.pool import Pool
from dbtune.advisor.statements.drawn_values import ValueDrawer
from dbtune.advisor.statements.subjects import Subject, prepare_subjects
from dbtune.advisor.time_limit import never
from dbtune.model.workload import Workload
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.index_ddl import create_index_sql
from dbtune.sqlite.schema.statistics import read_statistics

# A plan this many times dearer than the best known has lost. dbtune stops at 6 times; here a set
# may not look better than it is because a plan was stopped early.
_STOP_FACTOR = 30
_STOP_FLOOR_STEPS = 1_500_000


@dataclass(frozen=True)
class Candidates:
    """DDL of every candidate, and of those that the prefilter lets survive."""

    every: tuple[str, ...]
    survivors: tuple[str, ...]


@dataclass(frozen=True)
class SearchPool:
    """Indexes that are really built, by name in the order of creation, and what asks them."""

    pool: Pool
    ddl: dict[str, str]
    sizes: dict[str, int]
    subjects: tuple[Subject, ...]
    oracle: Oracle

    def names_of(self, statements: Iterable[str]) -> frozenset[str]:
        """Return the names under which statements were built here."""
        by_key = {key(sql): name for name, sql in self.ddl.items()}
        return frozenset(by_key[key(sql)] for sql in statements if key(sql) in by_key)


class _PatientRuns(Runs):
    """Runs that are stopped late."""

    def step_limit(self, number: int, sample: int, limit: int, *, exact: bool) -> int:
        steps = self._best_steps.get((number, sample))
        if steps is None:
            return limit
        return min(limit, max(_STOP_FLOOR_STEPS, int(steps * _STOP_FACTOR)))


def read_candidates(connection: apsw.Connection, workload: Workload) -> Candidates:
    """Return dbtune's candidates; analyses the copy."""
    schema = read_schema(connection)
    subjects = prepare_subjects(connection, workload.shapes, ValueDrawer(connection, schema))
    baseline = measure_baseline(connection, subjects, never)
    planner_statistics.analyze(connection)
    statistics = read_statistics(connection, schema)
    found = propose(connection, schema, statistics, baseline, never)
    catalog = Catalog(connection, subjects.functions)
    finalists = survivors(catalog, found.candidates, found.estimates, subjects.ready)
    return Candidates(
        tuple(create_index_sql("c", c.spec) for c in found.candidates if c.spec in found.estimates),
        tuple(create_index_sql("c", f.candidate.spec) for f in finalists),
    )


def build_pool(
    connection: apsw.Connection, subjects: Sequence[Subject], statements: Iterable[str]
) -> SearchPool:
    """Build all of the statements on the copy, each index once."""
    pool = Pool(connection)
    ddl: dict[str, str] = {}
    for number, sql in enumerate(_distinct(statements)):
        name = f"bench_{number}"
        if pool.build(name, renamed(sql, name)):
            ddl[name] = sql
    pool.finish()
    oracle = Oracle(pool, subjects, exact=False, runs=_PatientRuns())
    # Each switch loads the schema again: what is not asked about had better be hidden.
    pool.show(frozenset())
    return SearchPool(pool, ddl, dict(pool.sizes), tuple(subjects), oracle)


def key(sql: str) -> str:
    """Return what makes an index itself: all but its name, case and white space."""
    rest = sql.partition(" ON ")[2]
    return " ".join(
        rest.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()
    ).lower()


def _distinct(statements: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for sql in statements:
        if sql.upper().startswith("CREATE") and key(sql) not in seen:
            seen.add(key(sql))
            yield sql
