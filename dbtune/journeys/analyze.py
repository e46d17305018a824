"""The analyze journey: a file and a recording in, a Report out; the file is only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from dbtune._version import __version__
from dbtune.advisor import caveats, explanation, findings
from dbtune.advisor.advise import Advice, AdviceLimits, advise
from dbtune.advisor.alternatives.alternatives import with_alternatives
from dbtune.advisor.alternatives.considered import Considered, consider
from dbtune.advisor.alternatives.drop_check import harmful_drops
from dbtune.advisor.candidates.proposed_ddl import read_proposals
from dbtune.advisor.facts import Facts
from dbtune.advisor.proving.proof import PlannedIndex
from dbtune.advisor.rules import run_rules
from dbtune.advisor.time_limit import TimeLimit
from dbtune.advisor.wording import fine_percent
from dbtune.config import IgnoreRule
from dbtune.journeys.actions import DROP_CODES, actions
from dbtune.journeys.application_version import require_version
from dbtune.journeys.database_overview import health_facts, table_overviews, with_concerns
from dbtune.journeys.ignored import without_ignored
from dbtune.journeys.report_environment import environment
from dbtune.model.advice import SEVERITIES, Finding, Report, Source, Verdict
from dbtune.model.event import Event, OnEvent, ignore_event
from dbtune.model.schema import FileHealth, Schema, Statistics
from dbtune.model.workload import Workload
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import (
    ScratchCopy,
    copy_database,
    copy_size,
    room_for_scratch,
    scratch_folder,
)
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.pragmas import read_health
from dbtune.sqlite.schema.catalog import read_schema
from dbtune.sqlite.schema.statistics import read_statistics
from dbtune.workload.compared_values import compared_values
from dbtune.workload.databases import wanted_database
from dbtune.workload.n_plus_one import LEAST_REPEATS
from dbtune.workload.omissions import omissions
from dbtune.workload.sources import read_workload

# More is a list that nobody works off; the findings below have the others.
_ACTIONS = 3
# The copy itself, one to search on, and one to prove on.
_COPIES = 3
# A search this long finds what an hour finds, to some percent, on databases of 100 MB.
DEFAULT_TIME_LIMIT_SECONDS = 90.0


@dataclass(frozen=True)
class AnalyzeOptions:
    """What the user asks of analyze; see `dbtune analyze --help`.

    `recorded_as` is what a recording of several databases calls this one, and
    `max_write_slowdown_ratio` how many times its cost now each recorded write may cost;
    `min_repeats` from how many calls in a request on a read is n-plus-one.
    """

    queries: tuple[str, ...] = ()
    consider: Path | None = None
    budget_bytes: int | None = None
    time_limit_seconds: float = DEFAULT_TIME_LIMIT_SECONDS
    min_gain_ratio: float = 0.2
    max_write_slowdown_ratio: float | None = None
    scratch: Path | None = None
    scratch_mb: float | None = None
    strict: bool = False
    recorded_as: str | None = None
    allow_blocking: bool = False
    application_sqlite_version: str | None = None
    min_repeats: int = LEAST_REPEATS
    ignored: tuple[IgnoreRule, ...] = ()


@dataclass(frozen=True)
class _Read:
    """What the file itself says."""

    schema: Schema
    statistics: Statistics
    health: FileHealth


def analyze(database: Path, options: AnalyzeOptions, on_event: OnEvent = ignore_event) -> Report:
    """Return what is wrong with a database, and what a recording of its queries would gain.

    Opens the file for reading only; queries run on a copy in a private scratch folder. Raises
    SourceError, LockedError, RefusedError and ConfigurationError as its parts do.
    """
    report = _analyze(database, options, on_event)
    kept, notes = without_ignored(report.findings, options.ignored)
    return replace(
        report,
        findings=kept,
        not_checked=(*report.not_checked, *notes),
        health=with_concerns(report.health, kept),
    )


def _analyze(database: Path, options: AnalyzeOptions, on_event: OnEvent) -> Report:
    require_version(options.application_sqlite_version)
    on_event(Event("Reading the database"))
    proposals = read_proposals(options.consider) if options.consider is not None else ()
    read = _read(database)
    workload = _read_workload(database, options, on_event)
    version = options.application_sqlite_version or (workload and workload.sqlite_version)
    facts = Facts(
        schema=read.schema,
        statistics=read.statistics,
        health=read.health,
        workload=workload,
        python_sqlite_version=sqlite3.sqlite_version,
        application_sqlite_version=version or None,
    )
    report = Report(
        command="analyze",
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dbtune_version=__version__,
        source=Source(
            str(database),
            read.health.size_bytes,
            read.schema.sha256,
            read.health.sqlite_version,
            version or None,
        ),
        verdict=None,
        not_checked=tuple(_not_read(read, workload, considered=bool(proposals))),
        routes=() if workload is None else workload.routes,
        overview=table_overviews(read.schema, read.statistics),
        health=health_facts(read.health, read.statistics),
        environment=environment(
            () if workload is None else ("apsw",), application_sqlite_version=version or None
        ),
    )
    if workload is None:
        return replace(report, findings=run_rules(facts))
    if not workload.shapes:
        return replace(report, findings=run_rules(facts), verdict=Verdict(0.0, 0.0, 0.0, ()))
    advised = _advise(database, options, facts, report, proposals, on_event)
    return _with_actions(advised, database, options)


def _read(database: Path) -> _Read:
    with closing(open_readonly(database)) as connection, failures_explained(database):
        schema = read_schema(connection)
        return _Read(schema, read_statistics(connection, schema), read_health(connection, database))


def _read_workload(database: Path, options: AnalyzeOptions, on_event: OnEvent) -> Workload | None:
    if not options.queries:
        return None
    on_event(Event("Reading the recording"))
    wanted = wanted_database(database, options.recorded_as)
    return read_workload(
        options.queries,
        strict=options.strict,
        on_event=on_event,
        database=wanted,
        min_repeats=options.min_repeats,
    )


def _not_read(read: _Read, workload: Workload | None, *, considered: bool) -> Iterator[str]:
    yield from read.health.not_checked
    if not read.schema.tables:
        yield "no tables: there is nothing to tune yet"
    if considered and not (workload and workload.shapes):
        yield "the proposed indexes (--consider) were not judged, which takes a recording"
    if workload is not None:
        yield from omissions(workload)


def _advise(
    database: Path,
    options: AnalyzeOptions,
    facts: Facts,
    report: Report,
    proposals: tuple[PlannedIndex, ...],
    on_event: OnEvent,
) -> Report:
    assert facts.workload is not None
    with scratch_folder(options.scratch) as folder:
        room = room_for_scratch(folder, options.scratch_mb)
        # Who says how much room there is wants it used.
        seconds = options.time_limit_seconds if options.scratch_mb is None else None
        copy = copy_database(
            database,
            facts.schema,
            folder,
            room_bytes=room,
            size=copy_size(room, seconds),
            compared=compared_values(facts.workload.shapes),
            allow_blocking=options.allow_blocking,
            on_event=on_event,
        )
        limits = AdviceLimits(
            options.budget_bytes,
            options.min_gain_ratio,
            options.max_write_slowdown_ratio,
            max(0, room - _COPIES * copy.path.stat().st_size),
            TimeLimit(options.time_limit_seconds),
            facts.health.size_bytes if copy.sampled else copy.path.stat().st_size,
            copy.sampled,
        )
        time = limits.time.begin()
        advice = advise(copy.path, facts.schema, facts.workload, limits, on_event)
        facts = with_alternatives(facts, advice, copy.path, time)
        report = _report_advice(report, facts, advice, copy)
        if proposals:
            on_event(Event("Judging the proposed indexes"))
            enough = limits.time.start()
            judged = consider(copy.path, facts.schema, advice, proposals, enough)
            report = _report_proposals(report, advice, judged)
    return report


def _report_advice(report: Report, facts: Facts, advice: Advice, copy: ScratchCopy) -> Report:
    facts = replace(
        facts,
        shapes=findings.shape_facts(advice),
        new_indexes=findings.new_indexes(advice),
        unused_indexes=findings.unused_indexes(advice),
    )
    found = findings.missing_index_findings(advice) + run_rules(facts)
    kept = _without_harmful_drops(found, advice, copy.path)
    return replace(
        report,
        verdict=findings.verdict(advice),
        # Stable: within a severity the advisor's and the rules' own orders stay.
        findings=tuple(sorted(kept, key=lambda f: SEVERITIES.index(f.severity))),
        shapes=explanation.explained_shapes(advice, facts),
        explanations=explanation.index_explanations(advice),
        not_analyzed=tuple(explanation.not_analyzed(advice)),
        not_checked=(
            *report.not_checked,
            *(
                f"{t.name}: only {fine_percent(t.fraction)} of its rows were copied, to fit the "
                "room for scratch files; its counts, sizes and costs are of that sample"
                for t in copy.sampled
            ),
            *(f"{name}: not in the sample that was measured on" for name in copy.left_out),
            *caveats.not_checked(advice),
        ),
    )


def _report_proposals(report: Report, advice: Advice, judged: Considered) -> Report:
    note = findings.compared(advice, judged)
    return replace(report, considered=judged.indexes, notes=(*report.notes, note))


def _without_harmful_drops(
    found: tuple[Finding, ...], advice: Advice, base: Path
) -> tuple[Finding, ...]:
    drops = [
        f.change.index_name
        for f in found
        if f.code in DROP_CODES and f.change is not None and f.change.index_name is not None
    ]
    if not drops:
        return found
    planned = [index.planned for index in advice.proof.indexes]
    harmful = harmful_drops(
        base, advice.baseline, advice.proof.after, planned, drops, advice.proven_copy
    )
    return tuple(
        f
        for f in found
        if f.code not in DROP_CODES or f.change is None or f.change.index_name not in harmful
    )


def _with_actions(report: Report, database: Path, options: AnalyzeOptions) -> Report:
    assert report.verdict is not None
    findings, _ = without_ignored(report.findings, options.ignored)
    steps = tuple(actions(findings, database, options.queries))[:_ACTIONS]
    return replace(report, verdict=replace(report.verdict, actions=steps))
