"""A data-less clone of a schema with injected statistics: what the planner would choose.

Costs a millisecond to make and 0.02 to 0.1 ms a candidate, so it serves to throw candidates
away; its plans agree with real ones in some 80 to 95 % of cases, so it gives no verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import apsw

from dbtune.advisor.candidates.candidates import Candidate
from dbtune.advisor.candidates.key_statistics import KeyEstimate
from dbtune.advisor.statements.runnable import Statement
from dbtune.advisor.statements.stubs import StubFunction, add_stubs
from dbtune.advisor.statements.subjects import Subject
from dbtune.model.advice import IndexSpec
from dbtune.sqlite.explain import explain, indexes_used
from dbtune.sqlite.schema.index_ddl import create_index_sql

_ROUNDS = 3
_SAMPLES = 2
_NARROW = 3


@dataclass(frozen=True)
class Finalist:
    """A candidate that some plan would use; `first_for` are shapes of which it is first choice."""

    candidate: Candidate
    first_for: frozenset[str]


class _Object(NamedTuple):
    type: str
    name: str
    table: str
    sql: str


class _StatisticsRow(NamedTuple):
    table: str
    index_name: str | None
    stat: str


class Catalog:
    """What a copy declares and what ANALYZE left, from which clones of a few tables are made."""

    def __init__(self, source: apsw.Connection, functions: Iterable[StubFunction] = ()) -> None:
        self.functions = tuple(functions)
        self._objects = [
            _Object(*row)
            for row in source.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_schema"
                " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                " AND type <> 'trigger' ORDER BY type = 'table' DESC, type = 'index' DESC, rowid"
            )
        ]
        self._statistics = _read_statistics(source)

    def clone(self, names: Collection[str]) -> Clone:
        """Return a clone with the tables and views of these names, and the tables' indexes.

        A schema of 500 tables would be read again and again by a clone that holds it all.
        """
        folded = {name.lower() for name in names}
        return Clone(
            [found.sql for found in self._objects if found.table.lower() in folded],
            [row for row in self._statistics if row.table.lower() in folded],
            self.functions,
        )


class Clone:
    """A schema in memory, with the sqlite_stat1 of its copy but none of the rows."""

    def __init__(
        self,
        ddl: Sequence[str],
        statistics: Sequence[_StatisticsRow],
        functions: Iterable[StubFunction],
    ) -> None:
        self._connection = apsw.Connection(":memory:")
        add_stubs(self._connection, functions)
        for sql in ddl:
            try:
                self._connection.execute(sql)
            except apsw.Error:
                continue  # a shadow table its virtual table has made already, a broken view
        self._connection.execute("ANALYZE")
        self._connection.execute("DELETE FROM sqlite_stat1")
        self._connection.executemany("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", statistics)
        self._reload()

    def close(self) -> None:
        """Free the clone."""
        self._connection.close()

    def choices(
        self,
        candidates: Mapping[int, IndexSpec],
        estimates: Mapping[IndexSpec, KeyEstimate],
        statements: Sequence[Statement],
    ) -> tuple[set[int], set[int]]:
        """Return the numbers of candidates that plans use: first choices, and all.

        All candidates are there at first; those used are kept and taken away, three times over,
        so that second and third choices survive too; then once more with narrow keys only.
        """
        texts = statements[:_SAMPLES]
        self._connection.execute("SAVEPOINT dbtune_prefilter")
        try:
            live = {n for n, spec in candidates.items() if self._add(n, spec, estimates[spec])}
            first = used = self._used(live, texts)
            kept = set(used)
            for _ in range(_ROUNDS - 1):
                self._drop(used)
                live -= used
                used = self._used(live, texts)
                kept |= used
            self._drop(used)
            live -= used
            wide = {n for n in live if len(candidates[n].terms) > _NARROW}
            self._drop(wide)
            return first, kept | self._used(live - wide, texts)
        finally:
            self._connection.execute("ROLLBACK TO dbtune_prefilter")
            self._connection.execute("RELEASE dbtune_prefilter")

    def _add(self, number: int, spec: IndexSpec, estimate: KeyEstimate) -> bool:
        name = _name(number)
        try:
            self._connection.execute(create_index_sql(name, spec))
        except apsw.Error:
            return False
        self._connection.execute(
            "INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (spec.table, name, estimate.stat1)
        )
        return True

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._connection.execute(f"DROP INDEX {_name(number)}")

    def _used(self, live: set[int], statements: Sequence[Statement]) -> set[int]:
        if not live:
            return set()
        self._reload()
        names = {_name(number): number for number in live}
        used: set[int] = set()
        for statement in statements:
            try:
                plan = explain(self._connection, statement.text, statement.parameters)
            except apsw.Error:
                continue
            used |= {names[name] for name in indexes_used(plan) if name in names}
        return used

    def _reload(self) -> None:
        self._connection.execute("ANALYZE sqlite_schema")


def survivors(
    catalog: Catalog,
    candidates: Sequence[Candidate],
    estimates: Mapping[IndexSpec, KeyEstimate],
    subjects: Iterable[Subject],
) -> tuple[Finalist, ...]:
    """Return the candidates that the plan of some subject would use, in the order given."""
    by_shape: dict[str, dict[int, IndexSpec]] = {}
    for number, candidate in enumerate(candidates):
        if candidate.spec in estimates:
            for shape_id in candidate.shape_ids:
                by_shape.setdefault(shape_id, {})[number] = candidate.spec
    groups: dict[frozenset[str], list[Subject]] = {}
    for subject in subjects:
        if subject.shape.id in by_shape:
            groups.setdefault(subject.tables | subject.views, []).append(subject)
    first_for: dict[int, set[str]] = {}
    for names, group in groups.items():
        with closing(catalog.clone(names)) as clone:
            for subject in group:
                proposed = by_shape[subject.shape.id]
                first, kept = clone.choices(proposed, estimates, subject.statements)
                for number in kept:
                    first_for.setdefault(number, set())
                for number in first:
                    first_for[number].add(subject.shape.id)
    return tuple(
        Finalist(candidates[number], frozenset(ids)) for number, ids in sorted(first_for.items())
    )


def _name(number: int) -> str:
    return f"dbtune_candidate_{number}"


def _read_statistics(source: apsw.Connection) -> list[_StatisticsRow]:
    if not list(source.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'")):
        return []
    rows = source.execute("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl IS NOT NULL")
    return [_StatisticsRow(*row) for row in rows]
