"""What a migration came to, as the one Report, and the files that are left beside the source."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from dbtune._version import __version__
from dbtune.errors import ExitCode, RefusedError
from dbtune.journeys.column_decisions import column_decisions
from dbtune.journeys.report_environment import environment
from dbtune.model.advice import Evidence, Finding, Report, Source, TableOutcome
from dbtune.model.query_check import QueryCheck
from dbtune.model.transfer import Difference, MigrationPlan, Reject, TableCheck, TablePlan
from dbtune.sqlite.file.companion import ensure_companion_folder

COMMAND = "migrate-to-postgres"
NOTHING_VISIBLE = "Nothing was made visible in the target, and what was staged is dropped."
# More differences of one table nobody reads; their number is told.
_TOLD = 20
# A type that says the same as the one declared; any other is a change worth counting.
_SAME_KIND: Mapping[str, tuple[str, ...]] = {
    "bigint": ("INT",),
    "double precision": ("REAL", "FLOA", "DOUB"),
    "text": ("CHAR", "CLOB", "TEXT"),
    "bytea": ("BLOB",),
    "boolean": ("BOOL",),
    "date": ("DATE",),
    "time without time zone": ("TIME",),
    "timestamp without time zone": ("TIMESTAMP", "DATETIME"),
    "timestamp with time zone": ("TIMESTAMP", "DATETIME"),
    "uuid": ("UUID", "GUID", "UNIQUEIDENTIFIER"),
    "json": ("JSON",),
    "jsonb": ("JSON",),
    "numeric": ("NUMERIC", "DECIMAL"),
    "character varying": ("CHAR",),
    "citext": ("CHAR", "TEXT"),
}


@dataclass(frozen=True)
class MigrationResult:
    """A report, and the exit code it ends with."""

    report: Report
    exit_code: int


@dataclass(frozen=True)
class Results:
    """What a migration has found out when it reports; empty where it did not come so far.

    `seconds` are those of each table's load, `notes` what the user should read at the end.
    """

    checks: tuple[TableCheck, ...] = ()
    objects: tuple[Difference, ...] = ()
    rejects: tuple[Reject, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    queries: tuple[QueryCheck, ...] | None = None


def source_of(database: Path, plan: MigrationPlan, sqlite_version: str) -> Source:
    """Return what the report says of the source."""
    return Source(str(database), database.stat().st_size, plan.schema_sha256, sqlite_version, None)


def stopped_result(source: Source, plan: MigrationPlan) -> MigrationResult:
    """Return the report of a plan that stops the migration: nothing was written."""
    notes = (
        f"Nothing was written: {len(plan.stops)} to resolve as the help says, "
        "or look at all of it with --plan.",
    )
    report = _report(source, plan, (*plan.stops, *plan.warnings), notes, ())
    return MigrationResult(report, ExitCode.REFUSED)


def planned_report(database: Path, plan: MigrationPlan) -> Report:
    """Return the report of a plan that was asked for alone: what would be done, and what stops it.

    It has no tables, since none was moved.
    """
    source = source_of(database, plan, sqlite3.sqlite_version)
    if plan.stops:
        return stopped_result(source, plan).report
    rows = sum(table.rows for table in plan.tables)
    counted = "1 table" if len(plan.tables) == 1 else f"{len(plan.tables)} tables"
    note = f"Nothing stops it: {counted} with {rows:,} rows can move. Nothing was written yet."
    return _report(source, plan, plan.warnings, (note,), ())


def finished_result(source: Source, plan: MigrationPlan, results: Results) -> MigrationResult:
    """Return the report of a migration that ran to its end, verified or not."""
    differences = tuple(d for check in results.checks for d in check.differences)
    failures = tuple(_difference_findings((*differences, *results.objects)))
    failed = bool(failures) or any(not check.verified for check in results.checks)
    outcomes = tuple(_outcome(table, results) for table in plan.tables)
    findings = (*failures, *results.findings, *plan.warnings)
    code = ExitCode.DONE
    if failed:
        code = ExitCode.VERIFICATION
    elif any(results.rejected.values()):
        code = ExitCode.REJECTED_ROWS
    report = _report(source, plan, findings, results.notes, outcomes)
    return MigrationResult(replace(report, queries=results.queries), code)


def save_rejects(database: Path, rejects: Iterable[Reject]) -> tuple[Path, ...]:
    """Write rejected rows to <DB file>.dbtune/rejects/<table>.jsonl, anew; return the files.

    Raises RefusedError where they cannot be written.
    """
    by_table: dict[str, list[Reject]] = {}
    for reject in rejects:
        by_table.setdefault(reject.table, []).append(reject)
    if not by_table:
        return ()
    folder = ensure_companion_folder(database) / "rejects"
    written = []
    for table, rows in by_table.items():
        path = folder / f"{_file_name(table)}.jsonl"
        _write(path, "".join(_reject_line(row) for row in rows))
        written.append(path)
    return tuple(written)


def save_sql(database: Path, plan: MigrationPlan) -> Path | None:
    """Write the SQL of what cannot move to <DB file>.dbtune/reports/; None where all moves.

    Raises RefusedError where it cannot be written.
    """
    if not plan.saved_sql:
        return None
    path = ensure_companion_folder(database) / "reports" / "not-migrated.sql"
    text = "".join(f"-- {name}\n{sql.rstrip(';')};\n\n" for name, sql in plan.saved_sql)
    _write(path, text)
    return path


def _write(path: Path, text: str) -> None:
    """Write a file for its owner's eyes: rows and schemas are as private as the database."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise RefusedError(
            f"{path} cannot be written: {error.strerror}; nothing was made visible",
            hint="make the folder writable, or move a copy of the database in a folder of yours",
        ) from error


def _report(
    source: Source,
    plan: MigrationPlan,
    findings: tuple[Finding, ...],
    notes: tuple[str, ...],
    tables: tuple[TableOutcome, ...],
) -> Report:
    return Report(
        command=COMMAND,
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dbtune_version=__version__,
        source=source,
        verdict=None,
        findings=findings,
        notes=notes,
        tables=tables,
        columns=column_decisions(plan),
        environment=environment(("psycopg",), postgres_version=plan.target.server_version),
    )


def _outcome(table: TablePlan, results: Results) -> TableOutcome:
    check = next((c for c in results.checks if c.table == table.source), None)
    broken = any(d.table == table.source for d in results.objects)
    objects = len(table.indexes) + len(table.checks) + len(table.foreign_keys)
    return TableOutcome(
        source=table.source,
        target=table.target,
        rows=table.rows,
        size_bytes=table.size_bytes,
        rejected=results.rejected.get(table.source, 0),
        type_changes=sum(not _same_kind(c.declared_type, c.pg_type) for c in table.columns),
        objects=objects + bool(table.primary_key),
        verified=check is not None and check.verified and not broken,
        method="none" if check is None else check.method,
        seconds=round(results.seconds.get(table.source, 0.0), 3),
    )


def _same_kind(declared_type: str, pg_type: str) -> bool:
    base = pg_type.split("(", 1)[0].strip()
    names = _SAME_KIND.get(base, (base.upper(),))
    return any(name in declared_type.upper() for name in names)


def _difference_findings(differences: Iterable[Difference]) -> Iterable[Finding]:
    told: dict[str, int] = {}
    for difference in differences:
        told[difference.table] = told.get(difference.table, 0) + 1
        if told[difference.table] > _TOLD:
            continue
        subject = difference.table
        if difference.column is not None:
            subject = f"{subject}.{difference.column}"
        yield Finding(
            code=f"verification-{difference.kind}",
            severity="high",
            subject=subject,
            message=_said(difference),
            help="this is a change from outside, or a bug in dbtune: then report it with this "
            "output",
        )
    for table, count in told.items():
        if count > _TOLD:
            yield Finding(
                code="verification-more",
                severity="high",
                subject=table,
                message=f"{table} has {count - _TOLD:,} more differences than are told above.",
                evidence=(Evidence("differences", count),),
            )


def _said(found: Difference) -> str:
    if found.kind == "missing":
        return f"{found.table} {found.row} is in SQLite and not in PostgreSQL."
    if found.kind == "extra":
        return f"{found.table} {found.row} is in PostgreSQL and not in SQLite."
    what = f"{found.table} {found.row}".strip()
    if found.column is not None:
        what = f"{what}: {found.column}"
    return f"{what} is {found.source} in SQLite and {found.target} in PostgreSQL."


def _reject_line(reject: Reject) -> str:
    line = {"row": reject.row, "reason": reject.reason, "values": dict(reject.values)}
    return json.dumps(line, ensure_ascii=True) + "\n"


def _file_name(table: str) -> str:
    """Return a table's name as a file's: two tables never have the same one."""
    plain = "".join(char if char.isalnum() or char in "-_" else "_" for char in table)[:80]
    if plain == table and plain == plain.lower():
        return plain
    return f"{plain}-{hashlib.sha256(table.encode()).hexdigest()[:8]}"
