"""What a change gains: the recorded statements before and after, from estimate to proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dbtune.changes.rehearsal import Rehearsal
from dbtune.changes.trial import Trial, TrialQuery, plan_reads
from dbtune.model.advice import Finding, Report, ShapeReport, Verdict
from dbtune.model.workload import Plan, QueryShape
from dbtune.sqlite.explain import indexes_used
from dbtune.sqlite.placeholders import placeholder_names
from dbtune.workload.databases import WantedDatabase
from dbtune.workload.fingerprint import kind_of
from dbtune.workload.sources import read_workload

# The heaviest come first, so what is left out is what hardly counts.
_MOST_QUERIES = 200
_MOST_NAMED = 4
# The rest are writes and what has no values; with less, the times would speak for themselves only.
_LEAST_MEASURED_RATIO = 0.5


def trial_queries(
    report: Report, recordings: Sequence[str], database: WantedDatabase
) -> tuple[TrialQuery, ...]:
    """Return the statements of a report's shapes, the heaviest first.

    Their values come from the recordings where some are given, else from the report's texts.
    """
    shapes = {shape.id: shape for shape in _read_shapes(recordings, database)}
    heaviest = sorted(report.shapes, key=lambda shape: -shape.count * shape.cost_before)
    queries = (_query(shape, shapes) for shape in heaviest[:_MOST_QUERIES])
    return tuple(query for query in queries if query.kind != "other")


def _read_shapes(recordings: Sequence[str], database: WantedDatabase) -> tuple[QueryShape, ...]:
    """Return the query shapes that were recorded of a database, none without a recording."""
    # Standard input was read by the analysis, and is at its end.
    files = [name for name in recordings if name != "-"]
    return read_workload(files, database=database).shapes if files else ()


def proven_report(report: Report, findings: tuple[Finding, ...], rehearsal: Rehearsal) -> Report:
    """Return the report of what was applied: its findings, and its shapes as the copy showed."""
    trials = {trial.query.shape_id: trial for trial in rehearsal.trials}
    shapes = tuple(_shape(shape, trials.get(shape.id)) for shape in report.shapes)
    return replace(
        report,
        verdict=_verdict(report.verdict, shapes),
        findings=findings,
        shapes=shapes,
        considered=(),
        changes=(),
        notes=(),
    )


def with_plans_of(
    database: Path, shapes: tuple[ShapeReport, ...], queries: Sequence[TrialQuery]
) -> tuple[ShapeReport, ...]:
    """Return the shapes with the plans that the database itself has now.

    Writes keep the plan of the copy: the open that is safe for a user's file explains reads only.
    """
    plans: Mapping[str, Plan | None] = {
        query.shape_id: plan
        for query, plan in zip(queries, plan_reads(database, queries), strict=True)
    }
    found = ((shape, plans.get(shape.id)) for shape in shapes)
    return tuple(
        shape if plan is None or not plan.steps else replace(shape, plan_after=plan.steps)
        for shape, plan in found
    )


def index_use(findings: Iterable[Finding], shapes: Sequence[ShapeReport]) -> tuple[str, ...]:
    """Return for each new index, in words, which recorded queries use it now."""
    used = {shape.id: indexes_used(Plan(shape.plan_after)) for shape in shapes}
    lines = []
    for finding in findings:
        change = finding.change
        if change is None or change.index is None or change.index_name is None:
            continue
        users = [shape for shape, indexes in used.items() if change.index_name in indexes]
        named = f"{', '.join(users[:_MOST_NAMED])}{', ...' if len(users) > _MOST_NAMED else ''}"
        count = f"{len(users)} query shape{'s' if len(users) != 1 else ''}"
        lines.append(
            f"{change.index_name} is now used by {count}: {named}"
            if users
            else f"{change.index_name} is used by none of the recorded queries"
        )
    return tuple(lines)


def _query(shape: ShapeReport, recorded: Mapping[str, QueryShape]) -> TrialQuery:
    known = recorded.get(shape.id)
    if known is not None and known.samples:
        sample = known.samples[0]
        return TrialQuery(
            shape.id,
            known.kind,
            sample.text,
            sample.parameters,
            shape.count,
            timed=not known.needs_values,
        )
    timed = shape.values != "none" and not placeholder_names(shape.text)
    return TrialQuery(shape.id, kind_of(shape.text), shape.text, None, shape.count, timed)


def _shape(shape: ShapeReport, trial: Trial | None) -> ShapeReport:
    """Return a shape as measured; its expected cost stands only where the plan came true."""
    if trial is None or not trial.after.plan.steps:
        return shape
    expected = indexes_used(Plan(shape.plan_after))
    came_true = trial.query.kind != "read" or expected <= indexes_used(trial.after.plan)
    return replace(
        shape,
        plan_before=trial.before.plan.steps,
        plan_after=trial.after.plan.steps,
        cost_after=shape.cost_after if came_true else shape.cost_before,
        time_before_ns=trial.before.time_ns,
        time_after_ns=trial.after.time_ns,
    )


def _verdict(verdict: Verdict | None, shapes: Sequence[ShapeReport]) -> Verdict | None:
    if verdict is None:
        return None
    before = sum(shape.count * shape.cost_before for shape in shapes)
    after = sum(shape.count * shape.cost_after for shape in shapes)
    times = _times(shapes, before)
    return Verdict(
        cost_before=before,
        cost_after=after,
        gain_ratio=1 - after / before if before else 0.0,
        actions=(),
        time_before_ns=None if times is None else times[0],
        time_after_ns=None if times is None else times[1],
    )


def _times(shapes: Sequence[ShapeReport], cost: float) -> tuple[float, float] | None:
    """Return the measured times of the workload, None where too little of it was measured."""
    before = after = covered = 0.0
    for shape in shapes:
        if shape.time_before_ns is not None and shape.time_after_ns is not None:
            before += shape.count * shape.time_before_ns
            after += shape.count * shape.time_after_ns
            covered += shape.count * shape.cost_before
    return (before, after) if covered > cost * _LEAST_MEASURED_RATIO else None
