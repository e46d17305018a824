"""foreign-key-violation: rows refer to a parent that is not there.

It carries no Change: only the application's owner knows whether to mend or delete the rows.
Source: https://www.sqlite.org/pragma.html#pragma_foreign_key_check
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.wording import counted, shown
from dbtune.model.advice import Evidence, Finding, Severity
from dbtune.sqlite.identifiers import quote_literal

CODE = "foreign-key-violation"

# The check stops here, so a count that reaches it is "at least".
_MOST_VIOLATIONS = 1_000

# A few orphans are old accidents. More, and one row in a hundred, mean that something deletes
# parents every day, and joins silently leave those rows out.
_HIGH_RATIO = 0.01
_FEW_ROWS = 10

_SHOWN_ROWIDS = 20


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding for each pair of child and parent table with orphaned rows."""
    violations = facts.health.foreign_key_violations
    found: dict[tuple[str, str], list[int | None]] = {}
    for table, rowid, referenced in violations:
        found.setdefault((table, referenced), []).append(rowid)
    cut = len(violations) >= _MOST_VIOLATIONS
    return tuple(
        _finding(facts, table, referenced, rowids, cut)
        for (table, referenced), rowids in found.items()
    )


def _finding(
    facts: Facts, table: str, referenced: str, rowids: list[int | None], cut: bool
) -> Finding:
    known = tuple(str(rowid) for rowid in rowids if rowid is not None)
    rows = counted(len(rowids), "row")
    missing = facts.schema.table(referenced) is None
    parent = f"table {shown(referenced)}, which does not exist" if missing else shown(referenced)
    return Finding(
        code=CODE,
        severity=_severity(facts, table, len(rowids)),
        subject=f"{table} -> {referenced}",
        message=(
            f"{shown(table)}: {'at least ' if cut else ''}{rows} "
            f"{'refers' if len(rowids) == 1 else 'refer'} to a row that is not in {parent}"
            f"{_examples(known)}. With foreign keys on, changing them fails; PostgreSQL refuses "
            "them."
        ),
        evidence=(
            Evidence("violations_count", len(rowids)),
            Evidence("table_rows", facts.statistics.rows(table)),
            Evidence("rowids", known[:_SHOWN_ROWIDS]),
        ),
        help=(
            "Restore the parents, set the column to NULL, or delete the rows; then turn "
            "foreign_keys on in every connection so that no more appear."
        ),
        command=f"PRAGMA foreign_key_check({quote_literal(table)});",
    )


def _severity(facts: Facts, table: str, violations: int) -> Severity:
    rows = facts.statistics.rows(table)
    many = violations > _FEW_ROWS and rows > 0 and violations / rows >= _HIGH_RATIO
    return "high" if many else "medium"


def _examples(rowids: tuple[str, ...]) -> str:
    return f" (rowid {', '.join(rowids[:3])}{', ...' if len(rowids) > 3 else ''})" if rowids else ""
