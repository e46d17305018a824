"""A Report as the one JSON document that every other tool reads."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from dbtune.model.advice import Change, Evidence, EvidenceValue, Finding, Report
from dbtune.model.overview import Environment

SCHEMA_VERSION = 1


def to_json(report: Report) -> str:
    """Return the document, described by report.schema.json: ASCII, keys in a fixed order.

    `changes`, `backup`, `tables`, `columns` and `queries` are there only for commands that change
    a database.
    Raises ValueError for a cost that is not a number, which is a bug in dbtune.
    """
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": report.dbtune_version,
        "command": report.command,
        "created_at": report.created_at,
        "source": asdict(report.source),
        "verdict": None if report.verdict is None else asdict(report.verdict),
        "findings": [finding_node(finding) for finding in report.findings],
        "shapes": [asdict(shape) for shape in report.shapes],
        "considered": [asdict(index) for index in report.considered],
        "not_checked": list(report.not_checked),
        "notes": list(report.notes),
        "overview": [asdict(table) for table in report.overview],
        "health": [asdict(fact) for fact in report.health],
        "environment": _environment(report.environment),
        "explanations": [asdict(explanation) for explanation in report.explanations],
        "not_analyzed": [asdict(shape) for shape in report.not_analyzed],
        "routes": [asdict(route) for route in report.routes],
    }
    if report.changes is not None:
        document["changes"] = [asdict(change) for change in report.changes]
    if report.backup is not None:
        document["backup"] = report.backup
    if report.tables is not None:
        document["tables"] = [asdict(table) for table in report.tables]
    if report.columns is not None:
        document["columns"] = [asdict(column) for column in report.columns]
    if report.queries is not None:
        document["queries"] = [asdict(check) for check in report.queries]
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _environment(environment: Environment | None) -> dict[str, Any] | None:
    if environment is None:
        return None
    return {**asdict(environment), "versions": dict(environment.versions)}


def finding_node(finding: Finding) -> dict[str, Any]:
    """Return a finding as the document holds it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "subject": finding.subject,
        "message": finding.message,
        "evidence": _evidence(finding.evidence),
        "help": finding.help,
        "command": finding.command,
        "change": None if finding.change is None else _change(finding.change),
    }


def _evidence(evidence: tuple[Evidence, ...]) -> dict[str, Any]:
    return {item.name: _evidence_value(item.value) for item in evidence}


def _evidence_value(value: EvidenceValue) -> Any:
    # JSON has no infinity; what could not be measured is unknown, not a number.
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return list(value) if isinstance(value, tuple) else value


def _change(change: Change) -> dict[str, Any]:
    return {
        "up": list(change.up),
        "down": list(change.down),
        "reason": change.reason,
        "index": _index(change),
    }


def _index(change: Change) -> dict[str, Any] | None:
    """The index that a change is about; of one to be dropped often only the name is known."""
    if change.index is None:
        return None if change.index_name is None else {"name": change.index_name}
    return {
        "name": change.index_name,
        "table": change.index.table,
        "terms": list(change.index.terms),
        "where": change.index.where,
        "unique": change.index.unique,
    }
