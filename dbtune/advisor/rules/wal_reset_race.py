"""wal-reset-race: a SQLite library that can, very rarely, damage a WAL database.

Source: https://www.sqlite.org/wal.html#walresetbug (3.7.0 to 3.51.2 but 3.44.6 and 3.50.7)
"""

from __future__ import annotations

from dbtune.advisor.facts import Facts
from dbtune.advisor.rules import rollback_journal
from dbtune.advisor.wording import statement
from dbtune.model.advice import Evidence, Finding, Severity
from dbtune.sqlite.library_version import has_wal_reset_race

CODE = "wal-reset-race"


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return a finding where the file is in WAL mode, or should be, and a library has the race."""
    in_wal = facts.health.journal_mode.lower() == "wal"
    if not in_wal and not _wal_is_advised(facts):
        return ()
    application = facts.application_sqlite_version
    if application is not None and has_wal_reset_race(application):
        severity: Severity = "medium" if in_wal else "low"
        return (_finding(facts, application, "the application's library", severity),)
    python = facts.python_sqlite_version
    if not has_wal_reset_race(python):
        return ()
    if application is not None:
        return (_finding(facts, python, "Python's library, which dbtune uses here", "info"),)
    whose = "Python's library; the application's is not known"
    return (_finding(facts, python, whose, "low"),)


def _wal_is_advised(facts: Facts) -> bool:
    return any(finding.severity != "info" for finding in rollback_journal.check(facts))


def _finding(facts: Facts, version: str, whose: str, severity: Severity) -> Finding:
    return Finding(
        code=CODE,
        severity=severity,
        subject=version,
        message=(
            f"SQLite {statement(version)} ({whose}) has the WAL-reset race: with several "
            "connections, a write during a checkpoint can, very rarely, damage the database."
        ),
        evidence=(
            Evidence("application_sqlite_version", facts.application_sqlite_version),
            Evidence("python_sqlite_version", facts.python_sqlite_version),
            Evidence("journal_mode", facts.health.journal_mode),
        ),
        help=(
            "Run the application on SQLite 3.51.3 or later, or 3.50.7 or 3.44.6 of the older "
            "branches; keep backups until then."
        ),
        command='python3 -c "import sqlite3; print(sqlite3.sqlite_version)"',
    )
