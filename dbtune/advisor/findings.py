"""The advisor's results as findings and facts: what was measured, put into words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.advisor.advise import Advice
from dbtune.advisor.alternatives.considered import Considered
from dbtune.advisor.facts import ShapeFacts
from dbtune.advisor.measuring.oracle import ShapeCost
from dbtune.advisor.measuring.sampled_sizes import kept_fraction
from dbtune.advisor.measuring.timing import Timed
from dbtune.advisor.proving.proof import ProvenIndex
from dbtune.advisor.statements.samples_digest import samples_digest
from dbtune.advisor.wording import fine_percent
from dbtune.model.advice import (
    Change,
    Evidence,
    Finding,
    IndexSpec,
    Severity,
    ShapeReport,
    Verdict,
)
from dbtune.sqlite.schema.index_ddl import drop_index_sql

# Shares of the recorded workload's cost that an index saves.
_HIGH_GAIN_RATIO = 0.05
_MEDIUM_GAIN_RATIO = 0.005


def missing_index_findings(advice: Advice) -> tuple[Finding, ...]:
    """Return one missing-index finding for each proven index, most gainful first."""
    total = workload_cost_ns(advice, advice.before)
    return tuple(
        _finding(advice, index, total)
        for index in sorted(advice.proof.indexes, key=lambda i: -i.gain_ns)
    )


def workload_cost_ns(advice: Advice, costs: Sequence[ShapeCost]) -> float:
    """Return the cost of the whole recording, from costs parallel to the subjects."""
    return sum(
        subject.shape.count * cost.cost_ns
        for subject, cost in zip(advice.subjects.ready, costs, strict=True)
    )


def workload_times_ns(advice: Advice) -> tuple[float, float]:
    """Return the time the whole recording takes before and after, by the runs measured, in ns."""
    times = _times(advice)
    counts = {subject.shape.id: subject.shape.count for subject in advice.subjects.ready}
    return (
        sum(counts[time.shape_id] * time.before_ns for time in times.values()),
        sum(counts[time.shape_id] * time.after_ns for time in times.values()),
    )


def _times(advice: Advice) -> dict[str, Timed]:
    """Return the time of each measured shape: a median where there is one, else one run's."""
    single = {
        subject.shape.id: Timed(
            subject.shape.id, before.measurement.elapsed_ns, after.measurement.elapsed_ns, 1
        )
        for subject, before, after in _measured(advice)
    }
    return single | {timed.shape_id: timed for timed in advice.timed}


def verdict(advice: Advice) -> Verdict:
    """Return the whole recording before and after; the actions are the journey's to add."""
    before = workload_cost_ns(advice, advice.before)
    after = workload_cost_ns(advice, advice.proof.after)
    time_before, time_after = workload_times_ns(advice)
    return Verdict(
        cost_before=before,
        cost_after=after,
        gain_ratio=1 - after / before if before else 0.0,
        actions=(),
        time_before_ns=time_before,
        time_after_ns=time_after,
    )


def shape_reports(advice: Advice) -> tuple[ShapeReport, ...]:
    """Return all measured shapes, the dearest before first."""
    total = workload_cost_ns(advice, advice.before)
    times = _times(advice)
    reports = [
        ShapeReport(
            id=subject.shape.id,
            text=subject.statements[dearest].text,
            count=subject.shape.count,
            share=subject.shape.count * before.cost_ns / total if total else 0.0,
            cost_before=before.cost_ns,
            cost_after=after.cost_ns,
            plan_before=before.plans[dearest],
            plan_after=after.plans[dearest],
            time_before_ns=times[subject.shape.id].before_ns,
            time_after_ns=times[subject.shape.id].after_ns,
            timed_runs=times[subject.shape.id].runs,
            values="drawn" if subject.drawn else "recorded",
            kind="write" if subject.writes else "read",
            samples=len(subject.statements),
            page_fetches_before=before.measurement.page_fetches,
            page_fetches_after=after.measurement.page_fetches,
            vm_steps_before=before.measurement.vm_steps,
            vm_steps_after=after.measurement.vm_steps,
            samples_digest=samples_digest(subject.statements),
            call_sites=subject.shape.call_sites,
        )
        for subject, before, after in _measured(advice)
        for dearest in (_dearest(before, after),)
    ]
    return tuple(sorted(reports, key=lambda r: (-r.share, r.id)))


def shape_facts(advice: Advice) -> tuple[ShapeFacts, ...]:
    """Return what rules may look at, for the measured shapes and the unplannable ones."""
    measured = tuple(
        ShapeFacts(
            shape=subject.shape,
            tables=tuple(sorted(subject.tables)),
            cost_before_ns=before.cost_ns,
            cost_after_ns=after.cost_ns,
            plan_before=before.plans[dearest],
            plan_after=after.plans[dearest],
            scanned_rows_before=before.measurement.scanned_rows,
            scanned_rows_after=after.measurement.scanned_rows,
            automatic_index_rows_after=after.measurement.automatic_index_rows,
            returned_rows=after.measurement.returned_rows,
        )
        for subject, before, after in _measured(advice)
        for dearest in (_dearest(before, after),)
    )
    failed = tuple(
        ShapeFacts(shape=unplannable.shape, error=unplannable.error)
        for unplannable in advice.subjects.unplannable
    )
    return measured + failed


def _dearest(before: ShapeCost, after: ShapeCost) -> int:
    """Return the sample that stands for its shape: the others may have plans of their own."""
    costs = [
        (one.cost_ns + other.cost_ns, -number)
        for number, (one, other) in enumerate(zip(before.runs, after.runs, strict=True))
    ]
    return -max(costs)[1]


def unused_indexes(advice: Advice) -> tuple[str, ...]:
    """Return existing indexes that neither library's plans use once the new ones are there."""
    elsewhere = advice.library.used if advice.library else frozenset()
    return tuple(name for name in advice.proof.idle if name not in elsewhere)


def compared(advice: Advice, considered: Considered) -> str:
    """Return how the proposed indexes do as a set beside the recommended ones."""
    before = workload_cost_ns(advice, advice.before)
    after = workload_cost_ns(advice, advice.proof.after)
    recommended = advice.proof.indexes
    built = [index for index in considered.indexes if index.size_bytes]
    return (
        f"the {len(built)} proposed indexes that could be built "
        f"({considered.size_bytes / 1e6:,.1f} MB) bring the recorded cost from "
        f"{before / 1e9:,.3f} s to {considered.cost_after_ns / 1e9:,.3f} s; "
        f"the {len(recommended)} recommended ones "
        f"({sum(real_bytes(advice, i) for i in recommended) / 1e6:,.1f} MB) to "
        f"{after / 1e9:,.3f} s"
    )


def _measured(advice: Advice) -> Iterator[tuple]:  # type: ignore[type-arg]
    yield from zip(advice.subjects.ready, advice.before, advice.proof.after, strict=True)


def _finding(advice: Advice, index: ProvenIndex, total: float) -> Finding:
    planned = index.planned
    gain_ratio = index.gain_ns / total if total else 0.0
    helped = [
        (subject.shape, before, after)
        for subject, before, after in _measured(advice)
        if subject.shape.id in index.used_by
    ]
    before_ns = sum(shape.count * before.cost_ns for shape, before, _ in helped)
    after_ns = sum(shape.count * after.cost_ns for shape, _, after in helped)
    kept = kept_fraction(planned.table, advice.sampled)
    writes = "none recorded" if index.write_cost_ratio is None else index.write_cost_ratio
    return Finding(
        code="missing-index",
        severity=_severity(gain_ratio),
        subject=index.name,
        message=_message(
            advice, index, len(helped), after_ns / before_ns if before_ns else 1.0, gain_ratio
        ),
        evidence=(
            Evidence("gain_ratio", gain_ratio),
            Evidence("cost_before_ns", before_ns),
            Evidence("cost_after_ns", after_ns),
            Evidence("size_bytes", real_bytes(advice, index)),
            Evidence("write_cost_ratio", writes),
            Evidence("build_seconds", round(index.build_seconds / kept, 3)),
            Evidence("queries", tuple(shape.id for shape, _, _ in helped)),
            Evidence("values", "drawn" if _drawn(advice, index) else "recorded"),
            *((Evidence("sampled_ratio", kept),) if kept < 1.0 else ()),
        ),
        help=_help(advice, index),
        command=f"{planned.sql};",
        change=Change(
            up=(planned.sql,),
            down=(drop_index_sql(index.name),),
            reason=_reason(advice, index, gain_ratio),
            index_name=index.name,
            index=planned.spec,
        ),
    )


def _message(
    advice: Advice, index: ProvenIndex, helped: int, left_ratio: float, gain_ratio: float
) -> str:
    on = index.planned.sql[index.planned.sql.index(" ON ") + 4 :]
    if index.gain_ns <= 0:
        return (
            f"Beside the other new indexes, one on {on} saves nothing by itself: "
            f"it {_guards(advice)}."
        )
    reads, whose = ("reads", "its") if helped == 1 else ("read", "their")
    left, gain = fine_percent(left_ratio), fine_percent(gain_ratio)
    return (
        f"Without an index on {on}, {_shapes(helped)} {reads} far too much: with one, {whose} cost "
        f"is {left} of today's, which saves {gain} of the recording."
    )


def _reason(advice: Advice, index: ProvenIndex, gain_ratio: float) -> str:
    if index.gain_ns <= 0:
        return _guards(advice)
    return f"saves {fine_percent(gain_ratio)} of the recorded cost"


def _guards(advice: Advice) -> str:
    """Return what an index is there for that gains nothing: without it a plan may get slower."""
    version = f" {advice.library.version}" if advice.library else ""
    return f"keeps SQLite{version} from a slower plan that it may take for a query without it"


def _help(advice: Advice, index: ProvenIndex) -> str:
    text = "create the index; it was built and measured on a copy of this database"
    kept = kept_fraction(index.planned.table, advice.sampled)
    if kept < 1.0:
        text += (
            f" with {fine_percent(kept)} of the table's rows: its size and time to build are "
            "scaled up, costs and gains are those of the sample"
        )
    risks = dict(advice.library.distrusted) if advice.library else {}
    if index.name not in risks:
        return text
    return (
        f"{text}. Risk: SQLite {advice.library and advice.library.version} then refuses the whole "
        f"database to connections that set trusted_schema=OFF ({risks[index.name]}); leave it ON "
        "there, or update SQLite"
    )


def real_bytes(advice: Advice, index: ProvenIndex) -> int:
    """Return about how large an index will be on the database itself."""
    return round(index.size_bytes / kept_fraction(index.planned.table, advice.sampled))


def _drawn(advice: Advice, index: ProvenIndex) -> bool:
    return any(s.drawn for s in advice.subjects.ready if s.shape.id in index.used_by)


def _severity(gain_ratio: float) -> Severity:
    if gain_ratio >= _HIGH_GAIN_RATIO:
        return "high"
    return "medium" if gain_ratio >= _MEDIUM_GAIN_RATIO else "low"


def _shapes(count: int) -> str:
    return "1 query shape" if count == 1 else f"{count} query shapes"


def new_indexes(advice: Advice) -> tuple[IndexSpec, ...]:
    """Return the specs recommended."""
    return tuple(i.planned.spec for i in advice.proof.indexes if i.planned.spec is not None)
