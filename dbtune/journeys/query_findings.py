"""What a team has to know of its recorded queries before PostgreSQL answers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from dbtune.errors import DbtuneError
from dbtune.model.advice import Evidence, Finding
from dbtune.model.event import OnEvent
from dbtune.model.query_check import QueryCheck
from dbtune.model.transfer import MigrationPlan
from dbtune.model.workload import Workload
from dbtune.postgres.queries.query_check import check_queries
from dbtune.sqlite.connect import open_readonly
from dbtune.sqlite.copies.scratch import copy_database, scratch_folder
from dbtune.sqlite.diagnosis import failures_explained
from dbtune.sqlite.schema.catalog import read_schema

# More of a statement or of a row than this is in the report's JSON.
_TEXT_CHARACTERS = 160
_REASON_CHARACTERS = 240
_CODES = {
    "breaks": "query-breaks",
    "untranslated": "query-untranslated",
    "differs": "query-differs",
}
_SAID = {
    "same": "give the same rows",
    "runs": "are accepted (explained, not run)",
    "differs": "give other rows",
    "breaks": "fail",
    "untranslated": "have no counterpart",
    "not-checked": "could not be tried",
}


def try_queries(
    database: Path, conninfo: str, workload: Workload, plan: MigrationPlan, on_event: OnEvent
) -> tuple[QueryCheck, ...]:
    """Run the recorded reads on a private copy of the source and on the target, and compare.

    Raises RefusedError where there is no room for the copy, SourceError and TargetError.
    """
    with closing(open_readonly(database)) as connection, failures_explained(database):
        schema = read_schema(connection)
    with scratch_folder(None) as folder:
        copy = copy_database(database, schema, folder, on_event=on_event)
        return check_queries(copy, conninfo, workload, plan, on_event)


def query_findings(checks: Iterable[QueryCheck]) -> Iterator[Finding]:
    """Yield what is worth telling: statements that break, give other rows or want an index.

    Statements that only have to be written otherwise are one finding for each of PostgreSQL's
    reasons, since one habit of an application makes many of them.
    """
    rewrites: dict[str, list[QueryCheck]] = {}
    for check in checks:
        if check.status in _CODES:
            yield _problem(check)
        elif check.unchanged_error is not None:
            rewrites.setdefault(check.unchanged_error, []).append(check)
        if check.needs_index:
            yield _index(check)
    yield from (_rewrite(error, own) for error, own in rewrites.items())


def queries_not_tried(error: DbtuneError) -> Finding:
    """Return the finding for a recording that could not be tried at all."""
    return Finding(
        code="queries-not-checked",
        severity="high",
        subject="--check-queries",
        message=f"The recorded queries were not tried: {error.message}.",
        help=f"{error.hint or 'mend that'}; then run again with --verify-only --check-queries",
    )


def queries_note(checks: tuple[QueryCheck, ...]) -> str:
    """Return the outcome in a sentence."""
    counts = {status: sum(check.status == status for check in checks) for status in _SAID}
    told = ", ".join(f"{counts[key]} {words}" for key, words in _SAID.items() if counts[key])
    return f"{len(checks)} recorded query shapes were tried on PostgreSQL: {told or 'none'}."


def _problem(check: QueryCheck) -> Finding:
    said = {
        "breaks": "fails on PostgreSQL",
        "untranslated": "has no counterpart on PostgreSQL",
        "differs": "gives other rows on PostgreSQL",
    }[check.status]
    reasons = "; ".join(_cut(why, _REASON_CHARACTERS) for why in check.reasons)
    help_text = "rewrite it in the application before the move"
    if check.exact_sql is not None:
        help_text = "the statement under `exact` gives SQLite's rows on PostgreSQL"
    return Finding(
        code=_CODES[check.status],
        severity="medium" if check.status == "differs" else "high",
        subject=check.shape_id,
        message=f"{_text(check)} {said}: {reasons or 'for no known reason'}.",
        evidence=_evidence(check),
        help=help_text,
    )


def _rewrite(error: str, checks: list[QueryCheck]) -> Finding:
    first = checks[0]
    many, them = "A query shape is", "takes it"
    if len(checks) > 1:
        many, them = f"{len(checks)} query shapes are", "takes them. The first"
    return Finding(
        code="query-needs-rewriting",
        severity="medium",
        subject=first.shape_id,
        message=f"{many} not taken as written for SQLite: {error}. Translated, PostgreSQL {them}: "
        f"{_text(first)}",
        evidence=(
            Evidence("calls", sum(check.count for check in checks)),
            Evidence("shapes", tuple(check.shape_id for check in checks)),
        ),
        help="an ORM writes them for PostgreSQL by itself; for SQL by hand the report's JSON has "
        "each statement translated (queries, target_sql)",
    )


def _index(check: QueryCheck) -> Finding:
    scans = [scan for scan in check.scans if scan.source_index is not None]
    named = ", ".join(f"{scan.table} ({scan.rows:,} rows)" for scan in scans)
    indexes = ", ".join(str(scan.source_index) for scan in scans)
    return Finding(
        code="query-needs-index",
        severity="medium",
        subject=check.shape_id,
        message=f"{_text(check)} reads {named} from end to end on PostgreSQL, where SQLite uses "
        f"{indexes}.",
        evidence=_evidence(check),
        help="create an index that PostgreSQL can use for it, such as one of another expression "
        "or operator class",
    )


def _evidence(check: QueryCheck) -> tuple[Evidence, ...]:
    found = (
        Evidence("calls", check.count),
        Evidence("rows", check.rows),
        Evidence("sqlite_ms", check.source_ms),
        Evidence("postgres_ms", check.target_ms),
        Evidence("exact", check.exact_sql),
        Evidence("known_differences", check.differences),
    )
    return tuple(item for item in found if item.value not in (None, ()))


def _text(check: QueryCheck) -> str:
    return _cut(" ".join(check.text.split()), _TEXT_CHARACTERS)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}..."
