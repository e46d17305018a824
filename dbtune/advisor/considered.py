"""Judging indexes that somebody proposes, as one set, on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.baseline import Baseline
from dbtune.advisor.oracle import ShapeCost
from dbtune.advisor.proof import PlannedIndex, ProvenIndex, prove
from dbtune.advisor.subjects import Subjects
from dbtune.model.advice import ConsideredIndex
from dbtune.model.schema import Index, Schema
from dbtune.sqlite.index_definition import defines, read_definition


@dataclass(frozen=True)
class Considered:
    """The judgement of each proposal, and the workload's cost in ns with all of them in place."""

    indexes: tuple[ConsideredIndex, ...]
    cost_after_ns: float
    size_bytes: int


def consider(
    base: Path, schema: Schema, baseline: Baseline, proposals: Sequence[PlannedIndex]
) -> Considered:
    """Build the proposals on a copy of the closed scratch copy at `base` and judge each.

    One whose like exists already is not built again, and says so.
    """
    twins = {p.name: _twin(p, schema) for p in proposals}
    fresh = tuple(p for p in proposals if twins[p.name] is None)
    path = base.with_name("considered.db")
    shutil.copyfile(base, path)
    proof = prove(path, baseline, fresh, ())
    path.unlink()
    total = _total(baseline.subjects, baseline.costs)
    judged = {index.name: _judged(index, total) for index in proof.indexes}
    failed = dict(proof.failed)
    return Considered(
        tuple(
            judged.get(p.name) or _not_built(p, twins[p.name], failed.get(p.name))
            for p in proposals
        ),
        _total(baseline.subjects, proof.after),
        sum(index.size_bytes for index in proof.indexes),
    )


def _total(subjects: Subjects, costs: Sequence[ShapeCost]) -> float:
    return sum(s.shape.count * cost.cost_ns for s, cost in zip(subjects.ready, costs, strict=True))


def _judged(index: ProvenIndex, total: float) -> ConsideredIndex:
    return ConsideredIndex(
        name=index.name,
        sql=index.planned.sql,
        used_by=index.used_by,
        gain_ratio=index.gain_ns / total if total else 0.0,
        size_bytes=index.size_bytes,
        write_cost_ratio=1.0 if index.write_cost_ratio is None else index.write_cost_ratio,
        note="" if index.used_by else "no recorded query uses it",
    )


def _not_built(proposal: PlannedIndex, twin: Index | None, failure: str | None) -> ConsideredIndex:
    note = f"the same as the existing {twin.name}" if twin else f"cannot be created: {failure}"
    return ConsideredIndex(proposal.name, proposal.sql, (), 0.0, 0, 1.0, note)


def _twin(proposal: PlannedIndex, schema: Schema) -> Index | None:
    table = schema.table(proposal.table)
    if table is None:
        return None
    definition = read_definition(proposal.sql, proposal.table, schema)
    return next((index for index in table.indexes if defines(definition, index)), None)
