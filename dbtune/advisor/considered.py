"""Judging indexes that somebody proposes, as one set, on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.advisor.baseline import Baseline
from dbtune.advisor.oracle import ShapeCost
from dbtune.advisor.proof import PlannedIndex, ProvenIndex, prove
from dbtune.advisor.subjects import Subjects
from dbtune.errors import ConfigurationError
from dbtune.model.advice import ConsideredIndex
from dbtune.model.schema import Index, Schema
from dbtune.sqlite.index_definition import defines, read_definition


@dataclass(frozen=True)
class Considered:
    """The judgement of each proposal, and the workload's cost in ns with all of them in place."""

    indexes: tuple[ConsideredIndex, ...]
    cost_after_ns: float
    size_bytes: int


def read_proposals(path: Path) -> tuple[PlannedIndex, ...]:
    """Return the CREATE INDEX statements of a file.

    Raises ConfigurationError for a file that cannot be read or holds any other statement.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    try:
        trees = [tree for tree in sqlglot.parse(text, read="sqlite") if tree is not None]
    except (SqlglotError, RecursionError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as SQL: {str(error).splitlines()[0]}",
            hint="give CREATE INDEX statements, each ended by a semicolon",
        ) from error
    return tuple(_proposal(tree, path) for tree in trees if not isinstance(tree, exp.Semicolon))


def _proposal(tree: exp.Expr, path: Path) -> PlannedIndex:
    index = tree.this if isinstance(tree, exp.Create) else None
    if not isinstance(index, exp.Index) or index.args.get("table") is None or not index.name:
        raise ConfigurationError(
            f"{path} holds {tree.sql(dialect='sqlite')[:80]!r}, which is no CREATE INDEX",
            hint="--consider judges CREATE INDEX statements only",
        )
    tree.set("exists", False)
    return PlannedIndex(index.name, index.args["table"].name, tree.sql(dialect="sqlite"))


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
