"""A comparison as a JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from dbtune.model.comparison import OUTCOMES, Comparison, Difference, MeasuredShape, Side

SCHEMA_VERSION = 1


def comparison_to_json(comparison: Comparison, *, created_at: str, dbtune_version: str) -> str:
    """Return the document that docs/how-to/compare.md describes: ASCII, keys in a fixed order."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": dbtune_version,
        "command": "compare",
        "created_at": created_at,
        "base": _side(comparison.base),
        "head": _side(comparison.head),
        "metrics": list(comparison.metrics),
        "max_regress_ratio": comparison.max_regress_ratio,
        "regressed": comparison.regressed,
        "counts": {outcome: len(comparison.of(outcome)) for outcome in OUTCOMES},
        "differences": [_difference(found) for found in comparison.differences],
        "only_in_base": [_shape(shape) for shape in comparison.only_in_base],
        "only_in_head": [_shape(shape) for shape in comparison.only_in_head],
        "notes": list(comparison.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "size_bytes": side.size_bytes,
        "schema_sha256": side.schema_sha256,
        "sqlite_version": side.sqlite_version,
        "shapes": len(side.shapes),
        "routes": len(side.routes),
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {**asdict(difference), "ratio": difference.ratio}


def _shape(shape: MeasuredShape) -> dict[str, Any]:
    return {"id": shape.id, "text": shape.text, "kind": shape.kind, "count": shape.count}
