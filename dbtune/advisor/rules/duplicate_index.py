"""duplicate-index: the same keys in the same order, kept twice."""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules.drops import Drop, planned_drops
from dbtune.advisor.rules.sizes import index_size, table_rows
from dbtune.advisor.rules.worth import SMALL_TABLE_ROWS
from dbtune.advisor.wording import described_index, shown
from dbtune.model.advice import Finding
from dbtune.model.schema import Index

CODE = "duplicate-index"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each index but one of those with the same keys and condition."""
    return tuple(
        _finding(facts, drop, drop.keeper)
        for drop in planned_drops(facts, "duplicate")
        if isinstance(drop.keeper, Index)
    )


def _finding(facts: Facts, drop: Drop, keeper: Index) -> Finding:
    name, other = shown(drop.index.name), described_index(keeper)
    stays = " and enforces a constraint" if keeper.enforces_constraint else ""
    small = facts.statistics.rows(drop.index.table) < SMALL_TABLE_ROWS
    change = drop.change(f"{drop.index.name} has the same keys as {keeper.name}")
    return Finding(
        code=CODE,
        # Known from the schema alone, so it is told of a small table too, where it costs little.
        severity="info" if small else "medium",
        subject=drop.index.name,
        message=(
            f"{shown(drop.index.table)}: index {name} has the same keys, order and condition as "
            f"{other}, which stays{stays}. Every write to the table keeps both up to date."
        ),
        evidence=(*index_size(facts, drop.index), *table_rows(facts, drop.index.table)),
        help=f"Drop {name}; the queries that use it use {other} instead.",
        command=change.up[0] + ";",
        change=change,
    )
