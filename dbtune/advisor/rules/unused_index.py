"""unused-index: no plan of the recording uses it, and nothing else needs it."""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules.drops import Drop, planned_drops
from dbtune.advisor.rules.sizes import index_size, table_rows
from dbtune.advisor.rules.worth import SMALL_TABLE_ROWS
from dbtune.advisor.wording import counted, shown
from dbtune.model.advice import Evidence, Finding
from dbtune.model.workload import Workload

CODE = "unused-index"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each index that only costs; never above low.

    A recording never shows everything: a job that runs once a month may need the index.
    """
    workload = facts.workload
    if workload is None or not workload.shapes:
        return ()
    return tuple(
        _finding(facts, drop, workload)
        for drop in planned_drops(facts, "unused")
        if facts.statistics.rows(drop.index.table) >= SMALL_TABLE_ROWS
    )


def _finding(facts: Facts, drop: Drop, workload: Workload) -> Finding:
    name, table = shown(drop.index.name), shown(drop.index.table)
    span = _span(workload)
    change = drop.change(f"no recorded query uses {drop.index.name}")
    return Finding(
        code=CODE,
        severity="low",
        subject=drop.index.name,
        message=(
            f"{table}: no plan of the {counted(workload.statements, 'recorded statement')} uses "
            f"index {name}; every write to the table keeps it up to date. The recording {span}; "
            "a job that runs less often may need the index."
        ),
        evidence=(
            *index_size(facts, drop.index),
            *table_rows(facts, drop.index.table),
            Evidence("recording_started_at", workload.started_at),
            Evidence("recording_ended_at", workload.ended_at),
            Evidence("statements_count", workload.statements),
        ),
        help="Record a full business cycle, month end included, before dropping it.",
        command=change.up[0] + ";",
        change=change,
    )


def _span(workload: Workload) -> str:
    if workload.started_at is None or workload.ended_at is None:
        return "has no timestamps, so the time it spans is not known"
    return f"spans {workload.started_at} to {workload.ended_at}"
