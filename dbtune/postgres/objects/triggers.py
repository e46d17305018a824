"""Triggers: none moves by itself; each is named, and its SQL is kept."""

from __future__ import annotations

from dbtune.model.advice import Evidence, Finding
from dbtune.model.schema import Trigger


def report_trigger(trigger: Trigger) -> Finding:
    """Return the finding that a trigger stays behind."""
    return Finding(
        code="trigger-not-moved",
        severity="medium",
        subject=f"{trigger.table}.{trigger.name}",
        message=(
            f"The trigger {trigger.name} on {trigger.table} is not created: what it does, "
            "nothing does on PostgreSQL until it is written again."
        ),
        evidence=(Evidence("sql", trigger.sql),),
        help=(
            "Its SQL is saved with the report: write it as a function in PL/pgSQL and a "
            "CREATE TRIGGER that calls it."
        ),
    )
