"""A comparison as a JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from dbtune.model.comparison import OUTCOMES, Comparison, Difference

SCHEMA_VERSION = 1


def comparison_to_json(comparison: Comparison) -> str:
    """Return the document that docs/how-to/compare.md describes: ASCII, keys in a fixed order."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": comparison.dbtune_version,
        "command": "compare",
        "created_at": comparison.created_at,
        "base": asdict(comparison.base),
        "head": asdict(comparison.head),
        "metrics": list(comparison.metrics),
        "max_regress_ratio": comparison.max_regress_ratio,
        "regressed": comparison.regressed,
        "counts": {outcome: len(comparison.of(outcome)) for outcome in OUTCOMES},
        "differences": [_difference(found) for found in comparison.differences],
        "only_in_base": [asdict(shape) for shape in comparison.only_in_base],
        "only_in_head": [asdict(shape) for shape in comparison.only_in_head],
        "notes": list(comparison.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _difference(difference: Difference) -> dict[str, Any]:
    return {**asdict(difference), "ratio": difference.ratio}
