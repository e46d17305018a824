"""ON CONFLICT clauses: the constraint stays, and what SQLite did about a conflict is lost."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.advice import Evidence, Finding
from dbtune.postgres.objects.planned_table import PlannedTable
from dbtune.sqlite.schema.constraints import ConflictText

# https://www.sqlite.org/lang_conflict.html; ABORT is what PostgreSQL does too.
_ACTIONS = {
    "REPLACE": "deletes the rows in the way",
    "IGNORE": "leaves the new row out",
    "FAIL": "keeps what the statement did before the conflict",
    "ROLLBACK": "ends the transaction",
}
_REPLACES_NULL = "puts the default in the place of NULL"


def report_conflict_clauses(planned: PlannedTable) -> Iterator[Finding]:
    """Yield a finding for each ON CONFLICT clause whose action PostgreSQL does not have."""
    for clause in planned.constraints.conflicts:
        if clause.action in _ACTIONS:
            yield _finding(planned, clause)


def _finding(planned: PlannedTable, clause: ConflictText) -> Finding:
    columns = ", ".join(clause.columns)
    replaces_null = (clause.constraint, clause.action) == ("NOT NULL", "REPLACE")
    action = _REPLACES_NULL if replaces_null else _ACTIONS[clause.action]
    subject = f"{planned.source}.{columns}" if len(clause.columns) == 1 else planned.source
    return Finding(
        code="on-conflict-lost",
        severity="medium",
        subject=subject,
        message=(
            f"{clause.constraint} ({columns}) of {planned.source} is declared ON CONFLICT "
            f"{clause.action}, by which SQLite {action}. The constraint is kept, and PostgreSQL "
            "refuses the statement instead."
        ),
        evidence=(Evidence("action", clause.action),),
        help=_help(clause, columns),
    )


def _help(clause: ConflictText, columns: str) -> str:
    if clause.constraint in {"PRIMARY KEY", "UNIQUE"} and clause.action in {"REPLACE", "IGNORE"}:
        then = "DO NOTHING" if clause.action == "IGNORE" else "DO UPDATE SET ..."
        return f"Write INSERT ... ON CONFLICT ({columns}) {then} in the application."
    return "Check in the application what follows a refused statement."
