"""Of what, by what and when a report was made, and what it changed."""

from __future__ import annotations

from pathlib import PurePath

from dbtune.model.advice import AppliedChange, Report, Source
from dbtune.report.quantities import format_duration, format_moment, format_size


def origin(report: Report) -> tuple[str, ...]:
    """Return the database, the versions of SQLite and dbtune, and the time."""
    source = report.source
    return (
        f"{PurePath(source.path).name} {format_size(source.size_bytes)}",
        _libraries(source),
        f"dbtune {report.dbtune_version}",
        format_moment(report.created_at),
    )


def applied(change: AppliedChange) -> str:
    """Return what became of a revision."""
    done = "applied" if change.direction == "up" else "undone"
    if change.lock_seconds is not None:
        done += f", write lock {format_duration(change.lock_seconds * 1e9)}"
    return f"{change.revision} {done}: {change.reason}"


def _libraries(source: Source) -> str:
    if source.application_sqlite_version in (None, source.sqlite_version):
        return f"SQLite {source.sqlite_version}"
    return f"SQLite {source.sqlite_version}, the application's {source.application_sqlite_version}"
