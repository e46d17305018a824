"""stale-statistics: the planner chooses by row counts that are missing or wrong.

It carries no Change: ANALYZE cannot be taken back, and `dbtune optimize` runs it.
Source: https://www.sqlite.org/lang_analyze.html
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules.worth import SMALL_TABLE_ROWS
from dbtune.advisor.wording import counted, listed, shown
from dbtune.model.advice import Evidence, Finding, Severity
from dbtune.model.schema import Table, TableStatistics

CODE = "stale-statistics"

# The planner works with logarithms, and a table that has doubled seldom changes a plan. Below
# this factor the finding would come back every few weeks; above it, join orders go wrong first.
_STALE_FACTOR = 4.0


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return one finding that names the large, indexed tables without true statistics."""
    indexed = {t.name.lower(): t for t in facts.schema.tables if t.kind == "table" and t.indexes}
    missing: list[TableStatistics] = []
    stale: list[TableStatistics] = []
    for statistics in facts.statistics.tables:
        if statistics.table.lower() not in indexed:
            continue
        if statistics.stat1_rows is None:
            if statistics.rows >= SMALL_TABLE_ROWS:
                missing.append(statistics)
        elif _differs(statistics.rows, statistics.stat1_rows):
            stale.append(statistics)
    if not missing and not stale:
        return ()
    return (_finding(missing, stale, _severity(missing, stale, indexed)),)


def _differs(rows: int, recorded: int) -> bool:
    smaller, larger = sorted((rows, recorded))
    return larger >= SMALL_TABLE_ROWS and larger > _STALE_FACTOR * smaller


def _severity(
    missing: list[TableStatistics], stale: list[TableStatistics], indexed: dict[str, Table]
) -> Severity:
    """Return medium where the planner has a choice between indexes of one table."""
    choices = [len(indexed[t.table.lower()].indexes) for t in (*missing, *stale)]
    return "medium" if max(choices) > 1 or len(choices) > 1 else "low"


def _finding(
    missing: list[TableStatistics], stale: list[TableStatistics], severity: Severity
) -> Finding:
    parts = []
    if missing:
        names = listed([t.table for t in missing])
        parts.append(f"{counted(len(missing), 'indexed table')} never analyzed: {names}")
    if stale:
        worst = max(stale, key=lambda t: abs(t.rows - (t.stat1_rows or 0)))
        parts.append(
            f"statistics out of date for {listed([t.table for t in stale])} (sqlite_stat1 says "
            f"{counted(worst.stat1_rows or 0, 'row')} in {shown(worst.table)}, "
            f"there are {worst.rows:,})"
        )
    return Finding(
        code=CODE,
        severity=severity,
        subject="sqlite_stat1",
        message=f"The query planner guesses how many rows an index finds: {'; '.join(parts)}.",
        evidence=(
            Evidence("never_analyzed_tables", tuple(t.table for t in missing)),
            Evidence("stale_tables", tuple(t.table for t in stale)),
            Evidence("table_rows", sum(t.rows for t in (*missing, *stale))),
        ),
        help=(
            "Run it after large changes, or PRAGMA optimize as each connection closes; "
            "apply-indexes analyzes the tables it touches."
        ),
        command="dbtune optimize DB",
    )
