"""redundant-prefix-index: another index begins with the same keys."""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules.drops import Drop, planned_drops
from dbtune.advisor.rules.sizes import index_size, table_rows
from dbtune.advisor.rules.worth import SMALL_TABLE_ROWS
from dbtune.advisor.wording import described_index, shown, statement
from dbtune.model.advice import Evidence, Finding, IndexSpec
from dbtune.model.schema import Index

CODE = "redundant-prefix-index"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each plain index that a longer one can stand in for."""
    return tuple(
        _finding(facts, drop, drop.keeper)
        for drop in planned_drops(facts, "prefix")
        if drop.keeper is not None
    )


def _finding(facts: Facts, drop: Drop, keeper: Index | IndexSpec) -> Finding:
    name, other = shown(drop.index.name), _name(keeper)
    small = facts.statistics.rows(drop.index.table) < SMALL_TABLE_ROWS
    change = drop.change(f"{drop.index.name} is a prefix of {other}")
    return Finding(
        code=CODE,
        severity="info" if small else "low",
        subject=drop.index.name,
        message=(
            f"{shown(drop.index.table)}: {other} begins with the keys of index {name} and finds "
            "the same rows; every write to the table keeps both up to date."
        ),
        evidence=(
            *index_size(facts, drop.index),
            *_keeper_size(facts, keeper),
            *table_rows(facts, drop.index.table),
        ),
        help=(
            "The longer index is wider, so a scan of all its entries reads more pages: keep "
            f"{name} if such scans matter more than writes."
        ),
        command=change.up[0] + ";",
        change=change,
    )


def _name(keeper: Index | IndexSpec) -> str:
    if isinstance(keeper, Index):
        return described_index(keeper)
    return f"the recommended index on ({statement(', '.join(keeper.terms))})"


def _keeper_size(facts: Facts, keeper: Index | IndexSpec) -> tuple[Evidence, ...]:
    return index_size(facts, keeper, "longer_size_bytes") if isinstance(keeper, Index) else ()
