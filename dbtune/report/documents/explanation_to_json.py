"""All that a Report knows of one query shape, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from dbtune.model.advice import Report, ShapeReport
from dbtune.model.explanation import IndexExplanation, NotAnalyzed
from dbtune.report.documents.to_json import SCHEMA_VERSION, finding_node
from dbtune.report.shape_lookup import rank_of


def explanation_to_json(report: Report, shape: ShapeReport | NotAnalyzed) -> str:
    """Return nodes of the report's document, for this shape alone."""
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    if isinstance(shape, NotAnalyzed):
        document |= {"not_analyzed": asdict(shape)}
    else:
        document |= {
            "rank": rank_of(report, shape),
            "shape": asdict(shape),
            "explanations": [asdict(e) for e in report.explanations if _concerns(e, shape)],
            "findings": [finding_node(f) for f in report.findings if f.subject == shape.id],
        }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _concerns(explanation: IndexExplanation, shape: ShapeReport) -> bool:
    writes = (effect.shape_id for effect in explanation.writes)
    return explanation.name in shape.served_by or shape.id in writes
