"""What to do about a report's findings, in the order in which it pays."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbtune.model.advice import Finding
from dbtune.model.placeholder import name_database

# Findings whose change drops an index that exists: done when asked for only.
DROP_CODES = frozenset({"unused-index", "duplicate-index", "redundant-prefix-index"})
_COVERED = DROP_CODES | {"missing-index", "rollback-journal"}
# Two lines of a terminal, or three: the finding itself follows below.
_ACTION_CHARACTERS = 160


def actions(findings: Sequence[Finding], database: Path, queries: Sequence[str]) -> Iterator[str]:
    """Yield what to do, with its command where there is one; the findings are in their order."""
    name = shlex.quote(str(database))
    new = [finding for finding in findings if finding.code == "missing-index"]
    if new:
        recordings = "".join(f" --queries {shlex.quote(path)}" for path in queries)
        count = "1 index" if len(new) == 1 else f"{len(new)} indexes"
        yield f"Create {count}: dbtune apply-indexes {name}{recordings}"
    if any(finding.code == "rollback-journal" for finding in findings):
        yield f"Switch to WAL: dbtune enable-wal {name}"
    for finding in findings:
        if finding.code not in _COVERED and finding.severity in {"high", "medium"}:
            yield _in_short(finding, database)


def _in_short(finding: Finding, database: Path) -> str:
    if finding.code == "n-plus-one":
        return f"{_repeated(finding)} ({finding.code})"
    clause = finding.message.partition(": select ")[0].partition(". ")[0].rstrip(".")
    text = _cut(clause, _ACTION_CHARACTERS)
    if finding.command is None or not finding.command.startswith("dbtune "):
        return f"{text} ({finding.code})"
    return f"{text}: {name_database(finding.command, str(database))}"


def _repeated(finding: Finding) -> str:
    """Return which line repeats a read, and the mend: nobody else has a command for it."""
    place = finding.message.partition(" (at most ")[0]
    mend = (finding.help or "").partition(". ")[0].partition(";")[0].rstrip(".")
    return f"{_cut(place, _ACTION_CHARACTERS)}: {mend[:1].lower()}{mend[1:]}"


def _cut(text: str, characters: int) -> str:
    """Return text of so many characters at most, cut between two words."""
    if len(text) <= characters:
        return text
    return f"{text[:characters].rpartition(' ')[0] or text[:characters]} ..."
