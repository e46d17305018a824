"""Judging indexes that somebody proposes, as one set, on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbtune.advisor.advise import Advice
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.measuring.sampled_sizes import kept_fraction
from dbtune.advisor.proving.proof import PlannedIndex, ProvenIndex, prove
from dbtune.advisor.statements.subjects import Subjects
from dbtune.advisor.time_limit import Stop, never
from dbtune.model.advice import ConsideredIndex
from dbtune.model.schema import Index, Schema
from dbtune.sqlite.schema.index_definition import IndexDefinition, defines, read_definition


@dataclass(frozen=True)
class Considered:
    """The judgement of each proposal, and the workload's cost in ns with all of them in place."""

    indexes: tuple[ConsideredIndex, ...]
    cost_after_ns: float
    size_bytes: int


def consider(
    base: Path,
    schema: Schema,
    advice: Advice,
    proposals: Sequence[PlannedIndex],
    stop: Stop = never,
) -> Considered:
    """Build the proposals on a copy of the closed scratch copy at `base` and judge each.

    One whose like exists or is proposed already is not built again, and says so. Sizes are those
    that the indexes would have on the database itself.
    """
    baseline = advice.baseline
    notes = dict(_repetitions(proposals, schema))
    fresh = tuple(p for p in proposals if p.name not in notes)
    path = base.with_name("considered.db")
    shutil.copyfile(base, path)
    proof = prove(path, baseline, fresh, (), stop)
    path.unlink()
    notes |= {name: f"cannot be created: {reason}" for name, reason in proof.failed}
    total = _total(baseline.subjects, baseline.costs)
    built = {index.name: _judged(index, total, advice) for index in proof.indexes}
    return Considered(
        tuple(built.get(p.name) or _not_built(p, notes[p.name]) for p in proposals),
        _total(baseline.subjects, proof.after),
        sum(index.size_bytes for index in built.values()),
    )


def _total(subjects: Subjects, costs: Sequence[ShapeCost]) -> float:
    return sum(s.shape.count * cost.cost_ns for s, cost in zip(subjects.ready, costs, strict=True))


def _judged(index: ProvenIndex, total: float, advice: Advice) -> ConsideredIndex:
    return ConsideredIndex(
        name=index.name,
        sql=index.planned.sql,
        used_by=index.used_by,
        gain_ratio=index.gain_ns / total if total else 0.0,
        size_bytes=round(index.size_bytes / kept_fraction(index.planned.table, advice.sampled)),
        write_cost_ratio=1.0 if index.write_cost_ratio is None else index.write_cost_ratio,
        note="" if index.used_by else "no recorded query uses it",
    )


def _not_built(proposal: PlannedIndex, note: str) -> ConsideredIndex:
    return ConsideredIndex(proposal.name, proposal.sql, (), 0.0, 0, 1.0, note)


def _repetitions(proposals: Sequence[PlannedIndex], schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield the proposals that say again what exists or was proposed before: (name, note)."""
    before: list[Index] = []
    for proposal in proposals:
        table = schema.table(proposal.table)
        definition = read_definition(proposal.sql, proposal.table, schema)
        existing = _like(definition, table.indexes if table else ())
        earlier = _like(definition, before)
        if existing is not None:
            yield proposal.name, f"the same as the existing {existing.name}"
        elif earlier is not None:
            yield proposal.name, f"the same as the proposed {earlier.name}"
        elif definition.index is not None:
            before.append(definition.index)


def _like(definition: IndexDefinition, indexes: Iterable[Index]) -> Index | None:
    return next((index for index in indexes if defines(definition, index)), None)
