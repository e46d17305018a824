"""integrity-error: SQLite's own check finds the file damaged.

Sources: https://www.sqlite.org/pragma.html#pragma_quick_check,
https://www.sqlite.org/recovery.html, https://www.sqlite.org/howtocorrupt.html
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.wording import counted, statement
from dbtune.model.advice import Evidence, Finding

CODE = "integrity-error"

# The first lines name the damage; what follows mostly repeats it page by page.
_SHOWN_ERRORS = 10


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return one finding, always high, where quick_check does not say "ok"."""
    errors = facts.health.integrity_errors
    if not errors:
        return ()
    return (
        Finding(
            code=CODE,
            severity="high",
            subject="file",
            message=(
                f"The database is damaged: quick_check reports {counted(len(errors), 'error')}, "
                f"first: {statement(errors[0])}"
            ),
            evidence=(
                Evidence("errors_count", len(errors)),
                Evidence("errors", tuple(statement(error) for error in errors[:_SHOWN_ERRORS])),
            ),
            help=(
                "Stop every program that writes to it, copy the .db with its -wal and -shm or "
                "-journal, and restore the last good backup. Without one, .recover of the sqlite3 "
                "shell saves what can be read into a new file; find the cause before going on."
            ),
            command='sqlite3 DB ".recover" | sqlite3 recovered.db',
        ),
    )
