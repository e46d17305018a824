"""The advice explained: what speaks for each index, and why a shape gets none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.advisor.advise import Advice
from dbtune.advisor.explaining.index_words import existing_specs, index_on
from dbtune.advisor.explaining.obstacles import find_obstacle, has_condition, scanned_uses
from dbtune.advisor.explaining.plan_words import PlanNames, plan_in_words
from dbtune.advisor.explaining.tried import Tried
from dbtune.advisor.explaining.unhelped import ScannedTable, Situation, explain_unhelped, is_access
from dbtune.advisor.facts import Facts, ShapeFacts
from dbtune.advisor.findings import real_bytes, shape_reports, workload_cost_ns
from dbtune.advisor.measuring.sampled_sizes import kept_fraction
from dbtune.advisor.reading.predicates import read_samples
from dbtune.advisor.statements.not_analysed import on_temporary_table
from dbtune.model.advice import ShapeReport
from dbtune.model.explanation import (
    IndexExplanation,
    NotAnalyzed,
    NotAnalyzedReason,
    TriedIndex,
    Unhelped,
)
from dbtune.model.workload import Plan, QueryShape
from dbtune.sqlite.explain import full_scans, indexes_used
from dbtune.sqlite.schema.index_ddl import create_index_sql, index_name


def explained_shapes(advice: Advice, facts: Facts) -> tuple[ShapeReport, ...]:
    """Return all measured shapes, the dearest before first, with all that explains them.

    `facts` are those of the advice: its shapes and new indexes are in them.
    """
    explainer = _Explainer(advice, facts)
    return tuple(explainer.explained(report) for report in shape_reports(advice))


def index_explanations(advice: Advice) -> tuple[IndexExplanation, ...]:
    """Return what speaks for each recommended index and against it, most gainful first."""
    total = workload_cost_ns(advice, advice.before)
    weights = {
        subject.shape.id: subject.shape.count * cost.cost_ns
        for subject, cost in zip(advice.subjects.ready, advice.before, strict=True)
    }
    return tuple(
        IndexExplanation(
            name=index.name,
            sql=index.planned.sql,
            shapes=tuple(sorted(index.used_by, key=lambda i: (-weights[i], i))),
            share=sum(weights[i] for i in index.used_by) / total if total else 0.0,
            size_bytes=real_bytes(advice, index),
            write_cost_ratio=index.write_cost_ratio,
            writes=index.writes,
            runner_up=advice.insight.runner_up(index.planned.spec),
            estimated=index.estimated,
        )
        for index in sorted(advice.proof.indexes, key=lambda i: -i.gain_ns)
    )


def not_analyzed(advice: Advice) -> Iterator[NotAnalyzed]:
    """Yield the recorded shapes that nothing was measured of."""
    subjects = advice.subjects
    for failed in subjects.unplannable:
        yield _left_out(failed.shape, "cannot-be-prepared", failed.reason.because)
    for shape in subjects.unmeasured:
        yield _left_out(shape, "no-time", "no time (--time-limit) was left to measure it")
    for failed in subjects.on_temporary:
        why = on_temporary_table(failed.error)
        yield _left_out(failed.shape, "temporary-table", why.because)
    for shape in subjects.skipped:
        yield _left_out(shape, "no-rows-touched", "it neither reads nor writes rows")


def _left_out(shape: QueryShape, reason: NotAnalyzedReason, message: str) -> NotAnalyzed:
    text = shape.samples[0].text if shape.samples else shape.template
    return NotAnalyzed(shape.id, text, shape.count, reason, message)


@dataclass(frozen=True)
class _Measured:
    """What the search and the proof have about one shape beside its report."""

    facts: ShapeFacts
    tried: tuple[Tried, ...]
    page_fetches: float


class _Explainer:
    """Puts together what is known of each shape."""

    def __init__(self, advice: Advice, facts: Facts) -> None:
        self._advice = advice
        self._facts = facts
        specs = dict(existing_specs(facts.schema))
        specs |= {i.name: i.planned.spec for i in advice.proof.indexes if i.planned.spec}
        self._indexes = {name.lower(): index_on(spec) for name, spec in specs.items()}
        self._rows = {t.table.lower(): t.rows for t in facts.statistics.tables}
        self._measured = {
            shape.shape.id: _Measured(shape, tried, cost.measurement.page_fetches)
            for shape, tried, cost in zip(
                facts.shapes, self._all_tried(), advice.proof.after, strict=False
            )
        }

    def _all_tried(self) -> tuple[tuple[Tried, ...], ...]:
        return self._advice.insight.tried or ((),) * len(self._advice.subjects.ready)

    def explained(self, report: ShapeReport) -> ShapeReport:
        """Return the report of a shape with plans in words, help or reason, and what was tried."""
        measured = self._measured[report.id]
        served_by = tuple(i.name for i in self._advice.proof.indexes if report.id in i.used_by)
        report = replace(
            report,
            words_before=self._words(report.plan_before, measured.facts, before=True),
            words_after=self._words(report.plan_after, measured.facts, before=False),
            served_by=served_by,
            tried=tuple(map(_tried_index, measured.tried)),
        )
        if served_by:
            return report
        return replace(report, unhelped=self._unhelped(report, measured))

    def _words(self, plan: tuple[str, ...], shape: ShapeFacts, *, before: bool) -> tuple[str, ...]:
        readings = read_samples(self._facts, shape.shape)[:1]
        uses = {use.alias.lower(): use.table.name for r in readings for use in r.uses}
        scanned = shape.scanned_rows_before if before else shape.scanned_rows_after
        names = PlanNames(
            tables=uses,
            rows=self._rows,
            indexes=self._indexes,
            scanned_rows=self._scaled(shape, scanned),
            ordered=any(r.orders or r.groups for r in readings),
        )
        return plan_in_words(plan, names)

    def _scaled(self, shape: ShapeFacts, rows: float) -> float:
        """Return about how many rows it would be where the copy holds a part of a table."""
        kept = (kept_fraction(table, self._advice.sampled) for table in shape.tables)
        return rows / min(kept, default=1.0)

    def _unhelped(self, report: ShapeReport, measured: _Measured) -> Unhelped:
        shape = measured.facts
        plan = Plan(report.plan_after)
        readings = read_samples(self._facts, shape.shape)[:1]
        insight = self._advice.insight
        return explain_unhelped(
            Situation(
                writes=report.kind == "write",
                share=report.share,
                cost_before_ns=report.cost_before,
                cost_after_ns=report.cost_after,
                page_fetches=measured.page_fetches,
                scanned_rows=self._scaled(shape, shape.scanned_rows_after),
                returned_rows=shape.returned_rows or 0.0,
                searches=any(is_access(step) for step in plan.steps),
                words=report.words_after,
                existing=tuple(sorted(indexes_used(plan))),
                scanned=self._scanned(shape, plan),
                scans=_scans(plan),
                obstacle=find_obstacle(self._facts, shape),
                aggregates=any(reading.aggregates for reading in readings),
                tried=measured.tried,
                proposed=report.id in insight.proposed,
                min_gain_ratio=insight.min_gain_ratio,
            )
        )

    def _scanned(self, shape: ShapeFacts, plan: Plan) -> tuple[ScannedTable, ...]:
        found = {
            use.table.name: has_condition(self._facts, shape, use)
            for use in scanned_uses(self._facts, shape)
        }
        if not found:  # a statement that only SQLite can read
            tables = {table.name.lower(): table.name for table in self._facts.schema.tables}
            named = (tables.get(name.lower()) for name in full_scans(plan))
            found = {name: True for name in named if name is not None}
        return tuple(
            ScannedTable(name, self._rows.get(name.lower(), 0), filtered)
            for name, filtered in sorted(found.items())
        )


def _scans(plan: Plan) -> bool:
    """Return whether a plan reads a table or an index from end to end."""
    by_index = (s for s in plan.steps if s.strip().startswith("SCAN ") and " INDEX " in s)
    return bool(full_scans(plan)) or any("VIRTUAL TABLE INDEX" not in s for s in by_index)


def _tried_index(tried: Tried) -> TriedIndex:
    sql = create_index_sql(index_name(tried.spec, ()), tried.spec)
    return TriedIndex(sql, tried.size_bytes, tried.gain_ratio, tried.outcome)
