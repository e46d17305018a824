"""What a recording is made of, as a JSON document; its keys are in docs/reference/recording.md."""

from __future__ import annotations

import json
from dataclasses import asdict

from dbtune.model.recording import RecordingSummary

SCHEMA_VERSION = 1


def recording_to_json(summary: RecordingSummary) -> str:
    """Return the document: ASCII, keys in a fixed order."""
    fields = asdict(summary)
    created_at, version = fields.pop("created_at"), fields.pop("dbtune_version")
    document = {
        "schema_version": SCHEMA_VERSION,
        "dbtune_version": version,
        "command": "recording inspect",
        "created_at": created_at,
        **fields,
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
