"""A MigrationPlan as a JSON document, which can be edited and given back with --map."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from dbtune.model.transfer import MigrationPlan
from dbtune.report.documents.to_json import finding_node

PLAN_SCHEMA_VERSION = 1


def plan_to_json(plan: MigrationPlan) -> str:
    """Return the document: tables, columns, types and objects as planned, warnings and stops."""
    document: dict[str, Any] = {"plan_version": PLAN_SCHEMA_VERSION, **asdict(plan)}
    document["warnings"] = [finding_node(finding) for finding in plan.warnings]
    document["stops"] = [finding_node(finding) for finding in plan.stops]
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
