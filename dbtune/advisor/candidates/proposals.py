"""Candidates for the shapes that could pay for an index, with their estimates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import apsw

from dbtune.advisor.candidates.candidates import Candidate, enumerate_candidates
from dbtune.advisor.candidates.categories import Categories
from dbtune.advisor.candidates.key_statistics import KeyEstimate, TableSample
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.statements.access import AccessReader
from dbtune.advisor.statements.select_access import Link, TableAccess
from dbtune.advisor.statements.subjects import Subject
from dbtune.advisor.time_limit import Stop
from dbtune.model.advice import IndexSpec
from dbtune.model.schema import Schema, Statistics
from dbtune.sqlite.tokens import tokenize

# Shapes beyond this share of the cost get no candidates of their own: they could not pay.
_COST_COVERED = 0.9995
# Below this many rows a table is a few pages, and a scan of it costs what a search costs...
_MIN_TABLE_ROWS = 100
# ...unless one statement scans it again and again, as a subquery for each row of another table.
_REPEATED_SCANS = 20
# So many of the dearest shapes are looked at however little time there is.
_LEAST_SHAPES = 10
# Longer statements are lists of values; their template says as much, and parses in no time.
_LONGEST_TEXT = 20_000
_FINDS_ROWS = re.compile(r"\b(?:select|update|delete)\b", re.IGNORECASE)


class Proposals(NamedTuple):
    """Candidates, the estimates of those that SQLite can evaluate, and whether time ran out.

    `links` are the joins of the shapes looked at, by table, in order of the shapes.
    """

    candidates: tuple[Candidate, ...]
    estimates: dict[IndexSpec, KeyEstimate]
    cut_short: bool
    links: dict[str, tuple[Link, ...]]


def propose(
    connection: apsw.Connection,
    schema: Schema,
    statistics: Statistics,
    baseline: Baseline,
    stop: Stop,
) -> Proposals:
    """Return the candidates for all shapes that could pay, the dearest shapes first."""
    rows = {table.table.lower(): table.rows for table in statistics.tables}
    measured = list(zip(baseline.subjects.ready, baseline.costs, strict=True))
    weights = {subject.shape.id: weight(subject, cost) for subject, cost in measured}
    reader = AccessReader(schema)
    categories = Categories(connection)
    accesses: dict[str, tuple[TableAccess, ...]] = {}
    cut_short = False
    for subject, cost in _paying(measured):
        if stop() and len(accesses) >= _LEAST_SHAPES:
            cut_short = True
            break
        found = (categories.keep(access) for access in _shape_accesses(reader, subject))
        accesses[subject.shape.id] = tuple(
            a for a in found if _is_worth_it(rows.get(a.table.lower(), 0), cost)
        )
    candidates = enumerate_candidates(accesses, schema, weights)
    estimates = _estimate(connection, schema, rows, candidates)
    return Proposals(candidates, estimates, cut_short, _links(accesses))


def _links(accesses: Mapping[str, Sequence[TableAccess]]) -> dict[str, tuple[Link, ...]]:
    found: dict[str, dict[Link, None]] = {}
    for access in (access for group in accesses.values() for access in group):
        found.setdefault(access.table, {}).update(dict.fromkeys(access.links))
    return {table: tuple(links) for table, links in found.items()}


def weight(subject: Subject, cost: ShapeCost) -> float:
    """Return what all executions of a shape cost today, ns."""
    return subject.shape.count * cost.cost_ns


def _paying(
    measured: Sequence[tuple[Subject, ShapeCost]],
) -> Iterator[tuple[Subject, ShapeCost]]:
    total = sum(weight(subject, cost) for subject, cost in measured)
    covered = 0.0
    for subject, cost in sorted(measured, key=lambda pair: -weight(*pair)):
        if covered > total * _COST_COVERED:
            return
        covered += weight(subject, cost)
        yield subject, cost


def _is_worth_it(rows: int, cost: ShapeCost) -> bool:
    if rows >= _MIN_TABLE_ROWS:
        return True
    return rows > 1 and cost.measurement.scanned_rows >= _REPEATED_SCANS * max(
        rows, _MIN_TABLE_ROWS
    )


def _shape_accesses(reader: AccessReader, subject: Subject) -> tuple[TableAccess, ...]:
    """Return a shape's accesses; conditions only where all samples have the same literal."""
    texts = list(dict.fromkeys(statement.text for statement in subject.statements))
    accesses: list[TableAccess] = []
    if _FINDS_ROWS.search(subject.shape.template):
        text = texts[0] if len(texts[0]) <= _LONGEST_TEXT else subject.shape.template
        accesses += reader.read(text)
    if len(texts) > 1 and any(access.conditions for access in accesses):
        shared = frozenset.intersection(*(frozenset(_words(text)) for text in texts))
        accesses = [_with_conditions(access, shared) for access in accesses]
    for table in sorted(subject.written):
        accesses += reader.read_triggers(table)
    return tuple(dict.fromkeys(accesses))


def _with_conditions(access: TableAccess, shared: frozenset[str]) -> TableAccess:
    """Return the access with the conditions whose literals stand in all samples."""
    kept = (
        (sql, column)
        for sql, column in access.conditions
        if all(t.text in shared for t in tokenize(sql) if t.kind in {"string", "number"})
    )
    return replace(access, conditions=tuple(kept))


def _words(text: str) -> Iterator[str]:
    return (token.text for token in tokenize(text))


def _estimate(
    connection: apsw.Connection,
    schema: Schema,
    rows: Mapping[str, int],
    candidates: Sequence[Candidate],
) -> dict[IndexSpec, KeyEstimate]:
    """Return the estimate of each candidate that can be evaluated, from one sample a table."""
    by_table: dict[str, list[IndexSpec]] = {}
    for candidate in candidates:
        by_table.setdefault(candidate.spec.table, []).append(candidate.spec)
    tables = {table.name: table for table in schema.tables}
    estimates: dict[IndexSpec, KeyEstimate] = {}
    for name, specs in by_table.items():
        with closing(TableSample(connection, tables[name], rows[name.lower()], specs)) as sample:
            for spec in specs:
                try:
                    estimates[spec] = sample.estimate(spec)
                except apsw.Error:
                    continue  # a term only the application can evaluate: never an index of ours
    return estimates
