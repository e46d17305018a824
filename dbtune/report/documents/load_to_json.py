"""A load test as JSON: one document, all that was measured."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from dbtune.model.load import LoadReport, LoadRun

SCHEMA_VERSION = 1


def load_to_json(report: LoadReport) -> str:
    """Return the document: ASCII, durations in nanoseconds, keys in a fixed order."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": report.dbtune_version,
        "command": "bench",
        "created_at": report.created_at,
        "source": {"path": report.database, "size_bytes": report.size_bytes},
        "settings": asdict(report.settings),
        "load": {
            "mix": report.mix,
            "unit": report.unit,
            "units": report.units,
            "statements": report.statements,
        },
        "runs": [_run(run) for run in report.runs],
        "not_checked": list(report.not_checked),
        "notes": list(report.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(run: LoadRun) -> dict[str, Any]:
    return {
        **asdict(run),
        "per_second": run.per_second,
        "success_ratio": run.success_ratio,
    }
