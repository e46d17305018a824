"""A finding's evidence as labels and values, and its commands as they can be run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.model.advice import Evidence, EvidenceValue, Finding
from dbtune.model.placeholder import name_database
from dbtune.report.quantities import evidence_label, format_evidence

_MAX_ITEMS = 6
_PLAN = "plan"
# What goes without saying.
_EXPECTED = (("values", "recorded"),)
_SQL = re.compile(
    r"(ALTER|ANALYZE|BEGIN|COMMIT|CREATE|DELETE|DROP|EXPLAIN|INSERT|PRAGMA|REINDEX|REPLACE|"
    r"SELECT|UPDATE|VACUUM|VALUES|WITH)\b",
    re.IGNORECASE,
)


def is_sql(command: str) -> bool:
    """Return whether a command is SQL and not a line for a shell."""
    return _SQL.match(command) is not None


def finding_commands(finding: Finding, database: str) -> Iterator[str]:
    """Yield the SQL of the change, then the command that does it; one of them where they are one.

    A command that names no database, but a DB to be put there, names this one.
    """
    command = [] if finding.command is None else [finding.command]
    if finding.change is not None and not (command and is_sql(command[0])):
        command = [*finding.change.up, *command]
    for text in command:
        yield text if is_sql(text) else name_database(text, database)


def evidence_pairs(evidence: tuple[Evidence, ...]) -> Iterator[tuple[str, str]]:
    """Yield labels and values, with X_before and X_after as one: X 1.2 s -> 3.4 ms.

    What is unknown or empty is left to the JSON document, where a program asks for it, and plans
    to `evidence_plans`.
    """
    said = tuple(item for item in evidence if _says_something(item) and not _is_plan(item))
    values = {item.name: item.value for item in said}
    for item in said:
        partner = item.name.replace("_before", "_after", 1)
        if "_before" in item.name and partner in values:
            before = format_evidence(item.name, item.value)
            after = format_evidence(partner, values[partner])
            yield evidence_label(item.name.replace("_before", "", 1)), f"{before} -> {after}"
        elif "_after" not in item.name or item.name.replace("_after", "_before", 1) not in values:
            yield evidence_label(item.name), format_evidence(item.name, _cut(item.value))


def evidence_plans(evidence: tuple[Evidence, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the plans among the evidence, step by step, the inner ones indented."""
    for item in evidence:
        if _is_plan(item) and isinstance(item.value, tuple) and item.value:
            yield item.value


def _is_plan(item: Evidence) -> bool:
    return item.name == _PLAN and isinstance(item.value, tuple)


def _says_something(item: Evidence) -> bool:
    return item.value not in (None, ()) and (item.name, item.value) not in _EXPECTED


def _cut(value: EvidenceValue) -> EvidenceValue:
    if isinstance(value, tuple) and len(value) > _MAX_ITEMS + 1:
        return (*value[:_MAX_ITEMS], f"and {len(value) - _MAX_ITEMS:,} more")
    return value
