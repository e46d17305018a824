"""The compare journey: two reports in, or two databases and a recording; what got worse out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from dbtune._version import __version__
from dbtune.advisor.alternatives.side_by_side import Copy, measure_side_by_side
from dbtune.advisor.measuring.baseline import Baseline
from dbtune.advisor.statements.samples_digest import samples_digest
from dbtune.benchmark.paired_times import least_pairs, time_interval
from dbtune.benchmark.regressions import GateLimits, compare
from dbtune.errors import ConfigurationError
from dbtune.model.advice import Report, ShapeReport
from dbtune.model.comparison import Comparison, MeasuredShape, Side
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import CopySize, copy_database, scratch_folder
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.workload.databases import wanted_database
from dbtune.workload.omissions import not_taken
from dbtune.workload.sources import read_workload

# Commands whose report tells of a database as it is now after them, not before.
_CHANGING = frozenset({"apply-indexes", "rollback", "enable-wal", "optimize"})
# Counters of a sample are those of other rows; a copy that does not fit is refused by its size.
_WHOLE = CopySize(whole_bytes=1 << 62, sample_bytes=0)
# Of all shapes together, how often an interval may miss the truth; each gets its part of it.
_MISSED = 0.01
# With as many pairs as an interval takes it is their whole range; with some more it is narrower.
_MORE_PAIRS = 2


@dataclass(frozen=True)
class RunOptions:
    """What to send to both databases, and for how long at most.

    `recorded_as` is what a recording of several databases calls both, None where that is base's
    name.
    """

    queries: tuple[str, ...]
    time_limit_seconds: float
    scratch: Path | None = None
    recorded_as: str | None = None


def compare_reports(
    base: Report, head: Report, names: Sequence[str], limits: GateLimits
) -> Comparison:
    """Compare what two reports say of the databases they leave; `names` are the files'.

    Raises ConfigurationError where they have no query and no route in common.
    """
    comparison = compare(side_of(base, names[0]), side_of(head, names[1]), limits)
    if not comparison.differences:
        raise ConfigurationError(
            f"{names[0]} and {names[1]} have nothing in common that could be compared",
            hint="write both with dbtune analyze DB --queries F --output FILE, from recordings of "
            "the same requests",
        )
    return _dated(comparison)


def side_of(report: Report, name: str) -> Side:
    """Return what a report measured: of the database as it is once the command is through."""
    after = report.command in _CHANGING
    return Side(
        name,
        report.source.size_bytes,
        report.source.schema_sha256,
        report.source.sqlite_version,
        tuple(_reported(shape, after=after) for shape in report.shapes),
        report.routes,
        frozenset(shape.id for shape in report.not_analyzed),
        report.source.path,
    )


def _reported(shape: ShapeReport, *, after: bool) -> MeasuredShape:
    return MeasuredShape(
        shape.id,
        shape.text,
        shape.kind,
        shape.count,
        shape.vm_steps_after if after else shape.vm_steps_before,
        shape.page_fetches_after if after else shape.page_fetches_before,
        shape.plan_after if after else shape.plan_before,
        shape.samples_digest,
    )


def compare_databases(
    base: Path,
    head: Path,
    options: RunOptions,
    limits: GateLimits,
    on_event: OnEvent = ignore_event,
) -> Comparison:
    """Run a recording on copies of two databases and compare what it takes, the clock by turns.

    Both files are only read. Raises ConfigurationError where no recorded query runs on both, or it
    cannot be told which database was recorded, and what the copies raise: RefusedError without room
    for them, SourceError, LockedError.
    """
    on_event(Event("Reading the recording"))
    wanted = wanted_database(base, options.recorded_as)
    workload = read_workload(options.queries, database=wanted, on_event=on_event)
    confidence = 1 - _MISSED / max(1, len(workload.shapes))
    turns = _MORE_PAIRS * least_pairs(confidence) if "time" in limits.metrics else 0
    with scratch_folder(options.scratch) as folder:
        old, new = (_copy(path, folder, on_event) for path in (base, head))
        seconds = options.time_limit_seconds
        found = measure_side_by_side(old, new, workload.shapes, seconds, turns, on_event)
    sides = (
        _side(base, old, found.base, found.sqlite_version),
        _side(head, new, found.head, found.sqlite_version),
    )
    if {shape.id for shape in sides[0].shapes}.isdisjoint(shape.id for shape in sides[1].shapes):
        raise ConfigurationError(
            f"no query of the recording runs on both {base} and {head}",
            hint="see why with dbtune analyze DB --queries F, for each of them",
        )
    times = {shape: time_interval(pairs, confidence) for shape, pairs in found.turns.items()}
    comparison = compare(*sides, limits, times)
    return _dated(replace(comparison, notes=(*comparison.notes, *not_taken(workload))))


def _dated(comparison: Comparison) -> Comparison:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return replace(comparison, created_at=now, dbtune_version=__version__)


def _copy(database: Path, folder: Path, on_event: OnEvent) -> Copy:
    with closing(open_readonly(database)) as reader, failures_explained(database):
        schema = read_schema(reader)
    copy = copy_database(database, schema, folder, size=_WHOLE, on_event=on_event)
    return Copy(copy.path, schema)


def _side(database: Path, copy: Copy, baseline: Baseline, sqlite_version: str) -> Side:
    pairs = zip(baseline.subjects.ready, baseline.costs, strict=True)
    left = (*baseline.subjects.unmeasured, *(u.shape for u in baseline.subjects.unplannable))
    return Side(
        str(database),
        database.stat().st_size,
        copy.schema.sha256,
        sqlite_version,
        tuple(
            MeasuredShape(
                subject.shape.id,
                subject.statements[0].text,
                "write" if subject.writes else "read",
                subject.shape.count,
                cost.measurement.vm_steps,
                cost.measurement.page_fetches,
                cost.plans[0],
                samples_digest(subject.statements),
                stopped=cost.measurement.stopped,
            )
            for subject, cost in pairs
        ),
        not_measured=frozenset(shape.id for shape in left),
        database=str(database),
    )
