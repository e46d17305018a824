"""rollback-journal: writers stop readers, and every commit waits for the disk.

It carries no Change: leaving and entering WAL needs its own preflight, `dbtune enable-wal`.
Source: https://www.sqlite.org/wal.html
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.wording import percent
from dbtune.model.advice import Evidence, Finding, Severity

CODE = "rollback-journal"

# The modes of a rollback journal that a file on disk is left with.
_ROLLBACK_MODES = frozenset(("delete", "truncate", "persist"))

# WAL does nothing for reads alone. From a write in a hundred statements on, readers meet them.
_WRITES_RATIO = 0.01


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for a database with tables that is not in WAL mode."""
    if facts.health.journal_mode.lower() not in _ROLLBACK_MODES or not facts.schema.tables:
        return ()
    writes = write_ratio(facts)
    return (
        Finding(
            code=CODE,
            severity=_severity(writes),
            subject="journal_mode",
            message=(
                f"journal_mode is {facts.health.journal_mode}: a writer waits for all readers and "
                f"stops them while it commits; {_described(writes)}."
            ),
            evidence=(
                Evidence("journal_mode", facts.health.journal_mode),
                Evidence("writes_ratio", writes),
            ),
            help=(
                "Switch to WAL, and install the engine hook that enable-wal prints: without "
                "BEGIN IMMEDIATE and a busy timeout more writes fail under WAL than before."
            ),
            command="dbtune enable-wal DB",
        ),
    )


def write_ratio(facts: Facts) -> float | None:
    """Return the share of writes among the recorded reads and writes, None without a recording."""
    if facts.workload is None:
        return None
    total = facts.workload.queries
    writes = sum(shape.count for shape in facts.workload.shapes if shape.kind == "write")
    return writes / total if total else None


def _severity(writes: float | None) -> Severity:
    if not writes:
        return "info"
    return "medium" if writes >= _WRITES_RATIO else "low"


def _described(writes: float | None) -> str:
    if writes is None:
        return "no recording says how much is written"
    if not writes:
        return "the recording has no writes"
    return f"{percent(writes)} of the recorded statements write"
