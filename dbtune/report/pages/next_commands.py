"""The exact commands to run next, and those that take each back."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from dbtune.model.advice import Finding, Report
from dbtune.model.page import Command, Commands, Section
from dbtune.report.wording.findings import finding_commands, is_sql

_DROPS = frozenset({"unused-index", "duplicate-index", "redundant-prefix-index"})
_CHECK = "Tell at start-up or deployment whether all of it is in place"
_RUN = "<this report>.json"
_QUERIES = "<recording>.jsonl"


def next_section(report: Report, name: str) -> Section | None:
    """Return what to do with this report; `name` is its file, "" where nobody knows it."""
    commands = next_commands(report, name)
    return Section("next", "Next, and back", (Commands(commands),)) if commands else None


def next_commands(report: Report, name: str) -> tuple[Command, ...]:
    """Return the commands, the first of them first."""
    return tuple(_commands(report, name))


def quoted(path: str, placeholder: str) -> str:
    """Return a path for a shell; where it is not known a placeholder in angle brackets."""
    # Unquoted, the brackets would be taken for redirections when somebody runs it as it is.
    return shlex.quote(path or placeholder)


def _commands(report: Report, name: str) -> Iterator[Command]:
    database, run = shlex.quote(report.source.path), quoted(name, _RUN)
    if not report.changes:
        yield from _to_apply(report.findings, database, run)
        yield from _of_findings(report.findings, report.source.path)
        if report.shapes:
            yield from _to_compare(database, run)
    else:
        if report.command != "rollback":
            yield Command(_CHECK, f"dbtune check {database} --from {run}")
        yield from _to_undo(report, database)


def _to_apply(findings: Sequence[Finding], database: str, run: str) -> Iterator[Command]:
    new = sum(finding.code == "missing-index" for finding in findings)
    undo = f"dbtune rollback {database}"
    if new:
        count = "the new index" if new == 1 else f"the {new:,} new indexes"
        yield Command(
            f"Create {count}, with a backup, as a revision",
            f"dbtune apply-indexes {database} --from {run}",
            undo,
        )
    needless = sum(finding.code in _DROPS for finding in findings)
    if needless:
        count = "1 needless index" if needless == 1 else f"{needless:,} needless indexes"
        yield Command(
            f"{'Also drop' if new else 'Drop'} {count}",
            f"dbtune apply-indexes {database} --from {run} --drops",
            undo,
        )
    if any(finding.code == "rollback-journal" for finding in findings):
        yield Command("Switch to WAL, with a backup", f"dbtune enable-wal {database}", undo)


def _of_findings(findings: Sequence[Finding], database: str) -> Iterator[Command]:
    """Yield the other commands that findings name, each once."""
    told: set[str] = set()
    for finding in findings:
        if finding.code in _DROPS | {"missing-index", "rollback-journal"}:
            continue
        for command in finding_commands(finding, database):
            if not is_sql(command) and command.startswith("dbtune ") and command not in told:
                told.add(command)
                yield Command(f"Mend {finding.code}: {finding.subject}", command)


def _to_compare(database: str, run: str) -> Iterator[Command]:
    yield Command(
        "Measure again after the changes",
        f"dbtune analyze {database} --queries {shlex.quote(_QUERIES)} --output after.json",
    )
    yield Command("Tell whether anything got worse", f"dbtune compare {run} after.json")
    yield Command(_CHECK, f"dbtune check {database} --from {run}")


def _to_undo(report: Report, database: str) -> Iterator[Command]:
    if report.command == "rollback":
        yield Command("List the revisions and their state", f"dbtune history {database}")
    else:
        yield Command("To go back, undo the last revision", f"dbtune rollback {database}")
    if report.backup is not None:
        yield Command(
            "Or bring back the whole database as it was before; stop the application first",
            f"dbtune restore {database} {shlex.quote(report.backup)}",
        )
